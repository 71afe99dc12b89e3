"""Merging values: maps merge, lists replace, null deletes (Helm's rule), other list strategies on request.

Built on `deepmerge`: its Merger dispatches by type; the strategies are ours because they never change their input
(deepmerge's own work in place and alias the overlay into the result) and know the dotted path of a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from deepmerge import Merger

from compiler.diagnostics import Position
from compiler.model import LayerSettings, Values


class _ValuesMerger(Merger):
    """A Merger that knows the list strategies by dotted path."""

    def __init__(self) -> None:
        self.strategies: Mapping[str, str] = {}
        super().__init__([(dict, [_merge_maps]), (list, [_merge_lists])], ["override"], ["override"])


def _merge_maps(merger: Merger, path: list[Any], base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        merged[key] = merger.value_strategy([*path, key], base[key], value) if key in base else value
    return merged


def _merge_lists(merger: Merger, path: list[Any], base: list[Any], over: list[Any]) -> list[Any]:
    assert isinstance(merger, _ValuesMerger)
    strategy = merger.strategies.get(".".join(map(str, path)), "replace")
    if strategy == "append":
        return [*base, *over]
    if strategy == "prepend":
        return [*over, *base]
    if strategy.startswith("key:"):
        return _merge_by_key(merger, path, base, over, strategy.removeprefix("key:"))
    return over


def _merge_by_key(merger: Merger, path: list[Any], base: list[Any], over: list[Any], key: str) -> list[Any]:
    """Items with an equal `key` merge in place; new ones come last, in their order.

    A null in an item deletes here and now: Helm does not look into lists.
    """
    merged = list(base)
    places = {found: i for i, item in enumerate(base) if (found := _key_of(item, key)) is not None}
    for item in over:
        found = _key_of(item, key)
        if found in places:
            index = places[found]
            both = merger.value_strategy([*path, item[key]], merged[index], item)
            merged[index] = without_deleted(both, merged[index])
        else:
            merged.append(item)
    return merged


def _key_of(item: Any, key: str) -> tuple[bool, str | int | float] | None:
    """What tells an item of a list from others; None where it has no such key, or a collection there. 1 is not true."""
    value = item.get(key) if isinstance(item, dict) else None
    return (isinstance(value, bool), value) if isinstance(value, str | int | float) else None


Strategies = Mapping[str, str]
"""Dotted path -> how the list there merges into the one below: append, prepend, replace, key:NAME."""


def merge(levels: Iterable[Mapping[str, Any]], strategies: Sequence[Strategies] = ()) -> dict[str, Any]:
    """The levels merged, low to high, each by its own strategies (all lists replace where none are given).

    Inputs are not changed; the result may share their parts (treat it as frozen). A null of a higher level stays in the
    result as None: handed to Helm it deletes the chart's default.
    """
    merger = _ValuesMerger()
    merged: dict[str, Any] = {}
    for index, level in enumerate(levels):
        merger.strategies = strategies[index] if strategies else {}
        merged = _merge_maps(merger, [], merged, dict(level))
    return merged


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


def lists_at(values: Mapping[str, Any], paths: Set[str], prefix: str = "") -> dict[str, Any]:
    """Of the values nothing but the lists at these dotted paths."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        path = f"{prefix}{key}"
        if isinstance(value, list) and path in paths:
            found[key] = value
        elif isinstance(value, dict) and (inside := lists_at(value, paths, f"{path}.")):
            found[key] = inside
    return found


def without_deleted(merged: Any, defaults: Any) -> Any:
    """The merged values without the keys that a higher level set to null; a null that is itself the default stays."""
    if not isinstance(merged, dict):
        return merged
    known: Mapping[str, Any] = defaults if isinstance(defaults, dict) else {}
    kept = {}
    for key, value in merged.items():
        if value is None and not (key in known and known[key] is None):
            continue
        kept[key] = without_deleted(value, known.get(key))
    return kept


def origin_of(levels: Sequence[Values], path: Sequence[str | int]) -> tuple[Values, Position] | None:
    """The level that set the value at this path, and where: the highest that says anything about it or cut it off above."""
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
