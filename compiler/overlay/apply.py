"""Carrying overlays out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from compiler.diagnostics import Diagnostic, did_you_mean
from compiler.overlay.errors import PatchError
from compiler.overlay.jsonpatch import json_patch
from compiler.overlay.mergepatch import merge_patch
from compiler.overlay.model import JsonPatch, MergePatch, Overlay, StrategicMerge, Target, Transform
from compiler.overlay.namespaces import custom_cluster_scoped
from compiler.overlay.select import describe, matches, nearest
from compiler.overlay.strategic import strategic_merge
from compiler.overlay.transform import transform, unmatched_replicas

Object = Mapping[str, Any]
Patch = StrategicMerge | MergePatch | JsonPatch


def apply(
    objects: Sequence[Object],
    overlays: Sequence[Overlay],
    cluster_scoped: Collection[tuple[str, str]] = (),
) -> tuple[list[Object], list[Diagnostic]]:
    """(the objects after every overlay in order, the problems). Input is never changed, untouched objects are the same.

    An overlay sees what the earlier ones made. Problems: `overlay-no-match` where the target means no object and the
    overlay is not optional; `overlay-failed` where an operation does not fit an object, which then stays as it was.
    `cluster_scoped` are (group, kind) of custom kinds without namespaces, beside those that `objects` define.
    """
    current = list(objects)
    problems: list[Diagnostic] = []
    scoped = frozenset(cluster_scoped) | custom_cluster_scoped(current)
    for overlay in overlays:
        target = overlay.target
        chosen = [position for position, each in enumerate(current) if target is None or matches(target, each)]
        found: list[Diagnostic] = []
        if target is not None and not chosen:
            found = [] if overlay.optional else [_no_match(overlay, target, current)]
        elif isinstance(overlay.operation, Transform):
            current, found = _transformed(current, chosen, overlay, overlay.operation, scoped)
        else:
            current, found = _patched(current, set(chosen), overlay, overlay.operation)
        problems += found
    return current, problems


def _transformed(
    objects: list[Object], chosen: list[int], overlay: Overlay, change: Transform, scoped: Collection[tuple[str, str]]
) -> tuple[list[Object], list[Diagnostic]]:
    problems = []
    for name in () if overlay.optional else unmatched_replicas(objects, chosen, change):
        names = [str((each.get("metadata") or {}).get("name")) for each in objects]
        message = f"replicas: no workload is called '{name}'"
        problems.append(Diagnostic("overlay-no-match", message, overlay.at, did_you_mean(name, names)))
    try:
        return transform(objects, set(chosen), change, scoped), problems
    except PatchError as error:
        return objects, [*problems, Diagnostic("overlay-failed", str(error), overlay.at, error.hint)]


def _patched(
    objects: list[Object], chosen: Collection[int], overlay: Overlay, patch: Patch
) -> tuple[list[Object], list[Diagnostic]]:
    result: list[Object] = []
    problems = []
    for position, before in enumerate(objects):
        after: Object | None = before
        if position in chosen:
            try:
                after = _patch(before, patch)
            except PatchError as error:
                message = f"{_name(before)}: {error}"
                problems.append(Diagnostic("overlay-failed", message, overlay.at, error.hint))
        if after is not None:
            result.append(after)
    return result, problems


def _patch(before: Object, patch: Patch) -> Object | None:
    match patch:
        case StrategicMerge(body):
            return strategic_merge(before, body)
        case MergePatch(body):
            return _whole(merge_patch(before, body))
        case JsonPatch(operations):
            return _whole(json_patch(before, operations))


def _whole(after: Any) -> Object:
    """The patched value, if it is still an object of Kubernetes."""
    metadata = after.get("metadata") if isinstance(after, dict) else None
    name = metadata.get("name") or metadata.get("generateName") if isinstance(metadata, dict) else None
    if not (isinstance(name, str) and isinstance(after.get("apiVersion"), str) and isinstance(after.get("kind"), str)):
        raise PatchError(
            "what is left has no apiVersion, kind and metadata.name", hint="`transform: {drop: true}` removes"
        )
    return after  # type: ignore[no-any-return]


def _name(candidate: Object) -> str:
    metadata = candidate.get("metadata") or {}
    namespace = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{candidate.get('kind')} {namespace}{metadata.get('name')}"


def _no_match(overlay: Overlay, target: Target, objects: Sequence[Object]) -> Diagnostic:
    hint = nearest(target, objects)
    optional = "`optional: true` allows that"
    return Diagnostic(
        "overlay-no-match",
        f"the target matches nothing: {describe(target)}",
        overlay.at,
        f"{hint}; {optional}" if hint else optional,
    )
