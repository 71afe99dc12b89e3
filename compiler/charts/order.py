"""Templates without Go's random map order: Sprig's `keys` and `values` return their lists in the order of the keys.

Both walk a Go map, whose order changes from call to call, so that one input would give many outputs. Helm
may give any order, so also the sorted one; everything else that the functions do (types, refusals, several maps) stays.
Nothing else that Helm, Sprig and Go's templates do with maps depends on the order: `range` and `toYaml` sort.

Templates are rewritten before Helm reads them. Text that `tpl` runs is rewritten when it runs, since the same text may be
printed elsewhere: the calls in it are collected before (`calls_in`), and `tpl` looks them up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from compiler.charts.scan import STRING, actions, with_actions

_CALLS = re.compile(r"(?<![\w.$])(?:keys|values)(?!\w)")
_CALLS_OR_TPL = re.compile(r"(?<![\w.$])(?:keys|values|tpl)(?!\w)")
_BODY = re.compile(r"(\{\{(?:-(?=\s))?)(.*?)((?:(?<=\s)-)?\}\})", re.DOTALL)
_DECLARED = r"\s*(?:\$\w*\s*(?:,\s*\$\w*\s*)?:?=)?"
_DECLARATION = re.compile(_DECLARED)
_BEGIN = re.compile(
    rf"\s*(?:(?:else\s+)?(?:if|with|range)(?!\w)|else(?!\w)|(?:template|block|define)\s*(?:{STRING}))?{_DECLARED}",
    re.VERBOSE | re.DOTALL,
)
_TOKEN = re.compile(rf"(?P<string>{STRING}) | (?P<space>\s+) | [()|] | [^\s()|\"'`]+ | .", re.VERBOSE | re.DOTALL)
_MOST = 100  # parentheses in parentheses, or commands in a row: charts have ten

_VALUES = "lamella.values"
_TPL = "lamella.tpl"
# The first action refuses what `values` refuses, and gives an empty list as it does. Go's `range` sorts by key.
_DEFINE_VALUES = (
    f'{{{{ define "{_VALUES}" }}}}{{{{ $_ := values .map }}}}{{{{ $sorted := values dict }}}}'
    "{{ range $value := .map }}{{ $sorted = append $sorted $value }}{{ end }}"
    '{{ $_ := set . "values" $sorted }}{{ end }}'
)
# For the rest of a text after all known actions are removed: no action in it may list keys or values.
_UNKNOWN = r"\{\{-?(?:[^{}]*?(?:[(|=]|\b(?:if|with|range)\s))?\s*(?:keys|values)[\s)}|]"
UNORDERED = "tpl runs text that asks for the keys or values of a map in no order; sort them in it (| sortAlpha)"
"""The error of a render that runs such a text where it was put together at run time."""


def in_order(text: str, calls: Mapping[str, str]) -> str:
    """The template with its calls in order, and `tpl` running those of `calls` in order too.

    The same string where nothing changes. Lines keep their numbers: additions come at the end.
    """
    wanted = _CALLS_OR_TPL if calls else _CALLS
    if not wanted.search(text):
        return text
    changed = with_actions(text, lambda action: _action(action, with_tpl=bool(calls)))
    if changed == text:
        return text
    return changed + _DEFINE_VALUES + (_define_tpl(calls) if calls else "")


def calls_in(strings: Iterable[str]) -> dict[str, str]:
    """{action: the same in order} of the actions in strings that `tpl` may run: those that call `keys` or `values`,
    and those that run `tpl` again."""
    return {
        action[0]: _action(action, with_tpl=True)
        for string in strings
        if "{{" in string and _CALLS_OR_TPL.search(string)
        for action in actions(string)
        if _CALLS_OR_TPL.search(action[0])
    }


def unordered(calls: Mapping[str, str]) -> Mapping[str, str]:
    """The calls if any of them has no fixed order; else none, and `tpl` can stay as it is."""
    return calls if any(in_order(action, {}) != action for action in calls) else {}


def strings_in(value: Any) -> Iterator[str]:
    """The strings in values, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from strings_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_in(item)


def literals(template: str) -> Iterator[str]:
    """The strings written in a template's actions, which `tpl` may run."""
    for action in actions(template):
        for string in () if action["comment"] is not None else re.finditer(STRING, action[0], re.VERBOSE | re.DOTALL):
            if "{{" in string[0]:
                yield _unquoted(string[0])


def _unquoted(literal: str) -> str:
    if literal[0] != '"':
        return literal[1:-1]
    try:
        text = str(json.loads(literal, strict=False))
        text.encode()
    except ValueError:  # an escape of Go's that JSON does not have, or half of a surrogate pair
        return literal[1:-1]
    return text


def _define_tpl(calls: Mapping[str, str]) -> str:
    """A template that returns its text in order, and fails where it cannot."""
    known = "".join((".", *(f' | replace {_quoted(before)} ""' for before in calls)))
    ordered = "".join((".", *(f" | replace {_quoted(before)} {_quoted(after)}" for before, after in calls.items())))
    refusal = f"{{{{ if {known} | regexMatch `{_UNKNOWN}` }}}}{{{{ fail {_quoted(UNORDERED)} }}}}{{{{ end }}}}"
    return f'{{{{ define "{_TPL}" }}}}{refusal}{{{{ {ordered} }}}}{{{{ end }}}}'


def _quoted(text: str) -> str:
    """A string literal of Go. JSON's spelling is one, but for surrogate pairs, so that nothing is escaped as such."""
    return json.dumps(text, ensure_ascii=False)


@dataclass(slots=True)
class _Pipeline:
    """A pipeline read so far: the text before it, and its commands, each as words and the spaces between them."""

    before: str
    commands: list[list[str]] = field(default_factory=lambda: [[]])
    _word: list[str] = field(default_factory=list)  # the pieces of the word that is being read

    def add(self, text: str, *, space: bool) -> None:
        """Text without a space before it belongs to the word before."""
        if space:
            self.end_word()
            self.commands[-1].append(text)
        else:
            self._word.append(text)

    def end_word(self) -> None:
        if self._word:
            self.commands[-1].append("".join(self._word))
            self._word.clear()


def _action(action: re.Match[str], *, with_tpl: bool) -> str:
    """The action in order; unchanged if it is a comment, or if it cannot be read (Helm refuses it)."""
    whole = action[0]
    body = None if action["comment"] is not None else _BODY.fullmatch(whole)
    if body is None or not (_CALLS_OR_TPL if with_tpl else _CALLS).search(whole):
        return whole
    inside = body[2]
    begin = _BEGIN.match(inside)
    start = begin.end() if begin else 0
    open_ones = [_Pipeline(inside[:start])]
    position = start
    while position < len(inside):
        token = _TOKEN.match(inside, position)
        assert token is not None
        position = token.end()
        text = token[0]
        if text == "(":
            declaration = _DECLARATION.match(inside, position)
            before = declaration[0] if declaration else ""
            open_ones.append(_Pipeline(f"({before}"))
            position += len(before)
            if len(open_ones) > _MOST:
                return whole
        elif text == ")":
            if len(open_ones) == 1:
                return whole
            inner = _ordered(open_ones.pop(), with_tpl=with_tpl)
            open_ones[-1].add(f"{inner})", space=False)
        elif text == "|":
            open_ones[-1].end_word()
            open_ones[-1].commands.append([])
            if len(open_ones[-1].commands) > _MOST:
                return whole
        else:
            open_ones[-1].add(text, space=token["space"] is not None)
    if len(open_ones) != 1:
        return whole
    return body[1] + _ordered(open_ones[0], with_tpl=with_tpl) + body[3]


def _ordered(pipeline: _Pipeline, *, with_tpl: bool) -> str:
    """The pipeline's text with every call in order."""
    pipeline.end_word()
    text = ""
    for number, command in enumerate(pipeline.commands):
        words = [word for word in command if not word.isspace()]
        raw = "".join(command)
        lead, tail = raw[: len(raw) - len(raw.lstrip())], raw[len(raw.rstrip()) :]
        arguments = [*words[1:], *([f"({text.strip()})"] if number else [])]
        so_far = f"{text}|" if number else ""
        if not words:
            text = so_far + raw
        elif words[0] == "tpl" and with_tpl and len(words) > 1:
            place = command.index(words[1], command.index("tpl") + 1)
            run = [*command[:place], f'(include "{_TPL}" {words[1]})', *command[place + 1 :]]
            text = so_far + "".join(run)
        elif words[0] not in ("keys", "values") or not arguments or _sorted_at_once(pipeline.commands[number + 1 :]):
            text = so_far + raw
        elif words[0] == "values" and len(arguments) > 1:
            text = so_far + raw  # Helm refuses it
        elif words[0] == "values":
            # A map for the template to put its list in: a template by itself can only print.
            assignment = f'$lamella := dict "map" {arguments[0]}'
            text = f'{lead}index (list ({assignment}) (include "{_VALUES}" $lamella) $lamella.values) 2{tail}'
        elif len(arguments) == 1:
            text = f"{so_far}{lead}{raw.strip()} | sortAlpha{tail}"
        else:
            each = " ".join(f"(keys {argument} | sortAlpha)" for argument in arguments)
            text = f"{lead}concat {each} | toStrings{tail}"
    return pipeline.before + text


def _sorted_at_once(later: list[list[str]]) -> bool:
    """Whether the next commands make the order irrelevant."""
    for command in later:
        name = next((word for word in command if not word.isspace()), "")
        if name != "uniq":
            return name in ("sortAlpha", "len")
    return False
