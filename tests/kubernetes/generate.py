"""Writes `lists.json` and `apis.json` from the schemas in the PyPI package kubernetes-validate (70 MB, dev only).

For maintainers, when a new Kubernetes minor is out: `python -m tests.kubernetes.generate`, then review the diff.
No part of Lamella: it needs the development dependency.
"""

from __future__ import annotations

import importlib.resources
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

FIRST_MINOR = 25
_SCHEMAS = "kubernetes-json-schema"
_REF = "#/$defs/"
# Machinery that every group repeats (DeleteOptions, WatchEvent, Status, …) is not an API that an object can be of.
_MACHINERY = "io.k8s.apimachinery."

Definitions = Mapping[str, Any]


def read_definitions() -> dict[int, Definitions]:
    """{minor: {definition name: OpenAPI schema}} of every minor that the installed kubernetes-validate has."""
    root = importlib.resources.files("kubernetes_validate") / _SCHEMAS
    found = {}
    for directory in root.iterdir():
        if directory.name.endswith("-local"):
            minor = int(directory.name.split(".")[1])
            if minor >= FIRST_MINOR:
                found[minor] = json.loads((directory / "_definitions.json").read_text("utf-8"))["$defs"]
    return dict(sorted(found.items()))


def kinds(definitions: Definitions) -> Iterator[tuple[str, str, str]]:
    """(apiVersion, kind, definition name) of every API, without the List kinds."""
    for name, definition in definitions.items():
        if name.startswith(_MACHINERY):
            continue
        for gvk in definition.get("x-kubernetes-group-version-kind", ()):
            if not gvk["kind"].endswith("List"):
                yield f"{gvk['group']}/{gvk['version']}".lstrip("/"), gvk["kind"], name


def served(by_minor: Mapping[int, Definitions]) -> dict[str, dict[str, list[int]]]:
    """{apiVersion: {kind: [first minor, last minor]}}. Raises ValueError where a kind went away and came back."""
    minors: dict[str, dict[str, list[int]]] = {}
    for minor, definitions in by_minor.items():
        for api_version, kind, _ in kinds(definitions):
            minors.setdefault(api_version, {}).setdefault(kind, []).append(minor)
    result: dict[str, dict[str, list[int]]] = {}
    for api_version, by_kind in sorted(minors.items()):
        for kind, found in sorted(by_kind.items()):
            if len(found) != found[-1] - found[0] + 1:
                raise ValueError(f"{api_version} {kind} is not served without a gap: {found}")
            result.setdefault(api_version, {})[kind] = [found[0], found[-1]]
    return result


def field_rule(schema: Mapping[str, Any]) -> Any:
    """How a field merges, before reduction: a reference (map), or [item reference or None, key, …] (merging list).

    None where the field is replaced as a whole: scalars, and lists without the merge strategy.
    """
    if "merge" in str(schema.get("x-kubernetes-patch-strategy", "")).split(","):
        # All keys that the schema has, as in kustomize (kyaml PatchStrategyAndKeyList); kubectl uses the first only.
        single = schema.get("x-kubernetes-patch-merge-key")
        keys = schema.get("x-kubernetes-list-map-keys") or ([single] if single else [])
        if "items" in schema:
            return [schema["items"].get("$ref"), *keys]
    return schema.get("$ref")


def merge_rules(definitions: Definitions) -> dict[str, dict[str, Any]]:
    """{definition: {field: rule}}; the field `*` stands for every key of a map of equal values."""
    rules: dict[str, dict[str, Any]] = {}
    for name, definition in definitions.items():
        fields = {key: field_rule(schema) for key, schema in definition.get("properties", {}).items()}
        values = definition.get("additionalProperties")
        if isinstance(values, dict):
            fields["*"] = field_rule(values)
        rules[name] = {key: rule for key, rule in fields.items() if rule is not None}
        for key, schema in definition.get("properties", {}).items():
            values = schema.get("additionalProperties")
            if isinstance(values, dict) and (rule := field_rule(values)) is not None:
                rules[name][key] = f"{_REF}{name}.{key}.*"
                rules[f"{name}.{key}.*"] = {"*": rule}
    return rules


def leading(rules: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The rules without everything that reaches no merging list."""
    useful: set[str] = set()
    while True:
        found = {
            name
            for name, fields in rules.items()
            if any(isinstance(rule, list) or rule.removeprefix(_REF) in useful for rule in fields.values())
        }
        if found == useful:
            break
        useful = found
    return {
        name: {
            key: rule
            for key, rule in sorted(rules[name].items())
            if isinstance(rule, list) or rule.removeprefix(_REF) in useful
        }
        for name in sorted(useful)
    }


def lists(by_minor: Mapping[int, Definitions]) -> dict[str, Any]:
    """The content of lists.json: `types` (field rules; references are indices into it), `kinds` (index by API, kind).

    A definition's newest form counts: merge keys have only ever been added.
    """
    rules: dict[str, dict[str, Any]] = {}
    roots: dict[str, dict[str, str]] = {}
    for definitions in by_minor.values():
        for name, fields in merge_rules(definitions).items():
            rules.setdefault(name, {}).update(fields)
        for api_version, kind, name in kinds(definitions):
            roots.setdefault(api_version, {})[kind] = name
    useful = leading(rules)
    reached = reachable(useful, {name for by_kind in roots.values() for name in by_kind.values()})
    index = {name: position for position, name in enumerate(sorted(reached))}

    def indexed(rule: Any) -> Any:
        if isinstance(rule, list):
            item = (rule[0] or "").removeprefix(_REF)
            return [index.get(item), *rule[1:]]
        return index[rule.removeprefix(_REF)]

    return {
        "types": [{key: indexed(rule) for key, rule in useful[name].items()} for name in sorted(reached)],
        "kinds": {
            api_version: {kind: index[name] for kind, name in sorted(by_kind.items()) if name in index}
            for api_version, by_kind in sorted(roots.items())
        },
    }


def reachable(useful: Mapping[str, Mapping[str, Any]], roots: set[str]) -> set[str]:
    """The definitions that objects of the root kinds can contain."""
    found: set[str] = set()
    todo = [name for name in roots if name in useful]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        for rule in useful[name].values():
            target = (rule[0] or "") if isinstance(rule, list) else rule
            if target.removeprefix(_REF) in useful:
                todo.append(target.removeprefix(_REF))
    return found


def main() -> None:
    """Writes both files into the package."""
    by_minor = read_definitions()
    here = importlib.resources.files("compiler.kubernetes")
    for name, content in (("lists.json", lists(by_minor)), ("apis.json", served(by_minor))):
        with importlib.resources.as_file(here / name) as path:
            path.write_text(json.dumps(content, separators=(",", ":")) + "\n", "utf-8")
        sys.stderr.write(f"{name}: Kubernetes 1.{min(by_minor)} to 1.{max(by_minor)}\n")


if __name__ == "__main__":
    main()
