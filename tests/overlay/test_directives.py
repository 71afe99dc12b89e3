"""Directives that do not fit what they stand on: an error, never a crash and never nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.overlay.support import Case, ours

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "finalizers": ["a", "b"]},
    "spec": {"nodeName": "n", "volumes": [{"name": "v", "emptyDir": {}}]},
}
CUSTOM = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": {"items": [{"a": 1}, 2]}}


def patched(target: dict[str, Any], patch: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The object after a strategic merge patch, and the messages."""
    (result,), problems = ours(Case("", "", [target], [{"target": {"kind": target["kind"]}, "patch": patch}]))
    return result, [problem.message for problem in problems]


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (
            {"metadata": {"$deleteFromPrimitiveList/finalizers": "a"}},
            "metadata.finalizers: expected list in $deleteFromPrimitiveList and object",
        ),
        (
            {"spec": {"$deleteFromPrimitiveList/nodeName": ["n"]}},
            "spec.nodeName: expected list in $deleteFromPrimitiveList and object",
        ),
        (
            {"spec": {"$setElementOrder/volumes": "v"}},
            "spec.volumes: expected list in $setElementOrder and object",
        ),
        (
            {"spec": {"$setElementOrder/nodeName": ["n"]}},
            "spec.nodeName: expected list in $setElementOrder and object",
        ),
        (
            {"spec": {"volumes": [{"name": "v", "$retainKeys": "name"}]}},
            "spec.volumes[v]: $retainKeys must be a list of field names",
        ),
    ],
)
def test_a_directive_that_does_not_fit_is_refused(patch: dict[str, Any], message: str) -> None:
    result, messages = patched(POD, patch)
    assert messages == [f"Pod p: {message}"]
    assert result == POD


def test_the_order_of_a_list_that_is_not_there_changes_nothing() -> None:
    assert patched(POD, {"spec": {"$setElementOrder/containers": [{"name": "c"}]}}) == (POD, [])


def test_items_of_a_custom_resource_are_ordered_as_wholes() -> None:
    result, messages = patched(CUSTOM, {"spec": {"$setElementOrder/items": [2, {"a": 1}]}})
    assert messages == []
    assert result["spec"] == {"items": [2, {"a": 1}]}


def test_a_null_that_retain_keys_does_not_list_is_no_conflict() -> None:
    volume = {"name": "v", "$retainKeys": ["name", "hostPath"], "emptyDir": None, "hostPath": {"path": "/x"}}
    result, messages = patched(POD, {"spec": {"volumes": [volume]}})
    assert messages == []
    assert result["spec"]["volumes"] == [{"name": "v", "hostPath": {"path": "/x"}}]


@pytest.mark.parametrize("field", ["apiVersion", "kind"])
def test_an_object_keeps_its_api_version_and_kind(field: str) -> None:
    (result,), problems = ours(Case("", "", [POD], [{"target": {"kind": "Pod"}, "merge": {field: None}}]))
    assert result == POD
    assert [each.message for each in problems] == ["Pod p: the patched object lacks apiVersion, kind or metadata.name"]


def test_an_object_may_have_a_generated_name() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "j-"}, "spec": {}}
    (result,), problems = ours(Case("", "", [job], [{"target": {"kind": "Job"}, "merge": {"spec": {"a": 1}}}]))
    assert (result, problems) == ({**job, "spec": {"a": 1}}, [])
