"""The syntax of macros: where a text has expressions with `.spectro.`, what they refer to, and of what kind they are."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from compiler import yamldoc

_SEGMENT = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_NAME = rf"(?<![\w.)\]$])\$?\.spectro\.(?P<name>{_SEGMENT}(?:\.{_SEGMENT})*)"
# Quoted text and comments first: what looks like a reference in them is not one. Each matches without its end too.
_OPAQUE = {
    '"': r'"(?:\\.|[^"\\])*+(?P<end1>")?',
    "`": r"`[^`]*+(?P<end2>`)?",
    "/*": r"/\*.*?(?:(?P<end3>\*/)|\Z)",
}
_FIRST = re.compile(r"(?:\s*+(?=(.)))?", re.DOTALL)
_BARE = re.compile(_NAME)
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
    line: int = 0  # in the text, from 0
    column: int = 1  # from 1
    in_comment: bool = False  # on a comment line of a text of several lines: packs leave macros in comments

    def calls(self, function: str) -> bool:
        """Whether the expression calls a function of that name."""
        return function in re.findall(r"\w+", _without_operands(self.inner))

    def rewritten(self, value: Callable[[str], str]) -> str:
        """`inner` with every reference replaced by `value` of its name."""
        return _replaced(self.inner, lambda m: value(m["name"]) if m["name"] else m[0])


def find(text: str) -> list[Expression]:
    """The expressions of a text in order."""
    expressions = []
    lines = "\n" in text
    line, begin, before, comment = 0, 0, 0, False  # of the line that the expression before is on
    for start, end, _ in yamldoc.find_macros(text):
        breaks = text.count("\n", before, start)
        if breaks or not before:
            line, begin = line + breaks, text.rfind("\n", before, start) + 1 or begin
            comment = lines and _FIRST.match(text, begin, start)[1] == "#"  # type: ignore[index]
        before = start
        raw = text[start:end]
        action = _ACTION.fullmatch(raw)
        assert action is not None
        inner = action["inner"]
        names = tuple(m["name"] for m in _operands(inner) if m["name"])
        if names:
            trims = (action["left"] is not None, action["right"] is not None)
            expression = Expression(
                start, end, raw, inner, names, _kind(inner), *trims, line, start - begin + 1, comment
            )
            expressions.append(expression)
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
    if _BARE.fullmatch(inner.strip()):
        return "bare"
    rest = _without_operands(inner)
    return "foreign" if _CONTROL.match(rest) or _OTHER_FIELD.search(rest) else "pipeline"


def _without_operands(inner: str) -> str:
    """The text with empty strings for references, comments, and what is in quotes."""
    return _replaced(inner, lambda _: '""')


def _replaced(inner: str, replacement: Callable[[re.Match[str]], str]) -> str:
    parts: list[str] = []
    position = 0
    for match in _operands(inner):
        parts += inner[position : match.start()], replacement(match)
        position = match.end()
    return "".join((*parts, inner[position:]))


def _operands(inner: str) -> Iterator[re.Match[str]]:
    """The references (`name`), quoted texts and comments, in order; a quote or `/*` that is never closed is skipped.

    In linear time: what is not closed once is not closed later either, so it is not looked for again.
    """
    opaque = tuple(_OPAQUE)
    position = 0
    while match := _pattern(opaque).search(inner, position):
        begin = next((each for each in opaque if match[0].startswith(each)), "")
        if begin and not (match["end1"] or match["end2"] or match["end3"]):
            opaque = tuple(each for each in opaque if each != begin)
            position = match.start() + 1
        else:
            yield match
            position = match.end()


@functools.cache
def _pattern(opaque: tuple[str, ...]) -> re.Pattern[str]:
    ends = "".join(f"|(?P<end{number}>(?!))" for number, each in enumerate(_OPAQUE, 1) if each not in opaque)
    return re.compile("|".join([*(_OPAQUE[each] for each in opaque), _NAME]) + ends, re.DOTALL)


def is_quoted(text: str) -> bool:
    """Whether the text is in quotes, as after `quote` or `squote`."""
    return len(text) > 1 and text[0] == text[-1] and text[0] in ("'", '"')
