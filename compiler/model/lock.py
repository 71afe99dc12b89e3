"""lamella.lock as values: what was asked of the world outside the repository, and what it is pinned to.

A `Request` is what profiles, templates and clusters ask for. `lamella lock` chooses a version of it at its registry and
keeps it as `Locked`. A render reads only what is locked, as files below `lamella.lock/`: see `files.mounted`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from compiler.diagnostics import Position
from compiler.ports import Kind, Registry

LOCK_PATH = "lamella.lock"
Key = tuple[Kind, str, str, str]
"""Kind, source, name, and the version or range that is asked for."""

_SCHEME = re.compile(r"^[a-z+]+://")
_UNUSUAL = re.compile(r"[^A-Za-z0-9._/+-]+")
_COMMIT_SHOWN = 12
_NO_NAME = re.compile(r"(?<![^/])\.{1,2}(?![^/])")


@dataclass(frozen=True, slots=True)
class Request:
    """A chart or pack of a registry, in a version or range, and who asks for it: `profile web 1.0.0, layer ingress`. Of an
    import the version is the ref, of which '' is the default branch."""

    kind: Kind
    registry: Registry
    name: str
    version: str
    asked_by: str
    at: Position | None

    @property
    def key(self) -> Key:
        return (self.kind, self.registry.source, self.name, self.version)


@dataclass(frozen=True, slots=True)
class Locked:
    """A chart or pack in one version, or an import at one commit, which is its version. `requested` are the versions, ranges
    or refs that mean it, sorted.

    `archive` is the SHA-256 of what the registry gave, `content` that of the files in it (`charts.chart.digest`), which a
    new compression of the same files does not change; both in hex. `revision` is the registry's own name for it: a
    commit, or the digest of an OCI manifest; '' where it has none. `verified` is the key that signed the archive, '' where
    that was not checked.
    """

    kind: Kind
    name: str
    version: str
    source: str
    archive: str
    content: str
    requested: tuple[str, ...] = ()
    asked_by: tuple[str, ...] = ()
    revision: str = ""
    verified: str = ""

    @property
    def identity(self) -> Key:
        """The order of the lock: kind, source, name, version; each occurs once."""
        return (self.kind, self.source, self.name, self.version)

    @property
    def shown(self) -> str:
        """For messages: `chart 'podinfo' 6.5.4`, `import 'shared' 1a2b3c4d5e6f`."""
        return f"{self.kind} '{self.name}' {self.short_version}"

    @property
    def short_version(self) -> str:
        return self.version[:_COMMIT_SHOWN] if self.kind == "import" else self.version

    @property
    def path(self) -> str:
        """Where its content is among the repository's files: an archive of a chart, a directory of a pack or import. It is
        also the archive's place below the folder of `lamella vendor`, without the lock's name."""
        return f"{LOCK_PATH}/{self.place}"

    @property
    def place(self) -> str:
        """`charts.example.com/podinfo-6.5.4`: the source without its scheme, the name and the version. Of an import
        `imports/NAME` (`files.paths.IMPORTS`)."""
        if self.kind == "import":
            return f"imports/{self.name}"
        source = _NO_NAME.sub("_", _UNUSUAL.sub("_", _SCHEME.sub("", self.source)))
        source = "/".join(filter(None, source.split("/")))
        if source.startswith("imports/") or source == "imports":
            source = f"_{source}"  # a host of that name
        return f"{source}/{self.name}-{self.version}" + (".tgz" if self.kind == "chart" else "")


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """An image of the output, as it is written there, that is to be pinned, and who asks for it."""

    image: str
    asked_by: str
    at: Position | None


@dataclass(frozen=True, slots=True)
class LockedImage:
    """An image as it is written, and what that means: the digest (`sha256:…`) of its manifest, or of its index, where it
    is for several platforms."""

    image: str
    digest: str
    asked_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lock:
    """All that is locked, in the order of `Locked.identity`, and images by name."""

    entries: tuple[Locked, ...] = ()
    images: tuple[LockedImage, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[Locked], images: Iterable[LockedImage] = ()) -> Lock:
        ordered = sorted(entries, key=lambda entry: entry.identity)
        return cls(tuple(ordered), tuple(sorted(images, key=lambda entry: entry.image)))

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """The digest of each image that is locked."""
        return {entry.image: entry.digest for entry in self.images}

    @cached_property
    def _by_request(self) -> Mapping[Key, Locked]:
        return {
            (entry.kind, entry.source, entry.name, version): entry
            for entry in self.entries
            for version in entry.requested
        }

    def find(self, key: Key) -> Locked | None:
        """What this version or range of a chart or pack is pinned to; None where it is not locked."""
        return self._by_request.get(key)


class Archives(Protocol):
    """The archives of what is locked, each checked against the lock when it is read."""

    def read(self, locked: Locked) -> bytes:
        """The archive. Raises CompileError: `lock-missing-archive` where it cannot be had, `lock-digest` where the
        registry has other content under that version."""

    def prefetch(self, entries: Collection[Locked]) -> None:
        """Fetches those that are not at hand, at once. Raises as `read`, with the problems of all."""
