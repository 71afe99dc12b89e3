"""Warnings about text that looks like a macro and is not one, such as `{{ .var.host }}` or `{{ vars.host }}`.

Only names that a macro could have here count, so other tools' templates (Grafana, Ansible, Argo) are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import Position, Problems, TextPlace
from compiler.model import Values
from compiler.resolve.scope import SYSTEM_NAMES, Scope

# How people who know other template languages begin a macro, and the kind of macro they mean.
_HEADS = {
    **dict.fromkeys(("var", "vars", "variable", "variables", "spectro.var", "spectro.vars", "Spectro.var"), "var"),
    **dict.fromkeys(("system", "spectro.system", "Spectro.system"), "system"),
    **dict.fromkeys(("macro", "macros", "spectro.macro", "Spectro.macro"), "macro"),
}
_EXPRESSION = re.compile(
    rf"\{{\{{-?\s*\.?(?P<head>{'|'.join(map(re.escape, sorted(_HEADS, reverse=True)))})"
    r"\.(?P<name>[A-Za-z_][\w.-]*)\s*(?:\|[^{}]*)?\}\}"
)


def lookalikes(text: str, scope: Scope) -> Iterator[tuple[int, str, str]]:
    """(start, expression, the macro that was probably meant) of each such expression in the text."""
    names = {"var": scope.var, "system": {*SYSTEM_NAMES, *scope.system}, "macro": scope.macro}
    for match in _EXPRESSION.finditer(text):
        kind = _HEADS[match["head"]]
        if match["name"] in names[kind] and not yamldoc.find_macros(match[0]):
            yield match.start(), match[0], f"{{{{ .spectro.{kind}.{match['name']} }}}}"


@dataclass(slots=True)
class Lookalikes:
    """Checks each level of values once per profile, however many clusters share it."""

    seen: set[tuple[int, str, str]] = field(default_factory=set)

    def in_values(self, levels: Sequence[Values], profile: tuple[str, str], scope: Scope, problems: Problems) -> None:
        """Warns about lookalikes in the values of every level."""
        for level in levels:
            if (id(level.data), *profile) not in self.seen:
                self.seen.add((id(level.data), *profile))
                for keys, text in _texts(level.data, ()):
                    _warn(text, scope, TextPlace(level.at(*keys), lines=False), problems)


def in_text(text: str, scope: Scope, place: TextPlace, problems: Problems) -> None:
    """Warns about lookalikes in the text of a manifest."""
    if "{{" in text:
        _warn(text, scope, place, problems)


def _warn(text: str, scope: Scope, text_place: TextPlace, problems: Problems) -> None:
    for start, expression, meant in lookalikes(text, scope):
        place = text_place.of(Position("", text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)))
        message = f"{expression} looks like a macro but is not one; it is left unchanged"
        problems.warning(Code.MACRO_LOOKALIKE, message, place, hint=f"write {meant}")


def _texts(value: Any, keys: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every string with an expression in it, and the keys that lead to it."""
    if isinstance(value, str):
        if "{{" in value:
            yield keys, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*keys, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*keys, index))
