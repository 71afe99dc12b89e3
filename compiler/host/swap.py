"""Replacing a whole directory, so that a crash leaves either the old one or the new one."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
# From kernels and file systems that cannot exchange: renameat2(2), and ENOSYS from sandboxes.
_CANNOT = {errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.ENOTSUP}


def staging_directory(root: Path) -> Path:
    """A new, empty, private directory beside `root`; `leftovers` knows its name."""
    return Path(tempfile.mkdtemp(prefix=f".{root.name}.lamella-new-", dir=root.parent))


def exchange(root: Path, staged: Path) -> Path:
    """Replaces the directory `root` by `staged` and returns where the old one is now. Raises OSError; `root` is then
    unchanged."""
    if _exchange_at_once(root, staged):
        return staged
    old = Path(tempfile.mkdtemp(prefix=f".{root.name}.lamella-old-", dir=root.parent))
    try:
        os.rename(root, old)  # onto the empty directory; `recover` handles a crash between here and the next rename
    except BaseException:
        old.rmdir()
        raise
    try:
        os.rename(staged, root)
    except BaseException:
        os.rename(old, root)
        raise
    return old


def _exchange_at_once(root: Path, staged: Path) -> bool:
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    if renameat2(_AT_FDCWD, os.fsencode(staged), _AT_FDCWD, os.fsencode(root), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _CANNOT:
        return False
    raise OSError(code, os.strerror(code), str(root))


def leftovers(root: Path) -> tuple[Path, ...]:
    """The directories that crashed runs left beside `root`, sorted."""
    ours = re.compile(re.escape(f".{root.name}.lamella-") + r"(?:new|old)-[a-z0-9_]{8}")
    try:
        names = sorted(os.listdir(root.parent))
    except OSError:
        return ()
    return tuple(root.parent / name for name in names if ours.fullmatch(name))


def recover(root: Path) -> None:
    """Cleans up after a crashed run: moves the old directory back where `root` does not exist, and removes leftovers.

    Only for the holder of the lock: what looks like the leftovers of a live run is its staging directory.
    """
    for path in leftovers(root):
        if ".lamella-old-" in path.name and not os.path.lexists(root) and any(path.iterdir()):
            os.rename(path, root)
        else:
            remove(path)


def remove(path: Path) -> None:
    """Removes `path` and everything below it, never through a link. What cannot be removed stays for the next run."""
    with suppress(OSError):
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
            return
    # rmdir(2) can take milliseconds on some file systems, and outputs have a directory for each layer of each cluster:
    # removing 6,000 of them one by one took 21 s, eight at a time 0.6 s.
    with suppress(OSError, RuntimeError), ThreadPoolExecutor(8) as pool:  # RuntimeError: no more threads
        branches = [child for child in path.glob("*/*") if child.is_dir() and not child.is_symlink()]
        list(pool.map(partial(shutil.rmtree, ignore_errors=True), branches))
    shutil.rmtree(path, ignore_errors=True)
