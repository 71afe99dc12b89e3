"""One writer at a time for one output directory.

Not the package filelock (4.2 was read). With flock it leaves the lock file behind in the user's repository; without
flock it falls back, by default, to a file that blocks everybody after a crash; and its lock file does not name the
holder. On Windows it does more than this module (reparse points, oplocks), which is not worth a dependency for a file
beside the output in the user's own repository.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from compiler import jsontext
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position

WAIT_S = 10.0
_POLL_S = 0.05


@contextmanager
def held(path: Path, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Holds the lock file `path` (its directory must exist), and removes it afterwards.

    The system drops the lock of a process that dies, so a file left by a crash blocks nobody. Raises `output-locked`
    with the holder after `wait_s`, and OSError where the file cannot be made or locked.
    """
    descriptor = _acquire(path, time.monotonic() + wait_s)
    try:
        yield
    finally:
        if (
            sys.platform == "win32"
        ):  # an open file cannot be removed there, so it also stays for whoever waits with it open
            os.close(descriptor)
            descriptor = -1
        with suppress(OSError):
            path.unlink()  # while it is still held: whoever opened it before sees that it is gone and opens it anew
        if descriptor >= 0:
            os.close(descriptor)


def _acquire(path: Path, deadline: float) -> int:
    while True:
        with open(path, "a+b", buffering=0, opener=_open_no_link) as file:
            if _take(path, file.fileno()) and _is_still(path, file.fileno()):
                _sign(file.fileno())
                return os.dup(file.fileno())  # the lock is the open file's, not the descriptor's
        if time.monotonic() >= deadline:
            raise _locked(path)
        time.sleep(_POLL_S)


if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 30  # far behind the signature: others cannot read a locked range

    def _open_no_link(path: str, flags: int) -> int:
        return os.open(path, flags, 0o644)  # making a link needs a privilege there, and no flag refuses to follow one

    def _take(path: Path, descriptor: int) -> bool:  # noqa: ARG001 - the signature of its POSIX twin
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _open_no_link(path: str, flags: int) -> int:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)

    def _take(path: Path, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            path.unlink(missing_ok=True)  # this file system has no locks, so nobody holds the file
            raise
        return True


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether `path` is still the file that was opened: its last holder may have removed it meanwhile."""
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _sign(descriptor: int) -> None:
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with suppress(OSError):  # a full disk: only the lock matters
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps([os.getpid(), socket.gethostname(), since]).encode())


def _locked(path: Path) -> CompileError:
    try:
        pid, host, since = jsontext.load(path.read_bytes())
        who = f"process {int(pid)} on {str(host)[:100]!r} since {str(since)[:30]}"
    except (ValueError, TypeError, OSError):  # the holder has not signed yet
        who = "another process"
    message = f"{who} is writing this output"
    hint = "wait for it to end, then run again"
    return CompileError([Diagnostic(Code.OUTPUT_LOCKED, message, Position(path.name), hint)], environment=True)
