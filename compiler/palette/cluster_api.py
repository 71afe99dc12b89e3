"""Cluster API objects from the os and k8s layers of a cluster, for the cluster that manages it.

A Cluster, its KubeadmControlPlane, and for workers one KubeadmConfigTemplate and a MachineDeployment a pool. The
infrastructure provider's own objects (image, size, credentials) are the user's: manifests of the os layer, named
`<cluster>` and `<cluster>-<pool>`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compiler.model import NodePool
from compiler.palette.kubeadm import COMPONENTS, Component, KubeadmConfig

_CORE, _CONTROL_PLANE, _BOOTSTRAP = "cluster.x-k8s.io", "controlplane.cluster.x-k8s.io", "bootstrap.cluster.x-k8s.io"
_INFRASTRUCTURE = "infrastructure.cluster.x-k8s.io"
_VERSION = "v1beta2"
# Kind prefix of the providers' objects: <prefix>Cluster and <prefix>MachineTemplate. Source: their CRDs.
PROVIDERS: Mapping[str, str] = {
    "aws": "AWS", "azure": "Azure", "gcp": "GCP", "vsphere": "VSphere", "maas": "Maas", "openstack": "OpenStack",
    "baremetal": "Metal3", "nutanix": "Nutanix", "apache-cloudstack": "CloudStack", "docker": "Docker",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """The facts of the cluster that the objects need. `provider` is the kind prefix of the infrastructure's objects."""

    name: str
    namespace: str
    kubernetes_version: str
    provider: str
    pods: tuple[str, ...] = ()  # CIDRs
    services: tuple[str, ...] = ()
    service_domain: str = ""
    pools: tuple[NodePool, ...] = ()


def objects(config: KubeadmConfig, facts: ClusterFacts) -> tuple[dict[str, Any], ...]:
    """The objects, each before those that it refers to."""
    workers = [pool for pool in facts.pools if pool.role == "worker"]
    template = _config_template(config, facts)
    deployments = [_machine_deployment(pool, template["metadata"]["name"], facts) for pool in workers]
    return (_cluster(facts), _control_plane(config, facts), *([template, *deployments] if workers else []))


def _object(group: str, kind: str, name: str, facts: ClusterFacts, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": f"{group}/{_VERSION}",
        "kind": kind,
        "metadata": {"labels": {f"{_CORE}/cluster-name": facts.name}, "name": name, "namespace": facts.namespace},
        "spec": dict(spec),
    }


def _reference(group: str, kind: str, name: str) -> dict[str, str]:
    return {"apiGroup": group, "kind": kind, "name": name}


def _machines(pool: str, facts: ClusterFacts) -> dict[str, str]:
    return _reference(_INFRASTRUCTURE, f"{facts.provider}MachineTemplate", f"{facts.name}-{pool}")


def _control_plane_pool(facts: ClusterFacts) -> tuple[str, int]:
    """Name and size of the control plane: its pool's, else one node named control-plane."""
    pool = next((pool for pool in facts.pools if pool.role == "control-plane"), None)
    return (pool.name, pool.count) if pool else ("control-plane", 1)


def _cluster(facts: ClusterFacts) -> dict[str, Any]:
    network: dict[str, Any] = {}
    if facts.pods:
        network["pods"] = {"cidrBlocks": list(facts.pods)}
    if facts.services:
        network["services"] = {"cidrBlocks": list(facts.services)}
    if facts.service_domain:
        network["serviceDomain"] = facts.service_domain
    pool, _ = _control_plane_pool(facts)
    return _object(
        _CORE,
        "Cluster",
        facts.name,
        facts,
        {
            **({"clusterNetwork": network} if network else {}),
            "controlPlaneRef": _reference(_CONTROL_PLANE, "KubeadmControlPlane", f"{facts.name}-{pool}"),
            "infrastructureRef": _reference(_INFRASTRUCTURE, f"{facts.provider}Cluster", facts.name),
        },
    )


def _control_plane(config: KubeadmConfig, facts: ClusterFacts) -> dict[str, Any]:
    pool, count = _control_plane_pool(facts)
    spec = _node(config)
    registration = _registration(config)
    if registration:
        spec["initConfiguration"] = registration
        spec["joinConfiguration"] = registration
    cluster = {name: _with_argument_lists(value) for name, value in config.cluster_fields.items()}
    for name in COMPONENTS:
        if name in config.components:
            cluster[name] = _component(config.components[name])
    if cluster:
        spec["clusterConfiguration"] = cluster
    return _object(
        _CONTROL_PLANE,
        "KubeadmControlPlane",
        f"{facts.name}-{pool}",
        facts,
        {
            **({"kubeadmConfigSpec": spec} if spec else {}),
            "machineTemplate": {"spec": {"infrastructureRef": _machines(pool, facts)}},
            "replicas": count,
            "version": _version(facts),
        },
    )


def _config_template(config: KubeadmConfig, facts: ClusterFacts) -> dict[str, Any]:
    """A template named by its content: machines are replaced only when the reference to their template changes."""
    spec = _node(config)
    registration = _registration(config)
    if registration:
        spec["joinConfiguration"] = registration
    body = {"template": {"spec": spec or {"format": "cloud-config"}}}  # the default; an empty spec is refused
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return _object(_BOOTSTRAP, "KubeadmConfigTemplate", f"{facts.name}-worker-{digest[:8]}", facts, body)


def _machine_deployment(pool: NodePool, template: str, facts: ClusterFacts) -> dict[str, Any]:
    labels = {f"{_CORE}/cluster-name": facts.name, f"{_CORE}/deployment-name": f"{facts.name}-{pool.name}"}
    return _object(
        _CORE,
        "MachineDeployment",
        f"{facts.name}-{pool.name}",
        facts,
        {
            "clusterName": facts.name,
            "replicas": pool.count,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "bootstrap": {"configRef": _reference(_BOOTSTRAP, "KubeadmConfigTemplate", template)},
                    "clusterName": facts.name,
                    "infrastructureRef": _machines(pool.name, facts),
                    "version": _version(facts),
                },
            },
        },
    )


def _version(facts: ClusterFacts) -> str:
    return f"v{facts.kubernetes_version.removeprefix('v')}"


def _node(config: KubeadmConfig) -> dict[str, Any]:
    """The settings that control plane and workers share."""
    spec: dict[str, Any] = dict(config.node_fields)
    if config.files:
        spec["files"] = [dict(file) for file in config.files]
    if config.pre_commands:
        spec["preKubeadmCommands"] = list(config.pre_commands)
    if config.post_commands:
        spec["postKubeadmCommands"] = list(config.post_commands)
    return spec


def _registration(config: KubeadmConfig) -> dict[str, Any]:
    arguments = _arguments(config.kubelet_arguments)
    return {"nodeRegistration": {"kubeletExtraArgs": arguments}} if arguments else {}


def _component(component: Component) -> dict[str, Any]:
    fields = dict(component.other)
    if component.arguments:
        fields["extraArgs"] = _arguments(component.arguments)
    if component.volumes:
        fields["extraVolumes"] = [dict(volume) for volume in component.volumes]
    return fields


def _arguments(given: Mapping[str, str]) -> list[dict[str, str]]:
    """Arguments as a sorted list since v1beta2, as a mapping before."""
    return [{"name": name, "value": value} for name, value in sorted(given.items())]


def _with_argument_lists(etcd: Any) -> Any:
    """`etcd.local.extraArgs`, a mapping in the packs."""
    local = etcd.get("local") if isinstance(etcd, dict) else None
    if not (isinstance(local, dict) and isinstance(local.get("extraArgs"), dict)):
        return etcd
    arguments = {name: str(value) for name, value in local["extraArgs"].items()}
    return {**etcd, "local": {**local, "extraArgs": _arguments(arguments)}}
