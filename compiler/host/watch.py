"""Limits of this process itself, for what no other limit has thought of: CPU time and memory.

Workers have limits of their own (`host.workers`); reading and resolving happens here. Time is CPU time of this process, not
of the clock: waiting for workers, the network or the disk costs none, and the limit is the same on a busy machine.
"""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType
from typing import NoReturn

LEAST_MEMORY_MB = 2048
"""Of this process at least; else three quarters of what the machine has, so that a message comes before the system kills it.
RLIMIT_DATA: what may be written; a lower limit that is set outside stays."""

TIME_S = 120.0
"""CPU time of this process for reading; each cluster adds `--timeout` to it."""

_AGAIN_S = 10.0  # where something has swallowed the exception


class OutOfTimeError(BaseException):
    """The time is up. No Exception, so that nothing takes it for a problem that it can handle."""


def memory_limit_mb() -> int:
    """The limit on this machine."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    except (AttributeError, ValueError, OSError):  # Windows
        return LEAST_MEMORY_MB
    return max(LEAST_MEMORY_MB, physical * 3 // 4)


def limit_memory(mb: int = 0) -> None:
    """From now on what needs more memory (0: than `memory_limit_mb`) raises MemoryError. macOS and Windows do not enforce
    it."""
    mb = mb or memory_limit_mb()
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        known = [limit for limit in (soft, hard, mb << 20) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_DATA, (min(known), hard))


def limit_time(seconds: float = TIME_S) -> None:
    """This process may use so many seconds of CPU; then OutOfTimeError is raised wherever it is. Not on Windows."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, _out_of_time)
        signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN_S)


def more_time(seconds: float) -> None:
    """Adds to the time that is left, if it is limited."""
    if hasattr(signal, "setitimer") and (left := signal.getitimer(signal.ITIMER_PROF)[0]):
        signal.setitimer(signal.ITIMER_PROF, left + seconds, _AGAIN_S)


def _out_of_time(_: int, __: FrameType | None) -> NoReturn:
    raise OutOfTimeError
