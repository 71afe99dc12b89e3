"""Literals in a pack that look like credentials. What looks like one is never shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.kubernetes import keypath
from compiler.kubernetes.credentials import known_form, looks_like_one
from compiler.model import Pack
from compiler.palette.paths import Keys


def check_secrets(pack: Pack, problems: Problems) -> None:
    """Records credentials in values.yaml: an error where the form is a known one, else a warning."""
    for keys, text in _texts(pack.values.data, ()):
        at = pack.values.at(*keys)
        known = known_form(text)
        if known:
            hint = "whoever has the pack has it too: revoke it, and let the user give the value"
            problems.error(Code.SECRET_LITERAL, f"{keypath.show(keys)} holds {known}", at, hint=hint)
        elif isinstance(keys[-1], str) and looks_like_one(keys[-1], text):
            hint = "leave it empty and ask for it: schema.yaml with `required` and a password format"
            problems.warning(Code.SECRET_LITERAL, f"{keypath.show(keys)} looks like a credential", at, hint=hint)


def _texts(value: Any, keys: Keys) -> Iterator[tuple[Keys, str]]:
    if isinstance(value, str) and keys:
        yield keys, value
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _texts(item, (*keys, key))
