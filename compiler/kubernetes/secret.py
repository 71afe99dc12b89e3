"""Secrets as they may be shown: what they are, not what they hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which kubectl keeps the whole object, with its values."""

_SHOWN = ("apiVersion", "kind", "type")
# Source: the types of Secrets that Kubernetes has, and the keys of each.
_KEYS = frozenset({
    ".dockercfg", ".dockerconfigjson", "ca.crt", "namespace", "password", "ssh-privatekey", "tls.crt", "tls.key", "token",
    "username",
})  # fmt: skip
_NAMED = (*_SHOWN, "metadata", "data", "stringData", "immutable")


def last_applied(body: Mapping[str, Any]) -> Any:
    """The object in kubectl's annotation; None where it has none. What cannot be read stays text."""
    metadata = body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    text = annotations.get(LAST_APPLIED) if isinstance(annotations, dict) else None
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def shown(node: Any) -> Any:
    """The object, or what is in a list of objects, with Secrets as they may be shown; the same value if there are none."""
    if isinstance(node, dict):
        if node.get("apiVersion") == "v1" and node.get("kind") in ("Secret", "SecretList"):
            return _without_values(node)
        items = {key: shown(item) for key, item in node.items()}
        return items if any(items[key] is not item for key, item in node.items()) else node
    if isinstance(node, list):
        changed = [shown(item) for item in node]
        return changed if any(one is not other for one, other in zip(node, changed, strict=True)) else node
    return node


def _without_values(body: Mapping[str, Any]) -> dict[str, Any]:
    """A Secret with its metadata and type; of the rest digests, which show that something differs and not what it is.

    Keys have digests too, but for those of Kubernetes' own types: what should be a value is a key where somebody took a
    wrong turn.
    """
    shown: dict[str, Any] = {}
    for field, value in body.items():
        name = field if field in _NAMED else _digest(field)
        if field in _SHOWN and isinstance(value, str):
            shown[name] = value
        elif field == "metadata" and isinstance(value, dict):
            shown[name] = _metadata(value)
        elif field == "immutable" and isinstance(value, bool):
            shown[name] = value
        elif isinstance(value, dict):
            shown[name] = {key if key in _KEYS else _digest(key): _digest(item) for key, item in value.items()}
        else:
            shown[name] = _digest(value)
    return shown


def _metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    annotations = metadata.get("annotations")
    if not isinstance(annotations, dict):
        return {**metadata}
    return {**metadata, "annotations": {key: value for key, value in annotations.items() if key != LAST_APPLIED}}


def _digest(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return f"<sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}>"
