"""Names, paths and files of delivery objects: what Argo CD and Flux have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import Position, Problems
from compiler.kubernetes import ObjectId
from compiler.model import OutputFile, PlannedLayer
from compiler.model.assembled import AssembledCluster, AssembledLayer
from compiler.model.rendered import text_file

MAX_NAME = 53
"""Longest name of a delivery object. Both controllers put it into labels (63 characters), Argo CD with an affix."""
_HASH_DIGITS = 8


def object_name(*parts: str) -> str:
    """The parts with '-' between them; where that is too long, its beginning and a hash of the parts."""
    name = "-".join(parts)
    if len(name) <= MAX_NAME:
        return name
    mark = hashlib.sha256("/".join(parts).encode()).hexdigest()[:_HASH_DIGITS]
    return f"{name[: MAX_NAME - _HASH_DIGITS - 1].rstrip('-.')}-{mark}"


def refuse_fleet_name(
    name: str, clusters: Collection[str], kind: str, controller: str, at: Position, problems: Problems
) -> None:
    """Records a cluster whose name a folder or file above all clusters already has."""
    if name in clusters:
        problems.error(
            Code.DELIVERY_NAME,
            f"the {kind} above all clusters has the same name as cluster '{name}'",
            at,
            hint=f"give it another: {controller}: {{fleet: all-clusters}}",
        )


def labels(cluster: str, layer: str = "") -> dict[str, str]:
    """Labels to select delivery objects by: `kubectl get applications -l lamella/cluster=prod-eu-1`."""
    common = {"app.kubernetes.io/managed-by": "lamella", "lamella/cluster": object_name(cluster)}
    return {**common, "lamella/layer": object_name(layer)} if layer else common


def repository_path(root: str, path: str) -> str:
    """A path of the output in the repository that a controller reads, in which the output's root is `root`."""
    return f"{root}/{path}" if root else path


def delivered(cluster: AssembledCluster) -> list[AssembledLayer]:
    """The layers that have objects; one without has no directory to deliver."""
    return [layer for layer in cluster.layers if layer.objects]


def makes_cluster(layer: PlannedLayer) -> bool:
    """Whether the layer makes the cluster itself, by Cluster API: its machines are healthy only once the cluster has a
    network, which comes with a later layer. So nothing may wait for all of its objects."""
    return layer.management and layer.type != "addon"


def object_file(path: str, body: Mapping[str, Any], *, cluster: str = "", layer: str = "") -> OutputFile:
    """The output file of one delivery object."""
    file = text_file(path, yamldoc.dump(body), cluster, layer)
    return replace(file, object=ObjectId.of(body))
