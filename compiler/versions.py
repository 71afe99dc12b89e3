"""Versions and version ranges, as Helm reads them, and as Palette does.

Versions are SemVer 2.0. Ranges follow Masterminds/semver v3, the library in Helm, quirks included: a chart's
`kubeVersion` must mean the same here as there. Palette's trains (`1.x`, `1.33.x`) are such ranges; a train may have a
group (`LTS__18.4.x`). Packs are rebuilt as `1.26.2-rev2`, which is newer than 1.26.2: see `Version.of_pack`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_TAIL = rf"(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?"
_LENIENT = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?{_TAIL}")
_REBUILD = re.compile(r"rev([0-9]{1,9})")
_STRICT = re.compile(rf"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*){_TAIL}")

_PART = r"[0-9xX*|]+"
_RANGE_VERSION = rf"v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?{_TAIL}"
_SPACE = "[ \t\n\f\r]"
_HYPHEN = re.compile(rf"(?<!{_SPACE}){_SPACE}*({_RANGE_VERSION}){_SPACE}+-{_SPACE}+({_RANGE_VERSION}){_SPACE}*")
_TERM = re.compile(rf"{_SPACE}*(=>|=<|!=|>=|<=|~>|[=<>~^]|){_SPACE}*{_RANGE_VERSION}")
_SEPARATOR = re.compile(rf"{_SPACE}*,{_SPACE}*|{_SPACE}+")

_LARGEST = 2**64 - 1
_LONGEST = 1000

Precedence = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...], int]


@dataclass(frozen=True, slots=True)
class Version:
    """One version. Equal ones have the same text but for a `v`; `precedence`, the order, ignores `build`."""

    major: int
    minor: int = 0
    patch: int = 0
    prerelease: str = ""
    build: str = ""
    rebuild: int = 0  # N of a pack's `-revN`

    @classmethod
    def parse(cls, text: str) -> Version:
        """A version in SemVer 2.0's own grammar: three numbers, no `v`. Raises ValueError."""
        return _version(_STRICT, text, "a SemVer version such as 1.2.3")

    @classmethod
    def lenient(cls, text: str) -> Version:
        """As Helm reads versions of charts and of Kubernetes: `v1.2.3`, `1.29` and `1` too. Raises ValueError."""
        return _version(_LENIENT, text, "a version")

    @classmethod
    def of_pack(cls, text: str) -> Version:
        """As `lenient`, but `1.26.2-rev2` is a rebuild of 1.26.2 and newer than that. Raises ValueError."""
        version = cls.lenient(text)
        rebuild = _REBUILD.fullmatch(version.prerelease)
        return replace(version, prerelease="", rebuild=int(rebuild[1])) if rebuild else version

    @property
    def precedence(self) -> Precedence:
        """The key to sort by: SemVer 2.0 §11, rebuilds after what they rebuild."""
        identifiers = self.prerelease.split(".") if self.prerelease else ()
        pre = tuple(map(_identifier, identifiers))
        return (self.major, self.minor, self.patch, not identifiers, pre, self.rebuild)

    def is_at_most(self, limit: Version) -> bool:
        """Whether the version is not newer than the limit. The rebuilds of a limit that is none are within it."""
        version = self if limit.rebuild else replace(self, rebuild=0)
        return version.precedence <= limit.precedence

    def __str__(self) -> str:
        core = f"{self.major}.{self.minor}.{self.patch}" + (f"-rev{self.rebuild}" if self.rebuild else "")
        return core + (f"-{self.prerelease}" if self.prerelease else "") + (f"+{self.build}" if self.build else "")


Read = Callable[[str], Version]  # raises ValueError


def _version(grammar: re.Pattern[str], text: str, expected: str) -> Version:
    match = grammar.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError(f"'{text[:80]}' is not {expected}")
    *numbers, prerelease, build = match.groups()
    core = [int(n or 0) for n in numbers]
    if max(core) > _LARGEST:
        raise ValueError(f"'{text[:80]}' has a number that is too large")
    zeros = [i for i in (prerelease or "").split(".") if i.isdigit() and len(i) > 1 and i[0] == "0"]
    if zeros:
        raise ValueError(f"'{text[:80]}' has a pre-release number with a leading zero: '{zeros[0]}'")
    return Version(core[0], core[1], core[2], prerelease or "", build or "")


def _identifier(text: str) -> tuple[bool, int, str]:
    """Numbers come first, by value; then text, by ASCII. A number of more than 64 bits counts as text, as in Helm."""
    if text.isdigit() and int(text) <= _LARGEST:
        return (False, int(text), "")
    return (True, 0, text)


@dataclass(frozen=True, slots=True)
class _Term:
    """An operator and a version whose last parts may be wildcards; `parts` (0 to 3) counts the others."""

    operator: str
    version: Version
    parts: int


@dataclass(frozen=True, slots=True)
class Constraint:
    """A range of versions: all terms of at least one of the `alternatives` must hold."""

    alternatives: tuple[tuple[_Term, ...], ...]

    @classmethod
    def parse(cls, text: str, read: Read = Version.lenient) -> Constraint:
        """Reads `>=1.2, <2`, `1.2 - 1.4`, `~1.2 || ^2.0.1`, `1.x`, `*` and the like. Raises ValueError.

        `read` reads the versions in it, as those are read that it is to be held against.
        """
        if len(text) > _LONGEST:
            raise ValueError(f"a version range of {len(text)} characters is longer than {_LONGEST}")
        rewritten = _HYPHEN.sub(lambda m: f">= {m[1]}, <= {m[7]} ", text)
        try:
            return cls(tuple(tuple(_terms(part, read)) for part in rewritten.split("||")))
        except ValueError as error:
            raise ValueError(f"'{text}' is not a version range: {error}") from None

    def allows(self, version: Version) -> bool:
        """Whether the version is in the range. A pre-release is in it only if one of the same terms names one too."""
        for terms in self.alternatives:
            if version.prerelease and not any(t.version.prerelease for t in terms):
                continue
            if all(_HOLDS[t.operator](version, t) for t in terms):
                return True
        return False


def _terms(text: str, read: Read) -> Iterable[_Term]:
    position = 0
    while True:
        match = _TERM.match(text, position)
        if match is None:
            raise ValueError(f"expected a version at '{text[position:][:40]}'")
        yield _term(read, *match.groups())
        position = match.end()
        if not text[position:].strip(" \t\n\f\r"):
            return
        separator = _SEPARATOR.match(text, position)
        if separator is None:
            raise ValueError(f"expected ',' or a space at '{text[position:][:40]}'")
        position = separator.end()


def _term(read: Read, operator: str | None, *groups: str | None) -> _Term:
    *numbers, prerelease, _ = groups
    parts = next((i for i, n in enumerate(numbers) if n is None or n in ("x", "X", "*")), 3)
    core = ".".join([*(n or "" for n in numbers[:parts]), "0", "0", "0"][:3])
    return _Term(operator or "", read(core + (f"-{prerelease}" if prerelease else "")), parts)


def _compare(a: Version, b: Version) -> int:
    return (a.precedence > b.precedence) - (a.precedence < b.precedence)


def _equal(version: Version, term: _Term) -> bool:
    return _tilde(version, term) if term.parts < 3 else _compare(version, term.version) == 0


def _not_equal(version: Version, term: _Term) -> bool:
    """`!=1.x` excludes all of 1, but `!=*` only 0.0.0: Masterminds' quirk."""
    wanted = term.version
    if term.parts in (0, 3) or version.major != wanted.major:
        return _compare(version, wanted) != 0
    if term.parts == 1:
        return False
    if version.minor != wanted.minor:
        return True
    return version.prerelease != wanted.prerelease


def _greater(version: Version, term: _Term) -> bool:
    """`>11` starts at 12, `>11.1` at 11.2."""
    wanted = term.version
    if term.parts == 1:
        return version.major > wanted.major
    if term.parts == 2:
        return (version.major, version.minor) > (wanted.major, wanted.minor)
    return _compare(version, wanted) > 0


def _at_most(version: Version, term: _Term) -> bool:
    """`<=11` ends with the last 11, `<=11.1` with the last 11.1."""
    wanted = term.version
    if term.parts == 3:
        return version.is_at_most(wanted)
    if term.parts == 1:
        return version.major <= wanted.major
    return (version.major, version.minor) <= (wanted.major, wanted.minor)


def _tilde(version: Version, term: _Term) -> bool:
    """The last named part may grow: `~1.2.3` is >=1.2.3, <1.3; `~1` is >=1, <2. `~0.0.0` and `*` allow every version."""
    wanted = term.version
    if _compare(version, wanted) < 0:
        return False
    if term.parts in (0, 3) and (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0):
        return True
    return version.major == wanted.major and (term.parts == 1 or version.minor == wanted.minor)


def _caret(version: Version, term: _Term) -> bool:
    """The first part that is not zero stays: `^1.2.3` is >=1.2.3, <2; `^0.2.3` is >=0.2.3, <0.3; `^0.0.3` is itself."""
    wanted = term.version
    if _compare(version, wanted) < 0 or version.major != wanted.major:
        return False
    if wanted.major > 0 or term.parts == 1:
        return True
    if wanted.minor > 0 or term.parts == 2:
        return version.minor == wanted.minor
    return version.minor == 0 and version.patch == wanted.patch


_HOLDS: Mapping[str, Callable[[Version, _Term], bool]] = {
    "": _equal, "=": _equal, "!=": _not_equal, ">": _greater, "<=": _at_most, "=<": _at_most,
    "<": lambda version, term: _compare(version, term.version) < 0,
    ">=": lambda version, term: _compare(version, term.version) >= 0,
    "=>": lambda version, term: _compare(version, term.version) >= 0,
    "~": _tilde, "~>": _tilde, "^": _caret,
}  # fmt: skip


def best(available: Iterable[str], constraint: str) -> str | None:
    """The newest of `available` in the range, as spelled there, or None. Raises ValueError for an invalid range.

    A constraint that is itself available means that one, as in `helm --version`. Tags that are not versions are ignored.
    """
    return _best({tag: tag for tag in available}, constraint, Version.lenient)


def best_pack(available: Iterable[str], constraint: str, group_of: Callable[[str], str] = lambda _: "") -> str | None:
    """The same of the versions of a pack, with rebuilds and groups. `group_of` gives the group that a version is in, ''
    for none; it is asked only where the constraint names one.

    `LTS__18.4.x` matches the versions 18.4.x of group LTS, and those that begin with `LTS__` themselves; a range without
    a group any that do not begin with one.
    """
    tags = set(available)
    if constraint in tags:
        return constraint
    group, wanted = _split(constraint)
    split = {tag: _split(tag) for tag in tags}
    members = {tag: text for tag, (of, text) in split.items() if of == group or (not of and group_of(tag) == group)}
    return _best(members, wanted, Version.of_pack)


def _best(texts: Mapping[str, str], constraint: str, read: Read) -> str | None:
    """The newest tag in the range; `texts` has the version in each."""
    if constraint in texts:
        return constraint
    parsed = Constraint.parse(constraint, read)
    matching = []
    for tag, text in texts.items():
        try:
            version = read(text)
        except ValueError:
            continue
        if parsed.allows(version):
            matching.append((version.precedence, tag))
    return max(matching)[1] if matching else None


def without_rebuild(text: str) -> str:
    """The version that a pack's rebuild is of: 1.33.4 of `1.33.4-rev2`; other text as it is."""
    version, mark, rebuild = text.rpartition("-")
    return version if mark and _REBUILD.fullmatch(rebuild) else text


def hint(available: Collection[str], read: Read = Version.lenient) -> str:
    """The hint where a version is missing or unknown: the versions that exist, oldest first."""
    if len(available) == 1:
        return f"the only version is {next(iter(available))}"
    return f"set version to one of {', '.join(sorted(available, key=lambda text: age(text, read)))}"


def age(text: str, read: Read = Version.lenient) -> tuple[tuple[Any, ...], str]:
    """A key to sort tags by, oldest first, after all that are not versions."""
    try:
        return read(_split(text)[1]).precedence, text
    except ValueError:
        return (), text


def _split(text: str) -> tuple[str, str]:
    """(group, version): `LTS__18.4.5` is version 18.4.5 of group LTS."""
    group, _, rest = text.rpartition("__")
    return group, rest
