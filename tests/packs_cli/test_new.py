"""`lamella pack new`: what it writes is a pack that lint, test and a profile take as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler import yamldoc
from compiler.charts.archive import read_tgz, write_tgz
from tests.packs_cli.conftest import Lamella, codes, tree, write

LAYERS = ("os", "k8s", "cni", "csi", "addon")
PROFILE = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: p, version: 1.0.0}
spec:
  type: add-on
  layers: [{name: web, pack: {name: web}}]
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: one}
spec: {kubernetesVersion: 1.33.4, profiles: [{name: p, version: 1.0.0}]}
"""
CHART = {
    "Chart.yaml": b"apiVersion: v2\nname: shop\nversion: 3.1.0\nappVersion: '9'\n",
    "values.yaml": b"image: registry.example.org/shop:9\n",
    "templates/pod.yaml": (
        b"apiVersion: v1\nkind: Pod\nmetadata: {name: '{{ .Release.Name }}'}\n"
        b"spec: {containers: [{name: a, image: '{{ .Values.image }}'}]}\n"
    ),
}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("form", ["palette", "native"])
def test_a_new_pack_passes_lint_and_test(form: str, layer: str, lamella: Lamella, tmp_path: Path) -> None:
    said = lamella("pack", "new", "web", "--format", form, "--layer", layer)
    assert said.status == 0
    assert said.err == "next: lamella pack lint packs/web; lamella pack test packs/web\n"
    assert said.out.splitlines() == sorted(tree(tmp_path))
    assert ("packs/web/pack.json" in tree(tmp_path)) == (form == "palette")
    assert lamella("pack", "lint", "packs/web", "--strict") == (0, "", "1 pack checked\n")
    assert lamella("pack", "test", "packs/web") == (0, "ok    packs/web/tests/default\n", "1 case, 0 failed\n")
    assert lamella("pack", "images", "packs/web", "--check", "--strict").status == 0
    rendered = [path for path in tree(tmp_path) if "/expected/" in path]
    assert len(rendered) == (0 if layer in ("os", "k8s") else 3)


@pytest.mark.parametrize("form", ["palette", "native"])
def test_a_profile_takes_it(form: str, lamella: Lamella, tmp_path: Path) -> None:
    lamella("pack", "new", "web", "--format", form)
    write(tmp_path, {"profiles/p.yaml": PROFILE})
    said = lamella("render", "-o", "name")
    assert said == (0, "one\tweb\tNamespace web\none\tweb\tService web/web\none\tweb\tDeployment.apps web/web\n", "")


@pytest.mark.parametrize("form", ["palette", "native"])
@pytest.mark.parametrize("archived", [True, False])
def test_a_pack_around_a_chart_has_its_name_version_and_images(
    archived: bool, form: str, lamella: Lamella, tmp_path: Path
) -> None:
    if archived:
        write(tmp_path, {"given": write_tgz(CHART, "shop")})
    else:
        write(tmp_path / "given", dict(CHART))
    assert lamella("pack", "new", "web", "--format", form, "--chart", "given").status == 0
    found = tree(tmp_path / "packs/web")
    as_folder = form == "native" and not archived
    if as_folder:
        assert {path: content for path, content in found.items() if path.startswith("charts/")} == {
            f"charts/shop/{path}": content for path, content in CHART.items()
        }
    else:
        members = read_tgz(found["charts/shop-3.1.0.tgz"], "x")
        assert {path.removeprefix("shop/"): content for path, content in members.items()} == CHART
    metadata = found["pack.yaml" if form == "native" else "pack.json"]
    assert yamldoc.load_one(metadata, "pack").value["version"] == "3.1.0"
    assert found["values.yaml"].decode().endswith("charts:\n  shop: {}\n")
    assert b"      - image: registry.example.org/shop:9\n" in found["values.yaml"]
    assert "tests/default/expected/pod-web-web-shop.yaml" in found
    assert lamella("pack", "lint", "packs/web", "--strict").status == 0
    assert lamella("pack", "test", "packs/web").status == 0


def test_a_chart_that_needs_values_gives_a_pack_whose_test_waits_for_them(lamella: Lamella, tmp_path: Path) -> None:
    needy = {**CHART, "templates/pod.yaml": CHART["templates/pod.yaml"] + b'# {{ required "who?" .Values.who }}\n'}
    write(tmp_path / "given", dict(needy))
    said = lamella("pack", "new", "web", "--chart", "given")
    assert said.status == 0
    assert codes(said) == ["helm-template"]
    assert "who?" in said.err
    assert said.err.endswith("set its values, then `lamella pack test packs/web --update`\n")
    assert lamella("pack", "test", "packs/web").status == 1
    write(tmp_path, {"packs/web/tests/default/values.yaml": "charts: {shop: {who: me}}\n"})
    assert lamella("pack", "test", "packs/web", "--update").out == "ok    packs/web/tests/default: 2 added\n"
    assert lamella("pack", "test", "packs/web").status == 0


def test_nothing_is_overwritten(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, {"packs/web/mine": "x"})
    said = lamella("pack", "new", "web")
    assert (said.status, codes(said)) == (1, ["file-exists"])
    assert tree(tmp_path) == {"packs/web/mine": b"x"}


@pytest.mark.parametrize("name", ["Web", "../web", "web/a", "", "-a", "a" * 41, "wéb", "a.b"])
def test_a_name_that_packs_cannot_have(name: str, lamella: Lamella, tmp_path: Path) -> None:
    assert lamella("pack", "new", "--", name).status == 2
    assert tree(tmp_path) == {}


def test_a_chart_that_is_none(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, {"given.tgz": b"no", "folder/a": ""})
    assert codes(lamella("pack", "new", "web", "--chart", "given.tgz")) == ["archive-not-gzip"]
    assert codes(lamella("pack", "new", "web", "--chart", "folder")) == ["chart-missing"]
    assert lamella("pack", "new", "web", "--chart", "nowhere").status == 2
    assert sorted(tree(tmp_path)) == ["folder/a", "given.tgz"]
