"""Committed random values that no longer have a place in what is rendered now."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.kubernetes.differences import differences, keep

COMMITTED: dict[str, Any] = {"kind": "Secret", "data": {"a": "old", "b": "old"}, "items": [{"x": "old"}, {"x": "old"}]}


@pytest.mark.parametrize(
    ("rendered", "fields", "kept"),
    [
        ({"data": {"a": "new"}}, ["data.a", "data.b"], {"data": {"a": "old"}}),
        ({"data": None}, ["data.a"], {"data": None}),
        ({"data": "new"}, ["data.a"], {"data": "new"}),
        ({"items": [{"x": "new"}]}, ["items[0].x", "items[1].x"], {"items": [{"x": "old"}]}),
        ({"items": [{"x": "new"}] * 3}, ["items[2].x"], {"items": [{"x": "new"}] * 3}),
        ({"items": {"x": "new"}}, ["items[0].x"], {"items": {"x": "new"}}),
        ({}, ["data", "items[0]"], {}),
    ],
)
def test_what_has_no_place_any_more_is_left_out(
    rendered: dict[str, Any], fields: list[str], kept: dict[str, Any]
) -> None:
    assert keep(COMMITTED, rendered, fields) == kept


@pytest.mark.parametrize(
    "other",
    [
        {"apiVersion": "example.org/v1"},
        {"apiVersion": "v1"},
        {"kind": "Gadget"},
        {"metadata": {"name": "b", "namespace": "one"}},
        {"metadata": {"name": "a", "namespace": "two"}},
        {"metadata": {"name": "a"}},
    ],
)
def test_objects_of_another_identity_are_not_compared(other: dict[str, Any]) -> None:
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a", "namespace": "one"}, "x": 1}
    pair = [thing, {**thing, **other, "x": 2}]
    assert differences(pair, pair[::-1]) == ()
