"""What packs require of their cluster, of each other and of their values; kubeadm settings as Cluster API objects."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from compiler import files as tree
from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import Problems, TextPlace
from compiler.model import ManifestPart
from compiler.model.order import layer_key
from compiler.palette import constraints, presets, schema
from compiler.palette.cluster_api import PROVIDERS, ClusterFacts, objects
from compiler.palette.kubeadm import KubeadmSource, kubeadm_config
from compiler.palette.members import Member
from compiler.ports import Files
from compiler.resolve.layers import ResolvedLayer
from compiler.resolve.stack import Stack

CLUSTER_API = "(kubeadmconfig of the cluster's packs)"


def check_packs(
    stack: Stack, layers: Sequence[ResolvedLayer], version: str, today: datetime.date | None, problems: Problems
) -> None:
    """Checks the packs' constraints on the cluster and each other, schema.yaml on final values, the record of presets.

    `today` is for end-of-life warnings only; there are none where it is None.
    """
    members = [_member(resolved) for resolved in layers if not resolved.builtin]
    constraints.check(members, stack.cloud, version, stack.cluster.node_pools, problems)
    if today is not None:
        for member in members:
            constraints.check_end_of_life(member, today, problems)
    for resolved in layers:
        if resolved.values is not None:
            schema.check(resolved.values)
            presets.check_record(resolved.values.pack, problems)


def _member(layer: ResolvedLayer) -> Member:
    named = layer.pack.name if layer.pack else layer.chart.name if layer.chart else layer.name
    return Member(
        layer=layer.name,
        type=layer.type,
        name=named,
        version=layer.version,
        at=layer.at,
        pack=layer.pack,
        data=layer.data,
        display_name=layer.pack_settings.display_name,
    )


def cluster_api_part(
    stack: Stack, layers: Sequence[ResolvedLayer], version: str, namespace: str, files: Files, problems: Problems
) -> ManifestPart:
    """The kubeadm settings of all packs, in the order of layers, as Cluster API objects (opt-in: `capi: true`)."""
    ordered = sorted(
        (resolved for resolved in layers if resolved.values is not None),
        key=lambda r: layer_key(r.type, r.pack_settings.install_priority or 0, r.order),
    )
    config = kubeadm_config([_kubeadm_source(resolved, files) for resolved in ordered])
    k8s = next(r for r in layers if r.type == "k8s")
    if stack.cloud not in PROVIDERS:
        problems.error(
            Code.CAPI_CLOUD,
            f"no Cluster API provider is known for cloud '{stack.cloud}'",
            stack.cluster.at,
            hint=f"use one of {', '.join(sorted(PROVIDERS))}, or write the objects in your own pack, without capi: true",
        )
    facts = ClusterFacts(
        name=stack.cluster.name,
        namespace=namespace,
        kubernetes_version=version,
        provider=PROVIDERS.get(stack.cloud, ""),
        pods=tuple(filter(None, k8s.pack_settings.pod_cidr.split(","))),
        services=tuple(filter(None, k8s.pack_settings.service_cidr.split(","))),
        service_domain=k8s.pack_settings.service_domain,
        pools=stack.cluster.node_pools,
    )
    return ManifestPart(CLUSTER_API, yamldoc.dump_all(objects(config, facts)), TextPlace(k8s.at, lines=False))


def _kubeadm_source(resolved: ResolvedLayer, files: Files) -> KubeadmSource:
    assert resolved.values is not None
    pack = resolved.values.pack

    def read(path: str) -> str:
        return tree.read_text(files, tree.normalise(pack.at.path, path, pack.at), pack.at)

    return KubeadmSource(resolved.name, resolved.values, read)
