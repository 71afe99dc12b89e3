"""The objections of an API server to an object, as values."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Path = tuple[str | int, ...]

Kind = Literal["refused", "unknown", "pruned", "apply", "unchecked"]
"""`refused`: every request is refused. `unknown`: a field that the kind does not have; server-side apply and strict clients
refuse it, others drop it. `pruned`: the same of a kind whose CRD declares no field at all, a stub. `apply`: only
server-side apply refuses it. `unchecked`: nothing is wrong as far as is known, but a CEL rule, which is the message,
could not be evaluated."""


REQUIRED = "a value is required"
"""The message where a field is missing or empty."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of one field. `message` follows the field's path: "expected a string, found the number 5"."""

    path: Path
    message: str
    kind: Kind = "refused"
    hint: str = ""


def unknown_field(path: Path, name: str, known: Iterable[str]) -> Finding:
    """The finding about a field that does not exist; the hint names the nearest one."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6) or [
        each for each in known if each.lower() == name.lower()
    ]
    return Finding((*path, name), "no such field", "unknown", f"did you mean '{near[0]}'?" if near else "")


def described(value: Any) -> str:
    """A value as messages show it: `the number 5`, `the boolean true`, `a list`. Text is cut."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"'{value[:60]}'" + ("…" if len(value) > 60 else "")
    return "a list" if isinstance(value, list) else "a map"
