"""What work costs, in CPU time and never by the clock: a busy machine changes neither a count nor a ratio much."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

TIMES = 8
_LEAST_S = 0.002
"""A run that is shorter is taken as this long: of less, the ratio would be noise."""


def cpu_s(work: Callable[[], object]) -> float:
    """Seconds of CPU that `work` takes, in this process and in those that it started and waited for."""
    before = time.process_time(), os.times()
    work()
    after = time.process_time(), os.times()
    children = [t.children_user + t.children_system for t in (before[1], after[1])]
    return after[0] - before[0] + children[1] - children[0]


def is_linear(work: Callable[[int], object], size: int) -> bool:
    """Whether `work(TIMES * size)` costs less than four times what linear time would: quadratic time costs twice that.

    The cheapest of three runs counts, so that one run beside a garbage collection decides nothing.
    """
    small, large = (min(cpu_s(lambda: work(amount)) for _ in range(3)) for amount in (size, TIMES * size))  # noqa: B023
    return large < 4 * TIMES * max(small, _LEAST_S)
