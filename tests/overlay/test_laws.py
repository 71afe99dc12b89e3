"""Properties of overlays on any objects and any patches."""

from __future__ import annotations

import pickle
from copy import deepcopy
from dataclasses import asdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import Position
from compiler.merge import merge
from compiler.model.overlays import (
    Image,
    JsonOperation,
    JsonPatch,
    MergePatch,
    Operation,
    Overlay,
    StrategicMerge,
    Target,
    Transform,
)
from compiler.overlay.images import parse_image_swap
from compiler.overlay.mergepatch import merge_patch
from tests.overlay.support import apply

AT = Position("overlays.yaml", 1)
EVERYTHING = Target(kind=".*")

# Few names, so that patches often meet what they are about.
keys = st.sampled_from(
    ["spec", "template", "containers", "name", "env", "ports", "labels", "finalizers", "metadata", "$patch"]
)
scalars = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b", "delete", "replace", "web"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=12
)
bodies = st.dictionaries(keys, values, max_size=4)
kinds = st.sampled_from([("apps/v1", "Deployment"), ("v1", "Pod"), ("v1", "Service"), ("example.com/v1", "Thing")])


@st.composite
def objects_of_any_shape(draw: st.DrawFn) -> dict[str, Any]:
    api_version, kind = draw(kinds)
    metadata = draw(st.dictionaries(keys, values, max_size=3)) | {"name": draw(st.sampled_from(["a", "web"]))}
    return draw(bodies) | {"apiVersion": api_version, "kind": kind, "metadata": metadata}


pointers = st.lists(keys | st.sampled_from(["0", "1", "-", "2"]), max_size=4).map(
    lambda each: "".join(f"/{k}" for k in each)
)
json_operations = st.builds(
    JsonOperation, st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), pointers, pointers, values
)
operations: st.SearchStrategy[Operation] = st.one_of(
    st.builds(StrategicMerge, bodies),
    st.builds(MergePatch, bodies),
    st.builds(JsonPatch, st.lists(json_operations, max_size=3).map(tuple)),
    st.just(Transform(labels={"a": "b"}, label_selectors=True, annotations={"c": "d"})),
    st.just(Transform(namespace="new", images=(Image("a", "b"),), image_swap=parse_image_swap("default::mirror"))),
)
overlays = st.builds(Overlay, st.none() | st.just(EVERYTHING), operations, st.booleans(), st.just(AT))
lists_of_objects = st.lists(objects_of_any_shape(), max_size=3)


@given(lists_of_objects, st.lists(overlays, max_size=3))
def test_nothing_raises_and_no_input_changes(objects: list[Any], given_overlays: list[Overlay]) -> None:
    before = deepcopy((objects, given_overlays))
    result, problems = apply(objects, given_overlays)
    assert (objects, given_overlays) == before
    assert len(result) <= len(objects)
    assert {problem.code for problem in problems} <= {"overlay-failed", "overlay-no-match"}


@given(lists_of_objects)
def test_empty_overlays_give_the_very_same_objects(objects: list[Any]) -> None:
    nobody = Overlay(Target(name="nobody"), StrategicMerge({"spec": {"a": 1}}), True, AT)
    result, problems = apply(objects, [nobody])
    assert problems == []
    assert list(map(id, result)) == list(map(id, objects))


@given(lists_of_objects)
def test_an_empty_patch_changes_no_value(objects: list[Any]) -> None:
    empty = [
        Overlay(EVERYTHING, each, True, AT) for each in (StrategicMerge({}), MergePatch({}), JsonPatch(()), Transform())
    ]
    assert apply(objects, empty) == (objects, [])


@given(objects_of_any_shape(), values, values)
def test_merges_into_different_keys_commute(candidate: dict[str, Any], one: Any, other: Any) -> None:
    first = Overlay(EVERYTHING, StrategicMerge({"left": one}), False, AT)
    second = Overlay(EVERYTHING, StrategicMerge({"right": other}), False, AT)
    forth, back = apply([candidate], [first, second]), apply([candidate], [second, first])
    assert forth[0] == back[0]
    assert sorted(map(str, forth[1])) == sorted(map(str, back[1]))


@given(objects_of_any_shape(), objects_of_any_shape(), operations)
def test_overlays_on_different_objects_commute(
    one: dict[str, Any], other: dict[str, Any], operation: Operation
) -> None:
    one, other = one | {"kind": "One"}, other | {"kind": "Other"}
    first = Overlay(Target(kind="One"), operation, False, AT)
    second = Overlay(Target(kind="Other"), MergePatch({"spec": {"touched": True}}), False, AT)
    assert apply([one, other], [first, second])[0] == apply([one, other], [second, first])[0]


@given(lists_of_objects, bodies)
def test_a_strategic_merge_without_lists_can_be_repeated(objects: list[Any], body: dict[str, Any]) -> None:
    overlay = Overlay(EVERYTHING, MergePatch(body), True, AT)
    once, problems = apply(objects, [overlay])
    if not problems:
        assert apply(once, [overlay]) == (once, [])


@given(overlays)
def test_overlays_survive_pickling_and_differ_as_data(overlay: Overlay) -> None:
    assert pickle.loads(pickle.dumps(overlay)) == overlay
    assert asdict(overlay.operation) != asdict(Transform(drop=True))
    if isinstance(overlay.operation, StrategicMerge):
        assert asdict(overlay.operation) != asdict(MergePatch(overlay.operation.patch))


def _without_nulls(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_nulls(value) for key, value in node.items() if value is not None}
    return node


@given(bodies, bodies.map(_without_nulls))
def test_a_merge_patch_without_null_merges_as_values_do(target: dict[str, Any], patch: dict[str, Any]) -> None:
    assert merge_patch(target, patch) == merge([target, patch])
