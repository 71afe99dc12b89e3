"""The syntax of macros: where a text has expressions with `.spectro.`, what they refer to, and of what kind they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from compiler import yamldoc

_QUOTED = r'"(?:\\.|[^"\\])*"|`[^`]*`'
_SEGMENT = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
# Quoted text and comments first: what looks like a reference in them is not one.
_REFERENCE = re.compile(
    rf"{_QUOTED}|/\*.*?\*/|(?<![\w.)\]$])\$?\.spectro\.(?P<name>{_SEGMENT}(?:\.{_SEGMENT})*)", re.DOTALL
)
_ACTION = re.compile(r"\{\{(?P<left>-(?=\s))?(?P<inner>.*?)(?P<right>(?<=\s)-)?\}\}", re.DOTALL)
_CONTROL = re.compile(r"\s*(?:if|else|range|with|end|define|block|template|break|continue)\b")
_OTHER_FIELD = re.compile(r"\$|(?<![\w)\]])\.(?!\d)")  # variables, the dot, its fields; not 1.5 and .5


@dataclass(frozen=True, slots=True)
class Expression:
    """One `{{ … }}` with at least one reference.

    `bare` is just a reference; a `pipeline` can be evaluated by itself; `foreign` needs its surroundings: control
    structures, variables, other fields. `inner` is the text between the braces and trim markers.
    """

    start: int
    end: int
    raw: str
    inner: str
    references: tuple[str, ...]  # without `.spectro.`: "var.x", "pack.nginx.charts.nginx.replicas"
    kind: Literal["bare", "pipeline", "foreign"]
    trims_left: bool
    trims_right: bool

    def calls(self, function: str) -> bool:
        """Whether the expression calls a function of that name."""
        return function in re.findall(r"\w+", _without_operands(self.inner))

    def in_comment(self, text: str) -> bool:
        """Whether the expression is on a comment line of a text of several lines: packs leave macros in comments."""
        start = text.rfind("\n", 0, self.start) + 1
        return "\n" in text and text[start : self.start].lstrip().startswith("#")

    def rewritten(self, value: Callable[[str], str]) -> str:
        """`inner` with every reference replaced by `value` of its name."""
        return _REFERENCE.sub(lambda m: value(m["name"]) if m["name"] else m[0], self.inner)


def find(text: str) -> list[Expression]:
    """The expressions of a text in order."""
    expressions = []
    for start, end, _ in yamldoc.find_macros(text):
        raw = text[start:end]
        action = _ACTION.fullmatch(raw)
        assert action is not None
        inner = action["inner"]
        names = tuple(m["name"] for m in _REFERENCE.finditer(inner) if m["name"])
        if names:
            trims = (action["left"] is not None, action["right"] is not None)
            expressions.append(Expression(start, end, raw, inner, names, _kind(inner), *trims))
    return expressions


def references(text: str) -> set[str]:
    """The names that a text refers to, without `.spectro.`."""
    return {name for expression in find(text) for name in expression.references}


def literal(value: Any) -> str:
    """The value as an operand of a Go template."""
    if isinstance(value, dict):
        return f"(fromJson {literal(json.dumps(value, sort_keys=True))})"
    if isinstance(value, list):
        return f"(fromJsonArray {literal(json.dumps(value, sort_keys=True))})"
    # JSON's escapes are Go's too, except for surrogate pairs: so nothing beyond ASCII is escaped.
    return json.dumps(str(value), ensure_ascii=False) if isinstance(value, str) else json.dumps(value)


def _kind(inner: str) -> Literal["bare", "pipeline", "foreign"]:
    match = _REFERENCE.fullmatch(inner.strip())
    if match and match["name"]:
        return "bare"
    rest = _without_operands(inner)
    return "foreign" if _CONTROL.match(rest) or _OTHER_FIELD.search(rest) else "pipeline"


def _without_operands(inner: str) -> str:
    return re.sub(_QUOTED, '""', _REFERENCE.sub('""', inner))


def is_quoted(text: str) -> bool:
    """Whether the text is in quotes, as after `quote` or `squote`."""
    return len(text) > 1 and text[0] == text[-1] and text[0] in ("'", '"')
