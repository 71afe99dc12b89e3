"""JSON that somebody else wrote, read with limits: packs, schemas, exports, inventories, answers of registries.

Python's reader by itself gives half of a surrogate pair, infinity and NaN, which no output can hold, and fails in three
ways that are not of JSON: at depth, at long numbers, at bytes that are not UTF-8.
"""

from __future__ import annotations

import json
import math
import re
from json import JSONDecodeError
from typing import Any, NoReturn

from compiler.limits import DATA_DEPTH

_ESCAPES = re.compile(
    r"\\(?:u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)
_LONG_NUMBER = re.compile(r"[0-9]{4000}")


def load(text: str | bytes) -> Any:
    """The data of a JSON text, `bytes` in UTF-8. Raises JSONDecodeError, which has the place, and is a ValueError."""
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode("utf-8-sig")
            raise JSONDecodeError("not UTF-8", before, len(before)) from None
    try:
        data = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except JSONDecodeError:
        raise
    except RecursionError:
        raise _too_deep(text) from None
    except ValueError as error:
        digits = _LONG_NUMBER.search(text)
        message = str(error) if not digits else "a number has more digits than any reader keeps"
        raise JSONDecodeError(message, text, digits.start() if digits else 0) from None
    if text.count("[") + text.count("{") > DATA_DEPTH and _is_deep(data):
        raise _too_deep(text)
    if "\\u" in text and (half := next((m for m in _ESCAPES.finditer(text) if m["half"]), None)):
        raise JSONDecodeError("half of a surrogate pair, which is not a character", text, half.start())
    return data


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits[:40]} is too large")
    return number


def _is_deep(data: Any) -> bool:
    """Whether there are more levels of collections than DATA_DEPTH; without recursion, since there may be."""
    level = [data]
    for _ in range(DATA_DEPTH):
        level = [
            inner
            for node in level
            for inner in (node.values() if isinstance(node, dict) else node)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _too_deep(text: str) -> JSONDecodeError:
    depth = 0
    for match in _STRUCTURE.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > DATA_DEPTH:
            return JSONDecodeError(f"more than {DATA_DEPTH} levels of nesting", text, match.start())
    return JSONDecodeError(f"more than {DATA_DEPTH} levels of nesting", text, 0)
