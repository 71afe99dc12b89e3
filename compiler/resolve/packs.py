"""What the packs of a cluster ask of it, of each other and of their values; kubeadm settings as Cluster API objects."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler import files as tree
from compiler import yamldoc
from compiler.diagnostics import Problems
from compiler.model import ManifestPart
from compiler.model.order import layer_key
from compiler.palette import constraints, presets, schema
from compiler.palette.cluster_api import PROVIDERS, ClusterFacts, objects
from compiler.palette.kubeadm import Source as KubeadmSource
from compiler.palette.kubeadm import kubeadm_config
from compiler.palette.members import Member
from compiler.palette.settings import PackSettings
from compiler.palette.values import PackValues
from compiler.ports import Files
from compiler.resolve.choose import ChosenLayer
from compiler.resolve.scope import Scope
from compiler.resolve.stack import Stack

CLUSTER_API = "(kubeadmconfig of the cluster's packs)"


@dataclass(frozen=True, slots=True)
class ResolvedLayer:
    """A chosen layer with its final values and what they say of it. `values` is set where a pack is behind the layer."""

    layer: ChosenLayer
    data: Mapping[str, Any]
    values: PackValues | None
    settings: PackSettings
    scope: Scope

    @property
    def name(self) -> str:
        return self.layer.name


def check_packs(
    stack: Stack, layers: Sequence[ResolvedLayer], version: str, today: datetime.date | None, problems: Problems
) -> None:
    """Constraints of packs on the cluster and each other, schema.yaml on final values, the record of presets.

    `today` is for end-of-life warnings only; None gives none.
    """
    members = [_member(resolved) for resolved in layers if not resolved.layer.stacked.layer.builtin]
    constraints.check(members, stack.cloud, version, stack.cluster.node_pools, problems)
    if today is not None:
        for member in members:
            constraints.check_end_of_life(member, today, problems)
    for resolved in layers:
        if resolved.values is not None:
            schema.check(resolved.values)
            presets.check_record(resolved.values.pack, problems)


def _member(resolved: ResolvedLayer) -> Member:
    layer = resolved.layer
    named = layer.pack.name if layer.pack else layer.chart.name if layer.chart else layer.name
    return Member(
        layer=layer.name,
        type=layer.stacked.layer.type,
        name=named,
        version=layer.version,
        at=layer.stacked.layer.at,
        pack=layer.pack,
        data=resolved.data,
        display_name=resolved.settings.display_name,
    )


def cluster_api_part(
    stack: Stack, layers: Sequence[ResolvedLayer], version: str, namespace: str, files: Files, problems: Problems
) -> ManifestPart:
    """The kubeadm settings of all packs, in the order of layers, as Cluster API objects (opt-in: `capi: true`)."""
    ordered = sorted(
        (resolved for resolved in layers if resolved.values is not None),
        key=lambda r: layer_key(r.layer.stacked.layer.type, r.settings.install_priority or 0, r.layer.stacked.order),
    )
    config = kubeadm_config([_kubeadm_source(resolved, files) for resolved in ordered])
    k8s = next(r for r in layers if r.layer.stacked.layer.type == "k8s")
    if stack.cloud not in PROVIDERS:
        problems.error(
            "capi-cloud",
            f"cluster '{stack.cluster.name}': no Cluster API provider is known for cloud '{stack.cloud}'",
            stack.cluster.at,
            hint=f"known are {', '.join(sorted(PROVIDERS))}; or write the objects in a pack of your own, without capi: true",
        )
    facts = ClusterFacts(
        name=stack.cluster.name,
        namespace=namespace,
        kubernetes_version=version,
        provider=PROVIDERS.get(stack.cloud, ""),
        pods=tuple(filter(None, k8s.settings.pod_cidr.split(","))),
        services=tuple(filter(None, k8s.settings.service_cidr.split(","))),
        service_domain=k8s.settings.service_domain,
        pools=stack.cluster.node_pools,
    )
    return ManifestPart(CLUSTER_API, yamldoc.dump_all(objects(config, facts)))


def _kubeadm_source(resolved: ResolvedLayer, files: Files) -> KubeadmSource:
    assert resolved.values is not None
    pack = resolved.values.pack

    def read(path: str) -> str:
        return tree.read_text(files, tree.normalise(pack.at.path, path, pack.at), pack.at)

    return KubeadmSource(resolved.name, resolved.values, read)
