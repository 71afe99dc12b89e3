"""Registries of an imported profile: what the record keeps of them, their entries in lamella.yaml, what each must provide.

An export names registries, and seldom says where they are. One whose address it has is asked by `lamella lock`; any other
becomes a folder of the repository, for what was taken from it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from compiler.charts.catalogue import Charts
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems
from compiler.exchange import names
from compiler.exchange.addresses import url_of
from compiler.exchange.import_layers import ImportedLayer
from compiler.files.mapping import MappingFiles, Replaced
from compiler.load.repository import load
from compiler.load.settings import PATH, read_settings_file
from compiler.model import ChartRef, PackRef, Registry, Source
from compiler.ports import Files
from compiler.resolve.registries import registry_of
from compiler.resolve.sources import find_chart, find_pack

_ABSENT = (Code.CHART_MISSING, Code.CHART_VERSION, Code.PACK_MISSING, Code.PACK_VERSION)


def entries_of(record: Mapping[str, Any], layers: Sequence[ImportedLayer]) -> list[dict[str, str]]:
    """The registries in a record, and the one of charts whose registry the export does not name, as lamella.yaml has
    them."""
    entries: list[dict[str, str]] = []
    for name, metadata in record.get("registries", {}).items():
        address = record.get("addresses", {}).get(name, {})
        helm = metadata.get("kind") == "helm" or metadata.get("providerType") == "helm"
        entry = {"name": name, "kind": "helm" if helm else "pack"}
        url = url_of(metadata, address)
        if url:
            entry |= {"url": url, **({} if helm else {"layout": "palette"})}
        else:
            taken = dict.fromkeys(entry.get("path", "") for entry in entries)
            entry["path"] = names.unique(f"{'charts' if helm else 'packs'}/{names.slug(name)}", taken)
        entries.append(entry)
    unnamed = any("chart" in layer.data and not layer.registry for layer in layers)
    if unnamed and names.CHARTS not in record.get("registries", {}):
        entries.append({"name": names.CHARTS, "kind": "helm", "path": "charts"})
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


def declared(settings: str) -> dict[str, Registry]:
    """The registries of lamella.yaml by name; what is wrong with it is left to who loads the repository."""
    files = MappingFiles({PATH: settings.encode()} if settings else {})
    return {registry.name: registry for registry in read_settings_file(files, Problems()).registries}


def from_registries(layer: ImportedLayer, registries: Mapping[str, Registry]) -> ImportedLayer:
    """The layer, its pack with the name of its registry where that is asked for it. Packs of folders are found without."""
    registry = registries.get(layer.registry)
    if registry is None or registry.local or "pack" not in layer.data:
        return layer
    return replace(layer, data={**layer.data, "pack": {**layer.data["pack"], "registry": registry.name}})


def missing(
    layers: Sequence[ImportedLayer], profile: tuple[str, str], files: Files, written: Mapping[str, str]
) -> list[ImportedLayer]:
    """The layers whose chart or pack is neither in the repository with what is written, nor locked."""
    there = _at_hand(profile, Replaced(files, {path: text.encode() for path, text in written.items()}))
    return [layer for layer in layers if layer.needs and layer.data["name"] not in there]


def tell(
    layers: Sequence[ImportedLayer],
    record: Mapping[str, Any],
    registries: Mapping[str, Registry],
    place: str,
    problems: Problems,
) -> None:
    """One note a registry: what it must provide, and how that comes here. `place` is the export's name for messages."""
    needs: dict[str, list[str]] = {}
    for layer in layers:
        needs.setdefault(layer.registry, []).append(layer.needs)
    for name, wanted in needs.items():
        where = f"from registry '{name}'" if name else "from a registry that the export does not name"
        problems.warning(
            Code.IMPORT_PROVIDE,
            f"the profile needs {where}: {', '.join(dict.fromkeys(wanted))}",
            Position(place),
            hint=_hint(wanted, registries.get(name), registries, record.get("registries", {}).get(name, {})),
        )


def _hint(
    wanted: Sequence[str],
    registry: Registry | None,
    registries: Mapping[str, Registry],
    metadata: Mapping[str, Any],
) -> str:
    if registry is not None and not registry.local:
        return "run `lamella lock`, and commit lamella.lock"
    ways = []
    if any(need.startswith("chart ") for need in wanted):
        ways.append(f"put charts into {(registry or registries[names.CHARTS]).path}/, as NAME-VERSION.tgz")
    if any(need.startswith("pack ") for need in wanted):
        ways.append(f"put packs below {registry.path if registry else 'packs'}/")
    hint = ", and ".join(ways)
    if registry is None or metadata.get("kind") == "pack":
        return hint
    keys = "url:" if registry.kind == "helm" else "url: and layout: palette"
    return f"{hint}; or set {keys} in place of path: for '{registry.name}' in lamella.yaml, and run `lamella lock`"


def _at_hand(profile: tuple[str, str], files: Files) -> set[str]:
    """The layers of the imported profile whose chart or pack is in the repository, or locked. None of them where the
    repository cannot be loaded."""
    try:
        source, _ = load(files)
    except CompileError:
        return set()
    charts = Charts.over(files)
    return {
        layer.name
        for layer in source.profiles[profile].layers
        if layer.source is not None and _is_there(layer.source, source, charts)
    }


def _is_there(ref: ChartRef | PackRef, source: Source, charts: Charts) -> bool:
    try:
        registry = registry_of(ref, source)
        if registry is not None and not registry.local:
            kind = "chart" if isinstance(ref, ChartRef) else "pack"
            return source.lock.find((kind, registry.source, ref.name, ref.version)) is not None  # type: ignore[arg-type]
        if isinstance(ref, ChartRef):
            find_chart(ref, ref.version, ref.at, ref.at.path, source, charts)
        else:
            find_pack(ref, ref.version, ref.at, source, Problems())
    except CompileError as error:
        return not any(problem.code in _ABSENT for problem in error.diagnostics)
    return True
