"""A directory as `Files`, links unresolved."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from compiler.host.tree import read_file
from compiler.ports import Entry, Files

_FILE, _DIRECTORY, _OTHER = Entry("file"), Entry("directory"), Entry("other")


@dataclass(frozen=True, slots=True)
class DirectoryFiles:
    """The files below `root` at any depth, without anything named `.git`.

    A directory is listed once, when something in it is first asked for: files added later are not seen. Raises OSError
    where a directory cannot be listed; a `root` that is not a directory is empty.
    """

    root: Path
    _listed: dict[str, dict[str, Entry]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def entry(self, path: str) -> Entry | None:
        if not path:
            return _DIRECTORY if self.root.is_dir() else None
        parent, _, name = path.rpartition("/")
        return self._listing(parent).get(name)

    def names(self, path: str) -> tuple[str, ...]:
        return tuple(self._listing(path))

    def read(self, path: str) -> bytes:
        if self.entry(path) != _FILE:
            raise FileNotFoundError(path)
        return read_file(self.root / path)

    def _listing(self, directory: str) -> dict[str, Entry]:
        known = self._listed.get(directory)
        if known is None:
            # Parents first: what is behind a link does not count, though the system would follow it.
            exists = self.entry(directory) == _DIRECTORY
            known = self._listed[directory] = _list(self.root / directory) if exists else {}
        return known


def _list(directory: Path) -> dict[str, Entry]:
    with os.scandir(directory) as items:
        return {item.name: _entry(item) for item in sorted(items, key=lambda i: i.name) if item.name != ".git"}


def _entry(item: os.DirEntry[str]) -> Entry:
    if item.is_symlink():
        return Entry("link", os.readlink(item.path))
    if item.is_dir(follow_symlinks=False):
        return _DIRECTORY
    return _FILE if item.is_file(follow_symlinks=False) else _OTHER


def existing_output(root: Path) -> Files | None:
    """The output directory as files, or None where there is none."""
    return DirectoryFiles(root) if root.is_dir() else None
