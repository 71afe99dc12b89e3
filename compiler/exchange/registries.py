"""Registries of an imported profile: entries of lamella.yaml, and what each must provide.

Palette fetches from registries; a render reads the repository only. So each registry becomes a folder of the repository
that holds what was taken from it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import Position, Problems
from compiler.exchange import names
from compiler.exchange.import_layers import ImportedLayer

PATH = "lamella.yaml"


def entries_of(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """The registries in a record, as lamella.yaml has them."""
    entries = []
    for name, metadata in record.get("registries", {}).items():
        helm = metadata.get("kind") == "helm" or metadata.get("providerType") == "helm"
        kind = "helm" if helm else "pack"
        entries.append({"name": name, "kind": kind, "path": f"{'charts' if helm else 'packs'}/{names.slug(name)}"})
    return entries


def added(settings: str, entries: Sequence[Mapping[str, str]]) -> str:
    """lamella.yaml with the registries that it does not have yet; its comments and order stay."""
    from ruamel.yaml import YAML

    editor = YAML()
    editor.preserve_quotes = True
    editor.indent(mapping=2, sequence=4, offset=2)
    editor.width = 4096
    document = editor.load(settings) if settings.strip() else None
    if document is None:
        document = {"apiVersion": "lamella/v1", "kind": "Settings"}
    known = {entry.get("name") for entry in document.get("registries") or ()}
    new = [dict(entry) for entry in entries if entry["name"] not in known]
    if not new and settings.strip():
        return settings
    document["registries"] = [*(document.get("registries") or ()), *new]
    out = io.StringIO()
    editor.dump(document, out)
    return out.getvalue()


def tell(layers: Sequence[ImportedLayer], source: str, problems: Problems) -> None:
    """One note a registry: what has to be taken from it into the repository."""
    needs: dict[str, list[str]] = {}
    for layer in layers:
        if layer.needs:
            needs.setdefault(layer.registry, []).append(layer.needs)
    for registry, missing in needs.items():
        place = f"from registry '{registry}'" if registry else "from a registry that the export does not name"
        problems.warning(
            Code.IMPORT_PROVIDE,
            f"the profile needs {place}: {', '.join(dict.fromkeys(missing))}",
            Position(source),
            hint="put packs below packs/ of the repository, and charts where a chart: {path: …} can name them",
        )
