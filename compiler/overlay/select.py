"""Matching objects against a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compiler.diagnostics import did_you_mean
from compiler.kubernetes import is_cluster_scoped, split_api_version
from compiler.kubernetes.selectors import parse_selector
from compiler.model.overlays import Target
from compiler.regex import full_match

# Kustomize compares this for cluster-scoped objects (kyaml's resid.TotallyNotANamespace): no namespace has the name.
_NO_NAMESPACE = "_non_namespaceable_"

Object = Mapping[str, Any]


def metadata_of(candidate: Object) -> Mapping[str, Any]:
    """The object's metadata; empty if it is absent or not a map."""
    metadata = candidate.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def matches(target: Target, candidate: Object) -> bool:
    """Whether the object satisfies every condition of the target."""
    group, version = split_api_version(str(candidate.get("apiVersion", "")))
    kind, metadata = str(candidate.get("kind", "")), metadata_of(candidate)
    namespace = _NO_NAMESPACE if is_cluster_scoped(group, kind) else str(metadata.get("namespace") or "default")
    conditions = (
        (target.group, group),
        (target.version, version),
        (target.kind, kind),
        (target.name, str(metadata.get("name", ""))),
        (target.namespace, namespace),
    )
    return (
        all(full_match(pattern)(text) for pattern, text in conditions if pattern)
        and _selects(target.label_selector, metadata.get("labels"))
        and _selects(target.annotation_selector, metadata.get("annotations"))
    )


def _selects(selector: str, labels: Any) -> bool:
    return parse_selector(selector).matches(labels if isinstance(labels, Mapping) else {})


def describe(target: Target) -> str:
    """The target in words, for messages: `kind Deployment, name kps-grafana`."""
    conditions = {
        "group": target.group,
        "version": target.version,
        "kind": target.kind,
        "name": target.name,
        "namespace": target.namespace,
        "labels": target.label_selector,
        "annotations": target.annotation_selector,
    }
    return ", ".join(f"{key} {value}" for key, value in conditions.items() if value) or "any object"


def nearest(target: Target, objects: Sequence[Object]) -> str:
    """A hint that names the object that is probably meant; "" if none is close."""
    kinds = sorted({str(each.get("kind", "")) for each in objects})
    if not objects:
        return "the layer has no objects"
    if target.kind and target.kind not in kinds:
        return did_you_mean(target.kind, kinds)
    names = {
        str(metadata_of(each).get("name", "")): each
        for each in objects
        if not target.kind or each.get("kind") == target.kind
    }
    if target.name and target.name not in names:
        return did_you_mean(target.name, names)
    if target.name:
        similar = names[target.name]
        namespace = metadata_of(similar).get("namespace")
        where = f" in namespace {namespace}" if namespace else ""
        return f"the nearest object is {similar.get('apiVersion')} {similar.get('kind')} '{target.name}'{where}"
    return ""
