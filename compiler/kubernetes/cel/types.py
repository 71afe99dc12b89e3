"""The types of CEL, as far as a check of an expression needs them, and those of structural schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Schema = Mapping[str, Any]

_KEYWORDS = frozenset(
    (
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
    )
)
_ACCESSIBLE = re.compile(r"[a-zA-Z_./-][a-zA-Z0-9_./-]*")
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_ESCAPED = re.compile(r"__|[./-]")


def escaped(name: str) -> str | None:
    """A property's name as expressions write it: `foo-bar` is `foo__dash__bar`; None where none can be written."""
    if not _ACCESSIBLE.fullmatch(name):
        return None
    return f"__{name}__" if name in _KEYWORDS else _ESCAPED.sub(lambda match: _ESCAPES[match[0]], name)


@dataclass(frozen=True)
class Type:
    """`name`: dyn, bool, int, uint, double, string, bytes, null, timestamp, duration, type, list, map, object, optional, or
    a type of a Kubernetes library. `item`: what a list, map or optional has in it."""

    name: str
    item: Type | None = None
    schema: Schema | None = field(default=None, compare=False, hash=False)
    root: bool = False
    named: tuple[tuple[str, Type], ...] = ()

    @cached_property
    def fields(self) -> Mapping[str, Type]:
        """The fields of an object, by their names in expressions."""
        fields = dict(self.named)
        if self.schema is not None:
            properties = dict(self.schema.get("properties") or {})
            if self.root:
                properties = {**properties, **_ROOT_PROPERTIES}
            for name, child in properties.items():
                spelt, kind = escaped(name), of_schema(child)
                if spelt is not None and kind is not None:
                    fields[spelt] = kind
        return fields

    def __str__(self) -> str:
        return f"{self.name}({self.item})" if self.item is not None else self.name


_ROOT_PROPERTIES: Schema = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object", "properties": {"name": {"type": "string"}, "generateName": {"type": "string"}}},
}

DYN, BOOL, INT, UINT, DOUBLE = map(Type, ("dyn", "bool", "int", "uint", "double"))
STRING, BYTES, NULL, TIMESTAMP, DURATION = map(Type, ("string", "bytes", "null", "timestamp", "duration"))


def list_of(item: Type) -> Type:
    """A list of the type."""
    return Type("list", item)


def map_of(item: Type) -> Type:
    """A map from strings to the type."""
    return Type("map", item)


_FORMATS = {"byte": BYTES, "date": TIMESTAMP, "date-time": TIMESTAMP, "duration": DURATION}


def of_schema(schema: Any, *, root: bool = False) -> Type | None:
    """The type of values of a structural schema; None where expressions cannot reach them.

    Source: k8s.io/apiserver, pkg/cel/common (SchemaDeclType).
    """
    if not isinstance(schema, Mapping):
        return None
    if schema.get("x-kubernetes-int-or-string"):
        return DYN
    match schema.get("type"):
        case "object":
            others = schema.get("additionalProperties")
            if isinstance(others, Mapping) and not schema.get("properties"):
                item = of_schema(others)
                return None if item is None else map_of(item)
            return Type("object", schema=schema, root=root or bool(schema.get("x-kubernetes-embedded-resource")))
        case "array":
            item = of_schema(schema.get("items"))
            return None if item is None else list_of(item)
        case "string":
            return _FORMATS.get(schema.get("format") or "", STRING)
        case "integer":
            return INT
        case "number":
            return DOUBLE
        case "boolean":
            return BOOL
    return None
