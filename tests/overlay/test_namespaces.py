"""What refers to objects that move to another namespace, where not all objects move."""

from __future__ import annotations

from typing import Any

from tests.overlay.support import Case, ours

ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "old"}}
BINDING: dict[str, Any] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "b", "namespace": "old"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
    "subjects": [
        {"kind": "ServiceAccount", "name": "default", "namespace": "old"},
        {"kind": "ServiceAccount", "name": "robot", "namespace": "old"},
        {"kind": "ServiceAccount", "name": "robot"},
    ],
}


def moved(kind: str) -> list[Any]:
    """Account and binding after the objects of one kind moved to namespace new."""
    overlay = {"target": {"kind": kind}, "transform": {"namespace": "new"}}
    result, problems = ours(Case("", "", [ACCOUNT, BINDING], [overlay]))
    assert problems == []
    return result


def test_a_binding_that_stays_follows_the_account_that_moved_but_keeps_the_account_default() -> None:
    account, binding = moved("ServiceAccount")
    assert account["metadata"]["namespace"] == "new"
    assert binding["metadata"]["namespace"] == "old"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "default", "namespace": "old"},
        {"kind": "ServiceAccount", "name": "robot", "namespace": "new"},
        {"kind": "ServiceAccount", "name": "robot"},
    ]


def test_a_binding_that_moves_takes_only_the_account_default_along() -> None:
    account, binding = moved("RoleBinding")
    assert account == ACCOUNT
    assert binding["metadata"]["namespace"] == "new"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "default", "namespace": "new"},
        {"kind": "ServiceAccount", "name": "robot", "namespace": "old"},
        {"kind": "ServiceAccount", "name": "robot"},
    ]
