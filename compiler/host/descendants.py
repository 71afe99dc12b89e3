"""Ending a process with all that it has started.

Not by a process group of its own: git asks for passphrases on the terminal, which a group in the background cannot read.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

_GRACE_S = 2.0  # to remove lock files
_POLL_S = 0.02


def end(process: subprocess.Popen[bytes], *, close: bool = True) -> None:
    """Ends the process, if it still runs, and everything that it has started: asks first, kills what is left after two
    seconds. Its pipes are closed, unless another thread reads them."""
    if process.poll() is None:
        pids = [process.pid, *descendants(process.pid)]
        _signal(pids, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_S
        while (process.poll() is None or any(map(_is_running, pids[1:]))) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        if process.poll() is None:
            process.kill()
        _signal([pid for pid in pids[1:] if _is_running(pid)], getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr) if close else ():
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def descendants(pid: int) -> list[int]:
    """The processes that this one has started, and those that they have; none where the system does not tell."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    pids: list[int] = []
    pending = [pid]
    while pending:
        below = children.get(pending.pop(), [])
        pids += below
        pending += below
    return pids


def _parents() -> list[tuple[int, int]]:
    """(process, its parent) of all processes. Source: proc(5), /proc/pid/stat; elsewhere ps(1) of POSIX."""
    pairs = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            pairs.append((int(path.parent.name), int(path.read_text().rpartition(")")[2].split()[1])))
    if not pairs and os.name == "posix":
        with suppress(OSError, ValueError, subprocess.SubprocessError):
            command = ["/bin/ps", "-A", "-o", "pid=", "-o", "ppid="]
            listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_GRACE_S)  # noqa: S603  fixed
            pairs = [(int(pid), int(parent)) for pid, parent in map(str.split, listed.stdout.splitlines())]
    return pairs


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(OSError):  # it has ended, or belongs to somebody else
            os.kill(pid, number)


def _is_running(pid: int) -> bool:
    """Whether the process exists and has not just ended (a zombie waits for its parent, which may be another)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        pass
    if Path("/proc/self/stat").exists() or os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
