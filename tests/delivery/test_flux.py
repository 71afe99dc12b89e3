"""What Flux is given: directories that kustomize builds, and Kustomizations that wait for each other."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler import delivery
from compiler.diagnostics import Problems
from compiler.model import Destination, FluxOptions, OutputFile, Settings
from compiler.model.assembled import AssembledCluster
from tests.delivery import crds
from tests.delivery.clusters import L, cluster, config_map, full_stack, settings, tree

REMOTE = Destination(kubeconfig_secret="prod-eu-kubeconfig")


def files(given: AssembledCluster, chosen: Settings | None = None) -> list[OutputFile]:
    problems = Problems()
    found = delivery.cluster_files(given, chosen or settings("flux"), problems)
    assert problems.diagnostics == []
    return found


def kustomizations(found: list[OutputFile]) -> dict[str, dict[str, Any]]:
    """Flux's Kustomizations of layers by name."""
    bodies = [yaml.safe_load(f.content) for f in found if f.layer and f.object and f.path.startswith("flux/")]
    assert bodies
    return {body["metadata"]["name"]: body for body in bodies}


def after(found: list[OutputFile]) -> dict[str, list[str]]:
    return {n: [d["name"] for d in k["spec"].get("dependsOn", [])] for n, k in kustomizations(found).items()}


def test_the_files_of_a_cluster_with_a_flux_of_its_own() -> None:
    assert [path for path in tree(files(full_stack("eu"))) if path.startswith("flux/")] == [
        "flux/_fleet/eu.yaml",
        "flux/eu/cluster.yaml",
        "flux/eu/cni.yaml",
        "flux/eu/kustomization.yaml",
        "flux/eu/logging.yaml",
        "flux/eu/management/k8s.yaml",
        "flux/eu/management/kustomization.yaml",
        "flux/eu/management/os.yaml",
        "flux/eu/operator.yaml",
        "flux/eu/widgets.yaml",
    ]


def test_the_files_of_a_cluster_that_the_management_cluster_delivers() -> None:
    assert [path for path in tree(files(full_stack("eu", REMOTE))) if path.startswith("flux/")] == [
        "flux/_fleet/eu.yaml",
        "flux/eu/cni.yaml",
        "flux/eu/k8s.yaml",
        "flux/eu/kustomization.yaml",
        "flux/eu/logging.yaml",
        "flux/eu/operator.yaml",
        "flux/eu/os.yaml",
        "flux/eu/widgets.yaml",
    ]


def test_a_kustomization_as_a_whole() -> None:
    found = tree(files(full_stack("eu", REMOTE)))
    assert (
        found["flux/eu/cni.yaml"]
        == """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  labels:
    app.kubernetes.io/managed-by: lamella
    lamella/cluster: eu
    lamella/layer: cni
  name: eu-cni
  namespace: flux-system
spec:
  deletionPolicy: Orphan
  dependsOn:
  - name: eu-k8s
  interval: "10m"
  kubeConfig:
    secretRef:
      name: prod-eu-kubeconfig
  path: "./output/clusters/eu/cni"
  prune: true
  retryInterval: "2m"
  sourceRef:
    kind: GitRepository
    name: flux-system
  timeout: "10m"
  wait: true
"""
    )
    assert (
        found["clusters/eu/cni/kustomization.yaml"]
        == """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- daemonset.apps-cni-agent.yaml
- namespace-cni.yaml
"""
    )


def test_each_layer_waits_for_all_layers_of_the_wave_before() -> None:
    assert after(files(full_stack("eu", REMOTE))) == {
        "eu-os": [],
        "eu-k8s": ["eu-os"],
        "eu-cni": ["eu-k8s"],
        "eu-logging": ["eu-cni"],
        "eu-operator": ["eu-cni"],
        "eu-widgets": ["eu-logging", "eu-operator"],
    }


def test_the_chains_of_two_controllers_do_not_wait_for_each_other() -> None:
    assert after(files(full_stack("eu"))) == {
        "eu-os": [],
        "eu-k8s": ["eu-os"],
        "eu-cni": [],
        "eu-logging": ["eu-cni"],
        "eu-operator": ["eu-cni"],
        "eu-widgets": ["eu-logging", "eu-operator"],
    }


def health(found: list[OutputFile], name: str) -> dict[str, Any]:
    spec = kustomizations(found)[name]["spec"]
    return {key: spec[key] for key in ("wait", "healthChecks", "healthCheckExprs") if key in spec}


CAPI = """\
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: eu, namespace: fleet}
---
apiVersion: cluster.x-k8s.io/v1beta2
kind: MachineDeployment
metadata: {name: workers, namespace: fleet}
"""
CHECKED = {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster", "name": "eu", "namespace": "fleet"}


def test_the_network_does_not_wait_for_nodes_that_wait_for_the_network() -> None:
    os = L("os", 0, config_map("a"), "os", management=True)
    k8s = L("k8s", 1, CAPI, "k8s", management=True)
    found = files(cluster("eu", os, k8s, L("cni", 2, config_map("a"), "cni"), destination=REMOTE))
    ready = 'status.conditions.exists(c, c.type == "ControlPlaneInitialized" && c.status == "True")'
    assert health(found, "eu-os") == {"wait": False}
    assert health(found, "eu-k8s") == {
        "wait": False,
        "healthChecks": [CHECKED],
        "healthCheckExprs": [{"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster", "current": ready}],
    }
    assert health(found, "eu-cni") == {"wait": True}


def test_readiness_of_a_layer_that_makes_the_cluster_is_what_is_waited_for() -> None:
    keys = [{"keyToCheck": "status.phase", "expectedValue": "Provisioned"}]
    check: dict[str, object] = {
        "kind": "Cluster",
        "group": "cluster.x-k8s.io",
        "version": "v1beta2",
        "keysToCheck": keys,
    }
    found = files(cluster("eu", L("k8s", 0, CAPI, "k8s", management=True, readiness=(check,)), destination=REMOTE))
    current = 'string(status.phase) == "Provisioned"'
    assert health(found, "eu-k8s") == {
        "wait": False,
        "healthChecks": [CHECKED],
        "healthCheckExprs": [{"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster", "current": current}],
    }


def test_only_workload_layers_of_a_remote_cluster_have_a_kubeconfig() -> None:
    remote = [n for n, k in kustomizations(files(full_stack("eu", REMOTE))).items() if "kubeConfig" in k["spec"]]
    assert remote == ["eu-cni", "eu-logging", "eu-operator", "eu-widgets"]
    assert "kubeConfig" not in "".join(tree(files(full_stack("eu"))).values())


def test_the_management_cluster_never_applies_layers_of_a_cluster_without_kubeconfig() -> None:
    entry = yaml.safe_load(tree(files(full_stack("eu")))["flux/_fleet/eu.yaml"])
    assert entry["spec"]["path"] == "./output/flux/eu/management"
    found = tree(files(cluster("dev", L("logging", 0, config_map("a")))))
    assert [path for path in found if path.startswith("flux/_fleet/")] == []


def test_an_index_lists_every_kustomization_beside_it_and_not_the_entry() -> None:
    found = tree(files(full_stack("eu")))
    assert yaml.safe_load(found["flux/eu/kustomization.yaml"])["resources"] == [
        "cni.yaml", "logging.yaml", "operator.yaml", "widgets.yaml",
    ]  # fmt: skip
    assert yaml.safe_load(found["flux/eu/management/kustomization.yaml"])["resources"] == ["k8s.yaml", "os.yaml"]


def test_prune_is_a_matter_of_the_layer_and_of_all_and_infra_layers_outlive_their_kustomization() -> None:
    found = kustomizations(files(full_stack("eu", REMOTE)))
    assert [n for n, k in found.items() if not k["spec"]["prune"]] == ["eu-operator"]
    assert [n for n, k in found.items() if k["spec"].get("deletionPolicy") == "Orphan"] == ["eu-cni", "eu-k8s", "eu-os"]
    none = kustomizations(files(full_stack("eu"), settings("flux", flux=FluxOptions(prune=False))))
    assert not any(k["spec"]["prune"] for k in none.values())


def test_the_fleet_and_the_clusters_delete_nothing_when_they_go() -> None:
    [file] = delivery.fleet_files(["eu"], settings("flux"), Problems())
    fleet = yaml.safe_load(file.content)
    assert (file.path, fleet["spec"]["prune"], fleet["spec"]["path"]) == (
        "flux/fleet.yaml",
        False,
        "./output/flux/_fleet",
    )
    found = tree(files(full_stack("eu")))
    entries = [fleet, *(yaml.safe_load(found[path]) for path in ("flux/_fleet/eu.yaml", "flux/eu/cluster.yaml"))]
    assert [e["spec"]["deletionPolicy"] for e in entries] == ["Orphan"] * 3


CIPHERTEXT = "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]"
ENCRYPTED = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: apps}\n"
    f"sops: {{age: [{{enc: x}}], mac: '{CIPHERTEXT}'}}\n"
)


@pytest.mark.parametrize("destination", [Destination(), REMOTE])
@pytest.mark.parametrize(
    "options",
    [
        FluxOptions(),
        FluxOptions(source_kind="OCIRepository", path="", namespace="gitops", decryption_secret="age", timeout="1h30m"),
    ],
)
def test_everything_is_valid_for_the_crd_of_flux(corpus: Path, destination: Destination, options: FluxOptions) -> None:
    check: dict[str, object] = {
        "kind": "Widget",
        "version": "v1",
        "keysToCheck": [{"keyToCheck": "status.ok", "expectedValue": True}],
    }
    chosen = settings("flux", flux=options)
    found = files(full_stack("eu", destination), chosen)
    found += files(cluster("b", L("s", 0, ENCRYPTED, readiness=(check,)), destination=destination), chosen)
    found += delivery.fleet_files(["b", "eu"], chosen, Problems())
    bodies = [b for f in found for b in [yaml.safe_load(f.content)] if b["apiVersion"].startswith("kustomize.toolkit")]
    assert len(bodies) == 11 if not destination.kubeconfig_secret else 10
    assert [(b["metadata"]["name"], p) for b in bodies for p in crds.problems(corpus / "crds", b)] == []


def test_encrypted_objects_are_decrypted_by_flux() -> None:
    given = cluster("b", L("secret", 0, ENCRYPTED), L("plain", 1, config_map("a")))
    found = kustomizations(files(given, settings("flux", flux=FluxOptions(decryption_secret="age"))))
    assert {n: k["spec"].get("decryption") for n, k in found.items()} == {
        "b-secret": {"provider": "sops", "secretRef": {"name": "age"}},
        "b-plain": None,
    }


def test_hooks_that_undo_something_are_not_applied() -> None:
    job = "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}, annotations: {{helm.sh/hook: '{hook}'}}}}\n---\n"
    hooks = {
        "migrate": "pre-install,pre-upgrade",
        "uninstall": "Pre-Delete",
        "undo": "post-delete, PRE-ROLLBACK",
        "both": "post-install,post-delete",
    }
    text = "".join(job.format(name=name, hook=hook) for name, hook in hooks.items())
    found = tree(files(cluster("c", L("app", 0, text), L("gone", 1, job.format(name="only", hook="pre-delete")))))
    resources = yaml.safe_load(found["clusters/c/app/kustomization.yaml"])["resources"]
    assert resources == ["job.batch-default-both.yaml", "job.batch-default-migrate.yaml"]
    assert not any("gone" in path for path in found)


HOOKED = """\
apiVersion: v1
kind: Namespace
metadata: {name: app}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: app}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: app, annotations: {helm.sh/hook: "Pre-Install, PRE-UPGRADE"}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: seed, namespace: app, annotations: {helm.sh/hook: Post-Install}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: hooks, namespace: app, annotations: {helm.sh/hook: "post-upgrade, pre-upgrade"}}
"""


def hooked() -> AssembledCluster:
    return cluster("eu", L("first", 0, config_map("x")), L("app", 1, HOOKED), L("next", 2, config_map("last")))


def test_hooks_around_an_installation_are_stages_before_and_after_it() -> None:
    found = files(hooked())
    assert after(found) == {
        "eu-first": [],
        "eu-app-before": ["eu-first"],
        "eu-app": ["eu-app-before"],
        "eu-app-after": ["eu-app"],
        "eu-next": ["eu-app-after"],
    }
    texts = tree(found)
    assert {
        path: yaml.safe_load(text)["resources"]
        for path, text in texts.items()
        if path.startswith("flux/eu/app_") and "/kustomization" in path
    } == {
        "flux/eu/app_after/kustomization.yaml": ["../../../clusters/eu/app/job.batch-app-seed.yaml"],
        "flux/eu/app_before/kustomization.yaml": [
            "../../../clusters/eu/app/job.batch-app-migrate.yaml",
            "../../../clusters/eu/app/namespace-app.yaml",
            "../../../clusters/eu/app/serviceaccount-app-hooks.yaml",
        ],
        "flux/eu/app_main/kustomization.yaml": ["../../../clusters/eu/app/configmap-app-a.yaml"],
    }
    paths = [k["spec"]["path"] for n, k in kustomizations(found).items() if n.startswith("eu-app")]
    assert sorted(paths) == [f"./output/flux/eu/app_{stage}" for stage in ("after", "before", "main")]


def test_a_layer_of_hooks_only_is_one_stage_and_the_next_wave_waits_for_it() -> None:
    job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a, annotations: {helm.sh/hook: post-install}}\n"
    found = files(cluster("eu", L("jobs", 0, job), L("next", 1, config_map("last"))))
    assert after(found) == {"eu-jobs-after": [], "eu-next": ["eu-jobs-after"]}


def test_the_stages_of_a_layer_are_its_objects_each_once(kubectl: Path, tmp_path: Path) -> None:
    write(tmp_path, [*hooked().files(), *files(hooked())])
    built = []
    for stage in ("before", "main", "after"):
        directory = tmp_path / "flux" / "eu" / f"app_{stage}"
        command: list[str | Path] = [
            kubectl,
            "kustomize",
            "--load-restrictor",
            "LoadRestrictionsNone",
            directory,
        ]  # as in Flux
        built += yaml.safe_load_all(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert _sorted(built) == _sorted(yaml.safe_load_all(HOOKED))


def write(directory: Path, found: list[OutputFile]) -> None:
    for file in found:
        target = directory / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)


def test_kubectl_kustomize_builds_every_directory(kubectl: Path, tmp_path: Path) -> None:
    for given in (full_stack("eu", REMOTE), full_stack("us")):
        write(tmp_path, [*given.files(), *files(given)])
    directories = sorted(path.parent for path in tmp_path.rglob("kustomization.yaml"))
    assert len(directories) == 15
    for directory in directories:
        done = subprocess.run([kubectl, "kustomize", directory], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), directory
        written = [
            yaml.safe_load(p.read_text())
            for p in directory.glob("*.yaml")
            if p.stem not in ("kustomization", "cluster")
        ]
        assert _sorted(yaml.safe_load_all(done.stdout)) == _sorted(written)


def _sorted(bodies: Any) -> list[Any]:
    return sorted(bodies, key=lambda b: (b["kind"], b["metadata"]["name"]))


def test_an_output_folder_and_a_path_of_its_own_reach_every_reference() -> None:
    chosen = settings("flux", flux=replace(FluxOptions(), path="rendered/eu", source_name="fleet"))
    found = kustomizations(files(full_stack("eu"), chosen))
    assert found["eu-cni"]["spec"]["path"] == "./rendered/eu/clusters/eu/cni"
    assert found["eu-os"]["spec"]["path"] == "./rendered/eu/management/eu/os"
    assert {k["spec"]["sourceRef"]["name"] for k in found.values()} == {"fleet"}
