"""Paths of the output: whose they are, what moves when a layer comes between others, what 0.1 wrote, what git is told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.model import layout
from tests.cli.conftest import Lamella, edit, files, git
from tests.support import oracles, textar

OF_0_1 = textar.parse((Path(__file__).parent / "rendered-by-0.1.txt").read_text())[1]
NEW_IN_KEPT_OBJECTS = "    argocd.argoproj.io/compare-options: IgnoreExtraneous\n"
WAVE_IN_PATH = re.compile(r"/[0-9]{2}-")


@pytest.fixture
def old(lamella: Lamella, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with what 0.1 rendered: both controllers, layers of both clusters, a hook, a random Secret."""
    place = tmp_path / "old"
    textar.write(OF_0_1, place)
    monkeypatch.chdir(place)
    return place


def inventories(output: Path) -> Mapping[str, list[str]]:
    """{cluster, '' for what is above all: the files that its inventory lists, and itself}."""
    found = {}
    for path in [output / "inventory.json", *output.glob("clusters/*/inventory.json")]:
        document = json.loads(path.read_text())
        found[document.get("cluster", "")] = [*document["files"], path.relative_to(output).as_posix()]
    return found


def _within(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def test_every_file_is_in_a_place_of_its_own_cluster_and_of_no_other(old: Path, lamella: Lamella) -> None:
    assert lamella("render", "-q").status == 0
    for output in (old / "output", oracles.ROOT / "output"):
        listed = inventories(output)
        assert sum(map(len, listed.values())) == len(files(output))
        for cluster, paths in listed.items():
            assert {layout.cluster_of(path) for path in paths} == {cluster}
            for path in paths:
                owners = [name for name in listed if name and _within(path, layout.places(name))]
                assert owners == ([cluster] if cluster else [])
                assert cluster or path in (*layout.SHARED, layout.inventory())


def test_the_first_render_moves_what_0_1_wrote_and_says_so_in_one_line(old: Path, lamella: Lamella) -> None:
    before = files(old / "output")
    carried = [path for path in before if WAVE_IN_PATH.search(path)]
    checked = lamella("render", "--check")
    assert "paths no longer carry the wave: 26 files moved (not written)" in checked.err.splitlines()
    assert files(old / "output") == before
    said = lamella("render")
    assert (said.status, said.err.splitlines()) == (0, [
        "1 cluster, 5 layers, 8 objects: 27 added, 6 changed, 26 removed",
        "paths no longer carry the wave: 26 files moved",
    ])  # fmt: skip
    after = files(old / "output")
    assert len(carried) == 26
    assert not [path for path in after if WAVE_IN_PATH.search(path)]
    for path in carried:
        if path.startswith(("clusters/", "management/")):
            now = after[WAVE_IN_PATH.sub("/", path)].replace(NEW_IN_KEPT_OBJECTS, "")
            assert now == before[path]  # also the Secret, which is random
    assert lamella("render").err == "1 cluster, 5 layers, 8 objects: output is up to date\n"


def test_objects_that_0_1_wrote_are_unchanged_where_the_same_controllers_deliver_them_by_the_same_names(
    old: Path, lamella: Lamella
) -> None:
    said = lamella("diff", "-o", "json", "--stat")
    assert "delivery-handover" not in said.err
    changed = [c["path"] for c in said.json["changes"]]
    of_objects = [path for path in changed if path.startswith(("clusters/", "management/"))]
    assert all("/namespace-" in path for path in of_objects), "kept ones have an annotation more, since then"
    assert [path for path in changed if path.startswith("argocd/")], "the folders that they name are others"


@pytest.mark.parametrize("broken", ["", "dev"])
def test_force_replaces_what_0_1_wrote_with_a_broken_inventory(old: Path, lamella: Lamella, broken: str) -> None:
    (old / "output" / layout.inventory(broken)).write_text("<<<<<<< HEAD\n")
    assert lamella("render").status == 1
    assert lamella("render", "--force").status == 0
    assert not [path for path in files(old / "output") if WAVE_IN_PATH.search(path)]


def test_force_recovers_all_files_of_a_cluster_with_a_broken_inventory(old: Path, lamella: Lamella) -> None:
    """Also its delivery objects, which change: those of the fleet's folder, and of the management layers."""
    assert lamella("render", "-q").status == 0
    (old / "output/clusters/dev/inventory.json").write_text("<<<<<<< HEAD\n")
    edit(old / "lamella.yaml", "fleet.git", "other.git")
    said = lamella("render")
    assert (said.status, said.err.count("error[")) == (1, 1)
    assert "output/clusters/dev/inventory.json:1: error[inventory-broken]" in said.err
    assert lamella("render", "--force").status == 0
    assert sum("other.git" in text for path, text in files(old / "output").items() if path.startswith("argocd/")) == 10
    assert "output is up to date" in lamella("render").err


def test_a_layer_between_others_adds_its_files_and_moves_none(old: Path, lamella: Lamella) -> None:
    assert lamella("render", "-q").status == 0
    before = files(old / "output")
    inserted = "    - {name: between, namespace: shop, installPriority: 5, manifests: [{file: ../between.yaml}]}\n"
    edit(old / "profiles/shop.yaml", "    - name: app\n", f"{inserted}    - name: app\n")
    (old / "between.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: between}\n")
    assert lamella("render", "-q").status == 0
    after = files(old / "output")
    assert before.keys() - after.keys() == set()
    assert after.keys() - before.keys() == {
        "argocd/dev/between.yaml",
        "clusters/dev/between/configmap-shop-between.yaml",
        "clusters/dev/between/kustomization.yaml",
        "flux/dev/between.yaml",
    }
    assert {path for path in before if before[path] != after[path]} == {
        "argocd/dev/app.yaml",  # its sync wave
        "clusters/dev/inventory.json",
        "flux/dev/app_before.yaml",  # it waits for another layer
        "flux/dev/kustomization.yaml",  # a list of all
    }


# `management` is not among them: Argo CD's Application of all management layers has its name, which is told (delivery-name).
# Names that a folder needs for files of its own, that Windows keeps, that are another layer's with an extension or stage.
AWKWARD = (
    "project", "cluster", "kustomization", "inventory.json", "images.txt", "con", "aux.d", "x", "x.yaml",
    "x.before", "before", "main",
)  # fmt: skip


@pytest.mark.parametrize("destination", ["{kubeconfigSecret: dev-kubeconfig}", "{}"])
def test_layers_may_have_the_names_of_other_files(old: Path, lamella: Lamella, destination: str) -> None:
    """All of them with a hook, so that Flux has them in stages; `{}` is a cluster with a Flux of its own."""
    edit(old / "profiles/dev.yaml", "{kubeconfigSecret: dev-kubeconfig}", destination)
    head = (old / "profiles/shop.yaml").read_text().partition("  layers:\n")[0]
    layer = "    - {{name: {0}, namespace: {1}, manifests: [{{file: ../hooked.yaml}}]}}\n"
    layers = "".join(layer.format(name, name.replace(".", "-")) for name in AWKWARD)
    (old / "profiles/shop.yaml").write_text(f"{head}  layers:\n{layers}")
    (old / "hooked.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, annotations: {helm.sh/hook: pre-install}}\n"
    )
    said = lamella("render", "--allow-removal")
    assert said.status == 0, said.err
    output = old / "output"
    for name in AWKWARD:
        entries = json.loads((output / layout.inventory("dev")).read_text())["files"]
        kinds = sorted(path.partition("/")[0] for path, entry in entries.items() if entry.get("layer") == name)
        # two objects, their Namespace and kustomization.yaml; an Application; two Kustomizations and their lists
        assert kinds == ["argocd"] + ["clusters"] * 4 + ["flux"] * 4, name
    assert not [path for path in files(output) if re.search(r"/(con|aux)[./]", path)]


def test_a_clone_that_converts_line_ends_has_the_output_as_it_was_rendered(rendered: Path, lamella: Lamella) -> None:
    git(rendered, "init", "-q")
    git(rendered, "add", "-A")
    git(rendered, "commit", "-qm", "all")
    git(rendered.parent, "clone", "-q", "-c", "core.autocrlf=true", str(rendered), "clone")
    clone = rendered.parent / "clone"
    assert b"\r\n" in (clone / "profiles/shop.yaml").read_bytes()
    assert files(clone / "output") == files(rendered / "output")
    assert lamella("render", "--check", "--repo", clone).status == 0


def test_git_attributes_are_of_the_root_and_written_by_any_render(shop: Path, lamella: Lamella) -> None:
    assert lamella("render", "-q", "dev").status == 0
    place = shop / "output/.gitattributes"
    assert place.read_text() == "* -text linguist-generated\n"
    assert ".gitattributes" in json.loads((shop / "output/inventory.json").read_text())["files"]
    place.write_text("* text\n")
    said = lamella("render", "-q")
    assert (said.status, "output/.gitattributes: error[output-edited]" in said.err) == (1, True)
    assert lamella("render", "-q", "--force").status == 0
    assert place.read_text() == "* -text linguist-generated\n"
