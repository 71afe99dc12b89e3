"""Trees of files that no disk has: a mapping, and a pack with made-up documents around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compiler.files.mapping import names_below
from compiler.load.repository import PACKS, PROFILES
from compiler.ports import Entry, Files


@dataclass(frozen=True, slots=True)
class PackFiles:
    """The files of a repository of which nothing is listed but one directory, with made-up files and links beside it.

    What links in the directory lead to is still there.
    """

    base: Files
    directory: str
    made: Mapping[str, bytes]
    links: Mapping[str, str] = field(default_factory=dict)
    hidden: str = ""

    def entry(self, path: str) -> Entry | None:
        if path in self.made:
            return Entry("file")
        if path in self.links:
            return Entry("link", self.links[path])
        if path == self.hidden and path:
            return None
        return Entry("directory") if self._made_below(path) else self.base.entry(path)

    def names(self, path: str) -> tuple[str, ...]:
        listed = self._made_below(path)
        if self._is_around(path):
            listed.add(self.directory.removeprefix(f"{path}/" if path else "").split("/")[0])
        elif path not in (PACKS, PROFILES) and self.base.entry(path) is not None:
            listed |= {name for name in self.base.names(path) if f"{path}/{name}" != self.hidden}
        return tuple(sorted(listed))

    def read(self, path: str) -> bytes:
        if path in self.made:
            return self.made[path]
        if self.entry(path) is None:
            raise FileNotFoundError(path)
        return self.base.read(path)

    def _is_around(self, path: str) -> bool:
        return not path or self.directory.startswith(f"{path}/")

    def _made_below(self, path: str) -> set[str]:
        return names_below([*self.made, *self.links], path)
