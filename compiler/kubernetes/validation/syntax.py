"""Checks of single fields, to build the tables of rules from: what is wrong with a value, "" where nothing is.

A field without a value is not looked at here, so the empty text passes: the server takes it for absent.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from compiler.kubernetes import names
from compiler.kubernetes.quantity import quantity_of
from compiler.kubernetes.validation.findings import described

Check = Callable[[Any], str]

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_SYSCTL = re.compile(r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?")
_HEADER = re.compile(r"[-A-Za-z0-9]+")
_URL_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")
_POD_FIELD = re.compile(
    r"metadata\.(name|namespace|uid|labels|annotations)|metadata\.(labels|annotations)\['.+'\]"
    r"|spec\.(host|nodeName|restartPolicy|schedulerName|serviceAccountName)|status\.(phase|hostIPs?|podIPs?)"
)
_RESOURCE_FIELD = re.compile(r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)")
_PERCENT = re.compile(r"[0-9]+%")


def one_of(*allowed: str) -> Check:
    """One of these texts; in a list, every item."""

    def check(value: Any) -> str:
        for each in value if isinstance(value, list) else [value]:
            if each not in allowed and each not in ("", None):
                return f"expected {' or '.join(filter(None, allowed))}, found {described(each)}"
        return ""

    return check


def each(check: Check) -> Check:
    """The check of a list: what is wrong with its first wrong item."""
    return lambda value: next(filter(None, (check(item) for item in value if item is not None)), "")


def between(low: int, high: int | None = None) -> Check:
    """A number in the range, its ends included."""

    def check(value: Any) -> str:
        if isinstance(value, int) and (value < low or (high is not None and value > high)):
            return f"{value} is not between {low} and {high}" if high is not None else f"{value} is less than {low}"
        return ""

    return check


def is_label(text: str) -> bool:
    """A label of RFC 1123: lower-case letters, digits and `-`, at most 63."""
    return len(text) <= 63 and _LABEL.fullmatch(text) is not None


def is_label_1035(text: str) -> bool:
    """A label of RFC 1035: as RFC 1123, and it begins with a letter."""
    return len(text) <= 63 and _LABEL_1035.fullmatch(text) is not None


def _text(test: Callable[[str], bool], what: str) -> Check:
    return lambda value: (
        "" if not value or not isinstance(value, str) or test(value) else f"{described(value)} is not {what}"
    )


label = _text(is_label, "a name of lower-case letters, digits and '-', at most 63")
label_1035 = _text(is_label_1035, "a name of lower-case letters, digits and '-', at most 63, that begins with a letter")
subdomain = _text(names.is_subdomain, "a name of lower-case letters, digits, '-' and '.'")
absolute = _text(lambda text: text.startswith("/"), "an absolute path")
port_name = _text(
    lambda text: len(text) <= 15 and "--" not in text and _PORT_NAME.fullmatch(text) is not None,
    "a port's name: at most 15 lower-case letters, digits and '-', with a letter in it",
)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _is_cidr(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text and text.rpartition("/")[2].isdigit()


ip = _text(_is_ip, "an IP address")
cidr = _text(_is_cidr, "an address range such as 10.9.8.0/24")
relative = _text(lambda text: not text.startswith("/") and ".." not in text.split("/"), "a relative path without '..'")


def port(value: Any) -> str:
    """A port's number or name, where either is allowed."""
    return port_name(value) if isinstance(value, str) else between(1, 65535)(value)


def amount(value: Any) -> str:
    """A number of pods: whole and not negative, or a percentage of at most 100."""
    if isinstance(value, str):
        if not _PERCENT.fullmatch(value):
            return f"expected a whole number or a percentage such as 25%, found {described(value)}"
        return "" if int(value[:-1]) <= 100 else f"{value} is more than 100%"
    return between(0)(value)


def surge(value: Any) -> str:
    """As `amount`, and above 100% too."""
    return "" if isinstance(value, str) and _PERCENT.fullmatch(value) else amount(value)


def positive(value: Any) -> str:
    """A quantity that is not negative."""
    try:
        return f"{value} is negative" if quantity_of(value) < 0 else ""
    except ValueError:
        return ""


def label_map(value: Any) -> str:
    """A map of labels."""
    for key, text in value.items():
        if not names.is_label_key(key):
            return f"{described(key)} is not a label's key"
        if text is not None and not names.is_label_value(text):
            return f"{described(text)} is not a label's value: at most 63 letters, digits, '-', '_' and '.'"
    return ""


def annotation_map(value: Any) -> str:
    """A map of annotations, at most 256 KiB of them."""
    for key in value:
        if not names.is_annotation_key(key):
            return f"{described(key)} is not an annotation's key"
    size = sum(len(str(text).encode("utf-8", "replace")) for pair in value.items() for text in pair if text is not None)
    return "" if size <= 256 * 1024 else f"the annotations have {size} bytes, more than the 262144 that are allowed"


def config_keys(value: Any) -> str:
    """The keys of a ConfigMap or Secret."""
    for key in value:
        if len(key) > 253 or not _CONFIG_KEY.fullmatch(key) or key == "." or key.startswith(".."):
            return f"{described(key)} is not a key: letters, digits, '-', '_' and '.', at most 253"
    return ""


def env_name(value: Any) -> str:
    """The name of an environment variable: ASCII without `=` (since 1.30; before, this refuses less than the server)."""
    right = isinstance(value, str) and all(" " <= each <= "~" and each != "=" for each in value)
    return "" if right else f"{described(value)} is not the name of an environment variable"


free_path = _text(
    lambda text: not text.startswith(("/", "..")) and ".." not in text.split("/"),
    "a relative path without '..', that does not begin with '..'",
)
label_key = _text(names.is_label_key, "a qualified name such as example.com/name")
label_value = _text(names.is_label_value, "a label's value: at most 63 letters, digits, '-', '_' and '.'")
no_steps = _text(lambda text: ".." not in text.split("/"), "a path without '..'")
path_segment = _text(lambda text: text not in (".", "..") and not {"/", "%"} & {*text}, "a name without '/' and '%'")
one_line = _text(lambda text: bool(text.strip()) and not {"\n", "\r"} & {*text}, "one line of text")
sysctl = _text(
    lambda text: len(text) <= 253 and _SYSCTL.fullmatch(text) is not None,
    "the name of a sysctl such as net.core.somaxconn",
)
header = _text(lambda text: _HEADER.fullmatch(text) is not None, "the name of an HTTP header")
provisioner = _text(lambda text: names.is_label_key(text.lower()), "a name such as ebs.csi.aws.com or example.com/name")
driver = _text(
    lambda text: len(text) <= 63 and names.is_subdomain(text.lower()),
    "the name of a CSI driver such as ebs.csi.aws.com",
)
audit_key = _text(lambda text: "/" not in text and names.is_label_key(text), "a name without '/'")
pod_field = _text(lambda text: _POD_FIELD.fullmatch(text) is not None, "a field of a pod that can be read here")
resource_field = _text(
    lambda text: _RESOURCE_FIELD.fullmatch(text) is not None, "limits.cpu, requests.memory or the like"
)
limit_type = _text(
    lambda text: text in ("Container", "PersistentVolumeClaim", "Pod") or ("/" in text and names.is_label_key(text)),
    "Container, PersistentVolumeClaim, Pod or a name with a domain",
)


def is_prefixed_path(text: str) -> bool:
    """`domain/path`, as names of controllers are."""
    domain, _, path = text.partition("/")
    return bool(path) and names.is_subdomain(domain) and _URL_PATH.fullmatch(path) is not None


prefixed_path = _text(
    lambda text: len(text) <= 250 and is_prefixed_path(text), "a name with a domain such as example.com/name"
)


def host(value: Any) -> str:
    """The host of an Ingress' rule: a name, and no address."""
    if isinstance(value, str) and _is_ip(value):
        return f"expected a DNS name, found the address '{value}'"
    return subdomain(value.removeprefix("*."))


def cluster_ip(value: Any) -> str:
    """A Service's own address, or None for a headless one."""
    return "" if value == "None" else ip(value)


def _reachable(value: Any, *, unspecified: bool) -> str:
    if message := ip(value):
        return message
    if not value:
        return ""
    address = ipaddress.ip_address(value)
    local = address.is_link_local or (address.is_multicast and str(address).startswith(("224.0.0.", "ff02:")))
    special = address.is_loopback or local or (unspecified and address.is_unspecified)
    return f"{described(value)} is an unspecified, loopback or link-local address" if special else ""


def reachable_ip(value: Any) -> str:
    """An address that other machines can reach."""
    return _reachable(value, unspecified=True)


endpoint_ip = reachable_ip


def nameservers(value: Any) -> str:
    """At most three addresses."""
    return each(ip)(value) or ("" if len(value) <= 3 else f"expected at most 3, found {len(value)}")


def searches(value: Any) -> str:
    """At most 32 domains, of 2048 characters together; since 1.32 with underscores, and `.`."""
    if len(value) > 32 or len(" ".join(map(str, value))) > 2048:
        return f"expected at most 32 domains of 2048 characters, found {len(value)}"
    return each(lambda item: subdomain(str(item).removesuffix(".").replace("_", "a")))(value)


def above_zero(value: Any) -> str:
    """A quantity of more than nothing."""
    try:
        return "" if quantity_of(value) > 0 else f"{value} is not more than 0"
    except ValueError:
        return ""


def webhook_url(value: Any) -> str:
    """`https://host/path`."""
    if not isinstance(value, str):
        return ""
    scheme, _, rest = value.partition("://")
    place = rest.partition("/")[0]
    if scheme.lower() != "https" or not place or {"@", "?", "#"} & {*rest}:
        return f"expected https://host/path, found {described(value)}"
    return ""
