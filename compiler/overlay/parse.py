"""Reading one entry of an `overlays:` list."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import did_you_mean
from compiler.fields.reader import Reader
from compiler.kubernetes import split_api_version
from compiler.kubernetes.selectors import parse_selector
from compiler.model.overlays import (
    Image,
    ImageSwap,
    JsonOperation,
    JsonPatch,
    MergePatch,
    Operation,
    Overlay,
    Replicas,
    StrategicMerge,
    Target,
    Transform,
)
from compiler.overlay.images import parse_image_swap
from compiler.overlay.jsonpatch import parse_pointer
from compiler.regex import full_match

_TARGET_KEYS = ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector")
_TRANSFORM_KEYS = (
    "namespace", "labels", "labelTemplates", "labelSelectors", "annotations", "images", "imageSwap", "replicas", "drop",
)  # fmt: skip
_IMAGE_KEYS = ("name", "newName", "newTag", "digest")
_OPS = ("add", "remove", "replace", "move", "copy", "test")


def parse_overlay(fields: Reader) -> Overlay | None:
    """The overlay; None if it has problems, each of which is reported at its place.

    Keys: `target`, `optional`, and exactly one of `patch` (strategic merge), `merge` (RFC 7396), `json6902` and
    `transform`. The target of a `patch` without one is the object that the patch names by apiVersion, kind and
    metadata.name (and metadata.namespace, if set).
    """
    problems = fields.problems
    before = len(problems.errors)
    fields.only(("target", "optional", *_OPERATIONS))
    present = [key for key in _OPERATIONS if key in fields.data]
    if len(present) != 1:
        message = f"expected exactly one of {', '.join(_OPERATIONS)}; found {' and '.join(present) or 'none'}"
        problems.error(Code.OVERLAY_OPERATION, message, fields.at(*present[:1]))
        return None
    key = present[0]
    if fields.data[key] is None:
        fields.wrong_type(key, "list" if key == "json6902" else "mapping")
    operation, optional = _OPERATIONS[key](fields, key), fields.boolean("optional")
    target = _target(fields.child("target")) if "target" in fields.data else _implied_target(operation)
    if target is None and not isinstance(operation, Transform):
        fields.error(
            Code.OVERLAY_TARGET,
            key,
            "the overlay has no target",
            hint="add a target; a strategic merge patch may set apiVersion, kind and metadata.name instead",
        )
    if target is None and isinstance(operation, Transform) and operation.drop:
        message = "transform.drop without a target would remove every object"
        problems.error(Code.OVERLAY_TARGET, message, fields.at("transform"))
    if len(problems.errors) > before or operation is None:
        return None
    return Overlay(target, operation, optional, fields.here)


def _target(fields: Reader) -> Target:
    fields.only(_TARGET_KEYS)
    if not any(fields.data.values()):
        fields.problems.error(Code.OVERLAY_TARGET, "the target has no condition", fields.here)
    for key in _TARGET_KEYS[:5]:
        _checked(fields, key, full_match)
    for key in _TARGET_KEYS[5:]:
        _checked(fields, key, parse_selector)
    return Target(*(fields.data.get(key) or "" for key in _TARGET_KEYS))


def _checked(fields: Reader, key: str, parse: Callable[[str], Any]) -> None:
    try:
        parse(fields.string(key))
    except ValueError as error:
        fields.error(Code.INVALID_VALUE, key, str(error))


def _implied_target(operation: Operation | None) -> Target | None:
    """The target that a strategic merge patch names itself; None if it does not."""
    if not isinstance(operation, StrategicMerge):
        return None
    patch, metadata = operation.patch, operation.patch.get("metadata")
    if not isinstance(metadata, dict):
        return None
    api_version, kind, name = patch.get("apiVersion"), patch.get("kind"), metadata.get("name")
    if not (isinstance(api_version, str) and isinstance(kind, str) and isinstance(name, str)):
        return None
    group, version = split_api_version(api_version)
    return Target(
        group=re.escape(group) or "^$",
        version=re.escape(version),
        kind=re.escape(kind),
        name=re.escape(name),
        namespace=re.escape(str(metadata.get("namespace") or "")),
    )


def _strategic_merge(fields: Reader, key: str) -> Operation | None:
    return StrategicMerge(fields.mapping(key))


def _merge_patch(fields: Reader, key: str) -> Operation | None:
    return MergePatch(fields.mapping(key))


def _json_patch(fields: Reader, key: str) -> Operation | None:
    return JsonPatch(tuple(filter(None, map(_json_operation, fields.children(key)))))


def _json_operation(fields: Reader) -> JsonOperation | None:
    fields.only(("op", "path", "from", "value"))
    op, path, source = fields.data.get("op"), fields.string("path"), fields.string("from")
    if op not in _OPS:
        fields.error(
            Code.INVALID_VALUE,
            "op",
            f"expected one of {', '.join(_OPS)}; found {op!r}",
            hint=did_you_mean(str(op), _OPS),
        )
        return None
    for key in ("path", "from"):
        _checked(fields, key, parse_pointer)
    needs = {"move": ("path", "from"), "copy": ("path", "from"), "remove": ("path",)}.get(op, ("path", "value"))
    for key in needs:
        if key not in fields.data:
            fields.problems.error(Code.MISSING_KEY, f"{fields.name_of()}: {op} requires '{key}'", fields.here)
    return JsonOperation(op, path, source, fields.data.get("value"))


def _transform(fields: Reader, key: str) -> Operation | None:
    fields = fields.child(key)
    fields.only(_TRANSFORM_KEYS)
    if not fields.data:
        fields.problems.error(Code.OVERLAY_OPERATION, "the transform changes nothing", fields.here)
    if fields.boolean("drop") and len(fields.data) > 1:
        fields.problems.error(
            Code.OVERLAY_OPERATION, "transform.drop cannot be combined with other fields", fields.at("drop")
        )
    return Transform(
        namespace=fields.string("namespace"),
        labels=fields.string_map("labels"),
        label_templates=fields.boolean("labelTemplates"),
        label_selectors=fields.boolean("labelSelectors"),
        annotations=fields.string_map("annotations"),
        images=tuple(map(_image, fields.children("images"))),
        image_swap=_image_swap(fields),
        replicas=tuple(map(_replicas, fields.children("replicas"))),
        drop=fields.boolean("drop"),
    )


def _image(fields: Reader) -> Image:
    fields.only(_IMAGE_KEYS)
    _name(fields)
    if not any(fields.data.get(key) for key in _IMAGE_KEYS[1:]):
        fields.error(Code.MISSING_KEY, "name", f"expected at least one of {', '.join(_IMAGE_KEYS[1:])}; found none")
    return Image(*(fields.string(key) for key in _IMAGE_KEYS))


def _image_swap(fields: Reader) -> ImageSwap | None:
    if fields.data.get("imageSwap") is None:
        return None
    lines = [line for text in fields.strings("imageSwap") for line in text.splitlines()]
    try:
        return parse_image_swap(lines)
    except ValueError as error:
        fields.error(Code.INVALID_VALUE, "imageSwap", str(error))
        return None


def _name(fields: Reader) -> str:
    name = fields.string("name", required=True)
    if not name and fields.data.get("name") == "":
        fields.error(Code.MISSING_KEY, "name", "expected a name, found an empty string")
    return name


def _replicas(fields: Reader) -> Replicas:
    fields.only(("name", "count"))
    count = fields.integer("count", -1)
    if count < 0:
        fields.error(
            Code.INVALID_VALUE, "count", f"expected a non-negative integer, found {fields.data.get('count')!r}"
        )
    return Replicas(_name(fields), max(count, 0))


_OPERATIONS: Mapping[str, Callable[[Reader, str], Operation | None]] = {
    "patch": _strategic_merge,
    "merge": _merge_patch,
    "json6902": _json_patch,
    "transform": _transform,
}
