"""Settings and values that nothing carries out: accepted in silence they would look as if they worked."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.codes import Code
from compiler.diagnostics import Position, Problems
from compiler.model import LayerSettings, MacroOverlay
from compiler.model.overlays import Transform
from compiler.palette.unmatched import report_left_out, report_unread
from compiler.resolve.layers import ResolvedLayer
from compiler.resolve.scope import PackValuesByName

_OF_A_SOURCE = ("values", "values_mode", "list_strategies", "release_name", "skip_schema_validation", "presets")
_OF_OBJECTS = ("overlays", "namespace", "install_priority", "policy", "readiness", "destination")


def check_builtin(layers: Sequence[ResolvedLayer], problems: Problems) -> None:
    """Warns of settings of builtin layers, at any level. Values that a macro reads have an effect; so has what is for
    objects, where manifests are attached."""
    asked = _asked(layers)
    for layer in layers:
        if not layer.builtin:
            continue
        fields = _OF_A_SOURCE if layer.manifests else (*_OF_A_SOURCE, *_OF_OBJECTS)
        for level in layer.settings:
            idle = [_key(field) for field in fields if getattr(level, field) != getattr(_UNSET, field)]
            if layer.name in asked:
                idle = [key for key in idle if key not in ("values", "valuesMode", "listStrategies")]
            if idle:
                problems.warning(
                    Code.LAYER_BUILTIN,
                    f"layer '{layer.name}' is builtin, and nothing carries out: {', '.join(idle)}",
                    level.at,
                    hint="delete what has no effect, or give the layer a pack or a chart instead of builtin: true",
                )


def check_values(layers: Sequence[ResolvedLayer]) -> None:
    """Reports top-level keys of packs' values that nothing reads, and those that Palette alone acts on."""
    asked = _asked(layers)
    swapped = any(_swaps_images(layer) for layer in layers)
    for layer in layers:
        if layer.values is not None and not layer.builtin:
            report_left_out(layer.values, layer.type, swapped=swapped)
            if not asked & {layer.name, layer.values.pack.name}:
                report_unread(layer.values, layer.type)


_UNSET = LayerSettings(Position(""))


def _key(field: str) -> str:
    first, *rest = field.split("_")
    return first + "".join(map(str.capitalize, rest))


def _asked(layers: Sequence[ResolvedLayer]) -> set[str]:
    """The packs and layers whose values a macro has read."""
    scopes = (layer.scope.packs for layer in layers)
    return {name for packs in scopes if isinstance(packs, PackValuesByName) for name in packs.asked}


def _swaps_images(layer: ResolvedLayer) -> bool:
    """Whether an overlay of the layer rewrites images, or may do so once its macros are replaced."""
    for stacked in layer.overlays:
        overlay = stacked.overlay
        if isinstance(overlay, MacroOverlay):
            if "transform" in overlay.data:
                return True
        elif isinstance(overlay.operation, Transform) and (overlay.operation.image_swap or overlay.operation.images):
            return True
    return False
