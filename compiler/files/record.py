"""What was read: every path that was looked up, and what was there, as a digest rather than the content.

A run, a cluster and a layer each depend on what was read while they were made. Everything is read through `Recorder`,
so no file that matters can be forgotten. What is read once and kept (a chart, a pack) is kept by `Once`, which counts
it for everybody who asks for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from compiler import digest
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, fail
from compiler.limits import READ_BYTES
from compiler.ports import Entry, Files

V = TypeVar("V")


def committed_digest(content: bytes) -> str:
    """SHA-256 in hex of the content with CRLF as LF where it is text (it has no NUL): what a commit has of a file of
    which a checkout with `core.autocrlf` has converted the line ends."""
    if b"\r\n" in content and b"\0" not in content:
        content = content.replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was at a path, as far as it was looked at: `sha256` of a file that was read, `names` of a directory that was
    listed, `target` of a link. `committed_sha256` is of the content as git commits it: see `committed_digest`."""

    kind: Literal["file", "directory", "link", "other", "nothing"]
    sha256: str = ""
    committed_sha256: str = ""
    names: tuple[str, ...] | None = None
    target: str = ""

    def plain(self) -> str | list[str] | None:
        """As JSON data: the digest of a file that was read (else `file`), the names in a directory that was listed (else
        `directory`), `-> ` and the target of a link, null where there was nothing."""
        if self.kind == "link":
            return f"-> {self.target}"
        if self.kind == "nothing":
            return None
        return list(self.names) if self.names is not None else self.sha256 or self.kind

    def knows_more_than(self, other: Seen) -> bool:
        return self.kind == other.kind and bool(self.sha256 or self.names is not None)


@dataclass(frozen=True, slots=True)
class Reads:
    """What was read for a run, cluster or layer. `shared` is what it has in common with others, such as a chart's files:
    kept once, however many clusters and layers depend on it."""

    own: Mapping[str, Seen] = field(default_factory=dict)
    shared: tuple[Reads, ...] = ()

    @classmethod
    def all_of(cls, parts: Iterable[Reads]) -> Reads:
        """One record of several."""
        return cls({}, tuple({id(part): part for part in parts}.values()))

    def by_path(self) -> dict[str, Seen]:
        """{path: what was there}, sorted by path, with everything that is shared."""
        merged: dict[str, Seen] = {}
        pending, done = [self], set()
        while pending:
            part = pending.pop()
            if id(part) in done:
                continue
            done.add(id(part))
            pending.extend(part.shared)
            for path, seen in part.own.items():
                if path not in merged or seen.knows_more_than(merged[path]):
                    merged[path] = seen
        return dict(sorted(merged.items()))

    def plain(self) -> dict[str, str | list[str] | None]:
        """As JSON data, by path: see `Seen.plain`."""
        return {path: seen.plain() for path, seen in self.by_path().items()}

    def digest(self) -> str:
        """Equal exactly where the same paths were looked up and the same was there."""
        return digest.of(digest.canonical_json(self.plain()))


NOTHING = Reads()


@dataclass(slots=True, eq=False)
class Scope:
    """Collects what is read while it is open."""

    _own: dict[str, Seen] = field(default_factory=dict)
    _shared: dict[int, Reads] = field(default_factory=dict)

    def note(self, path: str, seen: Seen) -> None:
        before = self._own.get(path)
        if before is None or seen.knows_more_than(before):
            self._own[path] = seen

    def include(self, reads: Reads) -> None:
        self._shared[id(reads)] = reads

    @property
    def reads(self) -> Reads:
        return Reads(dict(self._own), tuple(self._shared.values()))


class Recorder:
    """`Files` over other `Files`, recording for every open scope what is read. The files must not change meanwhile: of a
    path that is read twice the first digest counts."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._run = Scope()
        self._scopes = [self._run]
        self._sizes: dict[str, int] = {}  # of the files that were read
        self._total = 0

    @classmethod
    def over(cls, files: Files) -> Recorder:
        """A recorder of these files; `files` itself where it is one."""
        return files if isinstance(files, Recorder) else cls(files)

    @property
    def reads(self) -> Reads:
        """Everything that has been read."""
        return self._run.reads

    @contextmanager
    def scope(self) -> Iterator[Scope]:
        """For `with`: what is read inside is in the scope's `reads`, and in those of the scopes around it."""
        opened = Scope()
        self._scopes.append(opened)
        try:
            yield opened
        finally:
            self._scopes.remove(opened)

    def include(self, reads: Reads) -> None:
        """Counts what was read earlier for the scopes that are open now."""
        for scope in self._scopes:
            scope.include(reads)

    def entry(self, path: str) -> Entry | None:
        entry = self._files.entry(path)
        self._note(path, Seen(entry.kind, target=entry.target) if entry else Seen("nothing"))
        return entry

    def names(self, path: str) -> tuple[str, ...]:
        names = self._files.names(path)
        self._note(path, Seen("directory", names=names))
        return names

    def read(self, path: str) -> bytes:
        content = self._files.read(path)
        if path not in self._sizes:
            self._sizes[path] = len(content)
            self._total += len(content)
            if self._total > READ_BYTES:
                raise fail(Code.LIMIT_EXCEEDED, f"more than {READ_BYTES:,} bytes are read in one run", Position(path))
        self._note(path, Seen("file", hashlib.sha256(content).hexdigest(), committed_digest(content)))
        return content

    def _note(self, path: str, seen: Seen) -> None:
        for scope in self._scopes:
            scope.note(path, seen)


class Once(Generic[V]):
    """Values made from files, each made once per key; whoever asks for one depends on the files it was made from. A
    CompileError is kept like a result."""

    def __init__(self, files: Recorder) -> None:
        self._files = files
        self._made: dict[str, tuple[V | CompileError, Reads]] = {}

    def get(self, key: str, make: Callable[[], V]) -> V:
        """What `make` returned the first time. Raises what it raised."""
        if key not in self._made:
            with self._files.scope() as scope:
                made: V | CompileError
                try:
                    made = make()
                except CompileError as error:
                    made = error
            self._made[key] = (made, scope.reads)
        made, reads = self._made[key]
        self._files.include(reads)
        if isinstance(made, CompileError):
            raise made
        return made
