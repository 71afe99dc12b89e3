"""Keys of tasks: equal where nothing that makes bytes differs, and only there."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any, cast

import pytest

from compiler.diagnostics import Position, TextPlace
from compiler.model import ChartPart, GoTemplatePart, JinjaPart, ManifestPart, Overlay, Part, ScopedOverlay
from compiler.model.overlays import JsonOperation, JsonPatch, MergePatch, Operation, StrategicMerge, Target, Transform
from compiler.model.rendering import Annotation, Engine, LayerTask

HERE, THERE = Position("profiles/a.yaml", 3, 1), Position("profiles/b.yaml", 40, 7)
CHART = ChartPart(
    spooled="0f" * 32, path="charts/web", at=HERE, release="web", namespace="web", values_json='{"a":1}',
    validate_schema=True, twice=None, reads_api_versions=False,
)  # fmt: skip
OVERLAY = ScopedOverlay(Overlay(Target(kind="Deployment"), MergePatch({"spec": {"replicas": 2}}), False, HERE), False)
TASK = LayerTask(
    parts=(CHART, ManifestPart("m.yaml", "a: b\n", TextPlace(HERE))),
    namespace="web",
    kube_version="1.33.4",
    api_versions=("x/v1",),
    overlays=(OVERLAY,),
    drop_hooks=False,
    check_schemas=True,
    extra=(),
    engine=Engine("embedded", "4.2.3"),
    annotations=(Annotation(("", "Namespace"), "a", "b"),),
)
PARTS: list[Part] = [
    CHART,
    JinjaPart("packs/p", (("packs/p/templates/a.j2", "x"),), ("packs/p/templates/a.j2",), "{}", False),
    GoTemplatePart("m.yaml", "{{ 1 }}", "{}", "{}", False, False),
    ManifestPart("m.yaml", "a: b\n", TextPlace(HERE)),
]


def other(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return value + "x"
        case tuple():
            return (*value, value[0]) if value else ("x",)
        case None:
            return ("name", "{}")
        case Engine():
            return replace(value, version="4.3.1")
    raise AssertionError(value)


@pytest.mark.parametrize("name", [field.name for field in fields(LayerTask)])
def test_every_field_of_a_task_is_in_its_key(name: str) -> None:
    assert replace(TASK, **{name: other(getattr(TASK, name))}).key() != TASK.key()


@pytest.mark.parametrize(
    ("part", "name"),
    [(part, field.name) for part in PARTS for field in fields(part) if field.name not in ("at", "kind", "place")],
    ids=lambda value: value if isinstance(value, str) else value.kind,
)
def test_every_field_of_a_part_is_in_the_key(part: Any, name: str) -> None:
    changed = replace(part, **{name: other(getattr(part, name))})
    assert replace(TASK, parts=(changed,)).key() != replace(TASK, parts=(part,)).key()


def test_the_place_in_a_file_is_not() -> None:
    moved = replace(
        TASK,
        parts=(
            replace(CHART, at=THERE),
            replace(cast(ManifestPart, TASK.parts[1]), place=TextPlace(THERE, lines=False)),
        ),
        overlays=(replace(OVERLAY, overlay=replace(OVERLAY.overlay, at=THERE)),),
    )
    assert moved != TASK
    assert moved.key() == TASK.key()


OPERATIONS: list[Operation] = [
    StrategicMerge({"a": 1}),
    StrategicMerge({"a": True}),
    StrategicMerge({"a": 1.0}),
    StrategicMerge({"a": "1"}),
    MergePatch({"a": 1}),
    MergePatch({"a": None}),
    MergePatch({}),
    JsonPatch((JsonOperation("add", "/a", value=1),)),
    JsonPatch((JsonOperation("add", "/a", value=None),)),
    Transform(labels={"a": "1"}),
    Transform(annotations={"a": "1"}),
    Transform(drop=True),
]


def test_operations_that_differ_have_keys_that_differ() -> None:
    tasks = [replace(TASK, overlays=(ScopedOverlay(Overlay(None, op, False, HERE), False),)) for op in OPERATIONS]
    assert len({task.key() for task in tasks}) == len(OPERATIONS)


def test_a_description_is_json_and_says_what_made_it() -> None:
    described = TASK.describe()
    assert json.loads(json.dumps(described)) == described
    assert described["engine"] == {"is": "Engine", "name": "embedded", "version": "4.2.3"}
    assert isinstance(described["rules"], int)
    assert described["parts"][0]["spooled"] == CHART.spooled


def test_the_order_of_keys_in_a_patch_does_not_matter() -> None:
    one, two = (
        replace(TASK, overlays=(ScopedOverlay(Overlay(None, MergePatch(patch), False, HERE), False),))
        for patch in ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    )
    assert one.key() == two.key()
