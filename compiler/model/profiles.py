"""Profiles as written: layers, their sources and settings at every level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

from compiler.diagnostics import Position, TextPlace
from compiler.kubernetes import ObjectId
from compiler.model.overlays import WrittenOverlay
from compiler.model.variables import Variable
from compiler.regex import full_match
from compiler.yamldoc import Document

LayerType = Literal["os", "k8s", "cni", "csi", "addon"]
LayerDestination = Literal["workload", "management", ""]
ProfileType = Literal["infra", "add-on", "full"]
INFRA_TYPES: tuple[LayerType, ...] = ("os", "k8s", "cni", "csi")
LAYER_TYPES: tuple[LayerType, ...] = (*INFRA_TYPES, "addon")


@dataclass(frozen=True, slots=True)
class Values:
    """One level of values: the mapping, the level's name in messages, and where each key was written.

    `below` are keys around what was written: values of a chart that is linked to a pack are below `charts.CHART` of the
    pack's.
    """

    data: Mapping[str, Any]
    label: str  # "profile monitoring 1.2.0"
    document: Document
    prefix: tuple[str | int, ...] = ()
    below: tuple[str, ...] = ()

    def at(self, *keys: str | int) -> Position:
        """Where the key at this path of the values was written."""
        return self.document.at(*self.prefix, *keys[len(self.below) :])


@dataclass(frozen=True, slots=True)
class AllowedObject:
    """Objects that satisfy every condition that is not "": regular expressions for the whole text, as in `Target`."""

    kind: str = ""
    namespace: str = ""
    name: str = ""

    def matches(self, identity: ObjectId) -> bool:
        """Whether the object is one of them."""
        conditions = ((self.kind, identity.kind), (self.namespace, identity.namespace), (self.name, identity.name))
        return all(full_match(pattern)(text) for pattern, text in conditions if pattern)


@dataclass(frozen=True, slots=True)
class Policy:
    """How Lamella treats what a fleet's owner must decide. A field that is '' is not set at this level."""

    secrets: str = ""  # refuse | allow | listed: Secrets and credentials in clear; `listed`: those of secrets_allowed
    random: str = ""  # refuse | keep | allow: fields that differ from render to render
    namespaces: str = ""  # create | never: Namespace objects for the layers' namespaces
    prune: str = ""  # enabled | disabled: may the delivery controller delete what is gone from output
    hooks: str = ""  # keep | drop: Helm hooks other than tests
    apis: str = ""  # refuse | warn | allow: objects that no API of the cluster serves
    schema: str = ""  # error | warn | off: objects that the API server would refuse
    values: str = (
        ""  # error | warn | off: values without effect; '' = an error for templates of our own packs, else a warning
    )
    secrets_allowed: tuple[AllowedObject, ...] = ()
    pin_images: str = ""  # digest | none: `images: {pin: …}`
    images_unpinned: tuple[str, ...] = ()  # patterns (fnmatch) of images that stay as they are

    @property
    def pins_images(self) -> bool:
        return self.pin_images == "digest"


@dataclass(frozen=True, slots=True)
class PackRef:
    """A pack by name and version (exact, range or train) with the presets to apply."""

    name: str
    version: str
    at: Position
    registry: str = ""
    presets: tuple[str, ...] = ()
    flat_charts: bool = False  # values of an old pack of one chart may be directly below `charts:`


@dataclass(frozen=True, slots=True)
class ChartRef:
    """A Helm chart: `path` in the repository (relative to the file that names it), or from a registry or repo URL."""

    name: str
    version: str
    at: Position
    path: str = ""
    registry: str = ""
    repo: str = ""
    linked_pack: PackRef | None = None


@dataclass(frozen=True, slots=True)
class ManifestRef:
    """Raw manifests: a file, directory or glob (`file`), or `inline` text under a name, which begins at `place`.
    `destination` is '' where they go with the others of their layer."""

    at: Position
    place: TextPlace
    file: str = ""
    name: str = ""
    inline: str = ""
    destination: LayerDestination = ""

    @property
    def known_as(self) -> str:
        """The name by which a higher level replaces it: its own, else that of its file without the extension."""
        return self.name or PurePosixPath(self.file).stem


@dataclass(frozen=True, slots=True)
class LayerSettings:
    """What can be set for a layer at any level: in the profile, a cluster template and a cluster."""

    at: Position
    values: tuple[Values, ...] = ()  # in order, later wins: valuesFiles first, then inline values
    values_mode: Literal["merge", "replace", ""] = ""
    list_strategies: Mapping[str, str] = field(default_factory=dict)  # dotted path -> "append" | "prepend" | "key:NAME"
    manifests: tuple[ManifestRef, ...] = ()
    overlays: tuple[WrittenOverlay, ...] = ()
    namespace: str = ""
    release_name: str = ""
    install_priority: int | None = None
    policy: Policy = Policy()
    readiness: tuple[Mapping[str, Any], ...] = ()
    skip_schema_validation: bool | None = None
    destination: LayerDestination = ""
    version: str = ""
    presets: tuple[str, ...] | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a profile as written. `source` None = manifests only; `builtin` = the distribution fills this slot.

    `previous_names` are the names that the layer had in earlier versions of its profile, the oldest first.
    """

    name: str
    type: LayerType
    settings: LayerSettings
    source: PackRef | ChartRef | None = None
    builtin: bool = False
    category: str = ""
    previous_names: tuple[str, ...] = ()

    @property
    def at(self) -> Position:
        return self.settings.at

    @property
    def installed_as(self) -> str:
        """The name that clusters know the layer by, through every rename: in the names of what delivers it, and of its
        Helm release where nothing else sets that."""
        return self.previous_names[0] if self.previous_names else self.name


@dataclass(frozen=True, slots=True)
class Profile:
    """A ClusterProfile in one version."""

    name: str
    version: str
    type: ProfileType
    cloud: str
    layers: tuple[Layer, ...]
    at: Position
    variables: tuple[Variable, ...] = ()
    overlays: tuple[WrittenOverlay, ...] = ()
    policy: Policy = Policy()
    kubeadm: bool = False  # `capi: true`: kubeadmconfig of the packs becomes Cluster API objects
