"""Clusters that bring objects to one API server: whoever renders what, an object has one owner, or is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import run

SETTINGS = """\
apiVersion: lamella/v1
kind: Settings
delivery: [argocd, flux]
argocd: {repoURL: "https://git.example.com/platform/fleet.git"}
"""
SHARED = "{apiVersion: v1, kind: ConfigMap, metadata: {name: shared}, data: {a: b}}"
OWN = '{apiVersion: v1, kind: ConfigMap, metadata: {name: shared}, data: {a: "{{ .spectro.system.cluster.name }}"}}'
LABELLED = "{apiVersion: v1, kind: Namespace, metadata: {name: capi, labels: {team: a}}}"


def layer(*manifests: str, name: str = "capi", management: bool = True, namespace: str = "capi") -> dict[str, Any]:
    return {
        "name": name,
        "namespace": namespace,
        **({"destination": "management"} if management else {}),
        "manifests": [{"name": f"m{number}", "inline": text} for number, text in enumerate(manifests)],
    }


def repository(root: Path, **clusters: dict[str, Any]) -> None:
    """A repository of clusters, each with its `layers` in a profile of its own, and a `destination`."""
    shutil.rmtree(root / "profiles", ignore_errors=True)
    (root / "profiles").mkdir(parents=True)
    (root / "lamella.yaml").write_text(SETTINGS)
    for name, cluster in clusters.items():
        profile = {"type": "add-on", "layers": cluster["layers"]}
        written = {
            "kubernetesVersion": "1.33.4",
            "profiles": [{"name": name, "version": "1.0.0"}],
            "destination": cluster.get("destination", {}),
        }
        documents = [
            {"apiVersion": "lamella/v1", "kind": kind, "metadata": {"name": name, **more}, "spec": spec}
            for kind, more, spec in (("ClusterProfile", {"version": "1.0.0"}, profile), ("Cluster", {}, written))
        ]
        (root / f"profiles/{name}.yaml").write_text("\n---\n".join(map(json.dumps, documents)))


def render(root: Path, *clusters: str) -> int:
    return run(["--color", "never", "render", *clusters, "--repo", str(root), "--allow-removal"])


def objects(root: Path) -> list[str]:
    """The files of objects in the output."""
    found = [path for tree in ("clusters", "management") for path in (root / "output" / tree).glob("*/*/*.yaml")]
    return sorted(path.relative_to(root / "output").as_posix() for path in found if path.name != "kustomization.yaml")


def files_of(root: Path, cluster: str) -> dict[str, bytes]:
    """What is in the output for one cluster, but for the layers' names of files that both have."""
    places = [root / "output" / tree / cluster for tree in ("clusters", "management", "argocd", "flux")]
    found = [path for place in places for path in place.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def test_other_content_is_refused_whatever_is_selected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository(tmp_path, a={"layers": [layer(OWN)]}, b={"layers": [layer(OWN)]})
    said = []
    for selected in ((), ("a",), ("b",)):
        assert render(tmp_path, *selected) == 1
        said.append(capsys.readouterr().err)
    assert "error[duplicate-object]: ConfigMap capi/shared comes to the management cluster" in said[0]
    assert "of cluster 'a' (in cluster b)" in said[0]
    assert said[0].count("error[") == 1, "the Namespaces are equal"
    assert said == [said[0]] * 3


def test_equal_objects_are_of_the_first_cluster_by_name(tmp_path: Path) -> None:
    clusters = {name: {"layers": [layer(SHARED, SHARED.replace("shared", f"of-{name}"))]} for name in ("a", "b", "c")}
    repository(tmp_path, **clusters)
    assert render(tmp_path) == 0
    assert objects(tmp_path) == [
        "management/a/capi/configmap-capi-of-a.yaml",
        "management/a/capi/configmap-capi-shared.yaml",
        "management/a/capi/namespace-capi.yaml",
        "management/b/capi/configmap-capi-of-b.yaml",
        "management/c/capi/configmap-capi-of-c.yaml",
    ]
    before = {name: files_of(tmp_path, name) for name in clusters}
    shutil.rmtree(tmp_path / "output")
    for name in reversed(clusters):
        assert render(tmp_path, name) == 0
    assert {name: files_of(tmp_path, name) for name in clusters} == before, "one at a time gives what all together give"
    repository(tmp_path, **{name: cluster for name, cluster in clusters.items() if name != "a"})
    assert render(tmp_path) == 0
    assert "management/b/capi/configmap-capi-shared.yaml" in objects(tmp_path), "the next one is the owner"


def test_a_namespace_that_a_layer_brings_is_preferred_to_those_that_are_added(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository(tmp_path, a={"layers": [layer(SHARED)]}, b={"layers": [layer(LABELLED)]})
    assert render(tmp_path) == 0
    assert [path for path in objects(tmp_path) if "namespace" in path] == ["management/b/capi/namespace-capi.yaml"]
    repository(tmp_path, a={"layers": [layer(LABELLED)]}, b={"layers": [layer(LABELLED.replace("team: a", "team: b"))]})
    assert render(tmp_path) == 1
    assert "error[duplicate-object]: Namespace capi comes to the management cluster" in capsys.readouterr().err


IN_CLUSTER = "https://kubernetes.default.svc"


@pytest.mark.parametrize(
    ("first", "second", "management"),
    [
        ({"server": "https://10.0.0.1:6443"}, {"server": "https://10.0.0.1:6443/"}, False),
        ({"name": "shared"}, {"name": "shared"}, False),
        ({"name": "b"}, {}, False),
        ({"kubeconfigSecret": "shared"}, {"kubeconfigSecret": "shared"}, False),
        ({"server": IN_CLUSTER}, {}, True),
        ({"name": "in-cluster"}, {}, True),
    ],
    ids=["url", "name", "name-of-the-other", "kubeconfig", "argocd's-own-by-url", "argocd's-own-by-name"],
)
def test_two_clusters_with_one_destination(
    first: dict[str, str], second: dict[str, str], management: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fleet(text: str) -> dict[str, dict[str, Any]]:
        return {
            "a": {"layers": [layer(text, name="x", management=False)], "destination": first},
            "b": {"layers": [layer(text, name="y", management=management)], "destination": second},
        }

    repository(tmp_path, **fleet(OWN))
    for selected in ((), ("a",), ("b",)):
        assert render(tmp_path, *selected) == 1
        assert "comes to one API server from" in capsys.readouterr().err
    repository(tmp_path, **fleet(SHARED))
    assert render(tmp_path) == 0
    assert objects(tmp_path) == ["clusters/a/x/configmap-capi-shared.yaml", "clusters/a/x/namespace-capi.yaml"]


def test_clusters_apart_may_have_what_they_want(tmp_path: Path) -> None:
    layers = [layer(OWN, name="x", management=False)]
    to = [
        {},
        {"server": "https://10.0.0.1"},
        {"server": "https://10.0.0.2"},
        {"name": "other"},
        {"kubeconfigSecret": "k"},
    ]
    repository(tmp_path, **{f"c{number}": {"layers": layers, "destination": place} for number, place in enumerate(to)})
    assert render(tmp_path) == 0
    assert len(objects(tmp_path)) == 2 * len(to)


def test_an_error_in_a_cluster_beside_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = layer(SHARED, "{{ .spectro.var.missing }}")
    repository(
        tmp_path, a={"layers": [broken]}, b={"layers": [layer(SHARED)]}, c={"layers": [layer(SHARED, management=False)]}
    )
    assert render(tmp_path, "b") == 1
    assert "missing" in capsys.readouterr().err
    assert render(tmp_path, "c") == 0, "it shares nothing with the others"


def test_what_is_pinned_is_pinned_for_the_clusters_that_are_not_selected_too(tmp_path: Path) -> None:
    pod = (
        "{apiVersion: v1, kind: Pod, metadata: {name: shared}, spec: {containers: [{name: a, image: example.com/a:1}]}}"
    )
    repository(tmp_path, **{name: {"layers": [layer(pod)]} for name in ("a", "b")})
    (tmp_path / "lamella.yaml").write_text(f"{SETTINGS}images: {{pin: digest}}\n")
    digest = f"sha256:{'0' * 64}"
    (tmp_path / "lamella.lock").write_text(
        "apiVersion: lamella/v1\nkind: Lock\nimages:\n"
        f"- {{image: 'example.com/a:1', digest: '{digest}', askedBy: []}}\n"
    )
    assert render(tmp_path) == 0
    assert digest in (tmp_path / "output/management/a/capi/pod-capi-shared.yaml").read_text()
    before = {name: files_of(tmp_path, name) for name in ("a", "b")}
    for name in before:
        assert render(tmp_path, name) == 0
    assert {name: files_of(tmp_path, name) for name in before} == before
