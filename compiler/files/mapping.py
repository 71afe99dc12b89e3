"""A tree of files in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compiler.ports import Entry, Files


def names_below(paths: Iterable[str], directory: str) -> set[str]:
    """The names in a directory of a tree with these files."""
    prefix = f"{directory}/" if directory else ""
    return {path.removeprefix(prefix).partition("/")[0] for path in paths if path.startswith(prefix)}


@dataclass(frozen=True, slots=True)
class Replaced:
    """Files with others in the place of some, or beside them."""

    files: Files
    own: Mapping[str, bytes]

    def entry(self, path: str) -> Entry | None:
        if path in self.own:
            return Entry("file")
        return self.files.entry(path) or (Entry("directory") if names_below(self.own, path) else None)

    def names(self, path: str) -> tuple[str, ...]:
        there = self.files.names(path) if self.files.entry(path) else ()
        return tuple(sorted({*there, *names_below(self.own, path)}))

    def read(self, path: str) -> bytes:
        return self.own[path] if path in self.own else self.files.read(path)


class MappingFiles:
    """Files by path."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self._names: dict[str, set[str]] = {"": set()}
        for path in files:
            directory, new = path, True
            while new and directory:
                directory, _, name = directory.rpartition("/")
                new = directory not in self._names
                self._names.setdefault(directory, set()).add(name)

    def entry(self, path: str) -> Entry | None:
        if path in self.files:
            return Entry("file")
        return Entry("directory") if path in self._names else None

    def names(self, path: str) -> tuple[str, ...]:
        return tuple(sorted(self._names.get(path, ())))

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]
