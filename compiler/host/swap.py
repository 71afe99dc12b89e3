"""Putting a whole directory in the place of another, so that a crash leaves one or the other."""

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
# What a kernel or a file system says that cannot exchange: renameat2(2), and ENOSYS from sandboxes.
_CANNOT = {errno.ENOSYS, errno.EINVAL, errno.EPERM, errno.ENOTSUP}


def staging_directory(root: Path) -> Path:
    """A new, empty, private directory beside `root`, of a name that `reap` knows."""
    return Path(tempfile.mkdtemp(prefix=f".{root.name}.lamella-new-", dir=root.parent))


def exchange(root: Path, staged: Path) -> Path:
    """Puts `staged` in the place of the directory `root` and returns where the old one is now. Raises OSError, and then
    `root` is what it was."""
    if _exchange_at_once(root, staged):
        return staged
    old = Path(tempfile.mkdtemp(prefix=f".{root.name}.lamella-old-", dir=root.parent))
    try:
        os.rename(root, old)  # onto the empty directory; a crash from here to the next rename is `recover`'s
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
    """What crashed runs have left beside `root`, sorted."""
    ours = re.compile(re.escape(f".{root.name}.lamella-") + r"(?:new|old)-[a-z0-9_]{8}")
    try:
        names = sorted(os.listdir(root.parent))
    except OSError:
        return ()
    return tuple(root.parent / name for name in names if ours.fullmatch(name))


def recover(root: Path) -> None:
    """Ends what a crashed run began: puts the old directory back where none is at `root`, and removes the leftovers.

    Only for the holder of the lock: the leftovers of a living run are its staging directory.
    """
    for path in leftovers(root):
        if ".lamella-old-" in path.name and not os.path.lexists(root) and any(path.iterdir()):
            os.rename(path, root)
        else:
            remove(path)


def remove(path: Path) -> None:
    """Removes `path` and what is below, never through a link. What cannot be removed stays, for the next run."""
    with suppress(OSError):
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
            return
    # rmdir(2) waits, up to milliseconds on some file systems, and outputs have a directory for each layer of each
    # cluster: removing 6,000 of them one after the other took 21 s, by eight at once 0.6 s.
    with suppress(OSError, RuntimeError), ThreadPoolExecutor(8) as pool:  # RuntimeError: no more threads
        branches = [child for child in path.glob("*/*") if child.is_dir() and not child.is_symlink()]
        list(pool.map(partial(shutil.rmtree, ignore_errors=True), branches))
    shutil.rmtree(path, ignore_errors=True)
