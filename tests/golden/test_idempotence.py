"""What was rendered is in its final form: fed back as raw manifests it comes out as the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import run
from tests.golden.test_renders import CASES
from tests.support import oracles

Trees = dict[tuple[str, str, str], dict[str, str]]  # (clusters | management, cluster, layer) -> file name -> text
_OTHERS = ("kustomization.yaml",)  # of Flux, not of the layer


def layers(root: Path) -> Trees:
    """The objects of every layer below an output directory."""
    folders = sorted(path for path in root.glob("*/*/*") if path.is_dir())
    return {
        (folder.parts[-3], folder.parts[-2], folder.name): {
            path.name: path.read_text()
            for path in sorted(folder.iterdir())
            if path.name not in _OTHERS and path.is_file()
        }
        for folder in folders
        if folder.parts[-3] in ("clusters", "management")
    }


def write_back(trees: Trees, place: Path) -> None:
    """A repository with a profile for each cluster and a layer of manifests for each layer."""
    profiles: dict[str, list[dict[str, Any]]] = {}
    for priority, ((root, cluster, layer), files) in enumerate(trees.items()):
        folder = place / "manifests" / cluster / layer
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        destination = {"clusters": "workload", "management": "management"}[root]
        source = {"file": f"../manifests/{cluster}/{layer}/"}
        profiles.setdefault(cluster, []).append(
            {"name": layer, "installPriority": priority, "destination": destination, "manifests": [source]}
        )
    policy = {"apis": "allow", "secrets": "allow", "namespaces": "never"}
    (place / "profiles").mkdir()
    for cluster, stack in profiles.items():
        refs = [{"name": cluster, "version": "1.0.0"}]
        documents = [
            document(
                "ClusterProfile", {"name": cluster, "version": "1.0.0"}, type="add-on", policy=policy, layers=stack
            ),
            document("Cluster", {"name": cluster}, kubernetesVersion="1.33.4", profiles=refs),
        ]
        (place / f"profiles/{cluster}.yaml").write_text("\n---\n".join(map(json.dumps, documents)))


def document(kind: str, metadata: dict[str, str], **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "lamella/v1", "kind": kind, "metadata": metadata, "spec": spec}


OUTPUTS = [*(case / "expected" for case in CASES), oracles.ROOT / "output"]


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda path: path.parent.name)
def test_rendered_objects_render_to_themselves(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trees = layers(output)
    assert trees
    write_back(trees, tmp_path)
    assert run(["render", "--repo", str(tmp_path)]) == 0, capsys.readouterr().err
    assert layers(tmp_path / "output") == trees
