"""Lists whose items have an identity: how they merge, and in which order.

Kustomize's order (kyaml's setAssociativeSequenceElements with the prepend option): items that the patch names first, in
the patch's order, then the others in theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from compiler.overlay.errors import PatchError

Identity = tuple[str, ...]
MergeItem = Callable[[Mapping[str, Any] | None, Mapping[str, Any]], dict[str, Any] | None]


def merge(base: Sequence[Any], patch: Sequence[Any], keys: Identity, merge_item: MergeItem, name: str) -> list[Any]:
    """The list `base` with the items of `patch` merged in by their keys; `merge_item` gives None for an item that goes.

    A key that is absent on one side matches any value (a port without protocol is that port with any protocol), as long
    as another key is equal. Raises PatchError on patch items without any key.
    """
    kept: list[Any] = list(base)
    named: list[int] = []  # positions in `kept` of what the patch names, in its order
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
        # kyaml's appendListNode puts what was there back in its order where items have a second key, as ports have.
        named = [position for position in named if position >= len(base)]
    rest = (position for position in range(len(kept)) if position not in named)
    return [kept[position] for position in (*named, *rest) if kept[position]]


def union(patch: Sequence[Any], base: Sequence[Any]) -> list[Any]:
    """The scalars of the patch, then the others; each once."""
    found: dict[tuple[str, Any], Any] = {}
    for value in (*patch, *base):
        found.setdefault((type(value).__name__, repr(value)), value)
    return list(found.values())


def without(base: Any, removed: Any, name: str) -> list[Any]:
    """The list of scalars without the removed ones ($deleteFromPrimitiveList)."""
    if not isinstance(removed, list) or not isinstance(base, list):
        raise PatchError(f"{name}: $deleteFromPrimitiveList needs a list of values, on a list")
    return [value for value in base if value not in removed]


def ordered(items: Any, before: Any, order: Any, keys: Identity, name: str) -> list[Any]:
    """The items in the order that `$setElementOrder` gives, by kubectl's rule.

    Items that it does not name keep their place relative to those that were there before.
    """
    if not isinstance(order, list) or not isinstance(items, list):
        raise PatchError(f"{name}: $setElementOrder needs a list, on a list")
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
    """One list of both, each in its order; an unnamed item goes first only where it stood before the named one."""
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
        raise PatchError(f"{name}: its items are maps, the patch has {item!r}")
    values = _values(item, keys)
    if not any(values):
        raise PatchError(f"{name}: an item of the patch has no '{keys[0]}'", hint="items are matched by that field")
    return values


def _values(item: Any, keys: Identity) -> Identity:
    """The keys' values as text, "" where absent; numbers and their texts are the same (80 and "80")."""
    if not isinstance(item, dict):
        return ("",) * len(keys)
    return tuple(_text(item.get(key)) for key in keys)


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _find(items: Sequence[Any], identity: Identity, keys: Identity) -> int | None:
    """The first item of that identity, else the first that differs from it only by keys that one side lacks."""
    loose = None
    for position, item in enumerate(items):
        values = _values(item, keys)
        if values == identity:
            return position
        pairs = list(zip(values, identity, strict=True))
        if loose is None and any(a == b for a, b in pairs if a) and all(a == b or not a or not b for a, b in pairs):
            loose = position
    return loose
