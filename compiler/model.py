"""The frozen values that pass between stages. No behaviour but naming.

What people write (`Settings`, `Profile`, `Cluster`, `Template`, `Macros`, `Pack`) makes a `Source`. What is to be done
(`Layer` → `PlannedLayer` with its `Part`s) makes a `Plan`. What came out (`RenderedObject`, `OutputFile`) is written.
Absent means empty, never None, unless absence itself means something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from compiler.diagnostics import Diagnostic, Position
from compiler.overlay import Overlay
from compiler.variables import Variable
from compiler.yamldoc import Document

LayerType = Literal["os", "k8s", "cni", "csi", "addon"]
ProfileType = Literal["infra", "add-on", "full"]
INFRA_TYPES: tuple[LayerType, ...] = ("os", "k8s", "cni", "csi")
LAYER_TYPES: tuple[LayerType, ...] = (*INFRA_TYPES, "addon")

# --- what people write ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Values:
    """One level of values: the mapping, what to call the level in messages, and where each key of it stands."""

    data: Mapping[str, Any]
    label: str  # "profile monitoring 1.2.0"
    document: Document
    prefix: tuple[str | int, ...] = ()

    def at(self, *keys: str | int) -> Position:
        """Where the key at this path of the values stands."""
        return self.document.at(*self.prefix, *keys)


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about things that a fleet's owner decides. Each field '' = not said at this level."""

    secrets: str = ""  # refuse | allow: plaintext Secret objects
    random: str = ""  # refuse | keep | allow: fields that differ from render to render
    namespaces: str = ""  # create | never: Namespace objects for the layers' namespaces
    prune: str = ""  # enabled | disabled: may the delivery controller delete what is gone from output
    hooks: str = ""  # keep | drop: Helm hooks other than tests
    apis: str = ""  # refuse | warn | allow: objects that no API of the cluster serves


@dataclass(frozen=True, slots=True)
class PackRef:
    """A pack by name and version (exact, range or train) with the presets to apply."""

    name: str
    version: str
    at: Position
    registry: str = ""
    presets: tuple[str, ...] = ()
    flat_charts: bool = False  # values of an old pack of one chart may stand directly below `charts:`


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
    """Raw manifests: a file, directory or glob (`file`), or `inline` text under a name."""

    at: Position
    file: str = ""
    name: str = ""
    inline: str = ""


@dataclass(frozen=True, slots=True)
class LayerSettings:
    """What can be said of a layer at any level: in the profile, a cluster template and a cluster."""

    at: Position
    values: tuple[Values, ...] = ()  # in order, later wins: valuesFiles first, then inline values
    values_mode: Literal["merge", "replace", ""] = ""
    list_strategies: Mapping[str, str] = field(default_factory=dict)  # dotted path -> "append" | "prepend" | "key:NAME"
    manifests: tuple[ManifestRef, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    namespace: str = ""
    release_name: str = ""
    install_priority: int | None = None
    policy: Policy = Policy()
    readiness: tuple[Mapping[str, Any], ...] = ()
    skip_schema_validation: bool | None = None
    destination: Literal["workload", "management", ""] = ""
    version: str = ""
    presets: tuple[str, ...] | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a profile as written. `source` None = manifests only; `builtin` = the distribution fills this slot."""

    name: str
    type: LayerType
    settings: LayerSettings
    source: PackRef | ChartRef | None = None
    builtin: bool = False
    category: str = ""

    @property
    def at(self) -> Position:
        return self.settings.at


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
    overlays: tuple[Overlay, ...] = ()
    policy: Policy = Policy()
    kubeadm: bool = False  # `capi: true`: kubeadmconfig of the packs becomes Cluster API objects


@dataclass(frozen=True, slots=True)
class ProfileRef:
    """A profile as a cluster or a template uses it, with variable values (as text; typed values are checked later)."""

    name: str
    version: str
    at: Position
    variables: Mapping[str, Any] = field(default_factory=dict)
    variables_at: Mapping[str, Position] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selector:
    """Labels as in Kubernetes: every expression must hold. (key, operator In|NotIn|Exists|DoesNotExist, values)."""

    expressions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        for key, operator, values in self.expressions:
            held = {
                "In": key in labels and labels[key] in values,
                "NotIn": key not in labels or labels[key] not in values,
                "Exists": key in labels,
                "DoesNotExist": key not in labels,
            }[operator]
            if not held:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a cluster and a cluster template have in common: profiles, overrides by layer name, overlays, policy."""

    profiles: tuple[ProfileRef, ...] = ()
    layers: Mapping[str, LayerSettings] = field(default_factory=dict)
    overlays: tuple[Overlay, ...] = ()
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


@dataclass(frozen=True, slots=True)
class Registry:
    """A place that packs or charts come from. Only `path` (a folder of this repository) is read in this version."""

    name: str
    at: Position
    path: str = ""
    url: str = ""
    kind: str = "pack"


@dataclass(frozen=True, slots=True)
class ArgocdOptions:
    """`argocd:` of lamella.yaml: what the Applications say that no layer can know. `path` is the output directory in the
    repository that Argo CD reads, '' its root."""

    repo_url: str = ""
    target_revision: str = "main"
    path: str = "output"
    namespace: str = "argocd"
    project: str = ""  # an AppProject that exists; '' = one for each cluster is written
    fleet: str = "fleet"  # name of the Application above all clusters
    prune: bool = True
    self_heal: bool = True
    cascade: bool = False  # an add-on layer that is gone takes its objects along


@dataclass(frozen=True, slots=True)
class FluxOptions:
    """`flux:` of lamella.yaml: what the Kustomizations say that no layer can know. `path` is the output directory in the
    source's artifact, '' its root."""

    source_kind: str = "GitRepository"
    source_name: str = "flux-system"
    path: str = "output"
    namespace: str = "flux-system"
    fleet: str = "fleet"  # name of the Kustomization above all clusters that are reached by a kubeconfig
    interval: str = "10m"
    retry_interval: str = "2m"
    timeout: str = "10m"
    prune: bool = True
    decryption_secret: str = ""  # Secret with the keys that decrypt SOPS-encrypted objects


@dataclass(frozen=True, slots=True)
class Settings:
    """lamella.yaml; everything has a default."""

    output: str = "output"
    delivery: tuple[Literal["argocd", "flux"], ...] = ()
    argocd: ArgocdOptions = ArgocdOptions()
    flux: FluxOptions = FluxOptions()
    registries: tuple[Registry, ...] = ()
    policy: Policy = Policy()
    at: Position = Position("lamella.yaml")


@dataclass(frozen=True, slots=True)
class Dependency:
    """constraints.dependencies[] of a pack (palette.md 2.6)."""

    pack: str
    layer: str
    type: str
    min_version: str
    max_version: str
    at: Position


@dataclass(frozen=True, slots=True)
class ResourceComponent:
    """A workload of a pack: dotted paths in its values to what one replica requests and to the number of replicas."""

    request: str
    replicas: str
    schedule: Literal["all", "control-plane", "worker"]


@dataclass(frozen=True, slots=True)
class ResourceNeed:
    """constraints.resources[] of a pack: cpu in millicores, memory in MiB, diskSize in GB. Components replace `minimum`."""

    type: Literal["cpu", "memory", "diskSize"]
    minimum: float
    components: tuple[ResourceComponent, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Preset:
    """A named edit of a pack's values: delete the `remove` paths, then merge `add` (palette.md 2.4)."""

    name: str
    group: str
    remove: tuple[str, ...]
    add: Mapping[str, Any]
    at: Position
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack directory in Palette's format (pack.json) or ours (pack.yaml, its superset).

    `defects` is what is wrong with it; it concerns nobody until a layer uses the pack.
    """

    name: str
    version: str
    layer: str
    directory: str
    at: Position
    metadata: Mapping[str, Any]  # the whole of pack.json / pack.yaml
    values: Values
    charts: tuple[str, ...] = ()  # paths relative to the pack directory, in order
    manifests: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()  # our format: templates/*.j2
    patches: tuple[Overlay, ...] = ()  # our format: overlays that the pack itself brings
    registry: str = ""
    presets: tuple[Preset, ...] = ()
    schema: Mapping[str, str] = field(default_factory=dict)  # dotted path -> schema text of schema.yaml
    schema_at: Mapping[str, Position] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()
    cloud_types: tuple[str, ...] = ()
    enabled_presets: tuple[str, ...] = ()  # "Group:name", from the comment at the top of values.yaml
    resources: tuple[ResourceNeed, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    end_of_life: str = ""  # yyyy-MM-dd
    defects: tuple[Diagnostic, ...] = ()

    @property
    def native(self) -> bool:
        """True for our own format."""
        return self.at.path.endswith("pack.yaml")


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that a repository says, parsed and each file checked for itself."""

    settings: Settings
    profiles: Mapping[tuple[str, str], Profile]  # (name, version)
    clusters: Mapping[str, Cluster]
    templates: Mapping[str, Template]
    macros: tuple[Macros, ...]
    packs: Mapping[str, Mapping[str, Pack]]  # name -> version -> pack


# --- what is to be done -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChartPart:
    """A release of a chart: what `helm template` would be told. `spooled` is the chart's name in the spool directory."""

    spooled: str
    path: str  # of the chart in the repository, for messages
    at: Position
    release: str
    namespace: str
    values_json: str
    validate_schema: bool
    twice: tuple[str, str] | None  # may draw random values or print the date: spool name and values of a second render
    reads_api_versions: bool
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
    """A pack manifest that is a Go template with Sprig (palette.md 2.3)."""

    path: str
    text: str
    values_json: str
    spectro_json: str  # what old packs read as `.Spectro`
    reads_api_versions: bool
    kind: Literal["gotemplate"] = "gotemplate"


@dataclass(frozen=True, slots=True)
class ManifestPart:
    """Raw manifests as text (macros already put in)."""

    path: str
    text: str
    line: int = 1
    kind: Literal["manifest"] = "manifest"


Part = ChartPart | JinjaPart | GoTemplatePart | ManifestPart


@dataclass(frozen=True, slots=True)
class ScopedOverlay:
    """An overlay as it applies to one layer. A `wide` one belongs to a profile, a template or a cluster: whether it
    matched anything is asked of all layers together."""

    overlay: Overlay
    wide: bool


@dataclass(frozen=True, slots=True)
class PlannedLayer:
    """One layer of one cluster with nothing left to choose."""

    cluster: str
    name: str
    type: LayerType
    wave: int
    profile: str
    profile_version: str
    source: str  # "pack nginx 1.11.2", "chart kube-prometheus-stack 88.5.3", "manifests", "builtin"
    namespace: str
    parts: tuple[Part, ...]
    overlays: tuple[ScopedOverlay, ...]
    policy: Policy
    at: Position
    management: bool
    extra_objects: tuple[str, ...] = ()  # Namespace documents (YAML text) that the layer itself asks for
    readiness: tuple[Mapping[str, Any], ...] = ()
    values: tuple[Values, ...] = ()  # the levels that were merged, low to high, for explain and messages
    source_path: str = ""
    secrets: frozenset[str] = frozenset()  # texts that no message may show

    @property
    def directory(self) -> str:
        """Path of the layer's files, relative to the output root."""
        root = "management" if self.management else "clusters"
        return f"{root}/{self.cluster}/{self.wave:02d}-{self.name}"


@dataclass(frozen=True, slots=True)
class PlannedCluster:
    """A cluster with its layers in total order."""

    cluster: Cluster
    kubernetes_version: str
    layers: tuple[PlannedLayer, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    settings: Settings
    clusters: tuple[PlannedCluster, ...]
    spool: Mapping[str, Mapping[str, bytes] | bytes]  # name -> what the spool holds: a directory's files or an archive


# --- what came out ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CrdInfo:
    """What a CustomResourceDefinition makes the API server serve."""

    group: str
    kind: str
    scope: str  # Namespaced | Cluster
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """One Kubernetes object, emitted. `cluster_scoped_content` is set where the scope of the kind is not known in the
    layer itself and a namespace was put in: the bytes to use if the kind turns out to be cluster-scoped."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str
    content: bytes
    template: str  # the template or file it came from
    sha256: str
    images: tuple[str, ...] = ()
    plaintext_secret: bool = False
    hook: str = ""
    crd: CrdInfo | None = None
    cluster_scoped_content: bytes = b""

    @property
    def id(self) -> tuple[str, str, str, str]:
        """(group, kind, namespace, name): what makes two objects the same one to the API server."""
        return (self.group, self.kind, self.namespace, self.name)

    def __str__(self) -> str:
        group = f".{self.group}" if self.group else ""
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind}{group} {place}{self.name}"


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file of the output tree and where it came from (for inventory.json)."""

    path: str
    content: bytes
    sha256: str
    cluster: str
    layer: str = ""
    template: str = ""
    object: str = ""
