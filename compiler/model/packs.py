"""Packs as they are read, with what they require of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from compiler import versions
from compiler.diagnostics import Diagnostic, Position
from compiler.model.overlays import WrittenOverlay
from compiler.model.profiles import Values


@dataclass(frozen=True, slots=True)
class Dependency:
    """An entry of a pack's constraints.dependencies: another pack that it needs, allows or excludes."""

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
    """A named edit of a pack's values: delete the `remove` paths, then merge `add`."""

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
    patches: tuple[WrittenOverlay, ...] = ()  # our format: overlays that the pack itself brings
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
    def group(self) -> str:
        """What the `LTS` of a version `LTS__18.4.x` asks for; '' for none."""
        group = self.metadata.get("group")
        return group if isinstance(group, str) else ""

    @property
    def native(self) -> bool:
        """True for our own format."""
        return self.at.path.endswith("pack.yaml")


class PackVersions(Mapping[str, Pack]):
    """The versions of one pack. Lazy: the versions are known, and `read` reads a pack at its first use; it never
    raises for what is wrong in a pack (`Pack.defects`). A repository may hold hundreds of packs and use five."""

    def __init__(self, versions: Iterable[str], read: Callable[[str], Pack]) -> None:
        self._versions = tuple(versions)
        self._read = read

    def __getitem__(self, version: str) -> Pack:
        if version not in self._versions:
            raise KeyError(version)
        return self._read(version)

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)


def newest(packs: Mapping[str, Pack], constraint: str) -> str | None:
    """The newest version of a pack that is in the range, or None. Raises ValueError for an invalid range."""
    return versions.best_pack(packs, constraint, lambda version: packs[version].group)
