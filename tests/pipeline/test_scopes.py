"""`scopes:` of lamella.yaml: what the user says of a custom kind whose CRD is elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.cli import run

PROFILE = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: web, version: 1.0.0}
spec:
  type: add-on
  policy: {apis: allow}
  layers:
    - name: web
      namespace: web
      manifests: [{file: objects.yaml}]
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: one}
spec: {kubernetesVersion: 1.33.4, profiles: [{name: web, version: 1.0.0}]}
"""
OBJECTS = """\
{apiVersion: example.org/v1, kind: Wide, metadata: {name: a}}
---
{apiVersion: example.org/v1, kind: Wide, metadata: {name: b, namespace: web}}
---
{apiVersion: example.org/v1, kind: ClusterSized, metadata: {name: c}}
---
{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: d}}
"""
CRD = """\
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: wides.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Wide, plural: wides}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""


def render(root: Path, scopes: str, objects: str) -> list[str]:
    """The files of custom objects."""
    (root / "profiles").mkdir()
    (root / "lamella.yaml").write_text(f"apiVersion: lamella/v1\nkind: Settings\nscopes: {scopes}\n")
    (root / "profiles/web.yaml").write_text(PROFILE)
    (root / "profiles/objects.yaml").write_text(objects)
    assert run(["render", "--repo", str(root)]) == 0
    folder = root / "output/clusters/one/web"
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(("wide", "cluster", "gateway")))


def test_it_is_neither_guessed_nor_warned_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scopes = "example.org/Wide: Cluster, example.org/ClusterSized: Namespaced"
    gateways = "gateway.networking.k8s.io/GatewayClass: Namespaced"
    assert render(tmp_path, f"{{{scopes}, {gateways}}}", OBJECTS) == [
        "clustersized.example.org-web-c.yaml",
        "gatewayclass.gateway.networking.k8s.io-web-d.yaml",
        "wide.example.org-a.yaml",
        "wide.example.org-b.yaml",
    ]
    assert "warning" not in capsys.readouterr().err


def test_without_it_names_decide_and_warnings_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert render(tmp_path, "{}", OBJECTS) == [
        "clustersized.example.org-c.yaml",
        "gatewayclass.gateway.networking.k8s.io-d.yaml",
        "wide.example.org-web-a.yaml",
        "wide.example.org-web-b.yaml",
    ]
    said = capsys.readouterr().err
    assert said.count("warning[scope-unknown]") == 2
    assert "ClusterSized.example.org c (from profiles/objects.yaml) is taken as cluster-scoped, for its name" in said
    assert "Wide.example.org web/a (from profiles/objects.yaml) is taken as namespaced, in 'web'" in said


def test_the_crd_outranks_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = render(tmp_path, "{example.org/Wide: Cluster, example.org/ClusterSized: Cluster}", OBJECTS + CRD)
    assert [name for name in files if name.startswith("wide")] == [
        "wide.example.org-web-a.yaml",
        "wide.example.org-web-b.yaml",
    ]
    assert "scope-unknown" not in capsys.readouterr().err
