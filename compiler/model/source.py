"""Everything that a repository says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compiler.files.record import NOTHING, Reads
from compiler.model.clusters import Cluster, Macros, Template
from compiler.model.lock import Lock
from compiler.model.packs import Pack, PackVersions
from compiler.model.profiles import Profile
from compiler.model.settings import Settings


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that a repository says, parsed and each file checked for itself; and what it pins of registries.

    `reads` has for lamella.yaml and for each file with documents of ours what it and the files that they name were read
    from. `index` is all that tells which documents and packs there are: every directory and file that was searched.
    """

    settings: Settings
    profiles: Mapping[tuple[str, str], Profile]  # (name, version)
    clusters: Mapping[str, Cluster]
    templates: Mapping[str, Template]
    macros: tuple[Macros, ...]
    packs: Mapping[str, PackVersions]  # of the repository, by name
    lock: Lock = Lock()
    locked_packs: Mapping[str, Pack] = field(default_factory=dict)  # by the path of the lock's entry
    reads: Mapping[str, Reads] = field(default_factory=dict)
    index: Reads = NOTHING
