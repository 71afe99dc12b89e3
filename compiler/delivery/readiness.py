"""When a layer is ready beyond what Kubernetes' own conditions tell: `readiness:` as CEL expressions for Flux.

An entry has the form of `readinessCheck` in Palette's packs: `{kind, version, group, name, keysToCheck: [{keyToCheck,
expectedValue}]}`. Argo CD takes health checks per kind from its own ConfigMap only; docs/delivery.md shows how.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.model import PlannedLayer

_KEYS = frozenset({"name", "group", "version", "kind", "keysToCheck"})
_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)((?:\[[0-9]+\])*)")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Words that CEL keeps for itself. Source: the language definition of CEL, Syntax, RESERVED.
_RESERVED = frozenset((
    "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
    "namespace", "null", "package", "return", "true", "var", "void", "while",
))  # fmt: skip


def health_expressions(layer: PlannedLayer, problems: Problems) -> list[dict[str, str]]:
    """`healthCheckExprs` of a Flux Kustomization: one entry for each kind that `readiness` names.

    An object is ready when each of its keys has the expected text; a key that is not there yet means not ready.
    Problems are recorded (`readiness-invalid`) and left out.
    """
    by_kind: dict[tuple[str, str], list[str]] = {}
    for check in layer.readiness:
        problem = _problem(check)
        if problem:
            problems.error(
                Code.READINESS_INVALID,
                f"layer '{layer.name}', readiness: {problem}",
                layer.at,
                hint="{kind: Deployment, group: apps, version: v1, name: web,"
                ' keysToCheck: [{keyToCheck: status.readyReplicas, expectedValue: "2"}]}',
            )
            continue
        api = f"{check['group']}/{check['version']}" if check.get("group") else str(check["version"])
        by_kind.setdefault((api, check["kind"]), []).append(_expression(check))
    return [
        {
            "apiVersion": api,
            "kind": kind,
            "current": texts[0] if len(texts) == 1 else " && ".join(f"({t})" for t in texts),
        }
        for (api, kind), texts in sorted(by_kind.items())
    ]


def _problem(check: Mapping[str, Any]) -> str:
    unknown = sorted(set(check) - _KEYS)
    if unknown:
        return f"unknown key '{unknown[0]}'"
    for key in ("kind", "version", "group", "name"):
        value = check.get(key, "")
        if not isinstance(value, str) or (not value and key in ("kind", "version")):
            return f"{key} must be a string"
    pairs = check.get("keysToCheck")
    if not isinstance(pairs, list) or not pairs:
        return "keysToCheck must be a list with at least one entry"
    for pair in pairs:
        if not isinstance(pair, Mapping) or set(pair) != {"keyToCheck", "expectedValue"}:
            return "an entry of keysToCheck has keyToCheck and expectedValue"
        if isinstance(pair["expectedValue"], dict | list) or not _path(pair["keyToCheck"]):
            return f"{pair['keyToCheck']!r} is no path such as status.conditions[0].status, or expectedValue no scalar"
    return ""


def _expression(check: Mapping[str, Any]) -> str:
    """True for objects that are ready, and for others of the kind that the check does not name."""
    parts = [f"string({_path(p['keyToCheck'])}) == {_quoted(_text(p['expectedValue']))}" for p in check["keysToCheck"]]
    ready = " && ".join(parts)
    if not check.get("name"):
        return ready
    return f"metadata.name != {_quoted(check['name'])} || {f'({ready})' if len(parts) > 1 else ready}"


def _path(key: Any) -> str:
    """The key as CEL, '' where it is none. Its first step is a field of the object itself."""
    if not isinstance(key, str):
        return ""
    steps: list[str] = []
    for step in key.removeprefix("$").removeprefix(".").split("."):
        match = _STEP.fullmatch(step)
        if match is None:
            return ""
        name, index = match.groups()
        plain = _WORD.fullmatch(name) and name not in _RESERVED
        if not steps and not plain:
            return ""
        steps.append((f".{name}" if plain else f"[{_quoted(name)}]") + index)
    return "".join(steps).removeprefix(".")


def _text(value: Any) -> str:
    """A scalar as YAML writes it: the comparison is one of text."""
    return ("true" if value else "false") if isinstance(value, bool) else "" if value is None else str(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
