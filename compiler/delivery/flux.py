"""Flux: a kustomization.yaml in every layer's directory, and a Kustomization per layer that waits for the wave before.

A cluster with `destination.kubeconfigSecret` is delivered by the management cluster's Flux, all layers in one chain.
Any other one has a Flux of its own, which must not see its management layers: these are a chain apart, for the
management cluster. `flux/_fleet/` is what the management cluster applies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compiler import yamldoc
from compiler.delivery.documents import FLEET, delivered, labels, object_file, object_name, repository_path
from compiler.delivery.readiness import health_expressions
from compiler.diagnostics import Problems
from compiler.model import Cluster, FluxOptions, OutputFile, RenderedObject, Settings
from compiler.output.assemble import AssembledCluster, AssembledLayer
from compiler.output.inventory import text_file

_INDEX = "kustomization.yaml"
# Hooks that run when something is undone. Flux knows no hooks: it would apply them, uninstallers too, at once.
_UNDOING = frozenset({"pre-delete", "post-delete", "pre-rollback", "post-rollback"})


def cluster_files(cluster: AssembledCluster, settings: Settings, problems: Problems) -> list[OutputFile]:
    """The layers' kustomization.yaml, `flux/<cluster>/`, and what the management cluster needs in `flux/_fleet/`."""
    options, target = settings.flux, cluster.cluster.cluster
    layers = [found for found in delivered(cluster) if _applied(found)]
    files = [_layer_index(found) for found in layers]
    remote = bool(target.destination.kubeconfig_secret)
    managed = [found for found in layers if found.layer.management or remote]
    own = [found for found in layers if found not in managed]
    folder = f"flux/{target.name}"
    if managed:
        place = folder if remote else f"{folder}/management"
        files += _chain(managed, place, target, options, problems)
        entry = _entry(object_name(target.name), place, options, prune=options.prune)
        entry["metadata"]["labels"] = labels(target.name)
        files.append(object_file(f"flux/{FLEET}/{target.name}.yaml", entry, cluster=target.name))
    if own:
        files += _chain(own, folder, target, options, problems)
        entry = _entry(object_name(target.name), folder, options, prune=options.prune)
        entry["metadata"]["labels"] = labels(target.name)
        files.append(object_file(f"{folder}/cluster.yaml", entry, cluster=target.name))
    return files


def fleet_files(cluster_names: Sequence[str], settings: Settings, problems: Problems) -> list[OutputFile]:
    """`flux/fleet.yaml`: what the management cluster applies, of all clusters."""
    options = settings.flux
    if options.fleet in cluster_names:
        problems.error(
            "delivery-name",
            f"the Kustomization above all clusters has the name of cluster '{options.fleet}'",
            settings.at,
            hint="give it another: flux: {fleet: all-clusters}",
        )
    return [object_file("flux/fleet.yaml", _entry(options.fleet, f"flux/{FLEET}", options, prune=False))]


def _applied(found: AssembledLayer) -> list[tuple[str, RenderedObject]]:
    """The layer's objects but for hooks that only undo something."""
    return [(path, item) for path, item in found.objects if not _only_undoes(item.hook)]


def _only_undoes(hook: str) -> bool:
    events = {event.strip() for event in hook.split(",")} - {""}
    return bool(events) and events <= _UNDOING


def _layer_index(found: AssembledLayer) -> OutputFile:
    names = sorted(path.rpartition("/")[2] for path, _ in _applied(found))
    return _index(found.layer.directory, names, found.layer.cluster, found.layer.name)


def _index(directory: str, resources: list[str], cluster: str, layer: str = "") -> OutputFile:
    body = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources}
    return text_file(f"{directory}/{_INDEX}", yamldoc.dump(body), cluster, layer)


def _chain(
    layers: Sequence[AssembledLayer], folder: str, target: Cluster, options: FluxOptions, problems: Problems
) -> list[OutputFile]:
    """The Kustomizations of the layers, each after all layers of the wave before, and their index."""
    waves = sorted({found.layer.wave for found in layers})
    before = dict(zip(waves[1:], waves, strict=False))
    files = []
    for found in layers:
        layer = found.layer
        earlier = [f.layer.name for f in layers if f.layer.wave == before.get(layer.wave)]
        body = _kustomization(found, [object_name(target.name, name) for name in sorted(earlier)], target, options)
        expressions = health_expressions(layer, problems)
        if expressions:
            body["spec"]["healthCheckExprs"] = expressions
        path = f"{folder}/{layer.wave:02d}-{layer.name}.yaml"
        files.append(object_file(path, body, cluster=target.name, layer=layer.name))
    names = sorted(file.path.rpartition("/")[2] for file in files)
    return [*files, _index(folder, names, target.name)]


def _kustomization(
    found: AssembledLayer, after: Sequence[str], target: Cluster, options: FluxOptions
) -> dict[str, Any]:
    layer = found.layer
    spec: dict[str, Any] = {
        **_common(layer.directory, options),
        "prune": options.prune and layer.policy.prune != "disabled",
        "wait": True,
        "timeout": options.timeout,
    }
    if after:
        spec["dependsOn"] = [{"name": name} for name in after]
    if target.destination.kubeconfig_secret and not layer.management:
        spec["kubeConfig"] = {"secretRef": {"name": target.destination.kubeconfig_secret}}
    if layer.type != "addon":
        spec["deletionPolicy"] = "Orphan"  # no cluster loses its network because a Kustomization was deleted
    if any(b"\nsops:\n" in item.content for _, item in found.objects):
        secret = {"secretRef": {"name": options.decryption_secret}} if options.decryption_secret else {}
        spec["decryption"] = {"provider": "sops", **secret}
    return _object(object_name(target.name, layer.name), spec, options, labels(target.name, layer.name))


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
