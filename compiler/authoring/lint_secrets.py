"""Literals in a pack that look like credentials. What looks like one is never shown."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.kubernetes import keypath
from compiler.model import Pack
from compiler.palette.paths import Keys

# What nothing else looks like: the forms in which services hand out credentials.
_KNOWN = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[oprsu]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40})")),
    ("a GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20}")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10}|/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/\w{20}")),
    ("a Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}")),
    ("a signed web token", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")),
)
_KEY = re.compile(
    r"(?:password|passwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?)$", re.IGNORECASE
)
_LITERAL = re.compile(r"[A-Za-z0-9+/=_.~!@#$%^&*-]{10,}")
_NAME_LIKE = re.compile(r"[a-z]+(?:[-./_][a-z0-9]+)+|[a-z]+|[A-Z]+(?:_[A-Z0-9]+)+|/.*|https?:.*")
_MIN_BITS = 3.0  # of entropy per character; English words have less at that length


def check_secrets(pack: Pack, problems: Problems) -> None:
    """Records credentials in values.yaml: an error where the form is a known one, else a warning."""
    for keys, text in _texts(pack.values.data, ()):
        at = pack.values.at(*keys)
        known = next((name for name, form in _KNOWN if form.search(text)), "")
        if known:
            hint = "whoever has the pack has it too: revoke it, and let the user give the value"
            problems.error(Code.SECRET_LITERAL, f"{keypath.show(keys)} holds {known}", at, hint=hint)
        elif isinstance(keys[-1], str) and _KEY.search(keys[-1]) and _looks_random(text):
            hint = "leave it empty and ask for it: schema.yaml with `required` and a password format"
            problems.warning(Code.SECRET_LITERAL, f"{keypath.show(keys)} looks like a credential", at, hint=hint)


def _texts(value: Any, keys: Keys) -> Iterator[tuple[Keys, str]]:
    if isinstance(value, str) and keys:
        yield keys, value
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _texts(item, (*keys, key))


def _looks_random(text: str) -> bool:
    if not _LITERAL.fullmatch(text) or _NAME_LIKE.fullmatch(text) or not re.search(r"[0-9]", text):
        return False
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in Counter(text).values()) >= _MIN_BITS
