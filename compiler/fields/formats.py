"""The formats of a variable's value, by their names in Palette."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping

from compiler.versions import Version

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def _is_boolean(text: str) -> bool:
    return text in ("true", "false")


def _is_number(text: str) -> bool:
    """A number as in JSON: YAML parsers disagree about `012` and `0x1f`."""
    return _NUMBER.fullmatch(text) is not None


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check


def _cidr(text: str) -> None:
    address, slash, bits = text.partition("/")
    if not (slash and bits.isascii() and bits.isdigit()):
        raise ValueError(text)
    ipaddress.IPv4Interface(f"{address}/{bits}")


def _ipv6(text: str) -> None:
    if "%" in text or "/" in text:
        raise ValueError(text)
    ipaddress.IPv6Address(text)


def _base64(text: str) -> None:
    try:
        base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error


FORMATS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "string": (lambda _: True, "text"),
    "number": (_is_number, "a number such as 3, -1 or 0.5"),
    "boolean": (_is_boolean, "true or false"),
    "ipv4": (_parses(ipaddress.IPv4Address), "an IPv4 address such as 10.0.0.1"),
    "ipv4cidr": (_parses(_cidr), "an IPv4 range such as 10.0.0.0/16"),
    "ipv6": (_parses(_ipv6), "an IPv6 address such as fd00::1"),
    "version": (_parses(lambda text: Version.parse(text.removeprefix("v"))), "a SemVer version such as 1.2.3"),
    "base64": (_parses(_base64), "text in base64"),
}
"""Format -> (whether a text has it, how messages describe it)."""
