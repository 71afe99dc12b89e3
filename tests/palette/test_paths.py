"""Dotted paths into values whose keys may hold dots themselves."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.palette.paths import MISSING, Keys, expand, lookup


@pytest.mark.parametrize(
    ("data", "path", "named"),
    [
        ({"a": {"b": 1}}, "a.b", [(("a", "b"), 1)]),
        ({"a.b": 1}, "a.b", [(("a.b",), 1)]),
        # Both are there: the segments alone count before those joined.
        ({"a.b": 1, "a": {"b": 2}}, "a.b", [(("a", "b"), 2)]),
        ({"a": {"b": 2}, "a.b": 1}, "a.b", [(("a", "b"), 2)]),
        ({"a.b": {"c": 1}, "a": {"b.c": 2}}, "a.b.c", [(("a", "b.c"), 2)]),
        # The shorter key leads nowhere: the longer one counts.
        ({"a.b": 1, "a": {"c": 2}}, "a.b", [(("a.b",), 1)]),
        ({"a.b.c": 1, "a": {"b": {}}, "a.b": {}}, "a.b.c", [(("a.b.c",), 1)]),
        ({"options": {"system.uri": "x"}}, "options.system.uri", [(("options", "system.uri"), "x")]),
        # Nothing is there: the keys that exist, as far as they lead.
        ({"a.b": {}}, "a.b.c", [(("a.b", "c"), MISSING)]),
        ({}, "a.b", [(("a", "b"), MISSING)]),
        ({"a": 1}, "a.b", [(("a", "b"), MISSING)]),
    ],
)
def test_a_path_names_the_shortest_keys_that_lead_to_a_value(
    data: dict[str, Any], path: str, named: list[tuple[Keys, Any]]
) -> None:
    assert list(expand(data, path)) == named
    assert lookup(data, path) == named[0][1]
