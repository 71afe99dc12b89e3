"""The format language of schema.yaml: literal text with typed holes, `"${ipv4} - ${ipv4}"`.

A hole is `${TYPE}`, `${TYPE:/REGEX/}`, `${number:[LOW-HIGH]}` or `${list:[A,B]}`. TYPE is string, input (undocumented,
read as string), password (as string, never shown), number, boolean, list, ipv4 or version. Expressions are RE2's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from compiler import regex
from compiler.diagnostics import did_you_mean
from compiler.fields.formats import FORMATS

_RANGE = re.compile(r"\s*(-?[0-9]+(?:\.[0-9]+)?)\s*-\s*(-?[0-9]+(?:\.[0-9]+)?)\s*")
_MAX_CHARACTERS = 512  # of a value with several holes: longer text is not a value of such a form
_SAME_AS = {"input": "string", "password": "string", "list": "string"}
TYPES = ("string", "input", "password", "number", "boolean", "list", "ipv4", "version")


@dataclass(frozen=True, slots=True)
class Hole:
    """One `${…}`: its type and at most one of the three restrictions."""

    type: str
    regex: str = ""
    range: tuple[Decimal, Decimal] | None = None
    options: tuple[str, ...] = ()

    def accepts(self, text: str) -> bool:
        if self.regex and not regex.matches(self.regex, text):
            return False
        if self.options:
            return text in self.options
        if not FORMATS[_SAME_AS.get(self.type, self.type)][0](text):
            return False
        return self.range is None or self.range[0] <= Decimal(text) <= self.range[1]


@dataclass(frozen=True, slots=True)
class Format:
    """A parsed format. `parts` alternate as written: literal text and holes."""

    text: str
    parts: tuple[str | Hole, ...]

    @property
    def secret(self) -> bool:
        """Whether values of it must never be shown."""
        return any(isinstance(part, Hole) and part.type == "password" for part in self.parts)

    def accepts(self, text: str) -> bool:
        """Whether the whole of a value has this format."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Hole):
            return self.parts[0].accepts(text)
        return len(text) <= _MAX_CHARACTERS and _accepts(self.parts, text)


def _accepts(parts: tuple[str | Hole, ...], text: str) -> bool:
    """Whether some way of cutting the text fits the parts; each place is tried once for each part."""
    starts = {0}
    for index, part in enumerate(parts):
        ends: set[int] = set()
        for start in starts:
            if isinstance(part, str):
                ends |= {start + len(part)} if text.startswith(part, start) else set()
            else:
                following = parts[index + 1] if index + 1 < len(parts) else None
                ends |= {end for end in _ends(text, start, following) if part.accepts(text[start:end])}
        starts = ends
    return len(text) in starts


def _ends(text: str, start: int, following: str | Hole | None) -> list[int]:
    """Where a hole that starts here may end: before the literal that follows it; where none does, at the text's end."""
    if following is None:
        return [len(text)]
    if isinstance(following, Hole):
        return list(range(start, len(text) + 1))
    return [match.start() for match in re.finditer(f"(?={re.escape(following)})", text) if match.start() >= start]


def parse(text: str) -> Format:
    """The format. Raises ValueError."""
    parts: list[str | Hole] = []
    position = 0
    while position < len(text):
        start = text.find("${", position)
        if start != position:
            parts.append(text[position : start if start >= 0 else len(text)])
        if start < 0:
            break
        hole, position = _hole(text, start + 2)
        parts.append(hole)
    return Format(text, tuple(parts))


def _hole(text: str, start: int) -> tuple[Hole, int]:
    """The hole whose inside starts here, and the position after it."""
    match = re.compile(r"\s*([A-Za-z0-9_]*)\s*").match(text, start)
    assert match is not None
    kind, position = match[1], match.end()
    if kind not in TYPES:
        raise ValueError(f"unknown format type '{kind}' ({did_you_mean(kind, TYPES)})")
    if text.startswith(":", position):
        opening = text[position + 1 : position + 2]
        closing = {"/": "/}", "[": "]}"}.get(opening, "")
        end = text.find(closing, position + 2) if closing else -1
        if end < 0:
            raise ValueError(f"${{{kind}:…}} needs /REGEX/ or [VALUES] after the colon")
        return _restricted(kind, opening, text[position + 2 : end]), end + 2
    if not text.startswith("}", position):
        raise ValueError(f"'}}' is missing after ${{{kind}")
    if kind == "list":
        raise ValueError("${list} needs its options: ${list:[A,B]}")
    return Hole(kind), position + 1


def _restricted(kind: str, opening: str, inner: str) -> Hole:
    if opening == "/":
        if fault := regex.fault(inner):
            raise ValueError(f"the regex {fault}")
        return Hole(kind, regex=inner)
    if kind == "number":
        match = _RANGE.fullmatch(inner)
        if match is None:
            raise ValueError(f"[{inner}] is not a range of numbers such as [1-10]")
        return Hole(kind, range=(Decimal(match[1]), Decimal(match[2])))
    return Hole(kind, options=tuple(option.strip() for option in inner.split(",")))
