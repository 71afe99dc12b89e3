"""CEL rules of custom objects (`x-kubernetes-validations`), as the API server evaluates them on creation.

Values are typed by the schema, defaulted and pruned first. Source: k8s.io/apiextensions-apiserver,
pkg/apiserver/schema/cel (validation.go), k8s.io/apiserver, pkg/cel/common (values.go).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.kubernetes import cel
from compiler.kubernetes.cel import types, values
from compiler.kubernetes.validation.findings import Finding, Path

Schema = Mapping[str, Any]
_META = ("name", "generateName")
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\['([^']+)'\]|\[(\d+)\]")


def check(body: Mapping[str, Any], schema: Schema) -> list[Finding]:
    """The rules that an object breaks, and as `unchecked` those of which it is not known. The object fits its schema."""
    return list(_rules(body, schema, (), root=True))


def _rules(value: Any, schema: Schema, path: Path, *, root: bool = False) -> Iterator[Finding]:
    if value is None or not isinstance(schema, Mapping):
        return
    for holder in (schema, *(each for each in schema.get("allOf") or () if isinstance(each, Mapping))):
        for rule in holder.get("x-kubernetes-validations") or ():
            yield from _judged(rule, value, schema, path, root)
    if isinstance(value, Mapping):
        others = schema.get("additionalProperties")
        for key, child in (schema.get("properties") or {}).items():
            if key in value or "default" in child:
                yield from _rules(value.get(key, child.get("default")), child, (*path, key))
        if isinstance(others, Mapping):
            for key, item in value.items():
                yield from _rules(item, others, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _rules(item, schema.get("items") or {}, (*path, index))


def _judged(rule: Mapping[str, Any], value: Any, schema: Schema, path: Path, root: bool) -> Iterator[Finding]:
    text = str(rule.get("rule") or "")
    names: dict[str, Any] = {}
    try:
        node = cel.parse(text)
        if cel.uses(node, "oldSelf"):
            if not rule.get("optionalOldSelf"):
                return  # there is no old object when one is made
            names["oldSelf"] = values.Optional()
        names["self"] = converted(value, schema, root=root)
        if cel.Evaluator().value(node, names) is True:
            return
    except cel.CelError as error:
        if not str(error).startswith("no such overload"):
            yield Finding(path, f"the rule '{text[:160]}' fails: {error}")
            return
        yield Finding(path, text, "unchecked")
        return
    except (cel.CelSyntaxError, cel.CelUnknown, RecursionError):
        yield Finding(path, text, "unchecked")
        return
    message = _message(rule, names) or rule.get("message") or f"the rule '{text[:160]}' is not met"
    yield Finding((*path, *_steps(str(rule.get("fieldPath") or ""))), str(message).strip())


def _message(rule: Mapping[str, Any], names: Mapping[str, Any]) -> str:
    """What the messageExpression gives, if it is one line of text."""
    if not rule.get("messageExpression"):
        return ""
    try:
        text = cel.Evaluator().value(cel.parse(str(rule["messageExpression"])), names)
    except (cel.CelError, cel.CelSyntaxError, cel.CelUnknown, RecursionError):
        return ""
    return text.strip() if isinstance(text, str) and "\n" not in text else ""


def _steps(path: str) -> Path:
    return tuple(name or key or int(index) for name, key, index in _STEP.findall(path))


def converted(value: Any, schema: Schema, *, root: bool = False) -> Any:
    """The value as expressions see it: typed, with defaults, without fields that the schema does not have."""
    if value is None or schema.get("x-kubernetes-int-or-string"):
        return value
    match schema.get("type"):
        case "object" if isinstance(value, Mapping):
            return _object(value, schema, root=root)
        case "array" if isinstance(value, list):
            return _list(value, schema)
        case "number" if values.is_number(value):
            return float(value)
        case "integer" if isinstance(value, float):
            return int(value)
        case "string" if isinstance(value, str):
            return _text(value, str(schema.get("format") or ""))
    return value


def _object(value: Mapping[str, Any], schema: Schema, *, root: bool) -> dict[str, Any]:
    properties = schema.get("properties") or {}
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping) and not properties:
        return {
            key: converted(item, others) for key, item in value.items() if item is not None or others.get("nullable")
        }
    result: dict[str, Any] = {}
    if root or schema.get("x-kubernetes-embedded-resource"):
        result = {key: value[key] for key in ("apiVersion", "kind") if key in value}
        metadata = value.get("metadata") or {}
        result["metadata"] = {key: metadata[key] for key in _META if key in metadata}
        properties = {key: each for key, each in properties.items() if key not in ("apiVersion", "kind", "metadata")}
    for key, child in properties.items():
        item = value.get(key)
        if item is None and not (key in value and child.get("nullable")):
            item = child.get("default")
            if item is None:
                continue
        spelt = types.escaped(key)
        if spelt is not None and types.of_schema(child) is not None:
            result[spelt] = converted(item, child)
    return result


def _list(value: list[Any], schema: Schema) -> list[Any]:
    items = [converted(item, schema.get("items") or {}) for item in value]
    match schema.get("x-kubernetes-list-type"):
        case "set":
            return values.SetList(items)
        case "map":
            keyed = values.MapList(items)
            keyed.keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
            return keyed
    return items


def _text(text: str, form: str) -> Any:
    if form == "byte":
        return base64.b64decode(text)
    if form in ("date", "date-time"):
        return values.timestamp(text)
    return values.duration(text) if form == "duration" else text
