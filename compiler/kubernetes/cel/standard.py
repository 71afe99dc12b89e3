"""Functions of CEL itself, of its extensions for strings, sets and math, and of Kubernetes' for lists and regular
expressions, by their signatures.

Source: github.com/google/cel-spec, doc/langdef.md; github.com/google/cel-go, ext; k8s.io/apiserver, pkg/cel/library.
"""

from __future__ import annotations

import base64
import itertools
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from compiler import regex
from compiler.kubernetes.cel.literals import CelUnknown, UInt
from compiler.kubernetes.cel.values import (
    CelError,
    Duration,
    Optional,
    Special,
    Timestamp,
    duration,
    equal,
    timestamp,
    type_name,
    whole,
)

Call = Callable[..., Any]


def _go_size(value: Any) -> int:
    return len(value)


def _to_int(value: Any) -> int:
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?\d+", value):
            raise CelError(f"'{value[:40]}' is not a whole number")
        return whole(int(value))
    if isinstance(value, Timestamp):
        return value.nanoseconds // 10**9
    if isinstance(value, float) and not math.isfinite(value):
        raise CelError("integer overflow")
    return whole(int(value))


def _to_uint(value: Any) -> UInt:
    return UInt(whole(UInt(_to_int(value))))


def _to_double(value: Any) -> float:
    try:
        return float(value)
    except ValueError:
        raise CelError(f"'{value[:40]}' is not a number") from None


def _to_string(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise CelError("the bytes are not text") from None
    if isinstance(value, str | int):
        return str(value)
    raise CelUnknown("string()")


def _found(pattern: str, text: str) -> list[str]:
    try:
        return regex.find_all(pattern, text)
    except ValueError as error:
        raise CelError(str(error)) from None


def _matches(text: str, pattern: str) -> bool:
    try:
        return regex.matches(pattern, text)
    except ValueError as error:
        raise CelError(str(error)) from None


def _at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise CelError(f"index out of range: {index}")
    return text[index : index + 1]


def _cut(text: str, first: int, last: int | None = None) -> str:
    end = len(text) if last is None else last
    if not 0 <= first <= end <= len(text):
        raise CelError("index out of range")
    return text[first:end]


def _split(text: str, by: str, most: int = -1) -> list[str]:
    if most == 0:
        return []
    if not by:
        parts = list(text)
        return parts if most < 0 or len(parts) <= most else [*parts[: most - 1], "".join(parts[most - 1 :])]
    return text.split(by, most - 1 if most > 0 else -1)


def _join(texts: list[Any], by: str = "") -> str:
    if not all(isinstance(each, str) for each in texts):
        raise CelError("join() of a list with other things than text")
    return by.join(texts)


def _index(items: list[Any], wanted: Any) -> int:
    return next((index for index, each in enumerate(items) if equal(each, wanted)), -1)


def _last_index(items: list[Any], wanted: Any) -> int:
    return next((index for index in range(len(items) - 1, -1, -1) if equal(items[index], wanted)), -1)


def _ordered(items: list[Any]) -> bool:
    return all(not other < one for one, other in itertools.pairwise(items))


def _total(items: list[Any]) -> Any:
    if not items:
        return 0
    if isinstance(items[0], Duration):
        return Duration(sum(each.nanoseconds for each in items))
    total = sum(items)
    return total if isinstance(total, float) else whole(UInt(total) if isinstance(items[0], UInt) else total)


def _extreme(choose: Call) -> Call:
    def call(items: list[Any]) -> Any:
        if not items:
            raise CelError("min() or max() of an empty list")
        return choose(items)

    return call


def _part(name: str) -> Call:
    parts: Mapping[str, Call] = {
        "getFullYear": lambda at: at.year,
        "getMonth": lambda at: at.month - 1,
        "getDate": lambda at: at.day,
        "getDayOfMonth": lambda at: at.day - 1,
        "getDayOfWeek": lambda at: at.isoweekday() % 7,
        "getDayOfYear": lambda at: at.timetuple().tm_yday - 1,
        "getHours": lambda at: at.hour,
        "getMinutes": lambda at: at.minute,
        "getSeconds": lambda at: at.second,
        "getMilliseconds": lambda at: at.microsecond // 1000,
    }
    return lambda value: parts[name](value.moment.astimezone(UTC))


def _within(one: list[Any], other: list[Any]) -> bool:
    return all(any(equal(each, item) for item in one) for each in other)


def _boolean(text: str) -> bool:
    if text not in ("true", "True", "TRUE", "t", "1", "false", "False", "FALSE", "f", "0"):
        raise CelError(f"'{text[:40]}' is not true or false")
    return text.lower() in ("true", "t", "1")


def _toward_zero(value: int, unit: int) -> int:
    return abs(value) // unit * (1 if value >= 0 else -1)


def _content(value: Optional) -> Any:
    if not value.present:
        raise CelError("the optional has no value")
    return value.content


STANDARD: Mapping[str, Call] = {
    "size(string) int": _go_size,
    "size(bytes) int": _go_size,
    "size(list) int": _go_size,
    "size(map) int": _go_size,
    "string.size() int": _go_size,
    "bytes.size() int": _go_size,
    "list.size() int": _go_size,
    "map.size() int": _go_size,
    "string.contains(string) bool": lambda text, part: part in text,
    "string.startsWith(string) bool": lambda text, part: text.startswith(part),
    "string.endsWith(string) bool": lambda text, part: text.endswith(part),
    "string.matches(string) bool": _matches,
    "matches(string, string) bool": _matches,
    "string.charAt(int) string": _at,
    "string.indexOf(string) int": lambda text, part: text.find(part),
    "string.indexOf(string, int) int": lambda text, part, first: text.find(part, first),
    "string.lastIndexOf(string) int": lambda text, part: text.rfind(part),
    "string.lowerAscii() string": lambda text: "".join(each.lower() if each.isascii() else each for each in text),
    "string.upperAscii() string": lambda text: "".join(each.upper() if each.isascii() else each for each in text),
    "string.replace(string, string) string": lambda text, old, new: text.replace(old, new),
    "string.replace(string, string, int) string": lambda text, old, new, most: text.replace(old, new, most),
    "string.split(string) list<string>": _split,
    "string.split(string, int) list<string>": _split,
    "string.substring(int) string": _cut,
    "string.substring(int, int) string": _cut,
    "string.trim() string": lambda text: text.strip(),
    "string.reverse() string": lambda text: text[::-1],
    "list.join() string": _join,
    "list.join(string) string": _join,
    "string.find(string) string": lambda text, pattern: next(iter(_found(pattern, text)), ""),
    "string.findAll(string) list<string>": lambda text, pattern: _found(pattern, text),
    "string.findAll(string, int) list<string>": lambda text, pattern, most: _found(pattern, text)[
        : None if most < 0 else most
    ],
    "list.isSorted() bool": _ordered,
    "list.sum() item": _total,
    "list.min() item": _extreme(min),
    "list.max() item": _extreme(max),
    "list.indexOf(T) int": _index,
    "list.lastIndexOf(T) int": _last_index,
    "int(int) int": _to_int,
    "int(uint) int": _to_int,
    "int(double) int": _to_int,
    "int(string) int": _to_int,
    "int(timestamp) int": _to_int,
    "uint(int) uint": _to_uint,
    "uint(uint) uint": _to_uint,
    "uint(double) uint": _to_uint,
    "uint(string) uint": _to_uint,
    "double(int) double": _to_double,
    "double(uint) double": _to_double,
    "double(double) double": _to_double,
    "double(string) double": _to_double,
    "string(bool) string": _to_string,
    "string(bytes) string": _to_string,
    "string(int) string": _to_string,
    "string(uint) string": _to_string,
    "string(double) string": _to_string,
    "string(string) string": _to_string,
    "string(timestamp) string": _to_string,
    "string(duration) string": _to_string,
    "bytes(string) bytes": lambda text: text.encode(),
    "bytes(bytes) bytes": lambda value: value,
    "bool(bool) bool": lambda value: value,
    "bool(string) bool": _boolean,
    "dyn(T) dyn": lambda value: value,
    "type(T) type": lambda value: Special("type", type_name(value)),
    "timestamp(string) timestamp": timestamp,
    "timestamp(timestamp) timestamp": lambda value: value,
    "timestamp(int) timestamp": lambda value: Timestamp(value * 10**9),
    "duration(string) duration": duration,
    "duration(duration) duration": lambda value: value,
    **{
        f"timestamp.{name}() int": _part(name)
        for name in ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours")
    },
    **{f"timestamp.{name}() int": _part(name) for name in ("getMinutes", "getSeconds", "getMilliseconds")},
    "duration.getHours() int": lambda value: _toward_zero(value.nanoseconds, 3600 * 10**9),
    "duration.getMinutes() int": lambda value: _toward_zero(value.nanoseconds, 60 * 10**9),
    "duration.getSeconds() int": lambda value: _toward_zero(value.nanoseconds, 10**9),
    "duration.getMilliseconds() int": lambda value: _toward_zero(value.nanoseconds, 10**6),
    "sets.contains(list, list) bool": _within,
    "sets.equivalent(list, list) bool": lambda one, other: _within(one, other) and _within(other, one),
    "sets.intersects(list, list) bool": lambda one, other: any(equal(each, item) for each in one for item in other),
    "math.greatest(list) item": max,
    "math.least(list) item": min,
    "math.greatest(T, T) dyn": max,
    "math.least(T, T) dyn": min,
    "math.greatest(T, T, T) dyn": max,
    "math.least(T, T, T) dyn": min,
    "base64.encode(bytes) string": lambda value: base64.b64encode(value).decode(),
    "optional.of(T) optional": lambda value: Optional(True, value),
    "optional.none() optional": Optional,
    "optional.ofNonZeroValue(T) optional": lambda value: (
        Optional() if value in (None, "", 0, False, [], {}, b"") else Optional(True, value)
    ),
    "optional.hasValue() bool": lambda value: value.present,
    "optional.value() item": _content,
}
"""{signature: function}."""
