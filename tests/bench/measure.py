"""Wall time and CPU of a command with all its descendants, from the kernel's own account.

The measuring process makes itself the reaper of orphans (Linux): a process that outlives its parent, as a forkserver's
workers may, is waited for here, so that its CPU counts too.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.wall_s:7.2f} s wall {self.cpu_s:7.2f} s CPU"


_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


def _wait_for_orphans() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def cost_of(work: Callable[[], None]) -> Cost:
    """What `work` costs in child processes."""
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("this needs Linux: prctl(PR_SET_CHILD_SUBREAPER)")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    work()
    wall = time.perf_counter() - start
    _wait_for_orphans()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def command(arguments: Sequence[str], cwd: Path, **environment: str) -> Callable[[], None]:
    """A function that runs a command and fails loudly."""

    def work() -> None:
        done = subprocess.run(
            arguments, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(
                f"{' '.join(map(str, arguments))[:200]} failed ({done.returncode}):\n{done.stderr[-2000:]}"
            )

    return work
