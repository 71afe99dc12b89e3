"""The levels of a layer's values: which of them count, how their lists merge, and which one set a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from compiler.diagnostics import Position
from compiler.merge import Strategies
from compiler.model import LayerSettings, Values


def levels_of(
    base: Sequence[Values], settings: Sequence[LayerSettings]
) -> tuple[tuple[Values, ...], tuple[Strategies, ...]]:
    """The levels that count, low to high, and the list strategies of each: its own and those of the levels below.

    `valuesMode: replace` drops all levels below its own.
    """
    levels = list(base)
    chosen: Strategies = {}
    strategies = [chosen for _ in base]
    for level in settings:
        if level.values_mode == "replace":
            levels, strategies = [], []
        chosen = {**chosen, **level.list_strategies}
        levels.extend(level.values)
        strategies.extend(chosen for _ in level.values)
    return tuple(levels), tuple(strategies)


def of_chart(settings: LayerSettings, chart: str) -> LayerSettings:
    """The settings of a layer whose values are a chart's own, with them at their place in a pack's values."""
    below = ("charts", chart)
    values = tuple(replace(level, data={"charts": {chart: level.data}}, below=below) for level in settings.values)
    strategies = {".".join((*below, path)): strategy for path, strategy in settings.list_strategies.items()}
    return replace(settings, values=values, list_strategies=strategies)


def lists_at(values: Mapping[str, Any], paths: Set[str], prefix: str = "") -> dict[str, Any]:
    """The values reduced to the lists at these dotted paths."""
    lists: dict[str, Any] = {}
    for key, value in values.items():
        path = f"{prefix}{key}"
        if isinstance(value, list) and path in paths:
            lists[key] = value
        elif isinstance(value, dict) and (inside := lists_at(value, paths, f"{path}.")):
            lists[key] = inside
    return lists


def origin_of(levels: Sequence[Values], path: Sequence[str | int]) -> tuple[Values, Position] | None:
    """The level that set the value at this path, and where: the highest one that sets it, or a scalar above it."""
    for level in reversed(levels):
        value: Any = level.data
        depth = 0
        for key in path:
            known = (isinstance(value, dict) and key in value) or (
                isinstance(value, list) and isinstance(key, int) and key < len(value)
            )
            if not known:
                break
            value = value[key]
            depth += 1
        if depth == len(path) or (depth and not isinstance(value, dict | list)):
            return level, level.at(*path[:depth])
    return None
