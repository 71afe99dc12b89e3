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
from compiler.kubernetes.credentials import known_form
from compiler.model import Pack
from compiler.palette.paths import Keys

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
        known = known_form(text)
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
