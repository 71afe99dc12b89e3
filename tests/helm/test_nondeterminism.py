"""What differs between two renders is named by object and field, and can be put back."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.kubernetes.differences import differences, keep

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s", "namespace": "n"},
    "data": {"a": "1", "b.c": "2"},
}
ID = ("", "Secret", "n", "s")


def changed(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return copy.deepcopy(body) | more


@pytest.mark.parametrize(
    ("other", "fields"),
    [
        (changed(SECRET), []),
        (changed(SECRET, data={"a": "x", "b.c": "2"}), ["data.a"]),
        (changed(SECRET, data={"a": "x", "b.c": "y"}), ["data.a", 'data["b.c"]']),
        (changed(SECRET, data={"a": "1"}), ['data["b.c"]']),
        (changed(SECRET, type="Opaque"), ["type"]),
        (changed(SECRET, data=None), ["data"]),
    ],
)
def test_fields_are_named(other: dict[str, Any], fields: list[str]) -> None:
    assert differences([SECRET], [other]) == tuple((ID, field) for field in fields)
    assert differences([other], [SECRET]) == tuple((ID, field) for field in fields)


def test_lists_of_one_length_differ_by_item_and_others_as_a_whole() -> None:
    base = {"apiVersion": "x.io/v1", "kind": "K", "metadata": {"name": "k"}}
    one = base | {"hooks": [{"ca": "1"}, {"ca": "2"}], "args": ["a"]}
    two = base | {"hooks": [{"ca": "1"}, {"ca": "3"}], "args": ["a", "b"]}
    assert differences([one], [two]) == ((("x.io", "K", "", "k"), "args"), (("x.io", "K", "", "k"), "hooks[1].ca"))


@pytest.mark.parametrize(("one", "two"), [(1, True), (1, 1.0), (0, False), ("1", 1)])
def test_values_of_different_types_differ(one: Any, two: Any) -> None:
    assert differences([changed(SECRET, x=one)], [changed(SECRET, x=two)]) == ((ID, "x"),)


def test_an_object_with_a_random_name_differs_as_a_whole() -> None:
    renamed = changed(SECRET, metadata={"name": "t", "namespace": "n"})
    assert differences([SECRET], [renamed]) == ((ID, ""), (("", "Secret", "n", "t"), ""))


def test_an_object_given_twice_is_compared_in_order() -> None:
    other = changed(SECRET, data={})
    assert differences([SECRET, other], [SECRET, other]) == ()
    assert differences([SECRET, other], [SECRET]) == ((ID, ""),)


def test_committed_values_are_kept_for_these_fields_only() -> None:
    committed = changed(SECRET, data={"a": "old", "b.c": "old"}, type="Old")
    rendered = changed(SECRET, data={"a": "new", "b.c": "new", "d": "new"})
    before = copy.deepcopy((committed, rendered))
    assert keep(committed, rendered, ['data["b.c"]', "data.d", "data.gone", "hooks[3].x", ""]) == changed(
        rendered, data={"a": "new", "b.c": "old", "d": "new"}
    )
    assert (committed, rendered) == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=3), st.dictionaries(st.text(max_size=4), JSON, max_size=3))
def test_keeping_what_differs_gives_the_committed_object_where_both_have_the_field(
    one: dict[str, Any], two: dict[str, Any]
) -> None:
    found = differences([SECRET | {"spec": one}], [SECRET | {"spec": two}])
    merged = keep(SECRET | {"spec": one}, SECRET | {"spec": two}, [field for _, field in found])
    # What is left is what only one of them has: nothing to keep, or nothing to keep it in.
    for identity, field in differences([SECRET | {"spec": one}], [merged]):
        assert (identity, field) in found
        assert field in {f for _, f in differences([SECRET | {"spec": one}], [SECRET | {"spec": two}])}
