"""Where the files of the output are: the only module that knows. Paths are relative to the output root.

    .gitattributes                           line ends stay as they are, and forges fold the diffs
    inventory.json                           of what is above all clusters
    clusters/CLUSTER/inventory.json          of all files of the cluster
    clusters/CLUSTER/images.txt
    clusters/CLUSTER/LAYER/OBJECT.yaml       and kustomization.yaml, for Flux
    management/CLUSTER/LAYER/OBJECT.yaml     objects for the cluster that manages this one
    argocd/fleet.yaml
    argocd/_fleet/CLUSTER.yaml               and management/CLUSTER.yaml
    argocd/CLUSTER/project.yaml, LAYER.yaml  and management/ with the same, for the layers that make the cluster
    flux/fleet.yaml
    flux/_fleet/CLUSTER.yaml
    flux/CLUSTER/cluster.yaml, kustomization.yaml, LAYER.yaml        and management/ with the last two
    flux/CLUSTER/LAYER_before.yaml, LAYER_after.yaml                 for layers with hooks, which are applied in stages:
    flux/CLUSTER/LAYER_STAGE/kustomization.yaml                      before, main, after

No path holds a layer's wave: a layer that is inserted moves no other one's files. The order is in the inventory
and in the delivery objects.

No name of a layer or a cluster has a `_` in it (they are RFC 1123 subdomains). So `_fleet` is not a cluster, `app_before`
no other layer, and where a folder needs a layer's name for a file of its own (a layer `project`, beside Argo CD's
project.yaml), or Windows keeps it for a device, a `_` follows its first label.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

Controller = Literal["argocd", "flux"]
Stage = Literal["", "before", "main", "after"]

CONTROLLERS: tuple[Controller, ...] = ("argocd", "flux")
CLUSTERS = "clusters"
MANAGEMENT = "management"
GIT_ATTRIBUTES = ".gitattributes"
MAX_COMPONENT_BYTES = 200
_INVENTORY = "inventory.json"
_IMAGES = "images.txt"
_FLEET = "_fleet"
_UNSAFE = re.compile(r"[^a-z0-9.\-_]")
# Names that Windows keeps for devices, also with an extension.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def inventory(cluster: str = "") -> str:
    """The inventory of a cluster, or of what is above all clusters."""
    return f"{CLUSTERS}/{cluster}/{_INVENTORY}" if cluster else _INVENTORY


def is_inventory(path: str) -> bool:
    """Whether the path is that of an inventory."""
    return path.rpartition("/")[2] == _INVENTORY


def images(cluster: str) -> str:
    """The list of the cluster's container images."""
    return f"{CLUSTERS}/{cluster}/{_IMAGES}"


def layer_folder(cluster: str, layer: str, *, management: bool) -> str:
    """The folder of the layer's objects."""
    tree = MANAGEMENT if management else CLUSTERS
    return f"{tree}/{cluster}/{_free(layer, _INVENTORY, _IMAGES)}"


def object_file(group: str, kind: str, namespace: str, name: str, *, ambiguous: bool = False) -> str:
    """The name of an object's file in its layer's folder, `<kind>[.<group>]-[<namespace>-]<name>.yaml`: lower case,
    portable to case-insensitive file systems and Windows, at most 200 bytes.

    What a name may hold and a path may not (`:` in RBAC names) becomes `%XX`; a name that is too long, or that such an
    escape could make equal to another's, ends in a hash of the whole. So does an `ambiguous` one, of two objects whose
    namespaces and names run together (`a-b/c` and `a/b-c`).
    """
    parts = [f"{kind}.{group}" if group else kind, *([namespace] if namespace else []), name]
    plain = "-".join(parts)
    escaped = _UNSAFE.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), plain.lower())
    if len(escaped) > MAX_COMPONENT_BYTES - len(".yaml") or name != name.lower() or ambiguous:
        whole = "/".join((group, kind, namespace, name)) if ambiguous else plain
        mark = hashlib.sha256(whole.encode()).hexdigest()[:12]
        escaped = f"{escaped[: MAX_COMPONENT_BYTES - len('.yaml') - len(mark) - 1]}-{mark}"
    return f"{_free(escaped)}.yaml"


@dataclass(frozen=True, slots=True)
class DeliveryFolder:
    """The folder of a cluster's delivery objects; with `management`, the one of those that the management cluster's
    controller reads where the others are for the cluster's own."""

    controller: Controller
    cluster: str
    management: bool = False

    @property
    def path(self) -> str:
        """The folder itself."""
        return f"{self.controller}/{self.cluster}{f'/{MANAGEMENT}' if self.management else ''}"

    @property
    def project(self) -> str:
        """Argo CD's AppProject of these layers."""
        return f"{self.path}/project.yaml"

    @property
    def whole(self) -> str:
        """What applies the whole folder in the cluster's own Flux."""
        return f"{self.path}/cluster.yaml"

    def layer(self, layer: str, stage: Stage = "") -> str:
        """The object that delivers a layer, or its stage before or after."""
        taken = {"argocd": ("project",), "flux": ("cluster", "kustomization")}[self.controller]
        name = f"{_free(layer)}_{stage}" if stage in ("before", "after") else _free(layer, *taken)
        return f"{self.path}/{name}.yaml"

    def stage(self, layer: str, stage: Stage) -> str:
        """The folder with the kustomization.yaml of one stage."""
        return f"{self.path}/{_free(layer)}_{stage}"


def stage_of(path: str, layer: str) -> str:
    """The folder of the stage that a layer's object at this path (`DeliveryFolder.layer`) delivers, where it has stages."""
    folder, _, file = path.rpartition("/")
    stage = next((stage for stage in ("before", "after") if file.endswith(f"_{stage}.yaml")), "main")
    return f"{folder}/{_free(layer)}_{stage}"


def kustomization(folder: str) -> str:
    """The file in which kustomize, and so Flux, wants the list of a folder's resources."""
    return f"{folder}/kustomization.yaml"


def fleet_file(controller: Controller) -> str:
    """What delivers all clusters."""
    return f"{controller}/fleet.yaml"


def fleet_folder(controller: Controller) -> str:
    """The folder that it applies."""
    return f"{controller}/{_FLEET}"


def fleet_entry(controller: Controller, cluster: str, *, management: bool = False) -> str:
    """A cluster's object in that folder; with `management`, that of its management layers where it is one of its own."""
    return f"{controller}/{_FLEET}/{f'{MANAGEMENT}/' if management else ''}{cluster}.yaml"


SHARED = (GIT_ATTRIBUTES, *map(fleet_file, CONTROLLERS))
"""The files above all clusters but their inventory. Not all of them need to be there."""


def places(cluster: str) -> tuple[str, ...]:
    """The files and folders that hold all of the cluster's files, and nothing else."""
    entries = (fleet_entry(c, cluster, management=m) for c in CONTROLLERS for m in (False, True))
    return (*(f"{tree}/{cluster}" for tree in (CLUSTERS, MANAGEMENT, *CONTROLLERS)), *entries)


def tree_of(path: str) -> str:
    """The folder right below the root that the path is in, '' for the root's own files. The same object may be in two
    of them: in the cluster and in its management cluster."""
    return path.partition("/")[0] if "/" in path else ""


def cluster_of(path: str) -> str:
    """The cluster that an output file belongs to, '' for those above all clusters."""
    tree, _, rest = path.partition("/")
    name, _, below = rest.partition("/")
    if tree not in (CLUSTERS, MANAGEMENT, *CONTROLLERS) or not below:
        return ""
    return below.rpartition("/")[2].removesuffix(".yaml") if name == _FLEET else name


def moved_since_0_1(path: str, layer: str, wave: int) -> str:
    """Where a layer's file is now that Lamella 0.1 put at `path`, with the wave in it; '' where it did not."""
    head, mark, tail = path.partition(f"/{wave:02d}-{layer}")
    if not mark or tail[:1] not in ("/", ".", "-"):
        return ""
    if path.startswith("flux/"):
        tail = re.sub(r"[-/](before|main|after)(?=\.yaml|/)", r"_\1", tail, count=1)
    return f"{head}/{layer}{tail}"


def _free(name: str, *taken: str) -> str:
    """The name, with a `_` behind its first label where something else needs it."""
    if name not in taken and not _DEVICE.fullmatch(name):
        return name
    label, dot, rest = name.partition(".")
    return f"{label}_{dot}{rest}"
