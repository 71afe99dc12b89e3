"""Overlays as people write them, and what they are told."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from compiler.diagnostics import Position, Problems
from compiler.fields.reader import Reader
from compiler.model.overlays import (
    Image,
    ImageSwap,
    JsonOperation,
    JsonPatch,
    MergePatch,
    Overlay,
    Replicas,
    StrategicMerge,
    Target,
    Transform,
)
from compiler.overlay import parse_overlay
from compiler.yamldoc import Document


def place(*keys: Any) -> Position:
    """A position whose path is the key path, to see where a problem was reported."""
    return Position("/".join(map(str, keys)))


class Places(Document):
    """A document whose positions are the key paths."""

    def at(self, *keys: str | int) -> Position:
        return place(*keys)


def parse(text: str) -> tuple[Overlay | None, Problems]:
    problems = Problems()
    raw = yaml.safe_load(text)
    return parse_overlay(Reader(raw, Places(raw, "", 1), problems)), problems


GOOD = {
    "{target: {kind: Deployment, name: kps-grafana}, patch: {spec: {replicas: 2}}}": Overlay(
        Target(kind="Deployment", name="kps-grafana"), StrategicMerge({"spec": {"replicas": 2}}), False, place()
    ),
    "{target: {kind: Service}, json6902: [{op: add, path: /metadata/labels/a, value: b}], optional: true}": Overlay(
        Target(kind="Service"), JsonPatch((JsonOperation("add", "/metadata/labels/a", "", "b"),)), True, place()
    ),
    "{target: {kind: Prometheus}, merge: {spec: {replicas: 2}}}": Overlay(
        Target(kind="Prometheus"), MergePatch({"spec": {"replicas": 2}}), False, place()
    ),
    "{transform: {labels: {fleet: eu}, images: [{name: quay.io/x, newName: mirror.example/x}]}}": Overlay(
        None, Transform(labels={"fleet": "eu"}, images=(Image("quay.io/x", "mirror.example/x"),)), False, place()
    ),
    "{target: {labelSelector: app=web, annotationSelector: '!x'}, transform: {drop: true}}": Overlay(
        Target(label_selector="app=web", annotation_selector="!x"), Transform(drop=True), False, place()
    ),
    "{transform: {replicas: [{name: web, count: 0}], namespace: x, labels: {a: b}, labelSelectors: true}}": Overlay(
        None,
        Transform(namespace="x", labels={"a": "b"}, label_selectors=True, replicas=(Replicas("web", 0),)),
        False,
        place(),
    ),
    "{transform: {imageSwap: ['default::mirror.example', 'quay.io::']}}": Overlay(
        None, Transform(image_swap=ImageSwap(registries={"quay.io": ""}, default="mirror.example")), False, place()
    ),
    "{target: {kind: X}, json6902: [{op: move, from: /a, path: /b}]}": Overlay(
        Target(kind="X"), JsonPatch((JsonOperation("move", "/b", "/a"),)), False, place()
    ),
    "{patch: {apiVersion: v1, kind: ConfigMap, metadata: {name: a.b}, data: {}}}": Overlay(
        Target("^$", "v1", "ConfigMap", r"a\.b"),
        StrategicMerge({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a.b"}, "data": {}}),
        False,
        place(),
    ),
}


@pytest.mark.parametrize(("text", "overlay"), GOOD.items())
def test_good(text: str, overlay: Overlay) -> None:
    parsed, problems = parse(text)
    assert problems.diagnostics == []
    assert parsed == overlay


# text: (code, where, part of message or hint) of each problem.
BAD = {
    "{target: {kind: A}}": [("overlay-operation", "", "found none")],
    "{target: {kind: A}, patch: {}, merge: {}}": [("overlay-operation", "patch", "found patch and merge")],
    "{target: {kind: A}, pach: {}, merge: {a: 1}}": [("unknown-key", "pach", "did you mean 'patch'?")],
    "{target: {kinds: A}, patch: {}}": [("unknown-key", "target/kinds", "did you mean 'kind'?")],
    "{target: {kind: [A]}, patch: {}}": [("wrong-type", "target/kind", "expected string, found list")],
    "{target: {version: 1}, patch: {}}": [("wrong-type", "target/version", 'quote the value: version: "1"')],
    "{target: {}, patch: {a: 1}}": [("overlay-target", "target", "no condition")],
    "{target: Deployment, patch: {a: 1}}": [
        ("wrong-type", "target", "expected mapping, found string"),
        ("overlay-target", "target", "no condition"),
    ],
    "{target: {name: 'a('}, patch: {a: 1}}": [("invalid-value", "target/name", "is not a regular expression")],
    "{target: {name: '(?=a)'}, patch: {a: 1}}": [("invalid-value", "target/name", "is not a regular expression")],
    "{target: {labelSelector: 'a in b'}, patch: {a: 1}}": [
        ("invalid-value", "target/labelSelector", "expected '(' after 'in', found 'b'")
    ],
    "{patch: {spec: {replicas: 2}}}": [("overlay-target", "patch", "the overlay has no target")],
    "{merge: {spec: {replicas: 2}}}": [("overlay-target", "merge", "the overlay has no target")],
    "{target: {kind: A}, patch: [1]}": [("wrong-type", "patch", "expected mapping, found list")],
    "{target: {kind: A}, patch: }": [("wrong-type", "patch", "found null")],
    "{target: {kind: A}, json6902: null}": [("wrong-type", "json6902", "found null")],
    "{target: {kind: A}, optional: 'yes', patch: {}}": [("wrong-type", "optional", "expected boolean, found string")],
    "{target: {kind: A}, json6902: [{op: replce, path: /a, value: 1}]}": [
        ("invalid-value", "json6902/0/op", "did you mean 'replace'?")
    ],
    "{target: {kind: A}, json6902: [{op: replace, path: a, value: 1}]}": [
        ("invalid-value", "json6902/0/path", "starts with '/'")
    ],
    "{target: {kind: A}, json6902: [{op: add, path: /a}]}": [("missing-key", "json6902/0", "add requires 'value'")],
    "{target: {kind: A}, json6902: [{op: move, path: /a}]}": [("missing-key", "json6902/0", "move requires 'from'")],
    "{target: {kind: A}, json6902: [nonsense]}": [("wrong-type", "json6902/0", "expected mapping, found string")],
    "{transform: {}}": [("overlay-operation", "transform", "changes nothing")],
    "{transform: {drop: true}}": [("overlay-target", "transform", "remove every object")],
    "{target: {kind: A}, transform: {drop: true, namespace: x}}": [
        ("overlay-operation", "transform/drop", "cannot be combined")
    ],
    "{transform: {label: {a: b}}}": [("unknown-key", "transform/label", "did you mean 'labels'?")],
    "{transform: {labels: {a: 1}}}": [("wrong-type", "transform/labels/a", 'a: "1"')],
    "{transform: {images: [{newTag: '1'}]}}": [("missing-key", "transform/images/0", "name is required")],
    "{transform: {images: [{name: x}]}}": [("missing-key", "transform/images/0/name", "newName, newTag, digest")],
    "{transform: {images: [{name: x, newTag: 1.10}]}}": [
        ("wrong-type", "transform/images/0/newTag", "quote the value")
    ],
    "{transform: {replicas: [{name: x, count: true}]}}": [
        ("wrong-type", "transform/replicas/0/count", "expected integer, found boolean"),
        ("invalid-value", "transform/replicas/0/count", "found True"),
    ],
    "{transform: {replicas: [{name: x, count: -1}]}}": [("invalid-value", "transform/replicas/0/count", "-1")],
    "{transform: {imageSwap: [nonsense]}}": [("invalid-value", "transform/imageSwap", "SOURCE::TARGET")],
}


@pytest.mark.parametrize(("text", "expected"), BAD.items())
def test_bad(text: str, expected: list[tuple[str, str, str]]) -> None:
    parsed, problems = parse(text)
    assert parsed is None
    assert [(each.code, each.at and each.at.path) for each in problems.diagnostics] == [
        (code, at) for code, at, _ in expected
    ]
    assert [
        part in f"{each.message} {each.hint}" for each, (_, _, part) in zip(problems.diagnostics, expected, strict=True)
    ] == [True] * len(expected)


def test_all_problems_of_one_overlay_are_told() -> None:
    _, problems = parse("{target: {kinds: A, name: 'a('}, optional: 1, patch: {}, x: 1}")
    assert sorted(each.code for each in problems.diagnostics) == [
        "invalid-value",
        "unknown-key",
        "unknown-key",
        "wrong-type",
    ]
