"""Several waits at once: for the network, where Python's threads do help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")
_AT_ONCE = 8


def each(function: Callable[[A], B], items: Sequence[A], /) -> list[B]:
    """`ports.Each` with threads: results in the order of the items. Raises what the first item that fails raises."""
    if len(items) < 2:
        return [function(item) for item in items]
    pool = ThreadPoolExecutor(min(_AT_ONCE, len(items)))
    try:
        return list(pool.map(function, items))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # a signal ends the run, however long the others may wait
