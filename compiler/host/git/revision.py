"""One commit as `Files`, without touching the work tree or the index."""

from __future__ import annotations

import errno
import os
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from threading import Lock
from types import TracebackType

from compiler.codes import Code
from compiler.diagnostics import fail
from compiler.host.descendants import end
from compiler.host.git import command
from compiler.host.git.repository import Repository, reason
from compiler.host.tree import too_large
from compiler.limits import FILE_BYTES
from compiler.ports import Entry

_CACHED_BYTES = 1 << 20  # of one blob; larger ones are charts, read once
_FILE, _DIRECTORY, _OTHER = Entry("file"), Entry("directory"), Entry("other")
_END_S = 5.0
# No path of ours has such a component: `.git` as in directories, the others only in trees that were made by hand.
_HIDDEN = re.compile(r"(?:^|/)(?:\.{0,2}|\.git)(?:/|$)")


class CommitFiles:
    """The files of the commit `ref` below the directory `repository`: a bare repository, or a directory in a work tree
    (paths are relative to it). Everything named `.git` is left out; submodules are "other".

    Runs one `git ls-tree` at the start, and one `git cat-file` from the first read until `close`. Raises as
    `Repository.at` and `.commit`, and `git-no-directory`; reading raises OSError where an object is missing or broken.
    """

    def __init__(self, repository: Path, ref: str = "HEAD") -> None:
        self._repository = Repository.at(repository)
        self.commit = self._repository.commit(ref)
        self._objects: dict[str, tuple[bytes, bytes]] = {}  # path: (mode, object id)
        self._names: dict[str, list[str]] = {"": []}
        self._cache: dict[bytes, bytes] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()  # one conversation with `cat-file` at a time
        self._list()

    def entry(self, path: str) -> Entry | None:
        if path not in self._objects:
            return _DIRECTORY if path in self._names else None
        mode, object_id = self._objects[path]
        if mode == b"120000":
            return Entry("link", os.fsdecode(self._blob(object_id)))
        return _FILE if mode.startswith(b"100") else _OTHER

    def names(self, path: str) -> tuple[str, ...]:
        return tuple(sorted(self._names.get(path, ())))

    def read(self, path: str) -> bytes:
        mode, object_id = self._objects.get(path, (b"", b""))
        if not mode.startswith(b"100"):
            raise FileNotFoundError(path)
        return self._blob(object_id)

    def object_id(self, path: str) -> str:
        """Git's object id of the file at `path`, '' where there is no file."""
        mode, object_id = self._objects.get(path, (b"", b""))
        return object_id.decode() if mode.startswith(b"100") else ""

    def close(self) -> None:
        """Ends the reading process. Reading again starts another."""
        with self._lock:
            self._stop()

    def __enter__(self) -> CommitFiles:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _list(self) -> None:
        tree = f"{self.commit}:{self._repository.prefix.rstrip('/')}"
        done = self._repository.run(["ls-tree", "-r", "-z", "--full-tree", tree])
        if done.status and self._repository.prefix:
            message = f"commit {self.commit[:12]} has no directory {self._repository.prefix.rstrip('/')!r}"
            raise fail(Code.GIT_NO_DIRECTORY, message)
        if done.status:
            raise command.failure(Code.GIT_UNREADABLE, f"git cannot list commit {self.commit[:12]}: {reason(done)}")
        for line in done.out.split(b"\0")[:-1]:
            description, _, name = line.partition(b"\t")
            path = os.fsdecode(name)
            if not _HIDDEN.search(path):
                mode, _, object_id = description.split(b" ")
                self._objects[path] = (mode, object_id)
                self._add(path)

    def _add(self, path: str) -> None:
        """Adds `path` to the names of its directory, and a new directory to those of its parent."""
        new = True
        while new and path:
            parent, _, name = path.rpartition("/")
            new = parent not in self._names
            self._names.setdefault(parent, []).append(name)
            path = parent

    def _blob(self, object_id: bytes) -> bytes:
        with self._lock:
            known = self._cache.get(object_id)
            if known is not None:
                return known
            try:
                content = self._ask(object_id)
            except BaseException:
                self._kill()  # a signal; or its remaining output would answer a later question
                raise
            if len(content) <= _CACHED_BYTES:
                self._cache[object_id] = content
            return content

    def _ask(self, object_id: bytes) -> bytes:
        """The content of one object. Source of the protocol: git-cat-file(1), BATCH OUTPUT."""
        if self._process is None:
            self._process = command.start(self._repository.directory, ["cat-file", "--batch"])
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(object_id + b"\n")
        stdin.flush()
        header = stdout.readline().split()
        if len(header) != 3:
            hint = "is missing or broken; complete a partial clone with `git fetch --refetch` first"
            raise OSError(errno.EIO, f"git object {object_id[:12].decode()} {hint}")
        if int(header[2]) > FILE_BYTES:
            raise too_large(f"git object {object_id[:12].decode()}")
        content = stdout.read(int(header[2]))
        if stdout.read(1) != b"\n":
            raise OSError(errno.EIO, f"git ended while reading object {object_id[:12].decode()}")
        return content

    def _stop(self) -> None:
        if self._process is not None:
            process = self._process
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)
            self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            end(process)
