"""Helm's hooks, as annotations name them. Source: helm pkg/release/v1/util/manifest_sorter.go, where event
names are in lower case; manifests may write them in any case."""

from __future__ import annotations

ANNOTATION = "helm.sh/hook"
DELETE_POLICY = "helm.sh/hook-delete-policy"
TESTS = frozenset({"test", "test-success"})
EVENTS = frozenset(
    f"{when}-{event}" for when in ("pre", "post") for event in ("install", "delete", "upgrade", "rollback")
)
"""The events that Helm knows, without the tests."""


def events(annotation: str) -> frozenset[str]:
    """The events that an annotation names, as Helm spells them; known or not."""
    return frozenset(event.strip().lower() for event in annotation.split(","))
