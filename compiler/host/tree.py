"""The contents of a directory, and how a later change is noticed. Links are never followed."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from compiler.limits import FILE_BYTES

# link(2): other owner (protected_hardlinks), too many links, no links on this file system, another file system.
_CANNOT_LINK = {errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS, errno.EXDEV}


@dataclass(frozen=True, slots=True)
class Item:
    """What is at a path. Two are equal unless the path was written to in between.

    No inode number: an overlay file system may change a file's number when it is linked.
    """

    kind: Literal["file", "directory", "link", "special file"]
    mode: int
    size: int
    modified_ns: int


def scan(root: Path) -> dict[str, Item]:
    """{relative POSIX path: item} of everything below `root`; empty where `root` is not a directory."""
    items: dict[str, Item] = {}
    pending = [""]
    while pending:
        directory = pending.pop()
        try:
            listing = os.scandir(root / directory)
        except (FileNotFoundError, NotADirectoryError):
            if directory:
                raise
            return {}
        with listing:
            for entry in listing:
                path = f"{directory}{entry.name}"
                item = _item(entry.stat(follow_symlinks=False))
                items[path] = item
                if item.kind == "directory":
                    pending.append(f"{path}/")
    return items


def _item(status: os.stat_result) -> Item:
    mode = status.st_mode
    kind: Literal["file", "directory", "link", "special file"] = "special file"
    if stat.S_ISREG(mode):
        kind = "file"
    elif stat.S_ISDIR(mode):
        kind = "directory"
    elif stat.S_ISLNK(mode):
        kind = "link"
    return Item(kind, stat.S_IMODE(mode), status.st_size, status.st_mtime_ns)


def read_file(path: Path) -> bytes:
    """The bytes of the regular file `path`. Raises OSError where it is something else by now; EFBIG where it is larger than
    a file may be."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise FileNotFoundError(errno.ENOENT, "no longer a regular file", str(path))
        chunks, left = [], FILE_BYTES + 1
        if status.st_size < left:
            while left > 0 and (chunk := os.read(descriptor, min(left, max(status.st_size + 1, 4096)))):
                chunks.append(chunk)
                left -= len(chunk)
        if status.st_size > FILE_BYTES or left <= 0:
            raise too_large(str(path))
        return b"".join(chunks)
    finally:
        os.close(descriptor)


def too_large(path: str) -> OSError:
    """The error for a file that is not read because of its size."""
    return OSError(errno.EFBIG, f"larger than the {FILE_BYTES:,} bytes that a file may have", path)


def write_file(path: Path, content: bytes) -> None:
    """Creates the file `path` with mode 0644, whatever the umask. Raises OSError, also where the path exists."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o644)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, 0o644)
    except OSError as error:
        error.filename = str(path)  # write(2) does not know it
        raise
    finally:
        os.close(descriptor)


def link_or_copy(source: Path, target: Path) -> None:
    """Makes `target` a hard link to the file, link or special file `source`, or a copy with its time and mode where the
    file system cannot link."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _CANNOT_LINK:
            raise
        shutil.copy2(source, target, follow_symlinks=False)
