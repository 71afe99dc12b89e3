"""The files of a repository with what lamella.lock pins as if it were there: archives of charts, directories of packs.

They are below `lamella.lock/`, where no file of the repository can be, because that is a file. So packs and charts from
registries are read, checked and recorded like those in the repository, and a message that names one of their files says
where it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compiler.files.mapping import MappingFiles, names_below
from compiler.ports import Entry, Files

Content = bytes | Mapping[str, bytes]
"""A file, or the files of a directory by path."""


class Mounted:
    """`Files` over others, with the contents that `mounts` gives by path. A content is asked for when it is first needed.

    Raises what a content raises.
    """

    def __init__(self, files: Files, root: str, mounts: Mapping[str, Callable[[], Content]]) -> None:
        self._files = files
        self._below = f"{root}/"
        self._mounts = mounts
        self._contents: dict[str, Files | bytes] = {}

    def entry(self, path: str) -> Entry | None:
        if not path.startswith(self._below):
            return self._files.entry(path)
        mount = self._mount(path)
        if mount is None:
            return Entry("directory") if names_below(self._mounts, path) else None
        content = self._content(mount)
        if isinstance(content, bytes):
            return Entry("file") if path == mount else None
        return content.entry(path[len(mount) + 1 :])

    def names(self, path: str) -> tuple[str, ...]:
        if not path.startswith(self._below):
            return self._files.names(path)
        mount = self._mount(path)
        if mount is None:
            return tuple(sorted(names_below(self._mounts, path)))
        content = self._content(mount)
        return () if isinstance(content, bytes) else content.names(path[len(mount) + 1 :])

    def read(self, path: str) -> bytes:
        if not path.startswith(self._below):
            return self._files.read(path)
        mount = self._mount(path)
        if mount is not None:
            content = self._content(mount)
            if not isinstance(content, bytes):
                return content.read(path[len(mount) + 1 :])
            if path == mount:
                return content
        raise FileNotFoundError(path)

    def _mount(self, path: str) -> str | None:
        """The mount that the path is in: no mount is inside another."""
        end = len(path)
        while end > 0:
            if path[:end] in self._mounts:
                return path[:end]
            end = path.rfind("/", 0, end)
        return None

    def _content(self, mount: str) -> Files | bytes:
        if mount not in self._contents:
            content = self._mounts[mount]()
            self._contents[mount] = content if isinstance(content, bytes) else MappingFiles(content)
        return self._contents[mount]
