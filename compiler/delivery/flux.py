"""Flux: a kustomization.yaml in every layer's folder, and a Kustomization per layer that waits for the wave before.

A cluster with `destination.kubeconfigSecret` is delivered by the management cluster's Flux, all layers in one chain.
Any other one has a Flux of its own, which must not see its management layers: these are a chain apart, for the
management cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from compiler import yamldoc
from compiler.charts import hooks
from compiler.delivery.documents import (
    delivered,
    labels,
    makes_cluster,
    object_file,
    object_name,
    refuse_fleet_name,
    repository_path,
)
from compiler.delivery.readiness import health_expressions
from compiler.diagnostics import Problems
from compiler.model import Cluster, FluxOptions, OutputFile, PlannedLayer, RenderedObject, Settings, layout
from compiler.model.assembled import AssembledCluster, AssembledLayer
from compiler.model.layout import DeliveryFolder, Stage
from compiler.model.rendered import text_file

# Flux knows no hooks. Those that run when something is undone are left out: it would run an uninstaller at once. Those
# around an installation become stages of the layer, as ordinary objects.
_UNDOING = frozenset({"pre-delete", "post-delete", "pre-rollback", "post-rollback"})
_BEFORE = frozenset({"pre-install", "pre-upgrade"})
_AFTER = frozenset({"post-install", "post-upgrade"})
# What hooks before an installation may need of it: Helm, too, makes namespaces and the CRDs of crds/ first.
_FIRST = frozenset({("", "Namespace"), ("apiextensions.k8s.io", "CustomResourceDefinition")})

# A condition of Cluster API's Cluster, in all of its versions.
_CONTROL_PLANE_ANSWERS = 'status.conditions.exists(c, c.type == "ControlPlaneInitialized" && c.status == "True")'

Objects = list[tuple[str, RenderedObject]]
"""Objects with the paths of their files, relative to the output root."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """What one Kustomization applies. `stage` is '' for a layer that is applied in one; `path` is the folder with its
    kustomization.yaml."""

    layer: PlannedLayer
    stage: Stage
    objects: Objects
    path: str

    @property
    def hooks(self) -> bool:
        return self.stage in ("before", "after")

    @property
    def name(self) -> str:
        return object_name(self.layer.cluster, self.layer.installed_as, *([self.stage] if self.hooks else []))


def cluster_files(cluster: AssembledCluster, settings: Settings, problems: Problems) -> list[OutputFile]:
    """The layers' kustomization.yaml, their Kustomizations, and what the management cluster applies of them."""
    options, target = settings.flux, cluster.planned.written
    layers = [assembled for assembled in delivered(cluster) if _applied(assembled)]
    files = [_layer_index(assembled) for assembled in layers]
    remote = bool(target.destination.kubeconfig_secret)
    managed = [assembled for assembled in layers if assembled.layer.management or remote]
    own = [assembled for assembled in layers if assembled not in managed]
    if managed:
        folder = DeliveryFolder("flux", target.name, management=not remote)
        entry = layout.fleet_entry("flux", target.name)
        files += [*_chain(managed, folder, target, options, problems), _whole(folder, entry, options)]
    if own:
        folder = DeliveryFolder("flux", target.name)
        files += [*_chain(own, folder, target, options, problems), _whole(folder, folder.whole, options)]
    return files


def _whole(folder: DeliveryFolder, path: str, options: FluxOptions) -> OutputFile:
    """The Kustomization above a chain."""
    entry = _entry(object_name(folder.cluster), folder.path, options, prune=options.prune)
    entry["metadata"]["labels"] = labels(folder.cluster)
    return object_file(path, entry, cluster=folder.cluster)


def fleet_files(cluster_names: Sequence[str], settings: Settings, problems: Problems) -> list[OutputFile]:
    """What the management cluster applies, of all clusters."""
    options = settings.flux
    refuse_fleet_name(options.fleet, cluster_names, "Kustomization", "flux", settings.at, problems)
    entry = _entry(options.fleet, layout.fleet_folder("flux"), options, prune=False)
    return [object_file(layout.fleet_file("flux"), entry)]


def _applied(assembled: AssembledLayer) -> Objects:
    """The layer's objects but for hooks that only undo something."""
    return [(path, item) for path, item in assembled.objects if not item.hook or hooks.events(item.hook) - _UNDOING]


def _stages(assembled: AssembledLayer, folder: DeliveryFolder) -> list[_Stage]:
    """The layer in the order in which Flux is to apply it: one stage, where no hook runs around an installation."""
    layer, applied = assembled.layer, _applied(assembled)
    before = {path for path, item in applied if hooks.events(item.hook) & _BEFORE}
    after = {path for path, item in applied if hooks.events(item.hook) & _AFTER} - before
    if not before and not after:
        return [_Stage(layer, "", applied, layer.directory)]
    if before:
        before |= {path for path, item in applied if (item.group, item.kind) in _FIRST}
    main = {path for path, _ in applied} - before - after
    stages: list[tuple[Stage, set[str]]] = [("before", before), ("main", main), ("after", after)]
    return [
        _Stage(layer, stage, [pair for pair in applied if pair[0] in paths], folder.stage(layer.name, stage))
        for stage, paths in stages
        if paths
    ]


def _stage_index(stage: _Stage) -> OutputFile:
    """It names files outside of its directory, which Flux allows."""
    up = "../" * (stage.path.count("/") + 1)
    return _index(stage.path, sorted(f"{up}{path}" for path, _ in stage.objects), stage.layer.cluster, stage.layer.name)


def _layer_index(assembled: AssembledLayer) -> OutputFile:
    names = sorted(path.rpartition("/")[2] for path, _ in _applied(assembled))
    return _index(assembled.layer.directory, names, assembled.layer.cluster, assembled.layer.name)


def _index(directory: str, resources: list[str], cluster: str, layer: str = "") -> OutputFile:
    body = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources}
    return text_file(layout.kustomization(directory), yamldoc.dump(body), cluster, layer)


def _chain(
    layers: Sequence[AssembledLayer], folder: DeliveryFolder, target: Cluster, options: FluxOptions, problems: Problems
) -> list[OutputFile]:
    """The Kustomizations of the layers, each after all layers of the wave before, and their index."""
    files, names = [], []
    earlier: list[str] = []  # the last stages of the wave before
    for _, wave in groupby(
        sorted(layers, key=lambda assembled: assembled.layer.wave), key=lambda assembled: assembled.layer.wave
    ):
        last = []
        for assembled in wave:
            after = earlier
            for stage in _stages(assembled, folder):
                body = _kustomization(stage, after, target, options)
                body["spec"] |= _health(stage, problems)
                path = folder.layer(assembled.layer.name, stage.stage)
                names.append(path.removeprefix(f"{folder.path}/"))
                files.append(object_file(path, body, cluster=target.name, layer=assembled.layer.name))
                if stage.path != stage.layer.directory:
                    files.append(_stage_index(stage))
                after = [stage.name]
            last += after
        earlier = sorted(last)
    return [*files, _index(folder.path, sorted(names), target.name)]


def _kustomization(stage: _Stage, after: Sequence[str], target: Cluster, options: FluxOptions) -> dict[str, Any]:
    layer = stage.layer
    spec: dict[str, Any] = {
        **_common(stage.path, options),
        "prune": options.prune and layer.policy.prune != "disabled",
        "timeout": options.timeout,
    }
    if after:
        spec["dependsOn"] = [{"name": name} for name in after]
    if target.destination.kubeconfig_secret and not layer.management:
        spec["kubeConfig"] = {"secretRef": {"name": target.destination.kubeconfig_secret}}
    if layer.type != "addon":
        spec["deletionPolicy"] = "Orphan"  # no cluster loses its network because a Kustomization was deleted
    if any(item.encrypted for _, item in stage.objects):
        secret = {"secretRef": {"name": options.decryption_secret}} if options.decryption_secret else {}
        spec["decryption"] = {"provider": "sops", **secret}
    return _object(stage.name, spec, options, labels(target.name, layer.name))


def _health(stage: _Stage, problems: Problems) -> dict[str, Any]:
    """When the stage is ready: when all of its objects are. A layer that makes the cluster is ready when the control
    plane answers (and what its `readiness` names is); then kubeconfig and API server are there for the next layer."""
    expressions = [] if stage.hooks else health_expressions(stage.layer, problems)
    if not makes_cluster(stage.layer):
        return {"wait": True, **({"healthCheckExprs": expressions} if expressions else {})}
    kinds = {(e["apiVersion"], e["kind"]) for e in expressions}
    checked = []
    for _, item in stage.objects:
        api = f"{item.group}/{item.version}" if item.group else item.version
        if (item.group, item.kind) == ("cluster.x-k8s.io", "Cluster") and (api, item.kind) not in kinds:
            kinds.add((api, item.kind))
            expressions.append({"apiVersion": api, "kind": item.kind, "current": _CONTROL_PLANE_ANSWERS})
        if (api, item.kind) in kinds:
            checked.append({"apiVersion": api, "kind": item.kind, "name": item.name, "namespace": item.namespace})
    checks = {"healthChecks": checked, "healthCheckExprs": expressions} if checked else {}
    return {"wait": False, **checks}


def _entry(name: str, path: str, options: FluxOptions, *, prune: bool) -> dict[str, Any]:
    """A Kustomization of Kustomizations. Whoever deletes it deletes nothing else."""
    spec = {**_common(path, options), "prune": prune, "deletionPolicy": "Orphan", "timeout": options.timeout}
    return _object(name, spec, options, {"app.kubernetes.io/managed-by": "lamella"})


def _common(path: str, options: FluxOptions) -> dict[str, Any]:
    return {
        "interval": options.interval,
        "retryInterval": options.retry_interval,
        "path": f"./{repository_path(options.path, path)}",
        "sourceRef": {"kind": options.source_kind, "name": options.source_name},
    }


def _object(name: str, spec: dict[str, Any], options: FluxOptions, marks: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": options.namespace, "labels": marks},
        "spec": spec,
    }
