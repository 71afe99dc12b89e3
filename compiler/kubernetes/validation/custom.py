"""Custom objects against their CRD's schema, as the API server validates and prunes them (structural schemas).

CEL rules (`x-kubernetes-validations`) are judged by `expressions`. Not looked at: formats that `FORMATS` lacks.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from compiler import regex
from compiler.kubernetes.validation.findings import REQUIRED, Finding, Kind, Path, described, unknown_field
from compiler.kubernetes.validation.values import is_base64, is_time

Schema = Mapping[str, Any]

_UUID = re.compile(r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_URI = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|/).*")
_ROOT = ("apiVersion", "kind", "metadata")
_PYTHON = {"string": str, "boolean": bool, "object": dict, "array": list}


def _parses(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def test(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return test


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "byte": is_base64,
    "cidr": _parses(lambda text: ipaddress.ip_network(text, strict=False)),
    "date-time": lambda text: is_time(text.upper()),  # go-openapi/strfmt takes `t` and `z`
    "ipv4": _parses(ipaddress.IPv4Address),
    "ipv6": _parses(ipaddress.IPv6Address),
    "uri": lambda text: _URI.fullmatch(text) is not None,
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
}


def check(body: Mapping[str, Any], schema: Schema) -> list[Finding]:
    """All that is wrong with an object of the CRD version whose `openAPIV3Schema` this is; its metadata is not looked at."""
    findings: list[Finding] = []
    walk = _Walk(findings)
    walk.value({key: value for key, value in body.items() if key not in _ROOT}, _without_root(schema), ())
    walk.restricted(body.get("metadata"), schema)
    return findings


def check_scale(body: Mapping[str, Any], subresources: Mapping[str, Any]) -> list[Finding]:
    """What the scale subresource of the version makes of an object: its number of replicas is not negative."""
    path: Path = tuple(str((subresources.get("scale") or {}).get("specReplicasPath") or "").split(".")[1:])
    value: Any = body
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    negative = isinstance(value, int) and not isinstance(value, bool) and value < 0
    return [Finding(path, f"{value} is negative")] if path and negative else []


def check_value(value: Any, schema: Schema) -> list[Finding]:
    """All that is wrong with a value inside of such an object."""
    findings: list[Finding] = []
    _Walk(findings).value(value, schema, ())
    return findings


def _without_root(schema: Schema) -> Schema:
    required = [key for key in schema.get("required") or () if key not in _ROOT]
    properties = {key: value for key, value in (schema.get("properties") or {}).items() if key not in _ROOT}
    return {**schema, "type": "object", "properties": properties, "required": required}


@dataclass(frozen=True, slots=True)
class _Walk:
    """`structural`: the schema says which fields there are; inside allOf, anyOf, oneOf and not it only judges values."""

    findings: list[Finding]
    structural: bool = True

    def add(self, path: Path, message: str, kind: Kind = "refused") -> None:
        self.findings.append(Finding(path, message, kind))

    def value(self, value: Any, schema: Schema, path: Path) -> None:
        if value is None:
            if self.structural and not schema.get("nullable") and _typed(schema):
                self.add(
                    path,
                    f"expected {_expected(schema)}, found null",
                    "refused" if path and type(path[-1]) is int else "apply",
                )
            return
        if not _of_type(value, schema):
            self.add(path, f"expected {_expected(schema)}, found {described(value)}")
            return
        if isinstance(value, dict):
            self.map(value, schema, path)
        elif isinstance(value, list):
            self.list(value, schema, path)
        elif isinstance(value, str):
            self.text(value, schema, path)
        elif not isinstance(value, bool):
            self.number(value, schema, path)
        allowed = schema.get("enum")
        if allowed is not None and not any(_equal(value, each) for each in allowed):
            self.add(path, f"expected {' or '.join(map(str, allowed[:12]))}, found {described(value)}")
        self.combinations(value, schema, path)

    def map(self, value: Mapping[str, Any], schema: Schema, path: Path) -> None:
        properties = schema.get("properties") or {}
        others = schema.get("additionalProperties")
        keeps = schema.get("x-kubernetes-preserve-unknown-fields")
        embedded = schema.get("x-kubernetes-embedded-resource")
        for key, item in value.items():
            if key in properties:
                self.value(item, properties[key], (*path, key))
            elif isinstance(others, Mapping):
                self.value(item, others, (*path, key))
            elif self.structural and not others and not keeps and not (embedded and key in _ROOT):
                finding = unknown_field(path, str(key), properties)
                stub = not path and not properties
                self.findings.append(replace(finding, kind="pruned") if stub else finding)
        for key in schema.get("required") or ():
            missing = key not in value or (value[key] is None and not (properties.get(key) or {}).get("nullable"))
            if missing and "default" not in (properties.get(key) or {}):
                self.findings[:] = [each for each in self.findings if each.path != (*path, key)]
                self.add((*path, key), REQUIRED)
        if embedded and self.structural:
            self.embedded(value, path)
        self.size(len(value), schema, path, "Properties", "fields")

    def restricted(self, metadata: Any, schema: Schema) -> None:
        """A CRD may restrict names: of the objects themselves, and of those that are embedded."""
        own = ((schema.get("properties") or {}).get("metadata") or {}).get("properties") or {}
        for key in ("generateName", "name"):
            if key in own and isinstance(metadata, Mapping) and isinstance(metadata.get(key), str):
                self.value(metadata[key], own[key], ("metadata", key))

    def embedded(self, value: Mapping[str, Any], path: Path) -> None:
        """An object in a field has a kind and a version."""
        for key in ("apiVersion", "kind"):
            if not isinstance(value.get(key), str) or not value[key]:
                self.findings[:] = [each for each in self.findings if each.path != (*path, key)]
                self.add((*path, key), REQUIRED)

    def list(self, value: list[Any], schema: Schema, path: Path) -> None:
        items = schema.get("items")
        if isinstance(items, Mapping):
            for index, item in enumerate(value):
                self.value(item, items, (*path, index))
        self.size(len(value), schema, path, "Items", "items")
        kind = schema.get("x-kubernetes-list-type")
        keys = tuple(schema.get("x-kubernetes-list-map-keys") or ()) if kind == "map" else ()
        if kind not in ("map", "set") and not schema.get("uniqueItems"):
            return
        properties = (items or {}).get("properties") or {} if isinstance(items, Mapping) else {}
        seen: dict[str, int] = {}
        for index, item in enumerate(value):
            if kind == "map" and not isinstance(item, dict):
                continue
            key = [item.get(name, (properties.get(name) or {}).get("default")) for name in keys] if keys else item
            first = seen.setdefault(repr(key), index)
            if first != index:
                shown = (
                    ", ".join(f"{name}={each}" for name, each in zip(keys, key, strict=True))
                    if keys
                    else described(item)
                )
                self.add((*path, index), f"{shown} is in the list twice (first at [{first}])")

    def text(self, value: str, schema: Schema, path: Path) -> None:
        self.size(len(value), schema, path, "Length", "characters")
        pattern = schema.get("pattern")
        if pattern:
            try:
                right = regex.matches(pattern, value)
            except ValueError:
                right = True
            if not right:
                self.add(path, f"{described(value)} does not match '{pattern[:120]}'")
        test = FORMATS.get(schema.get("format") or "")
        if test is not None and not test(value):
            self.add(path, f"{described(value)} is not of the format {schema['format']}")

    def number(self, value: float, schema: Schema, path: Path) -> None:
        low, high, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
        if low is not None and (value <= low if schema.get("exclusiveMinimum") else value < low):
            self.add(path, f"{value} is less than {low}" if value < low else f"{value} is not more than {low}")
        if high is not None and (value >= high if schema.get("exclusiveMaximum") else value > high):
            self.add(path, f"{value} is more than {high}" if value > high else f"{value} is not less than {high}")
        if step and value % step:
            self.add(path, f"{value} is not a multiple of {step}")
        bits = {"int32": 31, "int64": 63}.get(schema.get("format") or "")
        if bits and not -(1 << bits) <= value < 1 << bits:
            self.add(path, f"{value} does not fit into {bits + 1} bits")

    def size(self, size: int, schema: Schema, path: Path, what: str, unit: str) -> None:
        low, high = schema.get(f"min{what}"), schema.get(f"max{what}")
        if low is not None and size < low:
            self.add(path, f"expected at least {low} {unit}, found {size}")
        if high is not None and size > high:
            self.add(path, f"expected at most {high} {unit}, found {size}")

    def combinations(self, value: Any, schema: Schema, path: Path) -> None:
        for each in schema.get("allOf") or ():
            _Walk(self.findings, structural=False).value(value, each, path)
        options = schema.get("anyOf") or ()
        if options and not schema.get("x-kubernetes-int-or-string") and not any(_fits(value, each) for each in options):
            self.add(path, "none of the forms that the CRD allows (anyOf) fits")
        options = schema.get("oneOf") or ()
        if options and (count := sum(_fits(value, each) for each in options)) != 1:
            self.add(path, f"exactly one of the forms that the CRD allows (oneOf) must fit, {count or 'none'} does")
        if schema.get("not") and _fits(value, schema["not"]):
            self.add(path, "it is of the form that the CRD excludes (not)")


def _fits(value: Any, schema: Schema) -> bool:
    findings: list[Finding] = []
    _Walk(findings, structural=False).value(value, schema, ())
    return not findings


def _typed(schema: Schema) -> bool:
    return bool(schema.get("type") or schema.get("x-kubernetes-int-or-string"))


def _of_type(value: Any, schema: Schema) -> bool:
    if schema.get("x-kubernetes-int-or-string"):
        return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
    kind = schema.get("type")
    if not kind:
        return True
    if kind in ("integer", "number"):
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return not isinstance(value, bool) and (whole or (kind == "number" and isinstance(value, float)))
    return isinstance(value, _PYTHON.get(kind, object))


def _expected(schema: Schema) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "a whole number or a string"
    names = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a string"}
    return {**names, "object": "a map", "array": "a list"}.get(str(schema.get("type")), "a value")


def _equal(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)
