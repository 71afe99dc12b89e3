"""Paths of fields as text: `spec.layers[2].name`, `metadata.annotations["a/b"]`; "" is the whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_STEP = re.compile(r'\[(0|[1-9][0-9]*)\]|\[("(?:[^"\\]|\\.)*")\]|(\.?)([A-Za-z_][A-Za-z0-9_-]*)')


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
    keys: list[str | int] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (match[4] and bool(match[3]) != bool(keys)):
            raise ValueError(f"'{text[:80]}' is not a path such as spec.layers[2].name")
        keys.append(int(match[1]) if match[1] else json.loads(match[2]) if match[2] else match[4])
        position = match.end()
    return tuple(keys)
