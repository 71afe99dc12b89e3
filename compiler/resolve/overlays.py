"""The overlays of a layer with their macros replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from compiler import yamldoc
from compiler.diagnostics import CompileError, Position, Problems
from compiler.fields.reader import Reader
from compiler.model import MacroOverlay, Overlay, ScopedOverlay, WrittenOverlay
from compiler.overlay import parse_overlay
from compiler.resolve.layers import ResolvedLayer
from compiler.resolve.scope import Scope

Substitute = Callable[[Any, Scope, Callable[..., Position]], Any]
"""`macros.resolve` without its evaluator."""


def overlays_of(
    layer: ResolvedLayer, others: Mapping[str, Scope], substitute: Substitute, problems: Problems
) -> Iterator[ScopedOverlay]:
    """The pack's own overlays, then those of every level, in the order in which they apply. Errors go to `problems`.

    Macros see what the layer's values see. An overlay of a template or a cluster applies to layers of all profiles, so
    it sees the variables of all of them (`others`: their scopes, by name). The layer's own profile takes precedence, and
    a name with different values in two others is undefined.
    """
    for overlay in layer.pack.patches if layer.pack else ():
        if parsed := _parsed(overlay, layer.scope, substitute, problems):
            yield ScopedOverlay(parsed, False)
    shared = _shared(layer.scope, others)
    for stacked in layer.overlays:
        scope = shared if stacked.level == "cluster" else layer.scope
        if parsed := _parsed(stacked.overlay, scope, substitute, problems):
            yield ScopedOverlay(parsed, stacked.level != "layer")


def _parsed(overlay: WrittenOverlay, scope: Scope, substitute: Substitute, problems: Problems) -> Overlay | None:
    if not isinstance(overlay, MacroOverlay):
        return overlay
    try:
        data = substitute(overlay.data, scope, lambda *keys: overlay.document.at(*overlay.path, *keys))
    except CompileError as error:
        problems.add(error)
        return None
    if scope.unknown and yamldoc.holds_macro(data):
        return None  # nobody can say yet what it is
    return parse_overlay(Reader(data, overlay.document, problems, overlay.path))


def _shared(own: Scope, others: Mapping[str, Scope]) -> Scope:
    values: dict[str, set[str]] = {}
    for scope in others.values():
        for name, value in scope.var.items():
            values.setdefault(name, set()).add(value)
    known = {name: next(iter(options)) for name, options in values.items() if len(options) == 1}
    sensitive = own.sensitive.union(*(scope.sensitive for scope in others.values()))
    return replace(own, var={**known, **own.var}, sensitive=sensitive)
