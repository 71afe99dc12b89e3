"""Objects against the CRDs of the controllers: valid, and without a field that the CRD does not know."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

_METADATA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "namespace"],
    "properties": {
        "name": {"type": "string", "maxLength": 53, "pattern": r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"},
        "namespace": {"type": "string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 63}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
        "finalizers": {"type": "array", "items": {"type": "string"}},
    },
}


def problems(directory: Path, body: dict[str, Any]) -> list[str]:
    """What the API server would refuse or drop of this object."""
    return [
        f"{e.instance_path}: {e.message}"
        for e in _validator(directory, body["apiVersion"], body["kind"]).iter_errors(body)
    ]


@cache
def _validator(directory: Path, api_version: str, kind: str) -> Any:
    group, version = api_version.split("/")
    for path in sorted(directory.glob("*.yaml")):
        crd = yaml.load(path.read_text(), yaml.CSafeLoader)
        if (crd["spec"]["group"], crd["spec"]["names"]["kind"]) == (group, kind):
            served = next(v for v in crd["spec"]["versions"] if v["name"] == version and v["served"])
            schema = _closed(served["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = _METADATA
            return jsonschema_rs.Draft7Validator(schema)
    raise LookupError(f"no CRD for {api_version} {kind}")


def _closed(schema: Any) -> Any:
    """The schema with every object closed that has properties: an unknown field is an error, not dropped."""
    if not isinstance(schema, dict):
        return schema
    closed = dict(schema)
    for key in ("properties", "patternProperties"):
        if key in closed:
            closed[key] = {name: _closed(child) for name, child in closed[key].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(closed.get(key), dict):
            closed[key] = _closed(closed[key])
    open_ended = closed.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in closed
    if "properties" in closed and not open_ended:
        closed["additionalProperties"] = False
    return closed
