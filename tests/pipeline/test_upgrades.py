"""What is committed is what runs: a pack's `upgrade` constraint is about the version that may follow it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.cli import run

PROFILE = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: web, version: 1.0.0}
spec:
  type: add-on
  layers:
    - {name: app, pack: {name: store, version: VERSION}}
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: one}
spec: {kubernetesVersion: 1.33.4, profiles: [{name: web, version: 1.0.0}]}
"""


def pack(root: Path, version: str, **bounds: str) -> None:
    folder = root / "packs" / f"store-{version}"
    (folder / "manifests").mkdir(parents=True)
    dependency = {"packName": "store", "layer": "addon", "type": "upgrade", **bounds}
    described = {
        "name": "store", "displayName": "Store", "version": version, "layer": "addon", "cloudTypes": ["all"],
        "kubeManifests": ["manifests/a.yaml"], "constraints": {"dependencies": [dependency] if bounds else []},
    }  # fmt: skip
    (folder / "pack.json").write_text(json.dumps(described))
    (folder / "values.yaml").write_text("pack: {namespace: store}\n")
    manifest = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{v: '{version}'}}\n"
    (folder / "manifests" / "a.yaml").write_text(manifest)


def render(root: Path, version: str) -> int:
    (root / "profiles").mkdir(exist_ok=True)
    (root / "profiles" / "web.yaml").write_text(PROFILE.replace("VERSION", version))
    return run(["render", "--repo", str(root)])


def test_a_version_that_the_committed_one_does_not_allow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for version in ("1.0.0", "1.5.0", "3.0.0"):
        pack(tmp_path, version, **({"minVersion": "1.0.0", "maxVersion": "2.0.0"} if version == "1.0.0" else {}))
    assert render(tmp_path, "1.0.0") == 0
    written = {path: path.read_bytes() for path in (tmp_path / "output").rglob("*.yaml")}
    capsys.readouterr()
    assert render(tmp_path, "3.0.0") == 1
    said = capsys.readouterr().err
    assert (
        "error[upgrade-not-allowed]: from 1.0.0, pack 'store' can be upgraded to >= 1.0.0, <= 2.0.0 only, not to 3.0.0"
        in said
    )
    assert {path: path.read_bytes() for path in (tmp_path / "output").rglob("*.yaml")} == written
    assert render(tmp_path, "1.5.0") == 0
    assert render(tmp_path, "3.0.0") == 0  # 1.5.0 has no such constraint


def test_a_layer_that_is_renamed_is_still_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for version in ("1.0.0", "3.0.0"):
        pack(tmp_path, version, **({"minVersion": "1.0.0", "maxVersion": "2.0.0"} if version == "1.0.0" else {}))
    assert render(tmp_path, "1.0.0") == 0
    profile = tmp_path / "profiles" / "web.yaml"
    renamed = PROFILE.replace("VERSION", "3.0.0").replace("name: app", "name: shop, previousNames: [app]")
    profile.write_text(renamed)
    assert run(["render", "--repo", str(tmp_path)]) == 1
    assert "error[upgrade-not-allowed]: from 1.0.0" in capsys.readouterr().err
