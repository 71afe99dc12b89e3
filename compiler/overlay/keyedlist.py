"""Merging lists whose items have an identity.

The order is kustomize's (kyaml's setAssociativeSequenceElements with the prepend option): the items of the patch come
first, in its order, then the others in theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from compiler.overlay.errors import PatchError

Identity = tuple[str, ...]
MergeItem = Callable[[Mapping[str, Any] | None, Mapping[str, Any]], dict[str, Any] | None]


def merge(base: Sequence[Any], patch: Sequence[Any], keys: Identity, merge_item: MergeItem, name: str) -> list[Any]:
    """The list `base` with the items of `patch` merged in by their keys; `merge_item` returns None to remove an item.

    A key that one side lacks matches any value (a port without protocol matches that port with any protocol), as long
    as another key is equal. Raises PatchError for a patch item without any key.
    """
    kept: list[Any] = list(base)
    named: list[int] = []  # positions in `kept` of the patch's items, in its order
    for item in patch:
        identity = _identity(item, keys, name)
        position = _find(kept, identity, keys)
        if position is None:
            position = len(kept)
            kept.append(merge_item(None, item))
        else:
            kept[position] = merge_item(kept[position], item)
        if position not in named:
            named.append(position)
    if any(any(_values(item, keys)[1:]) for item in kept):
        # If items have a second key, as ports do, kyaml's appendListNode restores the order of the existing ones.
        named = [position for position in named if position >= len(base)]
    rest = (position for position in range(len(kept)) if position not in named)
    return [kept[position] for position in (*named, *rest) if kept[position]]


def union(patch: Sequence[Any], base: Sequence[Any]) -> list[Any]:
    """The scalars of the patch, then those of the base; each once."""
    values: dict[tuple[str, Any], Any] = {}
    for value in (*patch, *base):
        values.setdefault((type(value).__name__, repr(value)), value)
    return list(values.values())


def without(base: Any, removed: Any, name: str) -> list[Any]:
    """The list of scalars without those of `$deleteFromPrimitiveList`."""
    if not isinstance(removed, list) or not isinstance(base, list):
        raise PatchError(f"{name}: expected list in $deleteFromPrimitiveList and object")
    return [value for value in base if value not in removed]


def ordered(items: Any, before: Any, order: Any, keys: Identity, name: str) -> list[Any]:
    """The items in the order of `$setElementOrder`, by kubectl's rule.

    Items that it does not name keep their place relative to the items that existed before.
    """
    if not isinstance(order, list) or not isinstance(items, list):
        raise PatchError(f"{name}: expected list in $setElementOrder and object")
    key = keys[:1]

    def identity(item: Any) -> Any:
        return _values(item, key) if key and isinstance(item, dict) else repr(item)

    wanted = [identity(item) for item in order]
    earlier = [identity(item) for item in before or []]
    named = sorted((item for item in items if identity(item) in wanted), key=lambda item: wanted.index(identity(item)))
    others = [item for item in items if identity(item) not in wanted]

    def positions(group: list[Any]) -> list[int]:
        return [earlier.index(each) if each in earlier else -1 for each in map(identity, group)]

    return _interleave(named, others, positions(named), positions(others))


def _interleave(named: list[Any], others: list[Any], named_at: list[int], others_at: list[int]) -> list[Any]:
    """Both in one list, each in its own order; an unnamed item comes first only if it was before the named one."""
    result: list[Any] = []
    i = j = 0
    while i < len(named) and j < len(others):
        if others_at[j] < named_at[i]:
            result.append(others[j])
            j += 1
        else:
            result.append(named[i])
            i += 1
    return result + named[i:] + others[j:]


def _identity(item: Any, keys: Identity, name: str) -> Identity:
    if not isinstance(item, dict):
        raise PatchError(f"{name}: expected mapping as item of the patch, found {item!r}")
    values = _values(item, keys)
    if not any(values):
        raise PatchError(
            f"{name}: an item of the patch has no '{keys[0]}'", hint="set it: items are matched by that field"
        )
    return values


def _values(item: Any, keys: Identity) -> Identity:
    """The values of the keys as text, "" if absent; a number equals its text (80 and "80")."""
    if not isinstance(item, dict):
        return ("",) * len(keys)
    return tuple(_text(item.get(key)) for key in keys)


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _find(items: Sequence[Any], identity: Identity, keys: Identity) -> int | None:
    """The first item with that identity, else the first that differs only in keys that one side lacks."""
    loose = None
    for position, item in enumerate(items):
        values = _values(item, keys)
        if values == identity:
            return position
        pairs = list(zip(values, identity, strict=True))
        if loose is None and any(a == b for a, b in pairs if a) and all(a == b or not a or not b for a, b in pairs):
            loose = position
    return loose
