"""The plan: the layers of each cluster in order, with nothing left to choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from compiler.diagnostics import Position, TextPlace
from compiler.files.record import NOTHING, Reads
from compiler.model import layout
from compiler.model.clusters import Cluster
from compiler.model.overlays import Overlay
from compiler.model.profiles import LayerType, Policy
from compiler.model.settings import Settings


@dataclass(frozen=True, slots=True)
class ChartPart:
    """A release of a chart: the arguments of `helm template`. `spooled` is the chart's name in the spool directory."""

    spooled: str
    path: str  # of the chart in the repository, for messages
    at: Position
    release: str
    namespace: str
    values_json: str
    validate_schema: bool
    twice: tuple[str, str] | None  # may draw random values or print the date: spool name and values of a second render
    reads_api_versions: bool
    crds: bool = True  # with the CRDs of crds/, which are not templates
    kind: Literal["chart"] = "chart"


@dataclass(frozen=True, slots=True)
class JinjaPart:
    """Templates of a pack of our own format and the context they see."""

    directory: str
    templates: tuple[tuple[str, str], ...]  # (path, text) of every template that can be included
    render: tuple[str, ...]  # the paths to render, in order
    context_json: str
    reads_api_versions: bool
    kind: Literal["jinja"] = "jinja"


@dataclass(frozen=True, slots=True)
class GoTemplatePart:
    """A pack manifest that is a Go template with Sprig."""

    path: str
    text: str
    values_json: str
    spectro_json: str  # what old packs read as `.Spectro`
    reads_api_versions: bool
    twice: bool  # may draw random values or print the date
    kind: Literal["gotemplate"] = "gotemplate"


@dataclass(frozen=True, slots=True)
class ManifestPart:
    """Raw manifests as text (macros already put in). `path` is what messages and inventories call it; `place` is where
    the text begins in its file."""

    path: str
    text: str
    place: TextPlace
    tolerant: bool = False  # a pack's: of duplicate keys the last counts, with a warning, as kubectl reads them
    kind: Literal["manifest"] = "manifest"


Part = ChartPart | JinjaPart | GoTemplatePart | ManifestPart


@dataclass(frozen=True, slots=True)
class UndeclaredValue:
    """A value that a profile, template or cluster sets for a layer and that its chart or pack does not declare. A render
    without it shows whether it does anything.

    `keys` are the path in the layer's values; `parts` has the path in the values of each part that gets it, by the index
    of the part. A value that several levels set is several of these. `map_parts` has the same of the map that the value
    is in, where templates may hand it on as a whole: then that must have an effect for the value to be without one.
    """

    keys: tuple[str, ...]
    at: Position
    parts: tuple[tuple[int, tuple[str, ...]], ...]
    map_parts: tuple[tuple[int, tuple[str, ...]], ...]
    owner: str  # what would have to declare it: "chart ingress-nginx 4.15.1"
    hint: str
    severity: Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class ScopedOverlay:
    """An overlay as it applies to one layer. A `wide` one belongs to a profile, a template or a cluster: it must match
    something in at least one of their layers."""

    overlay: Overlay
    wide: bool


@dataclass(frozen=True, slots=True)
class LayerSource:
    """What a layer comes from. Only packs and charts have a name and a version."""

    kind: str  # pack | chart | manifests | builtin
    name: str = ""
    version: str = ""

    @classmethod
    def read(cls, value: object) -> LayerSource:
        """The source that `plain` wrote, or Lamella 0.1 as text. Raises ValueError."""
        if isinstance(value, str):
            kind, _, rest = value.partition(" ")
            name, _, version = rest.rpartition(" ")
            return cls(kind, name, version)
        if not isinstance(value, dict) or not all(isinstance(value.get(key, ""), str) for key in cls.__slots__):
            raise ValueError(f"{value!r} is not a layer's source")
        return cls(*(value.get(key, "") for key in cls.__slots__))

    def plain(self) -> dict[str, str]:
        """As JSON, without what is empty."""
        return {key: getattr(self, key) for key in self.__slots__ if getattr(self, key)}

    def __str__(self) -> str:
        """For people: `pack nginx 1.11.2`, `chart kube-prometheus-stack 88.5.3`, `manifests`."""
        return " ".join(filter(None, (self.kind, self.name, self.version)))


@dataclass(frozen=True, slots=True)
class PlannedLayer:
    """One layer of one cluster with nothing left to choose.

    `reads` is what it depends on: the cluster's documents, the packs and charts that its layers name (macros reach the
    values of all of them, and the k8s layer gives the version), and the files of the layer itself. More than a layer
    needs: the charts that other layers of its cluster name, and all documents in one file with one that it needs.
    """

    cluster: str
    name: str
    type: LayerType
    wave: int
    profile: str
    profile_version: str
    source: LayerSource
    namespace: str
    parts: tuple[Part, ...]
    overlays: tuple[ScopedOverlay, ...]
    policy: Policy
    at: Position
    management: bool
    extra_objects: tuple[str, ...] = ()  # Namespace documents (YAML text) that the layer's own settings add
    readiness: tuple[Mapping[str, Any], ...] = ()
    source_path: str = ""
    secrets: frozenset[str] = frozenset()  # texts that no message may show
    undeclared: tuple[UndeclaredValue, ...] = ()
    reads: Reads = NOTHING
    previous_names: tuple[str, ...] = ()  # the oldest first

    @property
    def installed_as(self) -> str:
        """The name in the names of what delivers the layer: that of `Layer.installed_as`."""
        return self.previous_names[0] if self.previous_names else self.name

    @property
    def directory(self) -> str:
        """Path of the layer's files, relative to the output root."""
        return layout.layer_folder(self.cluster, self.name, management=self.management)


@dataclass(frozen=True, slots=True)
class PlannedCluster:
    """A cluster with its layers in total order.

    `reads` is what it depends on: lamella.yaml, the files with its own document and those of its templates, profiles and
    macros, what they name, and all that its layers depend on. Whether other documents come to concern it, and which
    versions a pack has, is in `Source.index`, which all clusters share.
    """

    written: Cluster
    kubernetes_version: str
    layers: tuple[PlannedLayer, ...]
    reads: Reads = NOTHING

    @property
    def name(self) -> str:
        return self.written.name


@dataclass(frozen=True, slots=True)
class Plan:
    settings: Settings
    clusters: tuple[PlannedCluster, ...]
    spool: Mapping[str, Mapping[str, bytes] | bytes]  # name -> its content: the files of a directory, or an archive
