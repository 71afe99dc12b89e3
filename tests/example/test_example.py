"""The example that this repository is: up to date, applicable, and showing what it claims to show."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.delivery import crds
from tests.example.fleet import CLUSTERS, OUTPUT, containers, objects, one
from tests.support import oracles

CLUSTER_API = "cluster.x-k8s.io"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of this repository's inputs and output."""
    place = tmp_path / "repository"
    for name in ("profiles", "packs", "output"):
        shutil.copytree(oracles.ROOT / name, place / name)
    for name in ("lamella.yaml", "lamella.lock"):
        shutil.copy(oracles.ROOT / name, place)
    return place


def lamella(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "compiler", *arguments],
        cwd=cwd,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(oracles.ROOT),
            "HOME": str(cwd),
            "LAMELLA_CACHE": "/dev/null/none",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_output_is_committed_as_rendered_and_nothing_is_warned_about(repository: Path) -> None:
    done = lamella("render", cwd=repository)
    assert re.fullmatch(r"3 clusters, 28 layers, \d+ objects: output is up to date\n", done.stderr), done.stderr
    assert (done.returncode, done.stdout) == (0, "")


# --- what a cluster would say to it -----------------------------------------------------------------------------------


def test_objects_of_cluster_api_are_for_the_management_cluster_and_all_others_are_not() -> None:
    assert {found.group.partition(".")[2] for found in objects("management")} == {"x-k8s.io", "cluster.x-k8s.io"}
    assert [str(found) for found in objects("clusters") if found.group.endswith(CLUSTER_API)] == []


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_cluster_api_accepts_its_objects(cluster: str, corpus: Path) -> None:
    """Core and kubeadm kinds against their CRDs, unknown fields refused; v1beta2 is what these CRDs store."""
    found = [o for o in objects(f"management/{cluster}") if o.group != f"infrastructure.{CLUSTER_API}"]
    assert sorted(o.kind for o in found) == [
        "Cluster",
        "KubeadmConfigTemplate",
        "KubeadmControlPlane",
        "MachineDeployment",
    ]
    assert {o.body["apiVersion"].rpartition("/")[2] for o in found} == {"v1beta2"}
    assert [(str(o), crds.problems(corpus / "crds", o.body)) for o in found] == [(str(o), []) for o in found]


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_objects_of_cluster_api_refer_to_one_another(cluster: str) -> None:
    """The os pack and the k8s pack agree on names: a reference to nothing keeps a cluster from coming up, silently."""
    found = objects(f"management/{cluster}")
    there = {(o.group, o.kind, o.name) for o in found}
    meant = {(r["apiGroup"], r["kind"], r["name"]) for o in found for r in references(o.body)}
    assert (
        len(meant) == 5
    )  # infrastructure and control plane of the cluster, two machine templates, a bootstrap template
    assert meant <= there
    assert {o.body["metadata"]["namespace"] for o in found} == {"clusters"}


def references(value: Any) -> list[dict[str, str]]:
    """Every mapping below `value` that names an object by apiGroup, kind and name."""
    if isinstance(value, dict):
        own = [value] if {"apiGroup", "kind", "name"} <= set(value) else []
        return own + [found for item in value.values() for found in references(item)]
    return [found for item in value for found in references(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_kubernetes_accepts_its_objects(cluster: str) -> None:
    """Built-in kinds against the schemas of the cluster's own version, unknown fields refused."""
    found = [o for o in objects(f"clusters/{cluster}") if o.kind != "Component"]
    assert len(found) > 40
    faults = {str(o): refused(o.body, CLUSTERS[cluster]) for o in found}
    assert {place: fault for place, fault in faults.items() if fault} == {}


def refused(body: dict[str, Any], version: str) -> str:
    from kubernetes_validate.utils import ValidationError, validate

    try:
        validate(body, version, strict=True)
    except ValidationError as error:
        return str(error)
    return ""


def test_the_crd_accepts_components() -> None:
    found = [o for o in objects("clusters") if o.kind == "Component"]
    schema = one("clusters/dev-1", "CustomResourceDefinition", "components.platform.example.org")["spec"]["versions"][0]
    known = schema["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert len(found) == 9
    assert [
        str(o) for o in found if not set(known["required"]) <= set(o.body["spec"]) <= set(known["properties"])
    ] == []


@pytest.mark.oracle
@pytest.mark.parametrize("folder", ["management/prod-us-1", "clusters/prod-us-1"])
def test_kustomize_builds_every_layer_of_a_cluster(folder: str, kubectl: Path) -> None:
    layers = sorted(path.parent for path in (OUTPUT / folder).rglob("kustomization.yaml"))
    assert len(layers) == {"management/prod-us-1": 2, "clusters/prod-us-1": 7}[folder]
    built = []
    for layer in layers:
        done = subprocess.run([kubectl, "kustomize", layer], capture_output=True, text=True, check=True)
        built += list(yaml.load_all(done.stdout, yaml.CSafeLoader))
    in_files = [found.body for found in objects(folder)]
    assert sorted(map(repr, map(sorted_keys, built))) == sorted(map(repr, map(sorted_keys, in_files)))


def sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value


# --- what an operator would ask ---------------------------------------------------------------------------------------


def pods() -> list[tuple[str, dict[str, Any]]]:
    return [(f"{o}: {c['name']}", c) for o in objects("clusters") if o.kind in WORKLOADS for c in containers(o.body)]


def test_every_container_is_pinned_bounded_and_confined() -> None:
    found = pods()
    assert len(found) == 3 * 6 + 1  # six containers a cluster, and the smoke test
    loose = [
        place
        for place, container in found
        if not re.search(r"(:v?[0-9][^:/]*|@sha256:[0-9a-f]{64})$", container["image"])
        or not {"cpu", "memory"} <= set(container["resources"]["requests"])
        or "memory" not in container["resources"]["limits"]
        or container["securityContext"]["allowPrivilegeEscalation"] is not False
        or container["securityContext"]["capabilities"]["drop"] != ["ALL"]
    ]
    assert loose == []


def test_every_container_is_probed_but_the_one_that_cannot_be() -> None:
    """kindnetd has no port: it ends when it cannot do its work."""
    assert {c["name"] for _, c in pods() if "livenessProbe" not in c} == {"kindnetd"}


def test_pods_of_restricted_namespaces_are_as_these_demand() -> None:
    found = objects("clusters")
    restricted = {
        (o.path.parts[-3], o.name)
        for o in found
        if o.kind == "Namespace" and RESTRICTED.items() <= labels(o.body).items()
    }
    specs = [
        o.body["spec"]["template"]["spec"]
        for o in found
        if o.kind in WORKLOADS and (o.path.parts[-3], o.body["metadata"]["namespace"]) in restricted
    ]
    assert len(specs) == 6  # Traefik and Prometheus
    assert {spec["securityContext"]["runAsNonRoot"] for spec in specs} == {True}
    assert {spec["securityContext"]["seccompProfile"]["type"] for spec in specs} == {"RuntimeDefault"}
    assert [spec for spec in specs if spec.get("hostNetwork") or spec.get("hostPID")] == []


def labels(body: dict[str, Any]) -> dict[str, str]:
    return body["metadata"].get("labels", {})  # type: ignore[no-any-return]


# --- what the example shows -------------------------------------------------------------------------------------------


EU, US, DEV = "prod-eu-1", "prod-us-1", "dev-1"
ARGUMENTS = "/spec/template/spec/containers/0/args"
SHOWN = yaml.safe_load(Path(__file__).with_name("shown.yaml").read_text())


def at(body: Any, pointer: str) -> Any:
    """The value at a JSON pointer; a negative number counts from the end of a list."""
    for step in pointer.removeprefix("/").split("/"):
        body = body[int(step)] if isinstance(body, list) else body[step.replace("~1", "/")]
    return body


@pytest.mark.parametrize("case", SHOWN, ids=[case["shows"] for case in SHOWN])
def test_shows(case: dict[str, Any]) -> None:
    assert at(yaml.safe_load((OUTPUT / case["file"]).read_text()), case["at"]) == case["is"]


def test_shows_a_boolean_variable() -> None:
    redirect = "--entrypoints.web.http.redirections.entrypoint.scheme=https"
    assert redirect in at(one(f"clusters/{EU}", "Deployment", "traefik"), ARGUMENTS)
    assert redirect not in at(one(f"clusters/{DEV}", "Deployment", "traefik"), ARGUMENTS)


def test_shows_values_files_and_the_values_that_come_after_them() -> None:
    config = yaml.safe_load(one(f"clusters/{EU}", "ConfigMap", "prometheus")["data"]["prometheus.yaml"])
    assert config["global"]["external_labels"] == {"cluster": EU, "region": "eu-central"}
    assert [job["job_name"] for job in config["scrape_configs"]] == [
        "prometheus",
        "kubelet",
        "cadvisor",
        "node-exporter",
        "pods",
    ]


def test_shows_variables_of_a_template() -> None:
    arguments = {
        cluster: at(one(f"clusters/{cluster}", "StatefulSet", "prometheus"), ARGUMENTS) for cluster in (EU, DEV)
    }
    assert "--storage.tsdb.retention.time=30d" in arguments[EU]
    assert "--storage.tsdb.retention.time=7d" in arguments[DEV]


def test_shows_foreign_templates_untouched_beside_macros() -> None:
    rules = yaml.safe_load(one(f"clusters/{EU}", "ConfigMap", "prometheus-rules")["data"]["nodes.yaml"])
    alert = rules["groups"][0]["rules"][0]
    assert alert["annotations"]["summary"] == "Node {{ $labels.node }} does not answer"
    assert alert["annotations"]["runbook_url"] == "https://runbooks.example.org/node-down"
    assert alert["labels"]["team"] == "sre"


def test_shows_images_of_a_site_without_internet() -> None:
    """Everything of prod-us-1 that names an image, also inside other text, names the site's mirror."""
    text = "".join(found.path.read_text() for found in objects(f"clusters/{US}") + objects(f"management/{US}"))
    images = re.findall(r"image: (\S+)", text)
    assert len(images) == 6 + 2
    assert [image for image in images if not image.startswith("mirror.us.example.org/")] == []


def components(repository: Path) -> set[str]:
    done = lamella("render", "dev-1", "-o", "name", cwd=repository)
    assert done.returncode == 0, done.stderr
    return {line.split("\t")[1] for line in done.stdout.splitlines() if "\tComponent." in line}


def test_shows_charts_that_ask_for_the_crds_of_lower_layers(repository: Path) -> None:
    """The same repository with the register of components installed after Traefik and before the monitoring."""
    assert components(repository) == {"traefik", "node-exporter", "prometheus"}
    profile = repository / "profiles/add-ons/baseline/profile.yaml"
    text = profile.read_text()
    assert text.count("installPriority: -20") == 1
    profile.write_text(text.replace("installPriority: -20", "installPriority: 15"))
    assert components(repository) == {"node-exporter", "prometheus"}


def test_delivery_follows_the_waves() -> None:
    """Flux: each layer waits for the wave before, on the cluster that its kubeconfig is for."""
    found = {
        path.stem: yaml.safe_load(path.read_text())["spec"]
        for path in (OUTPUT / "flux/prod-eu-1").glob("*.yaml")
        if path.name != "kustomization.yaml"
    }
    after = {name: [other["name"] for other in spec.get("dependsOn", [])] for name, spec in found.items()}
    assert after == {
        "nodes": [],
        "kubernetes": ["prod-eu-1-nodes"],
        "network": ["prod-eu-1-kubernetes"],
        "storage": ["prod-eu-1-network"],
        "components": ["prod-eu-1-storage"],
        "tenants": ["prod-eu-1-components"],
        "traefik": ["prod-eu-1-tenants"],
        "node-exporter": ["prod-eu-1-traefik"],
        "prometheus": ["prod-eu-1-traefik"],
    }
    assert {name for name, spec in found.items() if "kubeConfig" not in spec} == {"nodes", "kubernetes"}
    assert found["kubernetes"]["healthCheckExprs"][0]["kind"] == "KubeadmControlPlane"
    assert {name for name, spec in found.items() if not spec["prune"]} == {"nodes", "kubernetes"}


def test_every_pack_and_profile_of_the_example_is_used(repository: Path) -> None:
    """What stands in the example for nothing would be taken for an example of something."""
    done = lamella("show", "-o", "json", cwd=repository)
    assert done.returncode == 0, done.stderr
    used = set(re.findall(r'"source": "pack (\S+ \S+)"', done.stdout))
    listed = lamella("list", "packs", "-o", "json", cwd=repository).stdout
    there = set(zip(re.findall(r'"name": "([^"]+)"', listed), re.findall(r'"version": "([^"]+)"', listed), strict=True))
    assert {tuple(source.split()) for source in used} == there
    assert len(there) == 9
