"""`readiness:` of a layer as CEL of Flux."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from compiler import delivery
from compiler.diagnostics import Problems
from tests.delivery.clusters import L, cluster, config_map, settings


def expressions(*checks: dict[str, Any]) -> Any:
    problems = Problems()
    given = cluster("c", L("app", 0, config_map("a"), readiness=checks))
    found = delivery.cluster_files(given, settings("flux"), problems)
    assert problems.diagnostics == []
    [file] = [f for f in found if f.path == "flux/c/app.yaml"]
    return yaml.safe_load(file.content)["spec"].get("healthCheckExprs")


def check(key: str, value: Any, **more: str) -> dict[str, Any]:
    keys = [{"keyToCheck": key, "expectedValue": value}]
    return {"kind": "LinstorCluster", "group": "piraeus.io", "version": "v1", "keysToCheck": keys, **more}


def test_without_readiness_there_is_nothing_but_wait() -> None:
    assert expressions() is None


def test_a_check_as_packs_write_it() -> None:
    assert expressions(check("status.conditions[0].status", "True", name="linstorcluster")) == [
        {
            "apiVersion": "piraeus.io/v1",
            "kind": "LinstorCluster",
            "current": 'metadata.name != "linstorcluster" || string(status.conditions[0].status) == "True"',
        }
    ]


def test_checks_of_one_kind_are_one_expression() -> None:
    [found] = expressions(check("status.a", 1), check("status.b", False, name="x"))
    assert found["current"] == '(string(status.a) == "1") && (metadata.name != "x" || string(status.b) == "false")'


@pytest.mark.parametrize(
    ("key", "cel"),
    [
        ("$.status.phase", "status.phase"),
        (".status.phase", "status.phase"),
        ("status.ready-replicas", 'status["ready-replicas"]'),
        ("status.namespace", 'status["namespace"]'),
        ("status.matrix[0][12].x", "status.matrix[0][12].x"),
    ],
)
def test_keys_as_cel(key: str, cel: str) -> None:
    [found] = expressions(check(key, "x"))
    assert found["current"] == f'string({cel}) == "x"'


def test_a_value_cannot_leave_its_string() -> None:
    [found] = expressions(check("status.a", '" || true || "\\'))
    assert found["current"] == 'string(status.a) == "\\" || true || \\"\\\\"'


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "X"},
        {"kind": "X", "version": "v1", "keysToCheck": []},
        check("", "x"),
        check("status..a", "x"),
        check('status["a"]', "x"),
        check("for.a", "x"),
        check("status.a) || (true", "x"),
        check("status.a", ["x"]),
        {**check("status.a", "x"), "namspace": "x"},
        {**check("status.a", "x"), "group": 1},
    ],
)
def test_what_cannot_be_checked_is_an_error_with_its_place(wrong: dict[str, Any]) -> None:
    problems = Problems()
    delivery.cluster_files(cluster("c", L("app", 0, config_map("a"), readiness=(wrong,))), settings("flux"), problems)
    assert [(d.code, str(d.at)) for d in problems.errors] == [("readiness-invalid", "profiles/p.yaml:7")]
