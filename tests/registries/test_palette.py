"""A profile that Palette exported, with Helm layers: imported, locked where that is needed, and rendered without an edit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.registries.conftest import Repository

CLUSTER = (
    "apiVersion: lamella/v1\nkind: Cluster\nmetadata: {name: prod}\n"
    "spec: {kubernetesVersion: 1.33.4, profiles: [{name: shop, version: 1.0.0}]}\n"
)


def export(registry: dict[str, Any]) -> str:
    layer = {
        "name": "demo",
        "type": "helm",
        "layer": "addon",
        "version": "1.2.3",
        "tag": "1.2.3",
        "values": "pack:\n  namespace: demo\ncharts:\n  demo:\n    greeting: salut",
        "manifests": [],
        "registry": registry,
    }
    template = {"type": "add-on", "cloudType": "all", "packs": [layer]}
    return json.dumps(
        {"metadata": {"name": "shop"}, "spec": {"version": "1.0.0", "template": template, "variables": []}}
    )


def imported(repository: Repository, text: str) -> str:
    """What the import says."""
    repository.write({"export.json": text, "profiles/clusters/prod.yaml": CLUSTER})
    return repository.ok("import", "palette", str(repository.root / "export.json")).err


def test_a_registry_with_its_address(repository: Repository, http_charts: str) -> None:
    text = export({"metadata": {"uid": "1", "name": "Demo Charts", "kind": "helm"}, "spec": {"endpoint": http_charts}})
    assert "hint: run `lamella lock`" in imported(repository, text)
    repository.ok("lock")
    repository.ok("render")
    assert "greeting: salut" in repository.rendered()["prod/demo/configmap-demo-demo-demo.yaml"]
    assert json.loads(repository.ok("export", "palette", "shop").out) == json.loads(text)
    assert "import-provide" not in repository.ok("import", "palette", str(repository.root / "export.json")).err


@pytest.mark.parametrize("form", ["archive", "directory"])
def test_a_registry_that_is_a_folder(repository: Repository, charts: Path, form: str) -> None:
    text = export({"metadata": {"uid": "1", "name": "Demo Charts", "kind": "helm"}})
    folder = repository.root / "charts/demo-charts"
    folder.mkdir(parents=True)
    shutil.copy(charts / "demo-1.2.3.tgz", folder)
    if form == "directory":
        shutil.unpack_archive(folder / "demo-1.2.3.tgz", folder)
        (folder / "demo-1.2.3.tgz").unlink()
    assert "import-provide" not in imported(repository, text)
    repository.ok("render")
    assert "greeting: salut" in repository.rendered()["prod/demo/configmap-demo-demo-demo.yaml"]
    assert json.loads(repository.ok("export", "palette", "shop").out) == json.loads(text)
