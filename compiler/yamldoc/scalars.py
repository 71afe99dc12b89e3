"""What a scalar means to kubectl and Helm: the resolver of go-yaml v2, then JSON, which is how Kubernetes reads YAML.

YAML 1.1's words (`yes`, `on`, `y`) are booleans, `012` is octal and `1:30` is text, as measured with kubectl. Numbers
end as JSON's: 1.0 is 1, infinities are refused.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import fail

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(r"([-+]?)(?:0[bB]([01]+)|0[oO]?([0-7]+)|0[xX]([0-9a-fA-F]+)|(0|[1-9][0-9]*))")
_BINARY_QUIRK = re.compile(r"0b([-+][01]+)")  # go-yaml's own prefix test comes after Go's and lets a sign follow it
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DOT_FLOAT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")  # underscores only between digits
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?:[Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})"
    r"| [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?)?"
)
_TAG = "tag:yaml.org,2002:"
_TYPES: dict[str, type] = {"null": type(None), "bool": bool, "int": int, "float": float}


def scalar(text: str) -> Any:
    """What a plain (unquoted) scalar of that text is: str, int, float, bool or None.

    Integers that fit int64 or uint64 stay exact (Helm's *values* round those above 2^53, manifests do not). Raises
    CompileError `yaml-number` for `.inf` and `.nan`, which JSON cannot represent.
    """
    return as_json(resolve(text))


def resolve(text: str) -> Any:
    """As `scalar`, but floats stay floats and may be infinite or NaN: what go-yaml itself returns."""
    first = text[:1]
    if first not in "+-.0123456789":
        return _WORDS.get(text, text)
    if text in _WORDS:
        return _WORDS[text]
    if first == ".":
        return _float(text, text.replace("_", "")) if _DOT_FLOAT.fullmatch(text) else text
    digits = text.replace("_", "")
    if match := _INTEGER.fullmatch(digits):
        number = _integer(match)
        if -(1 << 63) <= number < (1 << 63) or (number < (1 << 64) and not match[1]):
            return number
    if match := _BINARY_QUIRK.fullmatch(digits):
        number = int(match[1], 2)
        return number if -(1 << 63) <= number < (1 << 63) else text
    return _float(text, digits) if _FLOAT.fullmatch(digits) else text


def _integer(match: re.Match[str]) -> int:
    sign, binary, octal, hexadecimal, decimal = match.groups()
    if binary:
        size = int(binary, 2)
    elif octal:
        size = int(octal, 8)
    elif hexadecimal:
        size = int(hexadecimal, 16)
    else:
        size = int(decimal) if len(decimal) <= 20 else 1 << 65  # CPython refuses 4,300 digits; 2^64 has 20
    return -size if sign == "-" else size


def _float(text: str, digits: str) -> float | str:
    number = float(digits)
    return text if math.isinf(number) else number  # Go: out of range, therefore not a number


def as_json(value: Any) -> Any:
    """A resolved scalar under JSON's rules: 1.0 is 1. Raises CompileError `yaml-number` for infinities and NaN."""
    if type(value) is not float:
        return value
    if not math.isfinite(value):
        raise fail(
            Code.YAML_NUMBER, f"{value} cannot be represented as a number in JSON", hint="quote it if it is text"
        )
    return int(value) if value.is_integer() and -(2.0**63) <= value < 2.0**63 else value


def key_text(value: Any) -> str | None:
    """A resolved scalar as the key that Kubernetes makes of it (`y` -> "true"); None where it refuses such a key."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value < 1 << 63 else None
    return None if value is None else _float32_text(value)


def _float32_text(value: float) -> str:
    """Go's strconv.FormatFloat(value, 'g', -1, 32): the shortest digits that give the same 32-bit float."""
    if math.isnan(value):
        return ".nan"
    try:
        (single,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        single = math.copysign(math.inf, value)
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    shortest = next(s for p in range(9) if _single(s := f"{single:.{p}e}") == single)
    mantissa, _, exponent = shortest.partition("e")
    if -4 <= int(exponent) < 6:
        places = max(0, len(mantissa.lstrip("-").replace(".", "")) - 1 - int(exponent))
        return f"{float(shortest):.{places}f}"
    return shortest


def _single(text: str) -> float:
    try:
        (value,) = struct.unpack("f", struct.pack("f", float(text)))
    except OverflowError:
        return math.inf
    return float(value)


def tagged(tag: str, text: str) -> Any:
    """The value of a scalar with an explicit tag (`!!int "12"`), not yet as JSON.

    Raises ValueError with the reason: the tag is unknown, or the text is not of that type.
    """
    if tag in ("!", _TAG + "str"):
        return text
    if tag == _TAG + "binary":
        return _binary(text)
    name = tag.removeprefix(_TAG)
    if name == tag or name not in (*_TYPES, "timestamp"):
        raise ValueError(f"unknown tag {short_tag(tag)}")
    if name == "timestamp" and _DATE.fullmatch(text):
        return text  # checked and kept as text, as the Kubernetes decoders do
    value = resolve(text)
    if name == "float" and type(value) is int and value < 1 << 63:
        return float(value)
    if type(value) is not _TYPES.get(name):
        raise ValueError(f"{shown(text)!r} is not a {short_tag(tag)}")
    return value


def short_tag(tag: str) -> str:
    """A tag as people write it, for messages: `!!int` for `tag:yaml.org,2002:int`."""
    return shown("!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag)


def shown(text: str) -> str:
    """The text, shortened where it would fill a message."""
    return text if len(text) <= 60 else text[:59] + "…"


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.splitlines()), validate=True).decode()
    except (binascii.Error, ValueError):  # UnicodeDecodeError is a ValueError
        raise ValueError("!!binary must be base64 of UTF-8 text; Kubernetes objects cannot hold other bytes") from None
