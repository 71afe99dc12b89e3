"""What people write in lamella.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from compiler.diagnostics import Position
from compiler.files.paths import IMPORTS, import_name
from compiler.kubernetes.imagefields import ImageField
from compiler.model.lock import Request
from compiler.model.profiles import Policy
from compiler.ports import Registry


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


ImportScope = Literal["project", "tenant", "system"]
IMPORT_SCOPES: tuple[ImportScope, ...] = ("project", "tenant", "system")  # nearest first


@dataclass(frozen=True, slots=True)
class Import:
    """The profiles, templates, macros and packs below `path` of another git repository, at a `ref`."""

    name: str
    at: Position
    git: str
    ref: str = ""
    path: str = ""
    scope: ImportScope = "tenant"

    @property
    def request(self) -> Request:
        """What is locked for it."""
        registry = Registry(self.name, self.at, path=self.path, git=self.git, ref=self.ref)
        return Request("import", registry, self.name, self.ref, "lamella.yaml", self.at)

    @property
    def root(self) -> str:
        """The folder of its files."""
        return f"{IMPORTS}/{self.name}"


@dataclass(frozen=True, slots=True)
class Settings:
    """lamella.yaml; everything has a default."""

    output: str = "output"
    delivery: tuple[Literal["argocd", "flux"], ...] = ()
    argocd: ArgocdOptions = ArgocdOptions()
    flux: FluxOptions = FluxOptions()
    registries: tuple[Registry, ...] = ()
    imports: tuple[Import, ...] = ()  # the nearest first: by scope, then as written
    vendor: str = "vendor"  # where `lamella vendor` keeps what is locked
    policy: Policy = Policy()
    image_fields: tuple[ImageField, ...] = ()  # of custom resources, beside those of well-known operators
    scopes: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (group, kind) -> Namespaced | Cluster
    at: Position = Position("lamella.yaml")

    def registry_at(self, source: str) -> Registry | None:
        """The declared registry, or import, that lamella.lock calls by this source."""
        declared = (*self.registries, *(each.request.registry for each in self.imports))
        return next((each for each in declared if not each.local and each.source == source), None)

    def import_of(self, path: str) -> Import | None:
        """The import that a file is of; None for one of the repository."""
        name = import_name(path)
        return next((each for each in self.imports if each.name == name), None) if name else None
