"""Targets: linear-time expressions, kubectl's selectors, and hints where nothing matches."""

from __future__ import annotations

import re

import pytest

from compiler.diagnostics import Position
from compiler.model.overlays import JsonOperation, JsonPatch, MergePatch, Operation, Overlay, Target, Transform
from compiler.regex import full_match
from tests.overlay.support import apply
from tests.support import cost

AT = Position("overlays.yaml", 3)
OBJECTS = [
    {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "kps-grafana", "namespace": "monitoring"}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kps-grafana"}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kps-prometheus"}},
]


def test_an_expression_that_would_backtrack_forever_is_quick() -> None:
    assert cost.is_linear(lambda size: full_match("(a+)+$")("a" * size + "!"), 50_000)


@pytest.mark.parametrize("pattern", ["(", "[", "*a", "(?=a)b", r"(a)\1", r"\C", "[[:foo:]]", "a{1001}", "\ud800("])
def test_what_re2_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="is not a regular expression"):
        full_match(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [("web", "web", True), ("web", "webs", False), ("a|b", "ab", False), ("a.c", "abc", True), ("a", "a\n", False),
     ("(?i)WEB", "web", True), ("a$", "a\n", False), ("\\w+", "é", False),
     ("[[:alpha:]]+", "web", True), ("[[:alpha:]]+", "web1", False), ("[[:^digit:]]+", "web", True), ("a)(b", "ab", True),
     ("\\s", "\u00a0", False), ("^a$", "a", True)],
)  # fmt: skip
def test_full_match(pattern: str, text: str, expected: bool) -> None:
    assert full_match(pattern)(text) is expected


@pytest.mark.parametrize("text", ["a-b", "a.b", "a_b", "system:controller", "v1", r"a+b (c) [d] {e} ^$|*?\\ /#&~", "é"])
def test_an_escaped_text_matches_itself_only(text: str) -> None:
    assert full_match(re.escape(text))(text)
    assert not full_match(re.escape(text))(f"{text}x")
    assert not full_match(re.escape("a.b"))("axb")


HINTS = {
    Target(kind="Deploymnt"): "the nearest: apps/v1 Deployment ",
    Target(kind="Service", name="kps-grafna"): "the nearest: v1 Service kps-grafana",
    Target(name="kps-grafna"): "the nearest: ",
    Target(kind="Deployment", name="kps-grafana", namespace="default"): "Deployment monitoring/kps-grafana",
    Target(group="apps", name="kps-prometheus"): "v1 Service kps-prometheus",
    Target(kind="Job", name="x"): "there are objects of ",
    Target(label_selector="app=none"): "there are objects of ",
}


@pytest.mark.parametrize(("target", "hint"), HINTS.items(), ids=str)
def test_a_target_that_matches_nothing_names_the_nearest(target: Target, hint: str) -> None:
    result, (problem,) = apply(OBJECTS, [Overlay(target, MergePatch({}), False, AT)])
    assert result == OBJECTS
    assert (problem.code, problem.at) == ("overlay-no-match", AT)
    assert hint in problem.hint


def test_an_optional_overlay_may_match_nothing() -> None:
    optional = Overlay(Target(kind="Job"), MergePatch({"a": 1}), True, AT)
    assert apply(OBJECTS, [optional]) == (OBJECTS, [])
    assert apply([], [optional]) == ([], [])


def test_drop_removes_the_targets() -> None:
    dropped, problems = apply(OBJECTS, [Overlay(Target(kind="Service"), Transform(drop=True), False, AT)])
    assert (dropped, problems) == (OBJECTS[:1], [])


def test_a_transform_with_a_target_leaves_the_others_alone() -> None:
    overlay = Overlay(Target(name="kps-prometheus"), Transform(labels={"a": "b"}, namespace="new"), False, AT)
    result, problems = apply(OBJECTS, [overlay])
    assert problems == []
    assert result[2]["metadata"] == {"name": "kps-prometheus", "labels": {"a": "b"}, "namespace": "new"}
    assert [result[0] is OBJECTS[0], result[1] is OBJECTS[1]] == [True, True]


def test_a_namespace_is_not_set_on_custom_cluster_scoped_objects() -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "issuers.example.com"},
        "spec": {"group": "example.com", "scope": "Cluster", "names": {"kind": "Issuer"}},
    }
    issuer = {"apiVersion": "example.com/v1", "kind": "Issuer", "metadata": {"name": "a"}}
    other = {"apiVersion": "example.org/v1", "kind": "Issuer", "metadata": {"name": "a"}}
    move = [Overlay(None, Transform(namespace="new"), False, AT)]
    assert apply([definition, issuer, other], move)[0][1:] == [
        issuer,
        other | {"metadata": {"name": "a", "namespace": "new"}},
    ]
    assert apply([issuer, other], move, {("example.com", "Issuer"), ("example.org", "Issuer")})[0] == [issuer, other]


@pytest.mark.parametrize(
    "operation",
    [MergePatch({"metadata": {"name": None}}), JsonPatch((JsonOperation("remove", "/kind"),))],
    ids=["merge", "json6902"],
)
def test_an_object_stays_an_object(operation: Operation) -> None:
    result, problems = apply(OBJECTS, [Overlay(Target(kind="Deployment"), operation, False, AT)])
    assert result == OBJECTS
    assert [each.message for each in problems] == [
        "Deployment monitoring/kps-grafana: the patched object lacks apiVersion, kind or metadata.name"
    ]


def test_an_operation_that_fails_on_one_object_still_reaches_the_others() -> None:
    patch = JsonPatch(
        (JsonOperation("test", "/metadata/name", "", "kps-prometheus"), JsonOperation("add", "/hit", "", 1))
    )
    result, problems = apply(OBJECTS, [Overlay(Target(kind="Service"), patch, False, AT)])
    assert result == [OBJECTS[0], OBJECTS[1], OBJECTS[2] | {"hit": 1}]
    assert [each.message for each in problems] == [
        "Service kps-grafana: operation 1 (test /metadata/name): expected 'kps-prometheus', found 'kps-grafana'"
    ]
