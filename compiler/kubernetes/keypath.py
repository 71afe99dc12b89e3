"""Paths of fields as text: `spec.layers[2].name`, `metadata.annotations["a/b"]`; "" is the whole.

A pattern is a path in which `[*]` stands for each item of a list, or each value of a mapping.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

Pattern = tuple[str | int | None, ...]  # None: each

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_STEP = re.compile(r'\[(0|[1-9][0-9]*)\]|\[("(?:[^"\\]|\\.)*")\]|(\.?)([A-Za-z_][A-Za-z0-9_-]*)|(\[\*\])')


def show(keys: Iterable[str | int]) -> str:
    """The text of a path of keys and list indices; a key that is not a plain word is in brackets, as JSON."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        elif _PLAIN.fullmatch(key):
            text += f".{key}" if text else key
        else:
            text += f"[{json.dumps(key, ensure_ascii=False)}]"
    return text


def read(text: str) -> tuple[str | int, ...]:
    """The keys and list indices of a path that `show` has written. Raises ValueError for any other text."""
    pattern = read_pattern(text)
    keys = tuple(key for key in pattern if key is not None)
    if len(keys) < len(pattern):
        raise ValueError(_message(text))
    return keys


def read_pattern(text: str) -> Pattern:
    """The steps of a pattern. Raises ValueError for any other text."""
    keys: list[str | int | None] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (match[4] and bool(match[3]) != bool(keys)):
            raise ValueError(_message(text))
        if match[5]:
            keys.append(None)
        else:
            keys.append(int(match[1]) if match[1] else json.loads(match[2]) if match[2] else match[4])
        position = match.end()
    return tuple(keys)


def find(node: Any, pattern: Pattern) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """(path, value) of every place of the node that the pattern fits, in its order."""
    if not pattern:
        yield (), node
        return
    step, *rest = pattern
    for key, value in _items(node):
        if step is None or (key == step and type(key) is type(step)):
            for path, inner in find(value, tuple(rest)):
                yield (key, *path), inner


def _items(node: Any) -> Iterable[tuple[str | int, Any]]:
    return node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()


def _message(text: str) -> str:
    return f"'{text[:80]}' is not a path such as spec.layers[2].name"
