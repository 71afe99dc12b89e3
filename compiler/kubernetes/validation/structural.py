"""Schemas of CustomResourceDefinitions, as the API server wants them: structural.

Source: k8s.io/apiextensions-apiserver, pkg/apiserver/schema (validation.go, complete.go, defaulting) and
pkg/apis/apiextensions/validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler import regex
from compiler.kubernetes.validation import custom
from compiler.kubernetes.validation.findings import REQUIRED, described
from compiler.kubernetes.validation.pods import Fault

Schema = Mapping[str, Any]

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_SCALARS = ("boolean", "integer", "number", "string")
_FORBIDDEN = ("$ref", "additionalItems", "definitions", "dependencies", "id", "patternProperties", "$schema")
_NESTED = ("allOf", "anyOf", "oneOf")
_ONLY_OUTSIDE = ("additionalProperties", "default", "description", "nullable", "title", "type")
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]


def check(schema: Schema) -> Iterator[Fault]:
    """All that keeps an `openAPIV3Schema` from being accepted, but for CEL rules."""
    if schema.get("type") not in ("object", None):
        yield ("type",), f"expected object at the root, found {described(schema['type'])}"
    metadata = (schema.get("properties") or {}).get("metadata") or {}
    for name in metadata.get("properties") or ():
        if name not in ("generateName", "name"):
            yield ("properties", "metadata"), "only name and generateName can be restricted"
    yield from _node(schema, (), root=True)


def _node(schema: Schema, path: tuple[str | int, ...], *, root: bool = False) -> Iterator[Fault]:
    kind = schema.get("type")
    free = schema.get("x-kubernetes-preserve-unknown-fields")
    loose = free or schema.get("x-kubernetes-int-or-string")
    if not kind and not (loose and not root):
        yield (*path, "type"), REQUIRED
    elif kind and kind not in _TYPES:
        yield (*path, "type"), f"expected {' or '.join(_TYPES)}, found {described(kind)}"
    for field in _FORBIDDEN:
        if schema.get(field):
            yield (*path, field), "the API server does not support it"
    if free is False:
        yield (*path, "x-kubernetes-preserve-unknown-fields"), "expected true, or nothing"
    if schema.get("uniqueItems"):
        yield (*path, "uniqueItems"), "it must not be true"
    if schema.get("properties") and isinstance(schema.get("additionalProperties"), Mapping):
        yield (*path, "additionalProperties"), "it excludes properties"
    if kind == "array" and schema.get("items") is None:
        yield (*path, "items"), REQUIRED
    if isinstance(schema.get("items"), list):
        yield (*path, "items"), "expected one schema, found a list"
    if (pattern := schema.get("pattern")) and regex.fault(pattern):
        yield (*path, "pattern"), regex.fault(pattern)
    for rules in (_embedded, _lists, _default):
        yield from (((*path, *where), message) for where, message in rules(schema))
    for field in _NESTED:
        for index, each in enumerate(schema.get(field) or ()):
            if isinstance(each, Mapping):
                yield from _nested(each, schema, (*path, field, index), _is_int_or_string(schema, field))
    if isinstance(schema.get("not"), Mapping):
        yield from _nested(schema["not"], schema, (*path, "not"), False)
    for where, child in _children(schema):
        if not (root and where == ("properties", "metadata")):
            yield from _node(child, (*path, *where))


def _children(schema: Schema) -> Iterator[tuple[tuple[str, ...], Schema]]:
    for name, child in (schema.get("properties") or {}).items():
        if isinstance(child, Mapping):
            yield ("properties", name), child
    for field in ("additionalProperties", "items"):
        if isinstance(schema.get(field), Mapping):
            yield (field,), schema[field]


def _embedded(schema: Schema) -> Iterator[Fault]:
    if not schema.get("x-kubernetes-embedded-resource"):
        return
    if schema.get("type") != "object":
        yield ("type",), "expected object where x-kubernetes-embedded-resource is true"
    if not schema.get("x-kubernetes-preserve-unknown-fields") and not schema.get("properties"):
        yield ("properties",), "x-kubernetes-embedded-resource needs some, or x-kubernetes-preserve-unknown-fields"


def _lists(schema: Schema) -> Iterator[Fault]:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or ()
    items = schema.get("items") if isinstance(schema.get("items"), Mapping) else {}
    assert isinstance(items, Mapping)
    shape = schema.get("x-kubernetes-map-type")
    if shape not in (None, "atomic", "granular"):
        yield ("x-kubernetes-map-type",), f"expected atomic or granular, found {described(shape)}"
    if shape is not None and schema.get("type") != "object":
        yield ("type",), "expected object where x-kubernetes-map-type is set"
    if kind not in (None, "atomic", "map", "set"):
        yield ("x-kubernetes-list-type",), f"expected atomic, map or set, found {described(kind)}"
    if kind is not None and schema.get("type") != "array":
        yield ("type",), "expected array where x-kubernetes-list-type is set"
    if keys and kind != "map":
        yield ("x-kubernetes-list-type",), "x-kubernetes-list-map-keys needs map"
    if kind in ("map", "set") and items.get("nullable"):
        yield ("items", "nullable"), f"an item of a list of type {kind} cannot be null"
    if kind == "set":
        if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
            yield ("items", "x-kubernetes-map-type"), "expected atomic: it is an item of a set"
        if items.get("type") == "array" and items.get("x-kubernetes-list-type") not in (None, "atomic"):
            yield ("items", "x-kubernetes-list-type"), "expected atomic: it is an item of a set"
    if kind == "map":
        yield from _map_keys(items, keys)


def _map_keys(items: Schema, keys: Any) -> Iterator[Fault]:
    if not keys:
        yield ("x-kubernetes-list-map-keys",), REQUIRED
    if len(set(keys)) != len(keys):
        yield ("x-kubernetes-list-map-keys",), "a key is in the list twice"
    if items.get("type") != "object":
        yield ("items", "type"), "expected object: x-kubernetes-list-type is map"
    properties = items.get("properties") or {}
    for index, key in enumerate(keys):
        field = properties.get(key)
        if field is None:
            yield ("x-kubernetes-list-map-keys", index), f"the items have no property '{key}'"
        elif field.get("type") not in _SCALARS:
            yield ("items", "properties", key, "type"), f"expected {' or '.join(_SCALARS)}: it is a key of the list"
        elif key not in (items.get("required") or ()) and field.get("default") is None:
            yield ("items", "properties", key, "default"), "it is a key of the list: require it, or give a default"


def _default(schema: Schema) -> Iterator[Fault]:
    default = schema.get("default")
    if default is None:
        return
    for each in custom.check_value(default, schema):
        message = (
            "a default has no field that the schema has not" if each.kind in ("unknown", "pruned") else each.message
        )
        yield ("default", *each.path), message


def _is_int_or_string(schema: Schema, field: str) -> bool:
    """Whether this is the one place where types are written inside: {int-or-string: true, anyOf: [integer, string]}."""
    return bool(schema.get("x-kubernetes-int-or-string")) and field in ("allOf", "anyOf")


def _nested(schema: Schema, outside: Schema | None, path: tuple[str | int, ...], types: bool) -> Iterator[Fault]:
    """Inside allOf, anyOf, oneOf and not, only values are judged, of fields that are declared outside."""
    for field in _ONLY_OUTSIDE:
        if schema.get(field) and not (field == "type" and types):
            yield (*path, field), "it belongs outside of allOf, anyOf, oneOf and not"
    for field in schema:
        if field.startswith("x-kubernetes-") and field != "x-kubernetes-validations":
            yield (*path, field), "it belongs outside of allOf, anyOf, oneOf and not"
    outside = outside or {}
    declared = outside.get("properties") or {}
    for name, child in (schema.get("properties") or {}).items():
        if name not in declared:
            yield (*path, "properties", name), "the schema does not declare it outside of allOf, anyOf, oneOf and not"
        elif isinstance(child, Mapping):
            yield from _nested(child, declared[name], (*path, "properties", name), False)
    inner = schema.get("items")
    if isinstance(inner, Mapping):
        if not isinstance(outside.get("items"), Mapping):
            yield (*path, "items"), "the schema does not declare them outside of allOf, anyOf, oneOf and not"
        else:
            yield from _nested(inner, outside["items"], (*path, "items"), False)
    for field in _NESTED:
        for index, each in enumerate(schema.get(field) or ()):
            if isinstance(each, Mapping):
                yield from _nested(each, outside, (*path, field, index), types)
