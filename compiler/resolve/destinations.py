"""What a layer has for the cluster itself and for its management cluster: each becomes a layer of the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.model import ManifestRef
from compiler.resolve.layers import ResolvedLayer

MANIFESTS = "manifests"


@dataclass(frozen=True, slots=True)
class Share:
    """What a layer has for one cluster. The `main` one has the layer's pack or chart, and its name; manifests for the
    other cluster are a layer of their own there, LAYER.manifests. `divided`: the layer has both."""

    layer: ResolvedLayer
    main: bool
    management: bool
    manifests: tuple[ManifestRef, ...]
    divided: bool

    @property
    def name(self) -> str:
        """The name of the planned layer, unique in its cluster."""
        return self._named(self.layer.name)

    @property
    def previous_names(self) -> tuple[str, ...]:
        """The names that it had before its layer was renamed, the oldest first."""
        return tuple(map(self._named, self.layer.written.previous_names))

    def _named(self, layer: str) -> str:
        return layer if self.main else f"{layer}.{MANIFESTS}"


def shares_of(layers: Sequence[ResolvedLayer], problems: Problems) -> list[Share]:
    """The shares of all layers. A builtin layer has those of its attached manifests only. Reports a layer whose name
    another one's manifests take (`duplicate-layer`)."""
    shares = [share for layer in layers for share in _shares(layer)]
    names = {layer.name: layer for layer in layers}
    for share in shares:
        other = names.get(share.name, share.layer)
        if other is not share.layer:
            problems.error(
                Code.DUPLICATE_LAYER,
                f"layer '{share.name}' has the name that the manifests attached to layer '{share.layer.name}' get",
                other.at,
                hint="rename one of the two layers",
                related=[(share.layer.at, f"layer '{share.layer.name}'")],
            )
    return shares


def _shares(layer: ResolvedLayer) -> list[Share]:
    here = tuple(ref for ref in layer.manifests if layer.is_for_management(ref) == layer.management)
    there = tuple(ref for ref in layer.manifests if ref not in here)
    planned = bool(here) or not layer.builtin
    divided = planned and bool(there)
    main = [Share(layer, main=True, management=layer.management, manifests=here, divided=divided)] if planned else []
    if not there:
        return main
    return [*main, Share(layer, main=False, management=not layer.management, manifests=there, divided=divided)]
