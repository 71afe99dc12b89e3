"""Single values as the API server's decoder takes them, by the names that `schemas.json` has for their types."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from compiler.kubernetes.quantity import quantity_of
from compiler.kubernetes.validation.findings import described

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T([01]?\d|2[0-3]):[0-5]\d:[0-5]\d([.,]\d+)?(Z|[+-]\d\d:\d\d)")
_MICRO_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T([01]?\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}(Z|[+-]\d\d:\d\d)")


def is_time(text: str, pattern: re.Pattern[str] = _TIME) -> bool:
    """A date and time of RFC 3339."""
    match = pattern.fullmatch(text)
    if match is None:
        return False
    try:
        date.fromisoformat(match[1])
    except ValueError:
        return False
    return True


def is_base64(text: str) -> bool:
    """Standard base64 with its padding; line ends are left out of account, as Go does."""
    try:
        binascii.a2b_base64(text.replace("\n", "").replace("\r", "").encode(), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        return False
    return True


def _string(value: Any) -> str:
    if isinstance(value, str):
        return ""
    scalar = isinstance(value, int | float)
    return f"expected a string, found {described(value)}" + ("; put it in quotes" if scalar else "")


def _boolean(value: Any) -> str:
    return "" if isinstance(value, bool) else f"expected true or false, found {described(value)}"


def _integer(bits: int) -> Callable[[Any], str]:
    limit = 1 << (bits - 1)

    def check(value: Any) -> str:
        if type(value) is not int:
            return f"expected a whole number, found {described(value)}"
        return "" if -limit <= value < limit else f"{value} does not fit into {bits} bits"

    return check


def _number(value: Any) -> str:
    return (
        ""
        if isinstance(value, int | float) and not isinstance(value, bool)
        else f"expected a number, found {described(value)}"
    )


def _int_or_string(value: Any) -> str:
    if isinstance(value, str):
        return ""
    return _INT32(value) and f"expected a whole number or a string, found {described(value)}"


def _quantity(value: Any) -> str:
    if value == "":
        return ""  # zero, for the API server
    try:
        quantity_of(value)
    except ValueError:
        return f"expected a quantity such as 500m, 2 or 16Gi, found {described(value)}"
    return ""


def _bytes(value: Any) -> str:
    return _string(value) or ("" if is_base64(value) else "expected base64")


def _time(value: Any) -> str:
    return _string(value) or (
        "" if is_time(value) else f"expected a time such as 2026-01-31T12:00:00Z, found {described(value)}"
    )


def _micro_time(value: Any) -> str:
    right = isinstance(value, str) and is_time(value, _MICRO_TIME)
    return "" if right else f"expected a time such as 2026-01-31T12:00:00.000000Z, found {described(value)}"


def _object(value: Any) -> str:
    return "" if isinstance(value, dict) else f"expected a map, found {described(value)}"


_INT32 = _integer(32)

SCALARS: Mapping[str, Callable[[Any], str]] = {
    "any": lambda _: "",
    "boolean": _boolean,
    "bytes": _bytes,
    "int32": _INT32,
    "int64": _integer(64),
    "intOrString": _int_or_string,
    "microTime": _micro_time,
    "number": _number,
    "object": _object,
    "quantity": _quantity,
    "string": _string,
    "time": _time,
}
"""What is wrong with a value of the type, "" where nothing is. Values are never null."""
