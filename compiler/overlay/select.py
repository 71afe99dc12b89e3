"""Matching objects against a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from compiler.kubernetes import is_cluster_scoped, split_api_version
from compiler.kubernetes.selectors import parse_selector
from compiler.model.overlays import Target
from compiler.regex import full_match

# Kustomize compares this for cluster-scoped objects (kyaml's resid.TotallyNotANamespace): no namespace has the name.
_NO_NAMESPACE = "_non_namespaceable_"

# Of a target of kind and name, one that is right counts as near; others are listed that are nearly as near.
_SIMILAR, _NEAR, _AS_NEAR, _LISTED, _KINDS = 0.6, 0.4, 0.9, 3, 9

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
    """A hint with the objects that are probably meant, at most three, the nearest first; with all kinds if none is near."""
    if not objects:
        return "there are no objects"
    ranked = sorted(((_likeness(target, each), named(each)) for each in objects), key=lambda pair: (-pair[0], pair[1]))
    best = ranked[0][0]
    if best >= _NEAR:
        near = dict.fromkeys(name for likeness, name in ranked if likeness >= best * _AS_NEAR)
        return f"the nearest: {', '.join(list(near)[:_LISTED])}"
    kinds = sorted({str(each.get("kind", "")) for each in objects})
    return f"there are objects of {', '.join(kinds[:_KINDS])}{', …' if len(kinds) > _KINDS else ''}"


def named(each: Object) -> str:
    """The object for a message: `apps/v1 Deployment shop/web`."""
    metadata = metadata_of(each)
    namespace = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{each.get('apiVersion')} {each.get('kind')} {namespace}{metadata.get('name', '')}"


def _likeness(target: Target, candidate: Object) -> float:
    """How much of the target the object satisfies, from 0 to 1: similar names and kinds count in part."""
    wanted = {
        field: text for field in ("kind", "name", "namespace", "group", "version") if (text := getattr(target, field))
    }
    metadata = metadata_of(candidate)
    group, version = split_api_version(str(candidate.get("apiVersion", "")))
    has = {"kind": candidate.get("kind"), "group": group, "version": version} | {
        field: metadata.get(field) for field in ("name", "namespace")
    }
    parts = [_similarity(text, str(has[field] or ""), field in ("kind", "name")) for field, text in wanted.items()]
    return sum(parts) / len(parts) if parts else 0.0


def _similarity(pattern: str, text: str, in_part: bool) -> float:
    if full_match(pattern)(text):
        return 1.0
    ratio = SequenceMatcher(None, pattern.lower(), text.lower()).ratio() if in_part else 0.0
    return ratio if ratio >= _SIMILAR else 0.0
