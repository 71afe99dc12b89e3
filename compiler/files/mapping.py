"""A tree of files in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compiler.ports import Entry


def names_below(paths: Iterable[str], directory: str) -> set[str]:
    """The names in a directory of a tree with these files."""
    prefix = f"{directory}/" if directory else ""
    return {path.removeprefix(prefix).partition("/")[0] for path in paths if path.startswith(prefix)}


@dataclass(frozen=True, slots=True)
class MappingFiles:
    """Files by path."""

    files: Mapping[str, bytes]

    def entry(self, path: str) -> Entry | None:
        if path in self.files:
            return Entry("file")
        return Entry("directory") if not path or names_below(self.files, path) else None

    def names(self, path: str) -> tuple[str, ...]:
        return tuple(sorted(names_below(self.files, path)))

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]
