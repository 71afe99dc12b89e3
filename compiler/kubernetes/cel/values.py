"""Values of CEL that Python has not: times, durations, optionals, and lists that compare as sets or by keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from compiler.kubernetes.cel.literals import UInt


class CelError(Exception):
    """An evaluation that fails: the API server refuses the object."""


class SetList(list[Any]):
    """A list of `x-kubernetes-list-type: set`: the order does not count."""


class MapList(list[Any]):
    """A list of `x-kubernetes-list-type: map`: its items are told apart by keys, and their order does not count."""

    keys: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Duration:
    """A length of time in nanoseconds."""

    nanoseconds: int


@dataclass(frozen=True, order=True)
class Timestamp:
    """A point in time, in nanoseconds since 1970."""

    nanoseconds: int

    @property
    def moment(self) -> datetime:
        """To the microsecond, in UTC."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.nanoseconds // 1000)


@dataclass(frozen=True)
class Optional:
    """A value that may be missing."""

    present: bool = False
    content: Any = None


@dataclass(frozen=True)
class Special:
    """A value of a Kubernetes library: url, ip, cidr, quantity; `content` is Python's."""

    kind: str
    content: Any


_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d))?")
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def timestamp(text: str) -> Timestamp:
    """The time of RFC 3339, or the day. Raises CelError."""
    match = _TIME.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        year, month, day, hour, minute, second, fraction, zone = match.groups()
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        raise CelError(f"'{text[:40]}' is not a time") from None
    if zone and zone not in "Zz":
        sign = -1 if zone[0] == "+" else 1
        moment += sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return Timestamp((since.days * 86400 + since.seconds) * 10**9 + int((fraction or "0").ljust(9, "0")[:9]))


def duration(text: str) -> Duration:
    """The duration that Go reads: `1h30m`, `-1.5s`, `0`. Raises CelError."""
    body = text[1:] if text[:1] in ("+", "-") else text
    parts = _PART.findall(body)
    if body != "0" and (not parts or "".join(number + unit for number, unit in parts) != body):
        raise CelError(f"'{text[:40]}' is not a duration")
    total = sum(int(Decimal(number) * _UNITS[unit]) for number, unit in parts)
    return Duration(-total if text[:1] == "-" else total)


def whole(value: int) -> int:
    """The number, if 64 bits hold it. Raises CelError."""
    low, high = (0, 1 << 64) if isinstance(value, UInt) else (-(1 << 63), 1 << 63)
    if not low <= value < high:
        raise CelError("integer overflow")
    return value


def type_name(value: Any) -> str:
    """The name of the value's type in CEL."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case UInt():
            return "uint"
        case int():
            return "int"
        case float():
            return "double"
        case str():
            return "string"
        case bytes():
            return "bytes"
        case Timestamp():
            return "timestamp"
        case Duration():
            return "duration"
        case Optional():
            return "optional"
        case list():
            return "list"
        case Special():
            return value.kind
    return "map"


def is_number(value: Any) -> bool:
    """Whether it is an int, a uint or a double."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(one: Any, other: Any) -> bool:
    """CEL's equality: of numbers by value, of other types only within a type."""
    if is_number(one) and is_number(other):
        return bool(one == other)
    if type_name(one) != type_name(other):
        return False
    if isinstance(one, list):
        if len(one) != len(other):
            return False
        if isinstance(one, SetList) or isinstance(other, SetList):
            return all(any(equal(each, item) for item in other) for each in one)
        if isinstance(one, MapList) and one.keys:
            return all(any(equal(each, item) for item in other) for each in one)
        return all(equal(each, item) for each, item in zip(one, other, strict=True))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, Special):
        return bool(one.content == other.content)
    return bool(one == other)
