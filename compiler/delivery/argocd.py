"""Argo CD: for each cluster an AppProject, an Application per layer, and one above them; one above all clusters.

The fleet's Application applies those of the clusters, and each of these the cluster's layers in sync waves. Waves of
different clusters are apart, so a cluster that is broken keeps no other one waiting. The layers that make the cluster
itself are apart from those that run in it: their machines become healthy only with the network of a later layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compiler import kubernetes, yamldoc
from compiler.codes import Code
from compiler.delivery.documents import (
    delivered,
    labels,
    makes_cluster,
    object_file,
    object_name,
    refuse_fleet_name,
    repository_path,
)
from compiler.diagnostics import Problems
from compiler.model import ArgocdOptions, Cluster, OutputFile, Settings, layout
from compiler.model.assembled import AssembledCluster, AssembledLayer
from compiler.model.layout import DeliveryFolder
from compiler.model.rendered import text_file

_API_VERSION = "argoproj.io/v1alpha1"
_IN_CLUSTER = "https://kubernetes.default.svc"
_WAVE = "argocd.argoproj.io/sync-wave"
_GENERATE_PATHS = "argocd.argoproj.io/manifest-generate-paths"
_FINALIZER = "resources-finalizer.argocd.argoproj.io"
# Argo CD's default for a directory of plain manifests: reposerver.max.combined.directory.manifests.size = 10M.
MAX_DIRECTORY_BYTES = 10_000_000
# Client-side apply keeps the object as JSON in an annotation of at most 262,144 bytes. JSON's quotes and braces can
# make that longer than our YAML, so half of it is the bound here; server-side apply does no harm to smaller objects.
MAX_CLIENT_SIDE_BYTES = 262_144 // 2
# `refresh`: a retry takes the newest commit, else the mend of a commit that cannot be synced waits for all ten of them.
_RETRY = {"limit": 10, "refresh": True, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"}}


def cluster_files(cluster: AssembledCluster, settings: Settings, problems: Problems) -> list[OutputFile]:
    """The cluster's project and layers, those that make the cluster apart, and its own Applications for the fleet's."""
    layers = delivered(cluster)
    _check_sizes(layers, settings, problems)
    groups: dict[bool, list[AssembledLayer]] = {}
    for assembled in layers:
        groups.setdefault(makes_cluster(assembled.layer), []).append(assembled)
    target = cluster.planned.written
    return [
        file
        for making, members in groups.items()
        for file in _group_files(target, members, settings.argocd, making=making)
    ]


def _group_files(
    target: Cluster, layers: Sequence[AssembledLayer], options: ArgocdOptions, *, making: bool
) -> list[OutputFile]:
    """Layers with an Application above them and a project."""
    name = object_name(target.name, *(["management"] if making else []))
    folder = DeliveryFolder("argocd", target.name, management=making)
    parent = _parent(name, folder.path, options, prune=options.cascade, cluster=target.name)
    parent["metadata"]["labels"] = labels(target.name)
    entry = layout.fleet_entry("argocd", target.name, management=making)
    files = [object_file(entry, parent, cluster=target.name)]
    if not options.project:
        files.append(object_file(folder.project, _project(name, target, layers, options), cluster=target.name))
    for assembled in layers:
        body = _layer_application(options.project or name, target, assembled, options)
        path = folder.layer(assembled.layer.name)
        files.append(object_file(path, body, cluster=target.name, layer=assembled.layer.name))
    return files


def fleet_files(cluster_names: Sequence[str], settings: Settings, problems: Problems) -> list[OutputFile]:
    """The Application above all clusters and the project of such Applications, in one file."""
    options = settings.argocd
    refuse_fleet_name(options.fleet, cluster_names, "Application", "argocd", settings.at, problems)
    application = _parent(options.fleet, layout.fleet_folder("argocd"), options, prune=False)
    application["spec"]["source"]["directory"] = {"recurse": True}
    bodies = [application] if options.project else [_fleet_project(options), application]
    return [text_file(layout.fleet_file("argocd"), yamldoc.dump_all(bodies))]


def _check_sizes(layers: Sequence[AssembledLayer], settings: Settings, problems: Problems) -> None:
    if "flux" in settings.delivery:
        return  # a directory with a kustomization.yaml is not read as plain manifests, and has no limit
    for assembled in layers:
        size = sum(len(item.content) for _, item in assembled.objects)
        if size > MAX_DIRECTORY_BYTES:
            problems.warning(
                Code.DELIVERY_SIZE,
                f"layer '{assembled.layer.name}': {size:,} bytes of manifests; Argo CD"
                f" reads at most {MAX_DIRECTORY_BYTES:,} of one directory",
                assembled.layer.at,
                hint="split the layer (CRDs into one of their own), or raise"
                " reposerver.max.combined.directory.manifests.size in argocd-cmd-params-cm",
            )


def _layer_application(
    project: str, target: Cluster, assembled: AssembledLayer, options: ArgocdOptions
) -> dict[str, Any]:
    layer = assembled.layer
    # Cluster API puts its objects together whatever comes first, and some are healthy only when all layers are there.
    wave = 0 if makes_cluster(layer) else layer.wave
    prune = options.prune and layer.policy.prune != "disabled"
    metadata = {
        "name": object_name(target.name, layer.installed_as),
        "namespace": options.namespace,
        "labels": labels(target.name, layer.name),
        "annotations": {_WAVE: str(wave), _GENERATE_PATHS: _generate_paths(options, target.name)},
    }
    if options.cascade and prune and layer.type == "addon":
        metadata["finalizers"] = [_FINALIZER]
    return {
        "apiVersion": _API_VERSION,
        "kind": "Application",
        "metadata": metadata,
        "spec": {
            "project": project,
            "source": _source(layer.directory, options),
            "destination": {**_destination(target, management=layer.management), "namespace": layer.namespace},
            "syncPolicy": {
                "automated": {"prune": prune, "selfHeal": options.self_heal},
                "retry": _RETRY,
                "syncOptions": _sync_options(assembled),
            },
        },
    }


def _source(path: str, options: ArgocdOptions) -> dict[str, Any]:
    return {
        "repoURL": options.repo_url,
        "targetRevision": options.target_revision,
        "path": repository_path(options.path, path),
    }


def _destination(target: Cluster, *, management: bool) -> dict[str, str]:
    """Management layers go where Argo CD itself runs, the others to the cluster as Argo CD knows it."""
    if management:
        return {"server": _IN_CLUSTER}
    if target.destination.server:
        return {"server": target.destination.server}
    return {"name": target.destination.name or target.name}


def _sync_options(assembled: AssembledLayer) -> list[str]:
    """What the objects of the layer need of a sync."""
    objects = [item for _, item in assembled.objects]
    crds = {(item.crd.group, item.crd.kind) for item in objects if item.crd}
    foreign = any(not kubernetes.is_builtin_group(o.group) and (o.group, o.kind) not in crds for o in objects)
    large = any(len(item.content) > MAX_CLIENT_SIDE_BYTES for item in objects)
    options = ["CreateNamespace=false", "PruneLast=true"]  # Namespaces are rendered
    if crds or large:
        options.append("ServerSideApply=true")
    if foreign:
        # The CRD comes with another layer, perhaps in this very sync.
        options.append("SkipDryRunOnMissingResource=true")
    return options


def _project(name: str, target: Cluster, layers: Sequence[AssembledLayer], options: ArgocdOptions) -> dict[str, Any]:
    """What these layers may be: from the one repository, to the one cluster.

    Kinds and namespaces are not limited to those in use: Argo CD does not prune what its project does not permit (any
    more), so the last object of a kind would stay in the cluster for ever. Only where Argo CD itself runs the
    namespaces are named.
    """
    managed = [assembled for assembled in layers if assembled.layer.management]
    destinations = []
    if len(managed) < len(layers):
        destinations.append({**_destination(target, management=False), "namespace": "*"})
    namespaces = {item.namespace for assembled in managed for _, item in assembled.objects if item.namespace}
    namespaces |= {assembled.layer.namespace for assembled in managed}
    destinations += [{"server": _IN_CLUSTER, "namespace": namespace} for namespace in sorted(namespaces)]
    return {
        "apiVersion": _API_VERSION,
        "kind": "AppProject",
        "metadata": {
            "name": name,
            "namespace": options.namespace,
            "labels": labels(target.name),
            "annotations": {_WAVE: "-1"},  # before every Application that is in it
        },
        "spec": {
            "description": f"Layers of cluster {target.name}"[:255],
            "sourceRepos": [options.repo_url],
            "destinations": destinations,
            "clusterResourceWhitelist": [{"group": group, "kind": "*"} for group in _cluster_scoped_groups(layers)],
            "namespaceResourceWhitelist": [{"group": "*", "kind": "*"}],
        },
    }


def _cluster_scoped_groups(layers: Sequence[AssembledLayer]) -> list[str]:
    """API groups with cluster-scoped kinds: Kubernetes' own, and those of the layers' CRDs and objects."""
    groups = {group for group, _ in kubernetes.CLUSTER_SCOPED}
    for assembled in layers:
        groups |= {item.group for _, item in assembled.objects if not item.namespace}
        groups |= {item.crd.group for _, item in assembled.objects if item.crd and item.crd.scope == "Cluster"}
    return sorted(groups)


def _generate_paths(options: ArgocdOptions, cluster: str = "") -> str:
    """When Argo CD renders an Application again: where its own directory has changed, or the inventory has.

    Argo CD asks `git diff --name-only`, which finds renames: of a file that left the directory it names the new place
    alone, and an Application that lost an object would keep its cached manifests and fight the new owner.
    """
    return f".;/{repository_path(options.path, layout.inventory(cluster))}"


def _parent(name: str, path: str, options: ArgocdOptions, *, prune: bool, cluster: str = "") -> dict[str, Any]:
    """An Application of Applications. It has no finalizer: whoever deletes it deletes nothing else.

    It prunes an Application only where that takes the layer's objects along; else the Application of a layer that is
    gone stays, out of sync, for a person to delete with or without its objects.
    """
    return {
        "apiVersion": _API_VERSION,
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": options.namespace,
            "annotations": {_GENERATE_PATHS: _generate_paths(options, cluster)},
        },
        "spec": {
            "project": options.project or options.fleet,
            "source": _source(path, options),
            "destination": {"server": _IN_CLUSTER, "namespace": options.namespace},
            "syncPolicy": {"automated": {"prune": prune, "selfHeal": options.self_heal}, "retry": _RETRY},
        },
    }


def _fleet_project(options: ArgocdOptions) -> dict[str, Any]:
    """Applications of Applications may bring projects and Applications to Argo CD's own namespace, and nothing else."""
    return {
        "apiVersion": _API_VERSION,
        "kind": "AppProject",
        "metadata": {
            "name": options.fleet,
            "namespace": options.namespace,
            "labels": {"app.kubernetes.io/managed-by": "lamella"},
        },
        "spec": {
            "description": "Applications of clusters",
            "sourceRepos": [options.repo_url],
            "destinations": [{"server": _IN_CLUSTER, "namespace": options.namespace}],
            "clusterResourceWhitelist": [],
            "namespaceResourceWhitelist": [
                {"group": "argoproj.io", "kind": "Application"},
                {"group": "argoproj.io", "kind": "AppProject"},
            ],
        },
    }
