"""What the delivery controllers need beside the manifests: their objects, and the order of the layers in their words.

One module of the same shape for each controller. Nothing of a controller is written unless `delivery:` asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from compiler.codes import Code
from compiler.delivery import argocd, flux
from compiler.delivery.annotations import annotations_for
from compiler.diagnostics import Problems
from compiler.kubernetes import ObjectId
from compiler.model import OutputFile, Settings, layout
from compiler.model.assembled import AssembledCluster

__all__ = ["annotations_for", "check_names", "cluster_files", "fleet_files"]


class Controller(Protocol):
    """A delivery controller. Paths are relative to the output root; everything is a function of the arguments."""

    def cluster_files(self, cluster: AssembledCluster, settings: Settings, problems: Problems) -> list[OutputFile]:
        """The files that deliver one cluster."""

    def fleet_files(self, cluster_names: Sequence[str], settings: Settings, problems: Problems) -> list[OutputFile]:
        """The files above all clusters."""


CONTROLLERS: Mapping[str, Controller] = {"argocd": argocd, "flux": flux}


def cluster_files(cluster: AssembledCluster, settings: Settings, problems: Problems) -> list[OutputFile]:
    """The delivery files of one cluster, sorted by path. Reports what no chosen controller can deliver."""
    if settings.delivery == ("argocd",):
        _check_encrypted(cluster, problems)
    files = [
        file for name in settings.delivery for file in CONTROLLERS[name].cluster_files(cluster, settings, problems)
    ]
    return sorted(files, key=lambda file: file.path)


def _check_encrypted(cluster: AssembledCluster, problems: Problems) -> None:
    for assembled in cluster.layers:
        for _, item in assembled.objects:
            if item.encrypted:
                problems.error(
                    Code.SOPS_DELIVERY,
                    f"layer '{assembled.layer.name}': {item} (from {item.template}) is encrypted"
                    " by SOPS; Argo CD does not decrypt, it would apply the ciphertext",
                    assembled.layer.at,
                    hint="set delivery: [flux] in lamella.yaml, which decrypts; or use a SealedSecret or ExternalSecret",
                )


def fleet_files(cluster_names: Sequence[str], settings: Settings, problems: Problems) -> list[OutputFile]:
    """The delivery files above all clusters, sorted by path; none without clusters."""
    if not cluster_names:
        return []
    files = [f for name in settings.delivery for f in CONTROLLERS[name].fleet_files(cluster_names, settings, problems)]
    return sorted(files, key=lambda file: file.path)


def check_names(files: Iterable[OutputFile], problems: Problems) -> None:
    """Reports delivery objects of two layers that have one name: cluster `a` with layer `b-c`, `a-b` with `c`.

    Takes all files of all clusters; those that are not of `cluster_files` do not matter. What is above a cluster's
    own layers and what is above its management layers may share a name: they are in two clusters.
    """
    first: dict[tuple[str, ObjectId], OutputFile] = {}
    for file in files:
        tree = layout.tree_of(file.path)
        if tree not in CONTROLLERS or not file.object:
            continue
        other = first.setdefault((tree, file.object), file)
        if other is not file and (file.layer or other.layer or file.cluster != other.cluster):
            problems.error(
                Code.DELIVERY_NAME,
                f"{file.object} would deliver layer '{file.layer}' of cluster '{file.cluster}'"
                f" and layer '{other.layer}' of cluster '{other.cluster}'",
                hint="rename one of the layers or clusters",
            )
