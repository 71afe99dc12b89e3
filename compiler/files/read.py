"""Which file a path means, and how it is read: the rules for every file that an input names.

Pure, over the port `Files`, so the same rules hold for a directory and for a commit. A path is what a person wrote; it
is first made relative to the repository (`normalise`), then its links are followed inside the repository
(`resolve_links`), and only then is anything read. No component may leave the repository, not even to come back: links
that did were CVE-2022-24904 and CVE-2022-24731 of Argo CD.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from errno import EFBIG
from fnmatch import fnmatchcase

from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, did_you_mean, fail
from compiler.files.paths import collisions, is_git_name, normalise, refuse_foreign, root_of
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

MAX_LINKS = 40  # links followed for one path; Linux's own limit (path_resolution(7))
MAX_DEPTH = 64  # levels of directories in one walk
MAX_FILES = 100_000  # files in one walk
MAX_LINKED_DIRECTORIES = 1_000  # in one walk; links to the same directory multiply its files
_GLOB = re.compile(r"[*?\[]")


@contextmanager
def _readable(path: str, at: Position | None) -> Iterator[None]:
    """Raises `file-unreadable` (environment) for an OSError, `limit-exceeded` for a file that is too large."""
    try:
        yield
    except OSError as error:
        if error.errno == EFBIG:
            raise fail(Code.LIMIT_EXCEEDED, f"{path!r}: {error.strerror}", at) from error
        diagnostic = Diagnostic(Code.FILE_UNREADABLE, f"cannot read {path!r}: {error.strerror or error}", at)
        raise CompileError([diagnostic], environment=True) from error


def resolve_links(files: Files, path: str, at: Position | None = None) -> str:
    """`path` with every link followed, component by component; from the first missing component on it is unchanged.

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
                raise fail(Code.SYMLINK_ESCAPE, f"a link in {path!r} leads outside the repository", at)
            done.pop()
            continue
        if is_git_name(part):
            raise fail(Code.SYMLINK_ESCAPE if links else Code.PATH_INVALID, f"{path!r} leads into a .git directory", at)
        here = "/".join([*done, part])
        entry = files.entry(here)
        if entry is None:
            return "/".join([*done, part, *reversed(pending)])
        if entry.kind != "link":
            done.append(part)
            continue
        links += 1
        if links > MAX_LINKS:
            raise fail(Code.SYMLINK_LOOP, f"{path!r} is in a loop of links", at)
        if entry.target.startswith("/"):
            raise fail(
                Code.SYMLINK_ESCAPE,
                f"{here!r} is an absolute link",
                at,
                hint="use a relative link inside the repository",
            )
        pending.extend(reversed([p for p in entry.target.split("/") if p not in ("", ".")]))
    return "/".join(done)


def is_directory(files: Files, path: str) -> bool:
    """Whether there is a directory at `path`, links followed. Raises as `resolve_links`."""
    return _kind(files, resolve_links(files, path)) == "directory"


def _kind(files: Files, real: str) -> str:
    if not real:
        return "directory"
    entry = files.entry(real)
    return entry.kind if entry else "missing"


def read(files: Files, path: str, at: Position | None = None) -> bytes:
    """The bytes of the file at `path`, links followed; `at` is where the path is written.

    Raises `file-not-found` (with the nearest name), `file-not-regular`, and as `resolve_links`.
    """
    real = resolve_links(files, path, at)
    kind = _kind(files, real)
    if kind == "missing":
        raise fail(Code.FILE_NOT_FOUND, f"no file {path!r}", at, hint=_nearest(files, path, real, at))
    if kind == "directory":
        raise fail(Code.FILE_NOT_REGULAR, f"expected a file, found directory {path!r}", at)
    if kind != "file":
        message = f"expected a regular file, found a submodule or special file at {path!r}"
        raise fail(Code.FILE_NOT_REGULAR, message, at)
    with _readable(path, at):
        return files.read(real)


def _nearest(files: Files, path: str, real: str, at: Position | None) -> str:
    """A hint about what is probably meant by a missing path: the same path from another directory, else the name nearest
    to the missing one, from the deepest directory of `real` that exists."""
    if at is not None and (other := from_elsewhere(files, path, at)):
        return other
    parent, _, name = real.rpartition("/")
    while parent and _kind(files, parent) != "directory":
        parent, _, name = parent.rpartition("/")
    return did_you_mean(name, files.names(parent))


def from_elsewhere(files: Files, path: str, at: Position) -> str:
    """A hint where what is missing below the directory of the file that names it is below another one on the way up, or
    the other way round: paths are often written from the root of the repository."""
    base, parts = at.path.split("/")[:-1], path.split("/")
    root = root_of(at.path)
    common = max(n for n in range(len(base) + 1) if parts[:n] == base[:n])
    for depth in range(len(base), len(root.split("/")) - 1 if root else -1, -1):
        candidate = "/".join([*base[:depth], *parts[common:]])
        if depth != common and len(parts) > common and _exists(files, candidate):
            relative = "../" * (len(base) - depth) + "/".join(parts[common:])
            absolute = f"/{candidate.removeprefix(root).lstrip('/')}"
            return f"did you mean '{relative}', or '{absolute}' from the root of the repository?"
    return ""


def _exists(files: Files, path: str) -> bool:
    try:
        return bool(glob(files, path)) if is_pattern(path) else files.entry(resolve_links(files, path)) is not None
    except CompileError:
        return False


def read_text(files: Files, path: str, at: Position | None = None) -> str:
    """The text of the UTF-8 file at `path`, without a byte order mark; line ends as they are. Raises `encoding` at the
    first invalid byte, and as `read`."""
    return decode(read(files, path, at), path)


def decode(content: bytes, path: str) -> str:
    """The `content` of the file `path` as text, as `read_text` reads it."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise fail(Code.ENCODING, "expected UTF-8, found UTF-16", Position(path, 1, 1), hint="save the file as UTF-8")
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
    """One walk: the paths of its files, and the problems of all its links, to be raised together."""

    files: Files
    at: Position | None
    paths: set[str] = field(default_factory=set)
    linked_directories: int = 0
    problems: Problems = field(default_factory=Problems)

    def children(self, directory: str, real: str, pattern: str = "") -> Iterator[tuple[str, str, str]]:
        """(path, real path, kind) of everything in `directory` that matches `pattern` ('' = all), links followed. Bad
        links become problems. For a plain name nothing is listed, so the result depends on no other name."""
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
                self.problems.error(Code.FILE_NOT_FOUND, f"{path!r} is a broken link", self.at)
                continue
            if kind == "directory" and target != direct:
                self.linked_directories += 1
            yield path, target, kind

    def add(self, path: str) -> None:
        self.paths.add(path)
        if len(self.paths) > MAX_FILES:
            raise fail(Code.TOO_MANY_FILES, f"more than {MAX_FILES} files in one directory or pattern", self.at)

    def enter(self, path: str, real: str, above: tuple[str, ...]) -> tuple[str, ...]:
        """`above` (the real paths of the parent directories) with `real`; empty, and a problem, where it is a loop."""
        if not real or any(f"{parent}/".startswith(f"{real}/") for parent in above):
            self.problems.error(Code.SYMLINK_LOOP, f"{path!r} is a link to one of its parent directories", self.at)
            return ()
        if len(above) > MAX_DEPTH:
            raise fail(Code.TOO_MANY_FILES, f"{path!r} is more than {MAX_DEPTH} directories deep", self.at)
        if self.linked_directories > MAX_LINKED_DIRECTORIES:
            raise fail(Code.TOO_MANY_FILES, f"more than {MAX_LINKED_DIRECTORIES} links to directories", self.at)
        return (*above, real)

    def result(self) -> tuple[str, ...]:
        self.problems.raise_if_any()
        return tuple(sorted(self.paths))


def walk(files: Files, directory: str, at: Position | None = None) -> tuple[str, ...]:
    """The paths of all files below `directory`, sorted, hidden ones too; links inside the repository are followed.

    Submodules and special files are left out (reading one is an error). Raises `directory-not-found`, and the problems
    of all bad links.
    """
    real = resolve_links(files, directory, at)
    if _kind(files, real) != "directory":
        raise fail(
            Code.DIRECTORY_NOT_FOUND, f"no directory {directory!r}", at, hint=_nearest(files, directory, real, at)
        )
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
    """Whether `path` is a glob pattern rather than the name of one file."""
    return bool(_GLOB.search(path))


def glob(files: Files, pattern: str, at: Position | None = None) -> tuple[str, ...]:
    """The paths of the files that `pattern` (normalised) matches, sorted; may be empty.

    `*`, `?` and `[…]` match inside one component; `**` as a whole component matches any number of directories. As in a
    shell, a leading dot must be written out. A match that is a link out of the repository is an error.
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

    # What comes before the first pattern is a path: below lamella.lock there are directories that only a path reaches.
    plain = next(index for index, part in enumerate(parts) if is_pattern(part) or index == len(parts) - 1)
    base = "/".join(parts[:plain])
    real = resolve_links(files, base, at)
    if _kind(files, real) == "directory":
        match(base, real, plain, (real,) if real else ())
    return run.result()


def _matches(part: str) -> Callable[[str], bool]:
    """Whether a name matches one component of a pattern."""
    pattern = "*" if part == "**" else part
    return lambda name: fnmatchcase(name, pattern) and (pattern.startswith(".") or not name.startswith("."))
