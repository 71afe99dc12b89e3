"""Functions of Kubernetes' own libraries for CEL: URLs, IP addresses and ranges, quantities, by their signatures.

Source: k8s.io/apiserver, pkg/cel/library.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from compiler.kubernetes.cel.values import CelError, Special
from compiler.kubernetes.quantity import parse_quantity

Call = Callable[..., Any]


def _url(text: str) -> Special:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise CelError(f"'{text[:40]}' is not a URL") from None
    if not (parts.scheme or text.startswith("/")) or any(each <= " " or each == "\x7f" for each in text):
        raise CelError(f"'{text[:40]}' is not a URL")
    return Special("url", parts)


def _hostname(parts: Any) -> str:
    host: str = parts.netloc.rpartition("@")[2]
    return host[1 : host.index("]")] if host.startswith("[") and "]" in host else host.partition(":")[0]


def _ip(text: str) -> Special:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise CelError(f"'{text[:40]}' is not an IP address") from None
    if "%" in text or getattr(address, "ipv4_mapped", None):
        raise CelError(f"'{text[:40]}' is not an IP address that is allowed here")
    return Special("ip", address)


def _cidr(text: str) -> Special:
    try:
        if not text.rpartition("/")[2].isdigit():
            raise ValueError
        return Special("cidr", ipaddress.ip_interface(text))
    except ValueError:
        raise CelError(f"'{text[:40]}' is not an address range") from None


def _quantity(text: str) -> Special:
    try:
        return Special("quantity", parse_quantity(text))
    except ValueError:
        raise CelError(f"'{text[:40]}' is not a quantity") from None


def _is(parse: Call) -> Call:
    def call(text: str) -> bool:
        try:
            parse(text)
        except CelError:
            return False
        return True

    return call


def _global_unicast(address: Any) -> bool:
    broadcast = address.version == 4 and str(address) == "255.255.255.255"
    return not (
        address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local or broadcast
    )


def _integer(value: Special) -> int:
    if value.content % 1 or not -(1 << 63) <= value.content < 1 << 63:
        raise CelError("cannot convert the quantity to an integer")
    return int(value.content)


def _contains(value: Special, other: Special) -> bool:
    one, two = value.content.network, other.content.network
    return bool(one.version == two.version and two.subnet_of(one))


NETWORK: Mapping[str, Call] = {
    "url(string) url": _url,
    "isURL(string) bool": _is(_url),
    "url.getScheme() string": lambda value: value.content.scheme,
    "url.getHost() string": lambda value: value.content.netloc.rpartition("@")[2],
    "url.getHostname() string": lambda value: _hostname(value.content),
    "url.getPort() string": lambda value: "" if value.content.port is None else str(value.content.port),
    "url.getEscapedPath() string": lambda value: value.content.path,
    "url.getQuery() map": lambda value: parse_qs(value.content.query, keep_blank_values=True),
    "ip(string) ip": _ip,
    "isIP(string) bool": _is(_ip),
    "ip.isCanonical(string) bool": lambda text: str(_ip(text).content) == text,
    "ip.family() int": lambda value: value.content.version,
    "ip.isUnspecified() bool": lambda value: value.content.is_unspecified,
    "ip.isLoopback() bool": lambda value: value.content.is_loopback,
    "ip.isLinkLocalMulticast() bool": lambda value: str(value.content).startswith(("224.0.0.", "ff02:")),
    "ip.isLinkLocalUnicast() bool": lambda value: value.content.is_link_local,
    "ip.isGlobalUnicast() bool": lambda value: _global_unicast(value.content),
    "cidr(string) cidr": _cidr,
    "isCIDR(string) bool": _is(_cidr),
    "cidr.containsIP(string) bool": lambda value, text: _ip(text).content in value.content.network,
    "cidr.containsIP(ip) bool": lambda value, other: other.content in value.content.network,
    "cidr.containsCIDR(string) bool": lambda value, text: _contains(value, _cidr(text)),
    "cidr.containsCIDR(cidr) bool": _contains,
    "cidr.ip() ip": lambda value: Special("ip", value.content.ip),
    "cidr.masked() cidr": lambda value: Special("cidr", ipaddress.ip_interface(str(value.content.network))),
    "cidr.prefixLength() int": lambda value: value.content.network.prefixlen,
    "quantity(string) quantity": _quantity,
    "string(ip) string": lambda value: str(value.content),
    "string(cidr) string": lambda value: str(value.content),
    "isQuantity(string) bool": _is(_quantity),
    "quantity.sign() int": lambda value: (value.content > 0) - (value.content < 0),
    "quantity.isInteger() bool": lambda value: not value.content % 1 and -(1 << 63) <= value.content < 1 << 63,
    "quantity.asInteger() int": _integer,
    "quantity.asApproximateFloat() double": lambda value: float(value.content),
    "quantity.isGreaterThan(quantity) bool": lambda one, other: one.content > other.content,
    "quantity.isLessThan(quantity) bool": lambda one, other: one.content < other.content,
    "quantity.compareTo(quantity) int": lambda one, other: (
        (one.content > other.content) - (one.content < other.content)
    ),
    "quantity.add(quantity) quantity": lambda one, other: Special("quantity", one.content + other.content),
    "quantity.add(int) quantity": lambda one, other: Special("quantity", one.content + other),
    "quantity.sub(quantity) quantity": lambda one, other: Special("quantity", one.content - other.content),
    "quantity.sub(int) quantity": lambda one, other: Special("quantity", one.content - other),
}
"""{signature: function}."""
