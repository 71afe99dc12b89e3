"""Annotations by which kustomize leaves an object out of what it builds, or changes it.

Flux builds every directory with kustomize, and so does Argo CD where a directory has a kustomization.yaml: an object with
one of these would not arrive as it is in the file. Each was tried with kustomize 5.8 (tests/kubernetes/test_kustomize.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LOCAL_CONFIG = "config.kubernetes.io/local-config"
"""Marks what is for tools such as kpt and not for a cluster; with any value but `false`."""

BOOKKEEPING = frozenset(
    (
        "alpha.config.kubernetes.io/transformations",
        "config.k8s.io/id",
        *(f"config.kubernetes.io/{name}" for name in ("index", "origin", "path")),
        *(
            f"internal.config.kubernetes.io/{name}"
            for name in (
                "allowNameChange",
                "annotations-migration-resource-id",
                "generatorBehavior",
                "id",
                "index",
                "needsHashSuffix",  # a hash goes behind the object's name
                "path",
                "prefixes",
                "previousKinds",
                "previousNames",
                "previousNamespaces",
                "refBy",
                "seqindent",
                "suffixes",
            )
        ),
    )
)
"""What kustomize notes for itself, and takes off in the end."""


def is_local_config(body: Mapping[str, Any]) -> bool:
    """Whether kustomize leaves the object out."""
    annotations = _annotations(body)
    return LOCAL_CONFIG in annotations and annotations[LOCAL_CONFIG] not in ("false", False)


def bookkeeping(body: Mapping[str, Any]) -> list[str]:
    """The keys of the object's annotations that kustomize would take for its own, sorted."""
    return sorted(BOOKKEEPING & _annotations(body).keys())


def without_bookkeeping(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object without those; the very same where it has none."""
    if not bookkeeping(body):
        return body
    metadata = {key: value for key, value in body["metadata"].items() if key != "annotations"}
    kept = {key: value for key, value in _annotations(body).items() if key not in BOOKKEEPING}
    return {**body, "metadata": {**metadata, "annotations": kept} if kept else metadata}


def _annotations(body: Mapping[str, Any]) -> Mapping[str, Any]:
    annotations = body["metadata"].get("annotations")
    return annotations if isinstance(annotations, Mapping) else {}
