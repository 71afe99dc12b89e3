"""What `test` of a JSON patch takes for equal: RFC 6902, section 4.6."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.overlay.jsonpatch import equal

EQUAL: list[tuple[Any, Any]] = [
    (1, 1.0),
    ("a", "a"),
    (True, True),
    (None, None),
    ([], []),
    ([1, [2]], [1.0, [2]]),
    ({"a": 1, "b": {"c": []}}, {"b": {"c": []}, "a": 1}),
]
UNEQUAL: list[tuple[Any, Any]] = [
    (1, 2),
    ("1", 1),
    (True, 1),
    (0, False),
    (None, False),
    ([1], [True]),
    ([1], [1, 2]),
    ([1, 2], [2, 1]),
    ([], {}),
    ({"a": 1}, {"a": 1, "b": 2}),
    ({"a": 1}, {"b": 1}),
    ({"a": 1, "b": 2}, {"a": 1, "b": 3}),
    ({"a": {"b": 0}}, {"a": {"b": False}}),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal(one: Any, other: Any) -> None:
    assert equal(one, other)
    assert equal(other, one)


@pytest.mark.parametrize(("one", "other"), UNEQUAL)
def test_not_equal(one: Any, other: Any) -> None:
    assert not equal(one, other)
    assert not equal(other, one)
