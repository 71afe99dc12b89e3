"""What people write about clusters: which profiles they have, and what each level overrides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from compiler.diagnostics import Position
from compiler.kubernetes.selectors import Selector
from compiler.model.overlays import WrittenOverlay
from compiler.model.profiles import LayerSettings, Policy


@dataclass(frozen=True, slots=True)
class ProfileRef:
    """A profile as a cluster or a template uses it, with variable values (as text; typed values are checked later)."""

    name: str
    version: str
    at: Position
    variables: Mapping[str, Any] = field(default_factory=dict)
    variables_at: Mapping[str, Position] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a cluster and a cluster template have in common: profiles, overrides by layer name, overlays, policy."""

    profiles: tuple[ProfileRef, ...] = ()
    layers: Mapping[str, LayerSettings] = field(default_factory=dict)
    overlays: tuple[WrittenOverlay, ...] = ()
    policy: Policy = Policy()


@dataclass(frozen=True, slots=True)
class Template:
    """A ClusterTemplate: gives its assignment to every cluster whose labels match, after those that it extends."""

    name: str
    at: Position
    selector: Selector
    assignment: Assignment
    extends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodePool:
    """Workers or control plane of a cluster, for the resource constraints of packs. Amounts are per node."""

    name: str
    role: Literal["control-plane", "worker"]
    count: int
    cpu_millicores: int
    memory_mib: int
    disk_gb: int


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the cluster is, as the delivery controller knows it. Empty = the cluster's own name / in-cluster."""

    server: str = ""
    name: str = ""
    kubeconfig_secret: str = ""  # Flux: Secret with the kubeconfig, in the Kustomization's namespace


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Cluster as written."""

    name: str
    at: Position
    labels: Mapping[str, str]
    cloud: str
    assignment: Assignment
    kubernetes_version: str = ""
    api_versions: tuple[str, ...] = ()
    destination: Destination = Destination()
    facts: Mapping[str, str] = field(default_factory=dict)  # values of .spectro.system.* that git does not know
    node_pools: tuple[NodePool, ...] = ()


@dataclass(frozen=True, slots=True)
class Macros:
    """User macros of one scope; project wins over tenant wins over system."""

    name: str
    scope: Literal["project", "tenant", "system"]
    selector: Selector
    values: Mapping[str, str]
    at: Position
