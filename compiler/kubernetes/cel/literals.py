"""Numbers, texts and bytes as CEL writes them."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|X([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.S
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PLAIN = {**_SIMPLE, **{each: each for each in "\\?\"'`"}}
_LARGEST_INT, _LARGEST_UINT = 1 << 63, 1 << 64


class CelSyntaxError(ValueError):
    """The text is not an expression; the message says where."""


class CelUnknown(Exception):
    """An expression whose result is not certain here."""


class UInt(int):
    """An unsigned number."""


def number(kind: str, text: str) -> int | float:
    """The number that a token writes. Raises CelSyntaxError."""
    if kind == "double":
        return float(text)
    digits = text.rstrip("uU")
    value = int(digits, 16 if "x" in digits.lower() else 10)
    if digits != text:
        if not 0 <= value < _LARGEST_UINT:
            raise CelSyntaxError(f"{text} does not fit into 64 bits")
        return UInt(value)
    if not -_LARGEST_INT <= value < _LARGEST_INT:
        raise CelSyntaxError(f"{text} does not fit into 64 bits")
    return value


def text(token: str) -> str | bytes:
    """The text or bytes that a token in quotes writes. Raises CelSyntaxError."""
    prefix = re.match(r"[rRbB]*", token)
    assert prefix is not None
    kinds, body = prefix[0].lower(), token[prefix.end() :]
    ends = 3 if body[:3] in ('"""', "'''") else 1
    body = body[ends:-ends]
    is_bytes = "b" in kinds
    if "r" not in kinds:
        body = _ESCAPE.sub(lambda match: _unescaped(match, is_bytes), body)
    if not is_bytes:
        return body
    return b"".join(bytes([ord(each) & 0xFF]) if _is_byte(each) else each.encode() for each in body)


def _is_byte(character: str) -> bool:
    """Whether it stands for a byte that an escape in b'…' gave."""
    return "\udc00" <= character <= "\udcff"


def _unescaped(match: re.Match[str], is_bytes: bool) -> str:
    two, upper, four, eight, octal, plain = match.groups()
    if plain is not None:
        if plain not in _PLAIN:
            raise CelSyntaxError(f"'\\{plain}' is not an escape")
        return _PLAIN[plain]
    code = int(octal, 8) if octal else int(two or upper or four or eight, 16)
    if is_bytes and (octal or two or upper):
        return chr(0xDC00 + code)
    if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        raise CelSyntaxError(f"'{match[0]}' is not a character")
    return chr(code)
