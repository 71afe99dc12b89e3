"""inventory.json: every file's digest and where it came from, which is also how ownership is known.

One inventory a cluster (two clusters' renders never conflict in git) and one at the root for what belongs to no cluster.
Nothing volatile is in them: no time, no host, no absolute path.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from compiler import jsontext
from compiler.kubernetes import ObjectId
from compiler.model import OutputFile, PlannedCluster, layout
from compiler.model.rendered import text_file
from compiler.output.inputs import inputs_of

_encode = json.JSONEncoder(ensure_ascii=False).encode


def git_attributes() -> OutputFile:
    """The output's own .gitattributes: no line end is converted, or a clone with `core.autocrlf` has other bytes than
    the inventories say; and forges fold what is generated."""
    return text_file(layout.GIT_ATTRIBUTES, "* -text linguist-generated\n")


def cluster_inventory(cluster: PlannedCluster, files: Iterable[OutputFile], versions: Mapping[str, str]) -> OutputFile:
    """The inventory of one cluster."""
    layers = {
        layer.name: {
            "profile": f"{layer.profile} {layer.profile_version}",
            "source": layer.source.plain(),
            "type": layer.type,
            "wave": layer.wave,
            "path": layer.directory,
        }
        for layer in cluster.layers
    }
    document = {
        "apiVersion": "lamella/v1",
        "kind": "Inventory",
        "cluster": cluster.name,
        "kubernetesVersion": cluster.kubernetes_version,
        "versions": dict(versions),
        "layers": layers,
        "inputs": inputs_of(cluster.reads),
        "files": {file.path: _entry(file) for file in sorted(files, key=lambda f: f.path)},
    }
    return text_file(layout.inventory(cluster.name), _json(document), cluster.name)


def root_inventory(files: Iterable[OutputFile], clusters: Iterable[str], versions: Mapping[str, str]) -> OutputFile:
    """The inventory of what belongs to no single cluster, and the list of clusters."""
    document = {
        "apiVersion": "lamella/v1",
        "kind": "Inventory",
        "versions": dict(versions),
        "clusters": sorted(clusters),
        "files": {file.path: _entry(file) for file in sorted(files, key=lambda f: f.path)},
    }
    return text_file(layout.inventory(), _json(document))


def _entry(file: OutputFile) -> dict[str, Any]:
    identity = file.object.plain() if file.object else None
    entry = {"sha256": file.sha256, "layer": file.layer, "object": identity, "template": file.template}
    return {key: value for key, value in entry.items() if value}


def _json(document: Mapping[str, Any]) -> str:
    """The document with a line for each file, layer and input: reviews show which ones changed, merges rarely meet."""
    parts = []
    for key, value in document.items():
        if key in ("files", "layers", "inputs") and value:
            lines = ",\n".join(f"  {_encode(name)}: {_encode(entry)}" for name, entry in value.items())
            parts.append(f" {_encode(key)}: {{\n{lines}\n }}")
        else:
            parts.append(f" {_encode(key)}: {_encode(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """What an inventory says of a file."""

    sha256: str
    layer: str = ""
    template: str = ""
    object: ObjectId | None = None


def entries(text: bytes) -> dict[str, Entry]:
    """{path: what is said of the file} of an inventory's text, of 0.1 too. Raises ValueError where it is none."""
    document = jsontext.load(text)
    files = document.get("files") if isinstance(document, dict) else None
    if not isinstance(files, dict) or document.get("kind") != "Inventory":
        raise ValueError("not an inventory of Lamella")
    return {path: _read(path, entry) for path, entry in files.items()}


def _read(path: str, entry: object) -> Entry:
    if isinstance(entry, dict) and "sha256" in entry:
        texts = {key: entry.get(key, "") for key in ("sha256", "layer", "template")}
        if all(isinstance(text, str) for text in texts.values()):
            with suppress(ValueError):
                return Entry(**texts, object=ObjectId.read(entry["object"]) if "object" in entry else None)
    raise ValueError(f"the entry of {path} is not one of an inventory")
