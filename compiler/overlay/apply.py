"""Applying an overlay to objects. Overlays apply in order: each sees the result of the one before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import Diagnostic, did_you_mean
from compiler.kubernetes.imagefields import ImageField
from compiler.model.overlays import JsonPatch, MergePatch, Overlay, StrategicMerge, Target, Transform
from compiler.overlay.errors import PatchError
from compiler.overlay.jsonpatch import json_patch
from compiler.overlay.mergepatch import merge_patch
from compiler.overlay.select import describe, matches, metadata_of, nearest
from compiler.overlay.strategic import strategic_merge
from compiler.overlay.transform import transform, unmatched_replicas

Object = Mapping[str, Any]
Patch = StrategicMerge | MergePatch | JsonPatch


def apply_one(
    objects: Sequence[Object],
    overlay: Overlay,
    cluster_scoped: Collection[tuple[str, str]] = (),
    image_fields: Sequence[ImageField] = (),
) -> tuple[list[Object | None], list[Diagnostic]]:
    """(the objects after the overlay, in the same positions, None for a dropped one; the problems). Inputs are not
    changed; untouched objects are returned as they are.

    Problems: `overlay-no-match` if the target matches nothing and the overlay is not optional; `overlay-failed` if an
    operation does not fit an object, which then stays unchanged. `cluster_scoped` are (group, kind) of cluster-scoped
    custom kinds, in addition to those that `objects` define; `image_fields` are declared fields that name images.
    """
    target = overlay.target
    chosen = [position for position, each in enumerate(objects) if target is None or matches(target, each)]
    if target is not None and not chosen:
        return list(objects), [] if overlay.optional else [_no_match(overlay, target, objects)]
    if isinstance(overlay.operation, Transform):
        return _transformed(objects, chosen, overlay, overlay.operation, cluster_scoped, image_fields)
    return _patched(objects, set(chosen), overlay, overlay.operation)


def _transformed(
    objects: Sequence[Object],
    chosen: list[int],
    overlay: Overlay,
    change: Transform,
    cluster_scoped: Collection[tuple[str, str]],
    image_fields: Sequence[ImageField],
) -> tuple[list[Object | None], list[Diagnostic]]:
    if change.drop:
        return [None if position in set(chosen) else each for position, each in enumerate(objects)], []
    problems = []
    for name in () if overlay.optional else unmatched_replicas(objects, chosen, change):
        names = [str(metadata_of(each).get("name")) for each in objects]
        message = f"replicas: no workload named '{name}'"
        problems.append(Diagnostic(Code.OVERLAY_NO_MATCH, message, overlay.at, did_you_mean(name, names)))
    try:
        return list(transform(objects, set(chosen), change, cluster_scoped, image_fields)), problems
    except PatchError as error:
        return list(objects), [*problems, Diagnostic(Code.OVERLAY_FAILED, str(error), overlay.at, error.hint)]


def _patched(
    objects: Sequence[Object], chosen: Collection[int], overlay: Overlay, patch: Patch
) -> tuple[list[Object | None], list[Diagnostic]]:
    result: list[Object | None] = []
    problems = []
    for position, before in enumerate(objects):
        after: Object | None = before
        if position in chosen:
            try:
                after = _patch(before, patch)
            except PatchError as error:
                message = f"{_name(before)}: {error}"
                problems.append(Diagnostic(Code.OVERLAY_FAILED, message, overlay.at, error.hint))
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
    """The patched value. Raises PatchError if it is no longer a Kubernetes object."""
    metadata = after.get("metadata") if isinstance(after, dict) else None
    name = metadata.get("name") or metadata.get("generateName") if isinstance(metadata, dict) else None
    if not (isinstance(name, str) and isinstance(after.get("apiVersion"), str) and isinstance(after.get("kind"), str)):
        raise PatchError(
            "the patched object lacks apiVersion, kind or metadata.name",
            hint="use `transform: {drop: true}` to remove an object",
        )
    return after  # type: ignore[no-any-return]


def _name(candidate: Object) -> str:
    metadata = metadata_of(candidate)
    namespace = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{candidate.get('kind')} {namespace}{metadata.get('name')}"


def _no_match(overlay: Overlay, target: Target, objects: Sequence[Object]) -> Diagnostic:
    hint = nearest(target, objects)
    optional = "set `optional: true` if that is intended"
    return Diagnostic(
        Code.OVERLAY_NO_MATCH,
        f"the target matches nothing: {describe(target)}",
        overlay.at,
        f"{hint}; {optional}" if hint else optional,
    )
