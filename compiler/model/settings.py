"""What people write in lamella.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from compiler.diagnostics import Position
from compiler.kubernetes.imagefields import ImageField
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


@dataclass(frozen=True, slots=True)
class Settings:
    """lamella.yaml; everything has a default."""

    output: str = "output"
    delivery: tuple[Literal["argocd", "flux"], ...] = ()
    argocd: ArgocdOptions = ArgocdOptions()
    flux: FluxOptions = FluxOptions()
    registries: tuple[Registry, ...] = ()
    vendor: str = "vendor"  # where `lamella vendor` keeps what is locked
    policy: Policy = Policy()
    image_fields: tuple[ImageField, ...] = ()  # of custom resources, beside those of well-known operators
    scopes: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (group, kind) -> Namespaced | Cluster
    at: Position = Position("lamella.yaml")

    def registry_at(self, source: str) -> Registry | None:
        """The declared registry that lamella.lock calls by this source."""
        return next((each for each in self.registries if not each.local and each.source == source), None)
