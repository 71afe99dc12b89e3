"""`policy: {schema: …}`: objects that the cluster's API server would refuse.

Built-in kinds are judged where they are rendered (`RenderedObject.findings`); custom ones here, where the CRDs of all
layers are known. Kinds whose CRD no layer brings are not judged: `api-unknown` tells of them.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from compiler import kubernetes, yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems
from compiler.kubernetes.keypath import show
from compiler.kubernetes.validation import Finding, check_custom
from compiler.model import CrdInfo, ManifestPart, PlannedCluster, PlannedLayer, RenderedObject
from compiler.output.namespaces import Layers

_CODES = {
    "refused": Code.SCHEMA_INVALID,
    "unknown": Code.SCHEMA_UNKNOWN_FIELD,
    "pruned": Code.SCHEMA_UNKNOWN_FIELD,
    "apply": Code.SCHEMA_SERVER_SIDE,
}


def check_schemas(
    cluster: PlannedCluster,
    layers: Layers,
    problems: Problems,
    *,
    server_side: bool,
) -> None:
    """Reports each wrong field of each final object.

    `server_side`: the delivery applies on the server, so what only that refuses is an error too, else a warning.
    """
    crds = {
        (layer.management, crd.group, crd.kind): crd  # a management cluster has its own
        for layer, objects in layers
        for item in objects
        if (crd := item.crd) is not None
    }
    minor = kubernetes.minor_of(cluster.kubernetes_version) or kubernetes.MINORS[-1]
    unchecked: dict[str, dict[str, PlannedLayer]] = {}
    for layer, objects in layers:
        if layer.policy.schema == "off":
            continue
        for item in objects:
            for finding in _findings(item, crds.get((layer.management, item.group, item.kind)), minor):
                if finding.kind == "unchecked":
                    unchecked.setdefault(f"{item.kind}.{item.group}", {})[finding.message] = layer
                    continue
                where = show(finding.path)
                told = finding.kind != "pruned" and (finding.kind != "apply" or server_side)
                error = layer.policy.schema == "error" and told
                report = problems.error if error else problems.warning
                report(
                    _CODES[finding.kind],
                    f"layer '{layer.name}': {item} (from {item.template}):"
                    f" {where or 'the object'}: {_safe(finding.message, layer)}",
                    _place(layer, item, finding) or layer.at,
                    hint=finding.hint or _HINTS[finding.kind],
                )
    _tell_unchecked(unchecked, problems)


def _tell_unchecked(unchecked: Mapping[str, Mapping[str, PlannedLayer]], problems: Problems) -> None:
    """One warning a kind, whose CRD has rules that could not be evaluated."""
    for kind, rules in sorted(unchecked.items()):
        text, layer = next(iter(rules.items()))
        problems.warning(
            Code.SCHEMA_UNCHECKED,
            f"{len(rules)} CEL rule{'s' if len(rules) > 1 else ''} of the CRD of {kind} cannot be checked here,"
            f" such as '{text[:120]}'",
            layer.at,
            hint="objects that break such a rule are refused by the API server, not here",
        )


_HINTS = {
    "refused": "correct the value, or the manifest by an overlay; policy: {schema: warn} lets it pass",
    "unknown": "misspelt, or of another version; drop it by an overlay, or let it pass by policy: {schema: warn}",
    "pruned": "the CRD of its stack declares no fields, so servers drop them: bring the whole CRD",
    "apply": "server-side apply (Flux; kubectl --server-side) refuses the object: drop one by an overlay",
}


def _findings(item: RenderedObject, crd: CrdInfo | None, minor: int) -> tuple[Finding, ...]:
    if crd is None or not crd.schemas or kubernetes.is_builtin_group(item.group):
        return item.findings
    return _custom(item.content, crd.schemas, item.version, minor)


@lru_cache(maxsize=8192)
def _custom(content: bytes, schemas: bytes, version: str, minor: int) -> tuple[Finding, ...]:
    """Equal objects are judged once, in however many clusters they are."""
    entry = _schemas(schemas).get(version)
    if entry is None:
        return ()
    return check_custom(yamldoc.load_rendered(content.decode(), "").value, entry, minor)


@lru_cache(maxsize=1024)
def _schemas(packed: bytes) -> Mapping[str, Any]:
    by_version: Mapping[str, Any] = json.loads(zlib.decompress(packed))
    return by_version


def _safe(message: str, layer: PlannedLayer) -> str:
    """The message without values that may not be shown."""
    for text in layer.secrets:
        message = message.replace(text, "…")
    return message


def _place(layer: PlannedLayer, item: RenderedObject, finding: Finding) -> Position | None:
    """Where a raw manifest has the field; None where the object was made of templates, and of Secrets: no line of one
    is shown."""
    if item.kind == "Secret" and not item.group:
        return None
    for part in layer.parts:
        if isinstance(part, ManifestPart) and part.path == item.template:
            for document in _documents(part.text, part.path):
                value = document.value
                if isinstance(value, dict) and value.get("kind") == item.kind:
                    metadata = value.get("metadata")
                    if isinstance(metadata, dict) and metadata.get("name") == item.name:
                        return part.place.of(document.at(*finding.path))
    return None


@lru_cache(maxsize=64)
def _documents(text: str, path: str) -> tuple[yamldoc.Document, ...]:
    """Parsed once, however many findings and clusters it has."""
    try:
        return tuple(yamldoc.load(text, path, duplicates="warn"))
    except CompileError:
        return ()  # it was rendered, and what is wrong with it was told then
