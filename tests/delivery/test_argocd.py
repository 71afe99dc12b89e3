"""What Argo CD is given: the order of layers as sync waves, who may prune what, and where each layer goes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler import delivery
from compiler.delivery import argocd
from compiler.diagnostics import Problems
from compiler.model import ArgocdOptions, Destination, OutputFile, Settings
from compiler.model.assembled import AssembledCluster
from tests.delivery import crds
from tests.delivery.clusters import REPO_URL, WIDGET, WIDGET_CRD, L, cluster, config_map, full_stack, settings, tree

OPTIONS = ArgocdOptions(repo_url=REPO_URL)


def files(given: AssembledCluster, chosen: Settings | None = None) -> list[OutputFile]:
    problems = Problems()
    found = delivery.cluster_files(given, chosen or settings("argocd"), problems)
    assert problems.diagnostics == []
    return found


def applications(found: list[OutputFile]) -> dict[str, dict[str, Any]]:
    """The layers' Applications by name, in the order of their files."""
    bodies = [yaml.safe_load(f.content) for f in found if f.layer]
    assert bodies
    return {body["metadata"]["name"]: body for body in bodies}


def test_the_files_of_a_cluster() -> None:
    assert list(tree(files(full_stack("prod-eu")))) == [
        "argocd/_fleet/management/prod-eu.yaml",
        "argocd/_fleet/prod-eu.yaml",
        "argocd/prod-eu/cni.yaml",
        "argocd/prod-eu/logging.yaml",
        "argocd/prod-eu/management/k8s.yaml",
        "argocd/prod-eu/management/os.yaml",
        "argocd/prod-eu/management/project.yaml",
        "argocd/prod-eu/operator.yaml",
        "argocd/prod-eu/project.yaml",
        "argocd/prod-eu/widgets.yaml",
    ]


def test_an_application_as_a_whole() -> None:
    text = tree(files(full_stack("prod-eu")))["argocd/prod-eu/widgets.yaml"]
    assert (
        text
        == """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  annotations:
    argocd.argoproj.io/manifest-generate-paths: ".;/output/clusters/prod-eu/inventory.json"
    argocd.argoproj.io/sync-wave: "4"
  labels:
    app.kubernetes.io/managed-by: lamella
    lamella/cluster: prod-eu
    lamella/layer: widgets
  name: prod-eu-widgets
  namespace: argocd
spec:
  destination:
    name: prod-eu
    namespace: default
  project: prod-eu
  source:
    path: output/clusters/prod-eu/widgets
    repoURL: https://git.example.com/platform/fleet.git
    targetRevision: main
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
    retry:
      backoff:
        duration: "10s"
        factor: 2
        maxDuration: "5m"
      limit: 10
      refresh: true
    syncOptions:
    - CreateNamespace=false
    - PruneLast=true
    - SkipDryRunOnMissingResource=true
"""
    )


@pytest.mark.parametrize(
    "destination", [Destination(), Destination(server="https://10.0.0.1:6443"), Destination(name="eu")]
)
@pytest.mark.parametrize(
    "options",
    [OPTIONS, replace(OPTIONS, project="platform"), replace(OPTIONS, cascade=True, path="", namespace="gitops")],
)
def test_everything_is_valid_for_the_crds_of_argo_cd(
    corpus: Path, destination: Destination, options: ArgocdOptions
) -> None:
    chosen = settings("argocd", argocd=options)
    found = files(full_stack("prod-eu", destination), chosen)
    found += delivery.fleet_files(["prod-eu"], chosen, Problems())
    bodies = [body for file in found for body in yaml.safe_load_all(file.content)]
    assert len(bodies) == (9 if options.project else 12)
    assert [(b["metadata"]["name"], p) for b in bodies for p in crds.problems(corpus / "crds", b)] == []


def test_the_check_against_the_crds_finds_unknown_fields_and_wrong_types(corpus: Path) -> None:
    body = yaml.safe_load(tree(files(full_stack("prod-eu")))["argocd/prod-eu/widgets.yaml"])
    body["spec"]["syncPolicy"]["automated"]["selfheal"] = True
    body["spec"]["source"]["path"] = 1
    body["metadata"]["uid"] = "x"
    assert len(crds.problems(corpus / "crds", body)) == 3


def test_waves_are_those_of_the_layers_and_what_makes_the_cluster_waits_for_nothing() -> None:
    waves = {
        n: a["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]
        for n, a in applications(files(full_stack("c"))).items()
    }
    assert waves == {"c-os": "0", "c-k8s": "0", "c-cni": "2", "c-logging": "3", "c-operator": "3", "c-widgets": "4"}


def test_management_layers_go_where_argo_cd_runs_and_the_others_to_the_cluster() -> None:
    found = applications(files(full_stack("c", Destination(server="https://10.0.0.1:6443"))))
    workload = {"server": "https://10.0.0.1:6443"}
    management = {"server": "https://kubernetes.default.svc", "namespace": "fleet-eu"}
    assert {name: a["spec"]["destination"] for name, a in found.items()} == {
        "c-os": management,
        "c-k8s": management,
        "c-cni": {**workload, "namespace": "cni"},
        "c-logging": {**workload, "namespace": "default"},
        "c-operator": {**workload, "namespace": "default"},
        "c-widgets": {**workload, "namespace": "default"},
    }


def test_a_project_allows_its_repository_its_cluster_and_management_only_where_it_has_layers() -> None:
    found = tree(files(full_stack("prod-eu")))
    project = yaml.safe_load(found["argocd/prod-eu/project.yaml"])
    management = yaml.safe_load(found["argocd/prod-eu/management/project.yaml"])
    assert project["spec"]["sourceRepos"] == management["spec"]["sourceRepos"] == [REPO_URL]
    assert project["spec"]["destinations"] == [{"name": "prod-eu", "namespace": "*"}]
    in_cluster = {"server": "https://kubernetes.default.svc", "namespace": "fleet-eu"}
    assert management["spec"]["destinations"] == [in_cluster]
    groups = [entry["group"] for entry in project["spec"]["clusterResourceWhitelist"]]
    assert {"", "rbac.authorization.k8s.io", "apiextensions.k8s.io", "example.com"} <= set(groups)
    assert "cluster.x-k8s.io" not in groups
    add_on = L("alerts", 1, config_map("a"), management=True, namespace="fleet-eu")
    both = tree(files(cluster("dev", L("logging", 0, config_map("a")), add_on)))
    project = yaml.safe_load(both["argocd/dev/project.yaml"])
    assert project["spec"]["destinations"] == [{"name": "dev", "namespace": "*"}, in_cluster]
    assert "argocd/dev/alerts.yaml" in both


def test_every_application_is_inside_its_project() -> None:
    found = files(full_stack("prod-eu"))
    bodies = [yaml.safe_load(file.content) for file in found]
    projects = {b["metadata"]["name"]: b["spec"] for b in bodies if b["kind"] == "AppProject"}
    assert sorted(projects) == ["prod-eu", "prod-eu-management"]
    outside = []
    for name, application in applications(found).items():
        project = projects[application["spec"]["project"]]
        allowed = [(d.get("server"), d.get("name"), d["namespace"]) for d in project["destinations"]]
        to = application["spec"]["destination"]
        wanted = [(to.get("server"), to.get("name"), namespace) for namespace in ("*", to["namespace"])]
        if not set(wanted) & set(allowed) or application["spec"]["source"]["repoURL"] not in project["sourceRepos"]:
            outside.append(name)
    assert outside == []


def test_prune_is_a_matter_of_the_layer_and_of_all() -> None:
    def pruned(chosen: Settings) -> list[str]:
        found = applications(files(full_stack("c"), chosen))
        return [name for name, a in found.items() if a["spec"]["syncPolicy"]["automated"]["prune"]]

    assert pruned(settings("argocd")) == ["c-cni", "c-logging", "c-k8s", "c-os", "c-widgets"]
    assert pruned(settings("argocd", argocd=replace(OPTIONS, prune=False))) == []


def test_nothing_has_a_finalizer_unless_asked_for_and_then_add_ons_that_may_be_pruned_only() -> None:
    assert "finalizers" not in "".join(tree(files(full_stack("c"))).values())
    chosen = settings("argocd", argocd=replace(OPTIONS, cascade=True))
    found = files(full_stack("c"), chosen)
    with_finalizer = [name for name, a in applications(found).items() if "finalizers" in a["metadata"]]
    assert with_finalizer == ["c-logging", "c-widgets"]
    assert "finalizers" not in tree(found)["argocd/_fleet/c.yaml"]


@pytest.mark.parametrize("cascade", [False, True])
def test_an_application_of_a_layer_that_is_gone_is_pruned_only_together_with_its_objects(cascade: bool) -> None:
    chosen = settings("argocd", argocd=replace(OPTIONS, cascade=cascade))
    parent = yaml.safe_load(tree(files(full_stack("c"), chosen))["argocd/_fleet/c.yaml"])
    assert parent["spec"]["syncPolicy"]["automated"]["prune"] is cascade
    assert parent["spec"]["source"]["path"] == "output/argocd/c"


def test_the_fleet_is_never_pruned_and_may_bring_nothing_but_applications_and_projects() -> None:
    [file] = delivery.fleet_files(["a", "b"], settings("argocd"), Problems())
    project, application = yaml.safe_load_all(file.content)
    assert file.path == "argocd/fleet.yaml"
    assert application["spec"]["source"]["path"] == "output/argocd/_fleet"
    assert application["spec"]["source"]["directory"] == {"recurse": True}
    assert application["spec"]["syncPolicy"]["automated"] == {"prune": False, "selfHeal": True}
    assert application["spec"]["project"] == project["metadata"]["name"] == "fleet"
    assert project["spec"]["clusterResourceWhitelist"] == []
    assert sorted(e["kind"] for e in project["spec"]["namespaceResourceWhitelist"]) == ["AppProject", "Application"]


def test_a_project_that_exists_is_used_for_everything_and_none_is_written() -> None:
    chosen = settings("argocd", argocd=replace(OPTIONS, project="platform"))
    found = [*files(full_stack("c"), chosen), *delivery.fleet_files(["c"], chosen, Problems())]
    bodies = [body for file in found for body in yaml.safe_load_all(file.content)]
    assert {(b["kind"], b["spec"].get("project")) for b in bodies} == {("Application", "platform")}


def test_sync_options_follow_from_the_objects() -> None:
    own_crd = WIDGET_CRD.replace("widgets", "others")
    layers = {"crd": WIDGET_CRD, "both": f"{own_crd}---\n{WIDGET}", "big": config_map("big", text="x" * 140_000)}
    layers["plain"] = config_map("plain")
    found = applications(files(cluster("c", *(L(name, 0, text) for name, text in layers.items()))))
    base = ["CreateNamespace=false", "PruneLast=true"]
    assert {name: a["spec"]["syncPolicy"]["syncOptions"] for name, a in found.items()} == {
        "c-big": [*base, "ServerSideApply=true"],
        "c-both": [*base, "ServerSideApply=true"],
        "c-crd": [*base, "ServerSideApply=true"],
        "c-plain": base,
    }


def test_no_application_sets_directory_which_argo_cd_refuses_beside_a_kustomization() -> None:
    found = files(full_stack("c"), settings("argocd", "flux"))
    assert any(f.path.endswith("kustomization.yaml") for f in found)
    assert not any("directory:" in f.content.decode() for f in found)


def test_a_layer_without_objects_has_no_application() -> None:
    found = files(cluster("c", L("empty", 0, ""), L("logging", 1, config_map("a"))))
    assert list(applications(found)) == ["c-logging"]


def test_more_than_argo_cd_reads_of_one_directory_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    given = cluster("c", L("dashboards", 0, config_map("a", text="x" * 2000)))
    monkeypatch.setattr(argocd, "MAX_DIRECTORY_BYTES", 1999)
    problems = Problems()
    delivery.cluster_files(given, settings("argocd"), problems)
    [warning] = problems.diagnostics
    assert (warning.code, warning.severity, str(warning.at)) == ("delivery-size", "warning", "profiles/p.yaml:7")
    problems = Problems()
    delivery.cluster_files(given, settings("argocd", "flux"), problems)
    assert problems.diagnostics == []


def test_a_cluster_with_the_name_of_the_fleet_is_refused() -> None:
    problems = Problems()
    delivery.fleet_files(["dev", "fleet"], settings("argocd"), problems)
    assert [d.code for d in problems.errors] == ["delivery-name"]
    problems = Problems()
    delivery.fleet_files(["dev", "fleet"], settings("argocd", argocd=replace(OPTIONS, fleet="all")), problems)
    assert problems.diagnostics == []


@pytest.mark.parametrize(
    ("path", "root"), [("output", "/output/"), ("", "/"), ("deploy/rendered", "/deploy/rendered/")]
)
def test_an_application_is_rendered_again_when_its_clusters_inventory_changes(path: str, root: str) -> None:
    """git names only the new place of a file that goes from one layer's folder to another's."""
    chosen = settings("argocd", argocd=replace(OPTIONS, path=path))
    texts = {**tree(files(full_stack("eu"), chosen)), **tree(delivery.fleet_files(["eu"], chosen, Problems()))}
    named = {name: re.findall(r'generate-paths: "(.*)"', text) for name, text in texts.items()}
    assert named.pop("argocd/fleet.yaml") == [f".;{root}inventory.json"]
    applications = [paths for name, paths in named.items() if not name.endswith("project.yaml")]
    assert applications == [[f".;{root}clusters/eu/inventory.json"]] * 8
