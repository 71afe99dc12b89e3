"""Everything that a repository says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compiler.model.clusters import Cluster, Macros, Template
from compiler.model.packs import Pack
from compiler.model.profiles import Profile
from compiler.model.settings import Settings


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that a repository says, parsed and each file checked for itself."""

    settings: Settings
    profiles: Mapping[tuple[str, str], Profile]  # (name, version)
    clusters: Mapping[str, Cluster]
    templates: Mapping[str, Template]
    macros: tuple[Macros, ...]
    packs: Mapping[str, Mapping[str, Pack]]  # name -> version -> pack
