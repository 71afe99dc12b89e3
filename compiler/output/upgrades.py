"""Packs that say which versions may follow them: what is committed is what runs, so the next version must be allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compiler.diagnostics import Problems
from compiler.model import LayerSource, Pack, PlannedCluster
from compiler.palette.dependencies import check_upgrade


def check_upgrades(
    cluster: PlannedCluster,
    before: Callable[[], Mapping[str, LayerSource]],
    packs: Mapping[str, Mapping[str, Pack]],
    problems: Problems,
) -> None:
    """Records layers whose pack goes from its committed version to one that its `upgrade` constraints do not allow.

    `before` gives what the committed inventory says of each layer's source; it is asked only where
    the cluster has packs. The constraint is in the old version of the pack: where the repository no longer has it,
    nothing can be checked.
    """
    layers = [layer for layer in cluster.layers if layer.source.kind == "pack"]
    sources = before() if layers else {}
    for layer in layers:
        names = (layer.name, *reversed(layer.previous_names))
        source = next((sources[name] for name in names if name in sources), None)
        old, new = _pack(source, packs), _pack(layer.source, packs)
        if old is not None and new is not None and old.name == new.name and old.version != new.version:
            check_upgrade(old, new, layer.at, problems)


def _pack(source: LayerSource | None, packs: Mapping[str, Mapping[str, Pack]]) -> Pack | None:
    known = packs.get(source.name, {}) if source and source.kind == "pack" else {}
    return known.get(source.version) if source else None
