"""Where images stand: what reads them and what rewrites them see the same places."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from compiler.kubernetes.images import images, places, rewritten

POD = {
    "initContainers": [{"name": "i", "image": "init:1"}],
    "containers": [{"name": "a", "image": "app:1"}, {"name": "b"}, {"image": ""}, {"image": 5}, "text", None],
    "ephemeralContainers": [{"name": "d", "image": "debug:1"}],
    "volumes": [{"image": {"reference": "model:1"}}, {"image": "no"}, {"emptyDir": {}}, {"image": {"reference": None}}],
    "image": "other:1",
}
ALL = ("app:1", "debug:1", "init:1", "model:1")


def test_images_of_a_pod_stand_in_its_containers_and_image_volumes() -> None:
    assert images({"kind": "Pod", "spec": POD}) == ALL
    assert dict(places({"kind": "Pod", "spec": POD})) == {
        ("spec", "initContainers", 0, "image"): "init:1",
        ("spec", "containers", 0, "image"): "app:1",
        ("spec", "ephemeralContainers", 0, "image"): "debug:1",
        ("spec", "volumes", 0, "image", "reference"): "model:1",
    }


def test_a_pod_spec_is_seen_wherever_it_hides() -> None:
    assert images({"kind": "Thing", "spec": {"pools": [{"template": {"spec": POD}}]}}) == ALL
    inside = {"containers": [{"image": "outer:1", "sidecar": {"containers": [{"image": "inner:1"}]}}]}
    assert images({"kind": "Thing", "spec": inside}) == ("inner:1", "outer:1")


def test_a_definition_of_custom_resources_has_no_images() -> None:
    definition = {"kind": "CustomResourceDefinition", "spec": POD}
    assert images(definition) == ()
    assert rewritten(definition, lambda _: "x") is definition


def test_all_images_are_rewritten_and_nothing_else() -> None:
    body = {"kind": "Thing", "spec": {"template": POD, "other": [POD]}}
    before = deepcopy(body)
    after = rewritten(body, lambda image: f"mirror/{image}")
    assert body == before
    assert images(after) == tuple(f"mirror/{image}" for image in ALL)
    assert rewritten(after, lambda image: image.removeprefix("mirror/")) == before


def test_what_no_rewrite_changes_is_the_very_same() -> None:
    body: dict[str, Any] = {"kind": "Pod", "spec": POD, "metadata": {"name": "p"}}
    assert rewritten(body, lambda image: image) is body
    changed = rewritten(body, lambda image: "new" if image == "model:1" else image)
    assert changed["metadata"] is body["metadata"]
    assert changed["spec"]["containers"] is POD["containers"]


KEYS = st.sampled_from(["containers", "initContainers", "ephemeralContainers", "volumes", "image", "reference", "spec"])
BODIES = st.dictionaries(
    KEYS,
    st.recursive(
        st.none() | st.sampled_from(["", "a:1", "b"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=20,
    ),
)


@given(BODIES)
def test_each_image_that_is_read_is_rewritten_and_none_beside(body: dict[str, Any]) -> None:
    before = deepcopy(body)
    seen: list[str] = []
    after = rewritten(body, lambda image: seen.append(image) or f"m/{image}")  # type: ignore[func-returns-value]
    assert body == before
    assert seen == [reference for _, reference in places(body)]
    assert dict(places(after)) == {path: f"m/{reference}" for path, reference in places(body)}
    assert rewritten(after, lambda image: image.removeprefix("m/")) == before
