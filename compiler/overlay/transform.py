"""Transforms: kustomize's namespace, labels, annotations, images and replicas, and Palette's image swap."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from compiler.kubernetes import images, split_api_version
from compiler.kubernetes.imagefields import ImageField
from compiler.model.overlays import Transform
from compiler.overlay import fieldpaths, namespaces
from compiler.overlay.errors import PatchError
from compiler.overlay.images import changed
from compiler.overlay.select import metadata_of

Object = Mapping[str, Any]

_SCALED = frozenset({"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"})


def transform(
    objects: Sequence[Object],
    chosen: Collection[int],
    change: Transform,
    cluster_scoped: Collection[tuple[str, str]],
    image_fields: Sequence[ImageField] = (),
) -> list[Object]:
    """All objects, with those at the chosen positions transformed; untouched objects are returned as they are.

    `cluster_scoped` are the custom kinds that have no namespace, `image_fields` the declared fields that name images.
    `drop` is not applied here. Raises PatchError.
    """
    result = [_one(each, change, image_fields) if position in chosen else each for position, each in enumerate(objects)]
    if change.namespace:
        result = namespaces.move(result, chosen, change.namespace, cluster_scoped)
    return result


def unmatched_replicas(objects: Sequence[Object], chosen: Collection[int], change: Transform) -> list[str]:
    """The names in `replicas` without a chosen workload of that name."""
    names = {
        metadata_of(objects[position]).get("name") for position in chosen if objects[position].get("kind") in _SCALED
    }
    return [each.name for each in change.replicas if each.name not in names]


def _one(candidate: Object, change: Transform, image_fields: Sequence[ImageField]) -> Object:
    if change.labels:
        paths = list(fieldpaths.LABELS)
        if change.label_templates or change.label_selectors:
            paths += fieldpaths.LABEL_TEMPLATES
        if change.label_selectors:
            paths += fieldpaths.LABEL_SELECTORS
        candidate = _merged(candidate, paths, change.labels)
    if change.annotations:
        candidate = _merged(candidate, fieldpaths.ANNOTATIONS, change.annotations)
    if change.images or change.image_swap:
        candidate = images.rewritten(candidate, lambda reference: changed(reference, change), image_fields)
    for replicas in change.replicas:
        if candidate.get("kind") in _SCALED and metadata_of(candidate).get("name") == replicas.name:
            candidate = _scaled(candidate, replicas.count)
    return candidate


def _scaled(candidate: Object, count: int) -> Object:
    return fieldpaths.edit(candidate, "spec/replicas", lambda _: count, create=True)  # type: ignore[no-any-return]


def _merged(candidate: Object, paths: Sequence[fieldpaths.FieldPath], pairs: Mapping[str, str]) -> Object:
    group, version = split_api_version(str(candidate.get("apiVersion", "")))
    kind = str(candidate.get("kind", ""))

    def with_pairs(before: Any) -> dict[str, Any]:
        if not isinstance(before, Mapping | None):
            raise PatchError(f"expected mapping of labels or annotations, found {before!r}")
        return {**(before or {}), **pairs}

    for path in paths:
        if path.concerns(group, version, kind):
            candidate = fieldpaths.edit(candidate, path.path, with_pairs, create=path.create)
    return candidate
