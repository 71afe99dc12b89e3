"""Choosing the source of a layer and merging its values: everything except macros."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from compiler import files as tree
from compiler.charts.catalogue import Charts
from compiler.charts.chart import Chart
from compiler.codes import Code
from compiler.diagnostics import Problems, fail
from compiler.merge import merge
from compiler.model import ChartRef, LayerSettings, Pack, PackRef, Policy, Source, Values
from compiler.palette import presets
from compiler.resolve.layers import ChosenLayer, StackedLayer, refined
from compiler.resolve.sources import find_chart, find_pack
from compiler.resolve.values import levels_of, lists_at, of_chart

_POLICY_DEFAULTS = Policy(
    secrets="refuse", random="refuse", namespaces="create", prune="enabled", hooks="keep", apis="refuse", schema="error"
)


def policy_of(levels: Sequence[Policy]) -> Policy:
    chosen = {
        name: next((v for p in reversed(levels) if (v := getattr(p, name))), getattr(_POLICY_DEFAULTS, name))
        for name in Policy.__slots__
    }
    return Policy(**chosen)


def choose(stacked: StackedLayer, source: Source, charts: Charts, problems: Problems) -> ChosenLayer:
    """The layer with its pack or chart chosen and its values merged. Raises CompileError where its source is missing."""
    reference = stacked.source
    version, version_at = stacked.wanted
    pack: Pack | None = None
    chart: Chart | None = None
    path = ""
    pack_ref = reference if isinstance(reference, PackRef) else None
    if isinstance(reference, ChartRef):
        chart, path = find_chart(reference, version, version_at, stacked.at.path, source, charts)
        pack_ref = reference.linked_pack
        if pack_ref is not None:
            pack = find_pack(pack_ref, pack_ref.version, pack_ref.at, source, problems)
    elif pack_ref is not None:
        pack = find_pack(pack_ref, version, version_at, source, problems)
    elif any(level.version for level in stacked.settings):
        raise fail(Code.LAYER_VERSION, f"layer '{stacked.name}' sets a version but has no pack or chart", version_at)
    base = () if pack is None else _with_presets(pack, stacked, pack_ref, problems)
    settings: Sequence[LayerSettings] = stacked.settings
    if chart and pack:  # linked: the values are the chart's, all else is the pack's
        settings = [of_chart(level, chart.name) for level in settings]
    levels, strategies = levels_of(base, settings)
    lists = _lists_of_charts(pack, chart, charts, {path for chosen in strategies for path in chosen})
    merged = merge([lists, *(level.data for level in levels)], [{}, *strategies])
    return refined(stacked, ChosenLayer, pack=pack, chart=chart, chart_path=path, levels=levels, merged=merged)


def _lists_of_charts(pack: Pack | None, chart: Chart | None, charts: Charts, paths: Set[str]) -> Mapping[str, Any]:
    """The charts' own lists at these paths of the values: Helm merges a chart's defaults itself, but replaces lists."""
    if not paths:
        return {}
    if pack is None:
        return lists_at(charts.defaults(chart), paths) if chart else {}
    own = [chart] if chart else [charts.at_path(tree.normalise(pack.at.path, p, pack.at), pack.at) for p in pack.charts]
    return lists_at({"charts": {each.name: charts.defaults(each) for each in own}}, paths)


def _with_presets(pack: Pack, stacked: StackedLayer, ref: PackRef | None, problems: Problems) -> tuple[Values, ...]:
    names = next((level.presets for level in reversed(stacked.settings) if level.presets is not None), None)
    chosen = names if names is not None else (ref.presets if ref else ())
    selected = presets.select(pack, chosen, ref.at if ref else stacked.at, problems)
    if not selected:
        return (pack.values,)
    label = f"{pack.values.label} with presets {', '.join(preset.name for preset in selected)}"
    return (replace(pack.values, data=presets.apply(pack.values.data, selected), label=label),)
