"""Dotted paths into values (`charts.nginx.replicas`, `addresses.$[]`): how schema.yaml, presets.yaml and resource
constraints name a value.

A key of the values may itself contain dots (`options: {system.uri: …}`), so the segments of a path are tried alone and
joined, shortest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.merge import dropped

Keys = tuple[str | int, ...]
ITEMS = "$[]"  # every item of a list


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


def expand(data: Any, path: str) -> Iterator[tuple[Keys, Any]]:
    """Every place that `path` names, with its value. Where it has no value: the keys as written with MISSING.

    A list that `$[]` walks through may be empty: that names nothing, unless the items themselves are meant (`a.$[]`),
    then it is one MISSING.
    """
    yield from _walk(data, tuple(path.split(".")), ())


def _walk(value: Any, segments: tuple[str, ...], keys: Keys) -> Iterator[tuple[Keys, Any]]:
    if not segments:
        yield keys, value
    elif segments[0] == ITEMS:
        if not isinstance(value, list) or (not value and len(segments) == 1):
            yield (*keys, *segments), MISSING
            return
        for index, item in enumerate(value):
            yield from _walk(item, segments[1:], (*keys, index))
    else:
        best: list[tuple[Keys, Any]] = [((*keys, *segments), MISSING)]
        for length in range(len(segments), 0, -1):
            key = ".".join(segments[:length])
            if isinstance(value, Mapping) and key in value:
                places = list(_walk(value[key], segments[length:], (*keys, key)))
                best = places if any(item is not MISSING for _, item in places) or _all_missing(best) else best
        yield from best


def _all_missing(places: list[tuple[Keys, Any]]) -> bool:
    return bool(places) and all(item is MISSING for _, item in places)


def lookup(data: Any, path: str) -> Any:
    """The first value that `path` names, or MISSING."""
    return next((value for _, value in expand(data, path)), MISSING)


def without(data: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """`data` without what `path` names; the same object where it names nothing. `data` itself is not changed."""
    result: Any = data
    places = [keys for keys, value in expand(data, path) if value is not MISSING]
    for keys in reversed(places):  # last list item first, so that the indices before it stay right
        result = dropped(result, keys)
    return result  # type: ignore[no-any-return]
