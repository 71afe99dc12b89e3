"""The measure itself: what is quadratic is not taken for linear."""

from __future__ import annotations

from tests.support import cost


def _linear(size: int) -> int:
    return sum(range(size))


def _quadratic(size: int) -> int:
    return sum(sum(range(size)) for _ in range(size))


def test_linear_and_quadratic_work_are_told_apart() -> None:
    assert cost.is_linear(_linear, 500_000)
    assert not cost.is_linear(_quadratic, 1_500)
