"""Rules about CustomResourceDefinitions: names, versions, subresources. Part of the table in `rules.py`.

Source: k8s.io/apiextensions-apiserver, pkg/apis/apiextensions/validation. Schemas are looked at by `structural`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from compiler.kubernetes.validation import compiled, structural, syntax
from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.pods import Fault, Value, items, repeated

_APPROVED = "api-approved.kubernetes.io"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]+.*")
_JSON_PATH = re.compile(r"(\.[A-Za-z_][A-Za-z0-9_-]*|\['[^']+'\])+")
_SELECTABLE = ("boolean", "integer", "string")
_MOST_SELECTABLE = 8
_LONGEST_WARNING = 256


def definition(value: Value) -> Iterator[Fault]:
    """Groups of the Kubernetes community need its approval, or say that they have none."""
    group = str((value.get("spec") or {}).get("group"))
    if not group.endswith((".k8s.io", ".kubernetes.io")):
        return
    approval = ((value.get("metadata") or {}).get("annotations") or {}).get(_APPROVED)
    where = ("metadata", "annotations", _APPROVED)
    if not approval:
        yield where, f"a value is required: {group} is a group of the Kubernetes community"
    elif not approval.startswith("unapproved") and not _URL.fullmatch(approval):
        yield where, "expected the URL of the approval, or a text that begins with 'unapproved'"


def spec(value: Value) -> Iterator[Fault]:
    """Exactly one version is stored; each has a schema."""
    group = str(value.get("group") or "")
    if syntax.subdomain(group) or "." not in group:
        yield ("group",), f"expected a domain with a dot, found '{group}'"
    if value.get("preserveUnknownFields"):
        yield ("preserveUnknownFields",), "expected false; set x-kubernetes-preserve-unknown-fields in the schema"
    if (stored := sum(1 for _, each in items(value, "versions") if each.get("storage"))) != 1:
        yield ("versions",), f"exactly one has storage: true, found {stored}"
    yield from repeated(value, "versions", "name")
    for index, each in items(value, "versions"):
        if not (each.get("schema") or {}).get("openAPIV3Schema"):
            yield ("versions", index, "schema", "openAPIV3Schema"), REQUIRED


def names(value: Value) -> Iterator[Fault]:
    """The kind and its list are called differently, all names are labels."""
    for field in ("plural", "singular", "kind", "listKind"):
        text = value.get(field)
        if text and (message := syntax.label_1035(text.lower() if "ind" in field else text)):
            yield (field,), message
    for field in ("categories", "shortNames"):
        for index, text in enumerate(value.get(field) or ()):
            if message := syntax.label_1035(text) or ("" if text else REQUIRED):
                yield (field, index), message
    if value.get("kind") == value.get("listKind"):
        yield ("listKind",), "it must not be the kind"


def version(value: Value) -> Iterator[Fault]:
    """What a version's columns, subresources and selectable fields point to."""
    schema = (value.get("schema") or {}).get("openAPIV3Schema") or {}
    for where, message in (*structural.check(schema), *compiled.schema_rules(schema)):
        yield ("schema", "openAPIV3Schema", *where), message
    scale = (value.get("subresources") or {}).get("scale")
    if scale is not None:
        yield from _scale(scale)
    selectable = items(value, "selectableFields")
    if len(selectable) > _MOST_SELECTABLE:
        yield ("selectableFields",), f"expected at most {_MOST_SELECTABLE}, found {len(selectable)}"
    yield from repeated(value, "selectableFields", "jsonPath")
    for index, each in selectable:
        if message := _selectable(str(each.get("jsonPath") or ""), schema):
            yield ("selectableFields", index, "jsonPath"), message
    warning = value.get("deprecationWarning")
    if warning is not None and not value.get("deprecated"):
        yield ("deprecationWarning",), "only a deprecated version has one"
    elif warning is not None and (not warning or len(warning) > _LONGEST_WARNING or not warning.isprintable()):
        yield ("deprecationWarning",), f"expected one line of at most {_LONGEST_WARNING} characters"


def _scale(scale: Value) -> Iterator[Fault]:
    for field, roots, needed in (
        ("specReplicasPath", (".spec",), True),
        ("statusReplicasPath", (".status",), True),
        ("labelSelectorPath", (".spec", ".status"), False),
    ):
        path = scale.get(field) or ""
        if not path:
            if needed:
                yield ("subresources", "scale", field), REQUIRED
        elif not _JSON_PATH.fullmatch(path) or not path.startswith(tuple(f"{root}." for root in roots)):
            yield ("subresources", "scale", field), f"expected a path below {' or '.join(roots)} such as .spec.replicas"


def _selectable(path: str, schema: Value) -> str:
    """What is wrong with the path of a field to select objects by."""
    if not _JSON_PATH.fullmatch(path) or "[" in path:
        return "expected a path such as .spec.color"
    node: Any = schema
    for name in path.removeprefix(".").split("."):
        node = (node.get("properties") or {}).get(name) if isinstance(node, dict) else None
        if node is None:
            return "the schema has no such field"
    if path.startswith(".metadata"):
        return "it must not be of the metadata"
    return "" if node.get("type") in _SELECTABLE else f"expected a field of type {' or '.join(_SELECTABLE)}"
