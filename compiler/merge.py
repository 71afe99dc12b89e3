"""The one merge of values: of layers, presets, a chart's documents and exported packs.

For two values at the same key the first rule that applies decides:

1. two maps merge, key by key; keys of the lower one come first, in its order;
2. two lists merge by the strategy that the upper level has for their dotted path: `append`, `prepend`, `key:NAME`, or
   `replace`, which is also the default;
3. else the upper one wins, null too (Helm's rule: null deletes the chart's default, see `without_deleted`).

Patches of objects have other rules (overlay/): in RFC 7396 null deletes at once, a strategic merge knows its lists.

Built on `deepmerge`: its Merger dispatches by type; the strategies are ours because they never change their input
(deepmerge's own change the base in place and put parts of the overlay into it) and know the dotted path of a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deepmerge import Merger


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

    A null in an item deletes at once, because Helm does not look into lists.
    """
    merged = list(base)
    places = {known: i for i, item in enumerate(base) if (known := _key_of(item, key)) is not None}
    for item in over:
        identity = _key_of(item, key)
        if identity in places:
            index = places[identity]
            both = merger.value_strategy([*path, item[key]], merged[index], item)
            merged[index] = without_deleted(both, merged[index])
        else:
            merged.append(item)
    return merged


def _key_of(item: Any, key: str) -> tuple[bool, str | int | float] | None:
    """The identity of a list item; None if the key is absent or its value a collection. 1 is not true."""
    value = item.get(key) if isinstance(item, dict) else None
    return (isinstance(value, bool), value) if isinstance(value, str | int | float) else None


Strategies = Mapping[str, str]
"""Dotted path -> how the list there merges into the one below: append, prepend, replace, key:NAME."""


def merge(levels: Iterable[Mapping[str, Any]], strategies: Sequence[Strategies] = ()) -> dict[str, Any]:
    """The levels merged, low to high, each by its own strategies (without any, all lists replace).

    Inputs are not changed; the result may share their parts (treat it as frozen). A null of a higher level stays in the
    result as None: handed to Helm it deletes the chart's default.
    """
    merger = _ValuesMerger()
    merged: dict[str, Any] = {}
    for index, level in enumerate(levels):
        merger.strategies = strategies[index] if strategies else {}
        merged = _merge_maps(merger, [], merged, dict(level))
    return merged


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


def dropped(values: Any, keys: Sequence[str | int]) -> Any:
    """A copy of the values without the one at this path, which must be there."""
    key, *rest = keys
    if isinstance(values, list):
        changed = list(values)
        if rest:
            changed[int(key)] = dropped(changed[int(key)], rest)
        else:
            del changed[int(key)]
        return changed
    if rest:
        return {**values, key: dropped(values[key], rest)}
    return {name: item for name, item in values.items() if name != key}
