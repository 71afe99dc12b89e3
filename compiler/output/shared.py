"""Objects that several clusters bring to one API server: the same object twice is refused, equal ones have one owner.

The management layers of all clusters go to the one management cluster, and two Clusters may have one destination. Two
delivery objects that hold the same object would take it from each other for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import Diagnostic, Problems
from compiler.kubernetes import ObjectId
from compiler.model import Cluster, PlannedCluster, PlannedLayer, RenderedObject
from compiler.model.assembled import AssembledCluster, AssembledLayer
from compiler.model.rendering import OWN_NAMESPACE

_MANAGEMENT = "https://kubernetes.default.svc"  # where Argo CD, or the management cluster's Flux, itself runs
_IN_CLUSTER = "in-cluster"  # Argo CD's name of it


@dataclass(frozen=True, slots=True)
class Servers:
    """Which API server the layers of each cluster go to. Names of one server are equal; they mean nothing else."""

    by_cluster: Mapping[str, str]

    @classmethod
    def of(cls, clusters: Iterable[Cluster]) -> Servers:
        """From the destinations of all clusters of the fleet: two that share a URL, a name or a kubeconfig are one."""
        leaders = {_MANAGEMENT: _MANAGEMENT}

        def leader(name: str) -> str:
            while leaders.setdefault(name, name) != name:
                name = leaders[name]
            return name

        names = {cluster.name: _names(cluster) for cluster in clusters}
        for own in names.values():
            first, *others = sorted({leader(name) for name in own})
            for other in others:
                leaders[other] = first
        return cls({cluster: leader(own[0]) for cluster, own in names.items()} | {"": leader(_MANAGEMENT)})

    def server(self, layer: PlannedLayer) -> str:
        """The one that the layer goes to."""
        return self.by_cluster["" if layer.management else layer.cluster]

    def beside(self, planned: Sequence[PlannedCluster]) -> tuple[str, ...]:
        """The other clusters that may bring objects to where these ones do, sorted: their plans tell whether they do."""
        own = {self.server(layer) for cluster in planned for layer in cluster.layers}
        selected = {cluster.name for cluster in planned} | {""}
        managed = self.by_cluster[""] in own
        return tuple(sorted(c for c, s in self.by_cluster.items() if c not in selected and (managed or s in own)))

    def reduced(self, others: Iterable[PlannedCluster], planned: Sequence[PlannedCluster]) -> list[PlannedCluster]:
        """The others with those layers only that go to where `planned` bring objects."""
        own = {self.server(layer) for cluster in planned for layer in cluster.layers}
        kept = [replace(c, layers=tuple(layer for layer in c.layers if self.server(layer) in own)) for c in others]
        return [cluster for cluster in kept if cluster.layers]


def _names(cluster: Cluster) -> list[str]:
    """What the delivery controllers call the cluster's API server."""
    to = cluster.destination
    server = to.server.rstrip("/") or f"name {to.name or cluster.name}"
    names = [_MANAGEMENT if server == f"name {_IN_CLUSTER}" else server]
    return [*names, f"kubeconfig {to.kubeconfig_secret}"] if to.kubeconfig_secret else names


@dataclass(frozen=True, slots=True)
class _Holder:
    layer: PlannedLayer
    path: str
    item: RenderedObject

    @property
    def added(self) -> bool:
        """Whether it is a Namespace that Lamella adds for the layer."""
        return self.item.template == OWN_NAMESPACE


def owned_once(
    clusters: Sequence[AssembledCluster],
    servers: Servers,
    problems: Problems,
) -> tuple[AssembledCluster, ...]:
    """The clusters without the objects that another one of them brings to the same API server.

    The owner is the first cluster by name that brings the object itself; a Namespace that Lamella adds gives way to one
    that a layer brings and that has all of its labels and annotations. Objects of one identity and other content are
    reported (duplicate-object).
    """
    ceded: set[str] = set()
    for holders in _holders(clusters, servers).values():
        owner = min(holders, key=lambda holder: holder.added)  # the first of them
        for other in holders:
            if other is owner:
                continue
            if other.item.content == owner.item.content or (other.added and _has_all_of(owner.item, other.item)):
                ceded.add(other.path)
            else:
                problems.diagnostics.append(_collision(other, owner).within(other.layer.cluster))
    return tuple(_without(cluster, ceded) for cluster in clusters) if ceded else tuple(clusters)


def _holders(clusters: Sequence[AssembledCluster], servers: Servers) -> dict[tuple[str, ObjectId], list[_Holder]]:
    """Of each object that comes to one API server more than once who brings it, by name of the cluster."""
    sides: dict[str, set[tuple[str, bool]]] = {}
    for cluster in clusters:
        for assembled in cluster.layers:
            layer = assembled.layer
            sides.setdefault(servers.server(layer), set()).add((layer.cluster, layer.management))
    holders: dict[tuple[str, ObjectId], list[_Holder]] = {}
    for cluster in sorted(clusters, key=lambda each: each.name):
        for assembled in cluster.layers:
            server = servers.server(assembled.layer)
            if len(sides[server]) > 1:
                for path, item in assembled.objects:
                    holders.setdefault((server, item.id), []).append(_Holder(assembled.layer, path, item))
    return {key: several for key, several in holders.items() if len(several) > 1}


def _has_all_of(owner: RenderedObject, other: RenderedObject) -> bool:
    """Whether the Namespace has every label and annotation of the other."""
    kept, wanted = (
        yamldoc.load_rendered(item.content.decode(), item.template).value["metadata"] for item in (owner, other)
    )
    return all(
        (wanted.get(field) or {}).items() <= (kept.get(field) or {}).items() for field in ("labels", "annotations")
    )


def _collision(other: _Holder, owner: _Holder) -> Diagnostic:
    where = "the management cluster" if other.layer.management and owner.layer.management else "one API server"
    return Diagnostic(
        Code.DUPLICATE_OBJECT,
        f"{other.item} comes to {where} from {other.item.template} of layer '{other.layer.name}' and, with other content,"
        f" from {owner.item.template} of layer '{owner.layer.name}' of cluster '{owner.layer.cluster}'",
        other.layer.at,
        hint="give it a name or a namespace of its own in each cluster ({{ .spectro.system.cluster.name }}), or the same"
        " content in all",
        related=((owner.layer.at, f"layer '{owner.layer.name}' of cluster '{owner.layer.cluster}'"),),
    )


def _without(cluster: AssembledCluster, ceded: Collection[str]) -> AssembledCluster:
    layers = [
        AssembledLayer(each.layer, tuple(pair for pair in each.objects if pair[0] not in ceded))
        for each in cluster.layers
    ]
    return replace(cluster, layers=tuple(layers))
