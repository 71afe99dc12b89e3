"""One writer at a time for one output directory."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compiler.diagnostics import CompileError, Diagnostic, Position

if sys.platform != "win32":
    import fcntl

WAIT_S = 10.0
_POLL_S = 0.05


@contextmanager
def held(path: Path, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Holds the lock file `path` (its directory exists), and removes it afterwards.

    The kernel drops the lock of a process that dies, so a file left by a crash holds nobody up. Raises `output-locked`
    with the holder after `wait_s`, `output-write-failed` where the file cannot be made. On Windows there is no lock.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = _acquire(path, time.monotonic() + wait_s)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is still held: who opened it before finds it gone and opens it anew
        os.close(descriptor)


if sys.platform != "win32":

    def _acquire(path: Path, deadline: float) -> int:
        while True:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
            except OSError as error:
                message = f"cannot lock the output: {path.name}: {error.strerror}"
                raise CompileError([Diagnostic("output-write-failed", message)], environment=True) from error
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as busy:
                holder = os.pread(descriptor, 1024, 0)
                os.close(descriptor)
                if time.monotonic() >= deadline:
                    raise _locked(path, holder) from busy
                time.sleep(_POLL_S)
                continue
            if _is_still(path, descriptor):
                _sign(descriptor)
                return descriptor
            os.close(descriptor)

    def _is_still(path: Path, descriptor: int) -> bool:
        """Whether `path` is the file that was opened: its last holder may have removed it in between."""
        try:
            return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(descriptor))
        except FileNotFoundError:
            return False

    def _sign(descriptor: int) -> None:
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps([os.getpid(), socket.gethostname(), since]).encode(), 0)


def _locked(path: Path, holder: bytes) -> CompileError:
    try:
        pid, host, since = json.loads(holder)
        who = f"process {int(pid)} on {str(host)[:100]!r} since {str(since)[:30]}"
    except (ValueError, TypeError):  # it has the lock and has not signed yet
        who = "another process"
    message = f"{who} is writing this output"
    hint = "wait for it to end, then run again"
    return CompileError([Diagnostic("output-locked", message, Position(path.name), hint)], environment=True)
