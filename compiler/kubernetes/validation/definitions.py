"""Objects of built-in kinds, as the API server of a minor version reads them: fields, types, keys of lists, rules.

`schemas.json` has the OpenAPI definitions of every minor in short: `types` gives each definition's forms with the first
minor that has it; a field's type is a name of `values.SCALARS`, `@definition`, ["map", type], ["or", type, type] or
["list", type] with a third member where server-side apply knows the items by keys ([]: by themselves).
`tests/kubernetes/generate_schemas.py` makes it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compiler.kubernetes import data
from compiler.kubernetes.apis import MINORS
from compiler.kubernetes.validation.fields import FIELDS
from compiler.kubernetes.validation.findings import REQUIRED, Finding, Path, described, unknown_field
from compiler.kubernetes.validation.rules import RULES, UNIQUE
from compiler.kubernetes.validation.values import SCALARS

_KEY_DEFAULTS = {
    "protocol": "TCP"
}  # of the merge keys, the one that has a default (core/v1, ContainerPort, ServicePort)


def definition_of(api_version: str, kind: str) -> str:
    """The name of a built-in kind's definition; "" for other kinds."""
    return str(data.read("schemas.json")["kinds"].get(api_version, {}).get(kind, ""))


def check(value: Any, definition: str, minor: int, path: Path = ()) -> list[Finding]:
    """All that is wrong with a value of the definition in Kubernetes 1.<minor> (the nearest that the data has)."""
    findings: list[Finding] = []
    _Walk(min(max(minor, MINORS[0]), MINORS[-1]), findings).struct(value, definition, path)
    return findings


@functools.lru_cache(maxsize=4096)
def _form(definition: str, minor: int) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """(fields, required fields) of the definition in the minor."""
    forms = data.read("schemas.json")["types"][definition]
    form = next((form for first, form in reversed(forms) if first <= minor), forms[0][1])
    return form["fields"], tuple(form.get("required", ()))


@dataclass(frozen=True, slots=True)
class _Walk:
    minor: int
    findings: list[Finding]

    def struct(self, value: Any, definition: str, path: Path) -> None:
        if not isinstance(value, dict):
            self.findings.append(Finding(path, f"expected a map, found {described(value)}"))
            return
        before = len(self.findings)
        fields, required = _form(definition, self.minor)
        checks = FIELDS.get(definition, {})
        for key, item in value.items():
            form = fields.get(key)
            if form is None:
                self.findings.append(unknown_field(path, str(key), fields))
            elif item is None:
                continue  # the decoder leaves the field as it is: absent
            elif form.__class__ is str and form[0] != "@":
                message = SCALARS[form](item) or (checks[key](item) if key in checks else "")
                if message:
                    self.findings.append(Finding((*path, key), message))
            else:
                known = len(self.findings)
                self.field(item, form, (*path, key))
                if form[0] == "list" and len(form) > 2 and known == len(self.findings):
                    self.keys(item, form[2], (*path, key), f"{definition}.{key}" in UNIQUE)
                if key in checks and known == len(self.findings) and (message := checks[key](item)):
                    self.findings.append(Finding((*path, key), message))
        for key in required:
            if value.get(key) in (None, "", []):
                self.findings.append(Finding((*path, key), REQUIRED))
        if len(self.findings) == before:
            for rule in RULES.get(definition, ()):
                self.findings.extend(Finding((*path, *where), message) for where, message in rule(value))

    def field(self, value: Any, form: Any, path: Path) -> None:
        if form.__class__ is str:
            if form[0] == "@":
                self.struct(value, form[1:], path)
            elif message := SCALARS[form](value):
                self.findings.append(Finding(path, message))
        elif form[0] == "list":
            if not isinstance(value, list):
                self.findings.append(Finding(path, f"expected a list, found {described(value)}"))
                return
            for index, item in enumerate(value):
                if item is None and form[1][0] == "@":
                    item = {}  # noqa: PLW2901  # the decoder makes an item without fields of it
                if item is not None:
                    self.field(item, form[1], (*path, index))
        elif form[0] == "map":
            if not isinstance(value, dict):
                self.findings.append(Finding(path, f"expected a map, found {described(value)}"))
                return
            for key, item in value.items():
                if item is not None:
                    self.field(item, form[1], (*path, key))
        else:
            self.either(value, form[1:], path)

    def either(self, value: Any, forms: Any, path: Path) -> None:
        for form in forms:
            wants = bool if form == "boolean" else list if form.__class__ is list else dict
            if isinstance(value, wants):
                self.field(value, form, path)
                return
        self.findings.append(Finding(path, f"expected a schema, found {described(value)}"))

    def keys(self, items: list[Any], keys: list[str], path: Path, unique: bool) -> None:
        seen: dict[Any, int] = {}
        for index, item in enumerate(items):
            if item is None:
                continue
            if not keys:
                key: Any = item if not isinstance(item, dict | list) else repr(item)
            elif isinstance(item, dict):
                key = tuple(item.get(name, _KEY_DEFAULTS.get(name)) for name in keys)
            else:
                continue
            first = seen.setdefault(key, index)
            if first != index:
                shown = ", ".join(f"{n}={v}" for n, v in zip(keys, key, strict=True)) if keys else described(item)
                message = f"{shown} is in the list twice (first at [{first}])"
                self.findings.append(Finding((*path, index), message, "refused" if unique else "apply"))
