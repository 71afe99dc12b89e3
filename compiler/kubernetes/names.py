"""Names, labels and annotations that the API server and Helm accept. Checked early, so the error names the input file."""

from __future__ import annotations

import re

MAX_RELEASE = 53
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"  # RFC 1123
_NAMESPACE = re.compile(_LABEL)
_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")


def is_namespace(text: str) -> bool:
    """An RFC 1123 label of at most 63 characters."""
    return len(text) <= 63 and _NAMESPACE.fullmatch(text) is not None


def is_subdomain(text: str) -> bool:
    """An RFC 1123 subdomain of at most 253 characters, the rule for the names of most objects."""
    return len(text) <= 253 and _SUBDOMAIN.fullmatch(text) is not None


def is_release(text: str) -> bool:
    """A Helm release name: RFC 1123 subdomain. Source: helm, validate_name.go."""
    return len(text) <= MAX_RELEASE and _SUBDOMAIN.fullmatch(text) is not None


def is_label_key(text: str) -> bool:
    """`name` or `prefix/name`: name at most 63 characters, prefix a DNS subdomain of at most 253."""
    prefix, slash, name = text.rpartition("/")
    if slash and not (len(prefix) <= 253 and _SUBDOMAIN.fullmatch(prefix)):
        return False
    return len(name) <= 63 and _QUALIFIED.fullmatch(name) is not None


def is_annotation_key(text: str) -> bool:
    """As a label key, after lower-casing: so does the API server check it."""
    return is_label_key(text.lower())


def is_label_value(text: str) -> bool:
    """Empty, or at most 63 characters, starting and ending with a letter or digit."""
    return not text or (len(text) <= 63 and _QUALIFIED.fullmatch(text) is not None)
