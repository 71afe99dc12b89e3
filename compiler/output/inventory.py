"""inventory.json: every file's digest and where it came from, which is also how ownership is known.

One inventory a cluster (two clusters' renders never conflict in git) and one at the root for what belongs to no cluster.
Nothing volatile is in them: no time, no host, no absolute path.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from compiler.model import OutputFile, PlannedCluster, layout
from compiler.model.rendered import text_file
from compiler.output.inputs import inputs_of

_encode = json.JSONEncoder(ensure_ascii=False).encode


def git_attributes() -> OutputFile:
    """What git is told of the output: no line end is converted, or a clone with `core.autocrlf` has other bytes than
    the inventories say; and forges fold what is generated."""
    return text_file(layout.GIT_ATTRIBUTES, "* -text linguist-generated\n")


def cluster_inventory(cluster: PlannedCluster, files: Iterable[OutputFile], versions: Mapping[str, str]) -> OutputFile:
    """The inventory of one cluster."""
    layers = {
        layer.name: {
            "profile": f"{layer.profile} {layer.profile_version}",
            "source": layer.source,
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


def _entry(file: OutputFile) -> dict[str, str]:
    entry = {"sha256": file.sha256, "layer": file.layer, "object": file.object, "template": file.template}
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


def entries(text: bytes) -> dict[str, dict[str, str]]:
    """{path: what is said of the file, `sha256` at least} of an inventory's text. Raises ValueError where it is none."""
    document = json.loads(text)
    files = document.get("files") if isinstance(document, dict) else None
    if not isinstance(files, dict) or document.get("kind") != "Inventory":
        raise ValueError("not an inventory of Lamella")
    for path, entry in files.items():
        told = isinstance(entry, dict) and "sha256" in entry
        if not told or not all(isinstance(value, str) for value in entry.values()):
            raise ValueError(f"the entry of {path} is not one of an inventory")
    return files
