"""Which file a path means, and how it is read: the rules for every file that an input names.

Pure, over the port `Files`, so the same rules hold for a directory and for a commit. A path is what a person wrote; it
is first made relative to the repository (`normalise`), then its links are followed inside the repository
(`resolve_links`), and only then is anything read. No component may leave the repository, not even to come back
(CVE-2022-24904, -24731 and their kin at Argo CD and Flux: hardening.md 1.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, did_you_mean, fail
from compiler.files.paths import collisions, is_git_name, normalise, refuse_foreign
from compiler.ports import Files

__all__ = [
    "collisions",
    "decode",
    "glob",
    "is_directory",
    "is_pattern",
    "normalise",
    "read",
    "read_text",
    "resolve_links",
    "walk",
]

MAX_LINKS = 40  # links followed for one path; Linux' own limit (path_resolution(7))
MAX_DEPTH = 64  # directories below each other in one walk
MAX_FILES = 100_000  # files in one walk
MAX_LINKED_DIRECTORIES = 1_000  # in one walk; links beside each other multiply what a walk finds

_GLOB = re.compile(r"[*?\[]")


@contextmanager
def _readable(path: str, at: Position | None) -> Iterator[None]:
    """Tells what the system refused as a problem of the environment."""
    try:
        yield
    except OSError as error:
        found = Diagnostic(Code.FILE_UNREADABLE, f"cannot read {path!r}: {error.strerror or error}", at)
        raise CompileError([found], environment=True) from error


def resolve_links(files: Files, path: str, at: Position | None = None) -> str:
    """`path` with every link followed, component by component; where something is missing, the rest stays as it is.

    Raises `symlink-escape` for an absolute link and for one with a component outside the repository (even if it comes
    back) or in `.git`, `symlink-loop` after MAX_LINKS (the message names the link and never its target), and
    `file-unreadable` (environment).
    """
    with _readable(path, at):
        return _resolve(files, path, at)


def _resolve(files: Files, path: str, at: Position | None) -> str:
    pending = [part for part in reversed(path.split("/")) if part]
    done: list[str] = []
    links = 0
    while pending:
        part = pending.pop()
        if part == "..":  # from a link's target; `done` has no links left, so its parent is its real one
            if not done:
                raise fail(Code.SYMLINK_ESCAPE, f"a link in {path!r} leads out of the repository", at)
            done.pop()
            continue
        if is_git_name(part):
            raise fail(
                Code.SYMLINK_ESCAPE if links else Code.PATH_INVALID, f"{path!r} leads into git's own directory", at
            )
        here = "/".join([*done, part])
        entry = files.entry(here)
        if entry is None:
            return "/".join([*done, part, *reversed(pending)])
        if entry.kind != "link":
            done.append(part)
            continue
        links += 1
        if links > MAX_LINKS:
            raise fail(Code.SYMLINK_LOOP, f"{path!r} is behind a loop of links", at)
        if entry.target.startswith("/"):
            raise fail(
                Code.SYMLINK_ESCAPE, f"{here!r} is an absolute link", at, hint="link relatively, inside the repository"
            )
        pending.extend(reversed([p for p in entry.target.split("/") if p not in ("", ".")]))
    return "/".join(done)


def is_directory(files: Files, path: str) -> bool:
    """Whether a directory is at `path`, links followed. Raises as `resolve_links`."""
    return _kind(files, resolve_links(files, path)) == "directory"


def _kind(files: Files, real: str) -> str:
    if not real:
        return "directory"
    entry = files.entry(real)
    return entry.kind if entry else "missing"


def read(files: Files, path: str, at: Position | None = None) -> bytes:
    """The bytes of the file at `path`, links followed; `at` is where the path was named.

    Raises `file-not-found` (with the nearest name), `file-not-regular`, and as `resolve_links`.
    """
    real = resolve_links(files, path, at)
    kind = _kind(files, real)
    if kind == "missing":
        raise fail(Code.FILE_NOT_FOUND, f"there is no file {path!r}", at, hint=_nearest(files, real))
    if kind == "directory":
        raise fail(Code.FILE_NOT_REGULAR, f"{path!r} is a directory; a file is needed", at)
    if kind != "file":
        raise fail(
            Code.FILE_NOT_REGULAR, f"{path!r} is a submodule or a special file", at, hint="only regular files are read"
        )
    with _readable(path, at):
        return files.read(real)


def _nearest(files: Files, real: str) -> str:
    """A hint with the name nearest to the missing one, in the deepest directory of `real` that exists."""
    parent, _, name = real.rpartition("/")
    while parent and _kind(files, parent) != "directory":
        parent, _, name = parent.rpartition("/")
    return did_you_mean(name, files.names(parent))


def read_text(files: Files, path: str, at: Position | None = None) -> str:
    """The text of the UTF-8 file at `path`, without a byte order mark; line ends as they are. Raises `encoding` with
    the place of the first wrong byte, and as `read`."""
    return decode(read(files, path, at), path)


def decode(content: bytes, path: str) -> str:
    """`content` of the file `path` as text; the rule and the error are `read_text`'s."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise fail(Code.ENCODING, "the file is UTF-16; UTF-8 is needed", Position(path, 1, 1), hint="save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        wrong = error.object[error.start]
        at = Position(path, line, column)
        raise fail(Code.ENCODING, f"byte 0x{wrong:02x} is not UTF-8", at, hint="save the file as UTF-8") from error


@dataclass(slots=True)
class _Walk:
    """One walk: what it found, and the problems of all its links, so that they are told at once."""

    files: Files
    at: Position | None
    found: set[str] = field(default_factory=set)
    linked_directories: int = 0
    problems: Problems = field(default_factory=Problems)

    def children(self, directory: str, real: str, pattern: str = "") -> Iterator[tuple[str, str, str]]:
        """(path, real path, kind) of what is in `directory` and matches `pattern` ('' = all), links followed. Bad links
        become problems. For a plain name nothing is listed: the result depends on no other name."""
        with _readable(directory, self.at):
            names: tuple[str, ...]
            if pattern and not is_pattern(pattern):
                names = (pattern,) if self.files.entry(f"{real}/{pattern}" if real else pattern) else ()
            else:
                names = self.files.names(real)
        for name in filter(_matches(pattern), names) if pattern else names:
            path = f"{directory}/{name}" if directory else name
            try:
                refuse_foreign(path, self.at)
                direct = f"{real}/{name}" if real else name
                target = resolve_links(self.files, direct, self.at or Position(path))
                kind = _kind(self.files, target)
            except CompileError as error:
                self.problems.add(error)
                continue
            if kind == "missing":
                self.problems.error(Code.FILE_NOT_FOUND, f"{path!r} is a link to nothing", self.at)
                continue
            if kind == "directory" and target != direct:
                self.linked_directories += 1
            yield path, target, kind

    def add(self, path: str) -> None:
        self.found.add(path)
        if len(self.found) > MAX_FILES:
            raise fail(Code.TOO_MANY_FILES, f"more than {MAX_FILES} files in one directory or pattern", self.at)

    def enter(self, path: str, real: str, above: tuple[str, ...]) -> tuple[str, ...]:
        """`above` (the real paths of the directories around) with `real`; empty, and a problem, where it is a loop."""
        if not real or any(f"{parent}/".startswith(f"{real}/") for parent in above):
            self.problems.error(Code.SYMLINK_LOOP, f"{path!r} is a link to a directory around it", self.at)
            return ()
        if len(above) > MAX_DEPTH:
            raise fail(Code.TOO_MANY_FILES, f"{path!r} is more than {MAX_DEPTH} directories deep", self.at)
        if self.linked_directories > MAX_LINKED_DIRECTORIES:
            raise fail(Code.TOO_MANY_FILES, f"more than {MAX_LINKED_DIRECTORIES} links to directories", self.at)
        return (*above, real)

    def result(self) -> tuple[str, ...]:
        self.problems.raise_if_any()
        return tuple(sorted(self.found))


def walk(files: Files, directory: str, at: Position | None = None) -> tuple[str, ...]:
    """The paths of all files below `directory`, sorted, hidden ones too; links that stay inside are followed.

    Submodules and special files are left out (reading one is an error). Raises `directory-not-found` and all bad links.
    """
    real = resolve_links(files, directory, at)
    if _kind(files, real) != "directory":
        raise fail(Code.DIRECTORY_NOT_FOUND, f"there is no directory {directory!r}", at, hint=_nearest(files, real))
    run = _Walk(files, at)

    def descend(path: str, real: str, above: tuple[str, ...]) -> None:
        for child, target, kind in run.children(path, real):
            if kind == "file":
                run.add(child)
            elif kind == "directory" and (around := run.enter(child, target, above)):
                descend(child, target, around)

    descend(directory, real, (real,))
    return run.result()


def is_pattern(path: str) -> bool:
    """Whether `path` is a glob pattern and not the name of one file."""
    return bool(_GLOB.search(path))


def glob(files: Files, pattern: str, at: Position | None = None) -> tuple[str, ...]:
    """The paths of the files that `pattern` (normalised) matches, sorted; none is no error here.

    `*`, `?` and `[…]` match inside one component, `**` as a whole component any number of directories. As in a shell, a
    leading dot must be written out. A matching link that leads out is refused, and with it the whole pattern.
    """
    parts = tuple(pattern.split("/"))
    run = _Walk(files, at)
    seen: set[tuple[str, int]] = set()

    def match(path: str, real: str, index: int, above: tuple[str, ...]) -> None:
        if (path, index) in seen:
            return
        seen.add((path, index))
        part, last = parts[index], index == len(parts) - 1
        if part == "**" and not last:
            match(path, real, index + 1, above)
        for child, target, kind in run.children(path, real, part):
            if kind == "file" and last:
                run.add(child)
            elif kind == "directory" and part == "**" and (around := run.enter(child, target, above)):
                match(child, target, index, around)
            elif kind == "directory" and part != "**" and not last:
                match(child, target, index + 1, (*above, target))

    match("", "", 0, ())
    return run.result()


def _matches(part: str) -> Callable[[str], bool]:
    """Whether a name matches one component of a pattern."""
    pattern = "*" if part == "**" else part
    return lambda name: fnmatchcase(name, pattern) and (pattern.startswith(".") or not name.startswith("."))
