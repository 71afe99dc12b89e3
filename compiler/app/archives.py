"""Where the archive of what is locked comes from: the repository's `vendor/`, the cache, the registry; checked each time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from compiler.charts.chart import digest
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, fail
from compiler.files.mounted import Content, Mounted
from compiler.load.lock import read_lock
from compiler.load.settings import read_settings_file
from compiler.lock.archive import changed, files_of
from compiler.model.lock import LOCK_PATH, Lock, Locked
from compiler.model.settings import Settings
from compiler.ports import Each, Files, Registries, Registry

_ENDING = ".tgz"


class Cache(Protocol):
    """Contents by key, shared by processes. `compiler.host.store` is the real one."""

    def get(self, key: str) -> bytes | None: ...
    def put(self, key: str, content: bytes) -> None: ...
    def remove(self, key: str) -> None: ...
    def alone(self, key: str) -> AbstractContextManager[None]:
        """For `with`: nobody else is inside for this key."""


def archive_name(locked: Locked) -> str:
    """The archive's path below the folder of `lamella vendor`."""
    return f"{locked.place.removesuffix(_ENDING)}{_ENDING}"


@dataclass(frozen=True, slots=True)
class LockedArchives:
    """`model.lock.Archives` for real. Without `registries` nothing is fetched: `--offline`."""

    repository: Files
    cache: Cache
    registries: Registries | None
    settings: Settings
    each: Each = map

    def read(self, locked: Locked) -> bytes:
        data = self._at_hand(locked)
        if data is None:
            with self.cache.alone(locked.content):
                data = self._at_hand(locked)
                if data is None:
                    data = self._fetched(locked)
                    self.cache.put(locked.content, data)
        return data

    def prefetch(self, entries: Collection[Locked]) -> None:
        missing = [entry for entry in entries if self._at_hand(entry) is None]

        def fetch(entry: Locked) -> CompileError | None:
            try:
                self.read(entry)
            except CompileError as error:
                return error
            return None

        errors = [error for error in self.each(fetch, missing) if error is not None]
        if errors:
            environment = all(error.environment for error in errors)
            raise CompileError([d for error in errors for d in error.diagnostics], environment=environment)

    def _at_hand(self, locked: Locked) -> bytes | None:
        """The archive from `vendor/` or the cache. One in the cache that is damaged is removed; one in `vendor/` is an
        error."""
        path = f"{self.settings.vendor}/{archive_name(locked)}"
        if self.repository.entry(path) is not None:
            data = self.repository.read(path)
            if not _is(locked, data, path):
                raise fail(
                    Code.LOCK_ARCHIVE,
                    f"{path} is not what lamella.lock pins: expected sha256:{locked.archive}, found"
                    f" sha256:{hashlib.sha256(data).hexdigest()}",
                    Position(path),
                    hint="run `lamella vendor`",
                )
            return data
        cached = self.cache.get(locked.content)
        if cached is not None and not _is(locked, cached, path):
            self.cache.remove(locked.content)
            return None
        return cached

    def _fetched(self, locked: Locked) -> bytes:
        if self.registries is None:
            raise CompileError(
                [
                    Diagnostic(
                        Code.LOCK_ARCHIVE,
                        f"{locked.shown} of {locked.source} is not at hand, and nothing is fetched offline",
                        Position(LOCK_PATH),
                        hint="where there is network: `lamella vendor` puts all that is locked into"
                        f" {self.settings.vendor}/",
                    )
                ],
                environment=True,
            )
        registry = self._registry(locked)
        fetched = self.registries.fetch(registry, locked.kind, locked.name, locked.version, locked.revision)
        if not _is(locked, fetched.data, locked.place):
            content = digest(files_of(locked.kind, fetched.data, locked.place))
            raise changed(locked, content, Position(LOCK_PATH))
        return fetched.data

    def _registry(self, locked: Locked) -> Registry:
        """The declared registry of that source, or the one that a chart names by `repo:`."""
        declared = self.settings.registry_at(locked.source)
        if declared is None and locked.source.startswith("git+"):
            raise fail(
                Code.REGISTRY_UNKNOWN,
                f"lamella.yaml declares no registry {locked.source}",
                Position(LOCK_PATH),
                hint="run `lamella lock`: it removes what nobody asks for",
            )
        return declared or Registry("", Position(LOCK_PATH), url=locked.source, kind="helm")


def _is(locked: Locked, data: bytes, name: str) -> bool:
    """Whether the archive is the locked one, or has the same files."""
    if hashlib.sha256(data).hexdigest() == locked.archive:
        return True
    try:
        return digest(files_of(locked.kind, data, name)) == locked.content
    except CompileError:
        return False


class LockedFiles(Mounted):
    """The files of a repository with what its lock pins below lamella.lock. `archives` is where that comes from.

    Problems of lamella.yaml and of the lock are left to who loads the repository.
    """

    def __init__(self, files: Files, cache: Cache, registries: Registries | None, *, each: Each = map) -> None:
        settings, lock = read_settings_file(files, Problems()), read_lock(files, Problems())
        self.archives = LockedArchives(files, cache, registries, settings, each)
        super().__init__(files, LOCK_PATH, _mounts(lock, self.archives))


def _mounts(lock: Lock, archives: LockedArchives) -> dict[str, Callable[[], Content]]:
    return {entry.path: partial(_content, entry, archives) for entry in lock.entries}


def _content(entry: Locked, archives: LockedArchives) -> Content:
    data = archives.read(entry)
    return data if entry.kind == "chart" else files_of(entry.kind, data, entry.path)
