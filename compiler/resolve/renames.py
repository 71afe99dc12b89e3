"""Layers that were renamed (`previousNames`): what clusters know them by, and what still asks for an old name."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.codes import Code
from compiler.diagnostics import Problems, did_you_mean
from compiler.model import Layer
from compiler.resolve.layers import StackedLayer


def check_installed_names(layers: Iterable[StackedLayer], problems: Problems) -> None:
    """Records layers of one cluster that it would know by the same name: a new layer that takes the old name of a
    renamed one, or two that both claim to have had it."""
    first: dict[str, StackedLayer] = {}
    for layer in layers:
        other = first.setdefault(layer.installed_as, layer)
        if other is not layer:
            renamed = layer if layer.written.previous_names else other
            problems.error(
                Code.DUPLICATE_LAYER,
                f"layers '{other.name}' and '{layer.name}' would both be delivered as '{layer.installed_as}', the first of"
                f" previousNames of '{renamed.name}'",
                renamed.at,
                hint=f"only one layer of a cluster can keep '{layer.installed_as}': give a new layer a name of its own",
                related=[((other if renamed is layer else layer).at, "the other layer")],
            )


def override_hint(name: str, layers: Iterable[Layer]) -> str:
    """What to write in place of an override for a layer that does not exist."""
    known = {layer.name: layer for layer in layers}
    renamed = next((layer.name for layer in known.values() if name in layer.previous_names), "")
    return f"layer '{name}' is named '{renamed}' now" if renamed else did_you_mean(name, known)
