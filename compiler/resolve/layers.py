"""A layer of a cluster on its way to the plan: stacked, then chosen, then resolved.

Each form is the one before with more known about it, so a layer's name is `layer.name` in every form. `refined` makes
the next form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

from compiler.charts.chart import Chart
from compiler.diagnostics import Position
from compiler.model import (
    ChartRef,
    Layer,
    LayerSettings,
    LayerSource,
    LayerType,
    ManifestRef,
    Pack,
    PackRef,
    Policy,
    Profile,
    Values,
    WrittenOverlay,
)
from compiler.palette.settings import PackSettings
from compiler.palette.values import PackValues
from compiler.resolve.scope import Scope
from compiler.resolve.values import origin_of

Level = Literal["layer", "profile", "cluster"]
"""What an overlay applies to: one layer, all layers of a profile, or (also from a template) all layers of a cluster."""


@dataclass(frozen=True, slots=True)
class StackedOverlay:
    """An overlay that applies to a layer, and the level it comes from."""

    overlay: WrittenOverlay
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedLayer:
    """A layer of a cluster's stack with its settings at every level, low to high; the first is the profile's own."""

    written: Layer
    profile: Profile
    settings: tuple[LayerSettings, ...]
    overlays: tuple[StackedOverlay, ...]  # of every level, in the order in which they apply (the pack's come before)
    policies: tuple[Policy, ...]  # low to high
    order: int  # place in the stack as written: profile order, then list order

    @property
    def name(self) -> str:
        return self.written.name

    @property
    def installed_as(self) -> str:
        return self.written.installed_as

    @property
    def type(self) -> LayerType:
        return self.written.type

    @property
    def at(self) -> Position:
        return self.written.at

    @property
    def source(self) -> PackRef | ChartRef | None:
        return self.written.source

    @property
    def builtin(self) -> bool:
        return self.written.builtin

    @property
    def manifests(self) -> tuple[ManifestRef, ...]:
        """The attached manifests of every level. One that a higher level gives by name replaces that of the same name."""
        attached: list[ManifestRef] = []
        for level in self.settings:
            names = {ref.name for ref in level.manifests if ref.name}
            attached = [ref for ref in attached if ref.known_as not in names]
            attached.extend(level.manifests)
        return tuple(attached)

    @property
    def management(self) -> bool:
        """Whether the layer's own objects are for the management cluster: os and k8s layers describe the cluster to it
        (Cluster API)."""
        destination = self.last("destination")
        return bool(destination == "management") if destination else self.type in ("os", "k8s")

    def is_for_management(self, ref: ManifestRef) -> bool:
        """Whether a manifest of the layer is for the management cluster.

        Manifests attached to a pack, a chart or a builtin layer are for the cluster itself whatever the layer's type, as
        in Palette, unless they or the layer set a destination. Without any of these they are the layer.
        """
        if ref.destination:
            return ref.destination == "management"
        attached = self.source is not None or self.builtin
        return self.management and not (attached and not self.last("destination"))

    @property
    def overridden(self) -> LayerSettings | None:
        """The highest settings above the profile's that set a version, or None."""
        return next((level for level in reversed(self.settings[1:]) if level.version), None)

    @property
    def wanted(self) -> tuple[str, Position]:
        """The version or range of the highest level that sets one, else the reference's own, and where it is set."""
        level = next((level for level in reversed(self.settings) if level.version), None)
        if level is not None:
            return level.version, level.at
        return (self.source.version, self.source.at) if self.source else ("", self.at)

    def last(self, field: str) -> Any:
        """The value of a plain setting (`namespace`, `release_name`, …) at the highest level that sets it, or None."""
        return next((v for level in reversed(self.settings) if (v := getattr(level, field)) not in ("", None)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenLayer(StackedLayer):
    """A layer with its source chosen and its values merged: everything except macros.

    `pack` is the layer's pack, or the one linked to its chart; `chart` is set for chart layers only.
    """

    pack: Pack | None
    chart: Chart | None
    chart_path: str
    levels: tuple[Values, ...]
    merged: Mapping[str, Any]

    @property
    def source_path(self) -> str:
        """Path of the chart or the pack in the repository; '' where there is neither."""
        return self.chart_path or (self.pack.directory if self.pack else "")

    @property
    def version(self) -> str:
        """What constraints of packs compare: the version of the pack, also of one that is linked to a chart."""
        return self.pack.version if self.pack else self.chart.version if self.chart else ""

    def chosen_from(self) -> LayerSource:
        """The chosen source in its exact version."""
        chosen = self.chart or self.pack
        if chosen:
            return LayerSource("chart" if self.chart else "pack", chosen.name, chosen.version)
        return LayerSource("builtin" if self.builtin else "manifests")

    def locate(self, *keys: str | int) -> Position:
        """Where the merged value at these keys was written; the layer itself where nobody wrote it."""
        origin = origin_of(self.levels, keys)
        while origin is None and keys:
            keys = keys[:-1]
            origin = origin_of(self.levels, keys) if keys else None
        return origin[1] if origin else self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedLayer(ChosenLayer):
    """A layer with its macros replaced: the final values, and the settings read from them. `values` needs a pack."""

    data: Mapping[str, Any]
    values: PackValues | None
    pack_settings: PackSettings
    scope: Scope


L = TypeVar("L", bound=StackedLayer)


def refined(layer: StackedLayer, into: type[L], **known: Any) -> L:
    """The layer in its next form, with the fields that are known now."""
    return into(**{field.name: getattr(layer, field.name) for field in fields(layer)}, **known)
