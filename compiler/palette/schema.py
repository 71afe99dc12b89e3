"""schema.yaml of a pack: rules for its values.

A rule is `PATH: {schema: '{{ required | readonly | format "…" | hints "…" "…" }}'}`, each part optional. Values are
checked after their macros have been put in; one that still holds a macro (checked without a cluster) is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import did_you_mean
from compiler.kubernetes import keypath
from compiler.palette import formats
from compiler.palette.paths import ITEMS, MISSING, Keys, expand, lookup
from compiler.palette.values import PackValues
from compiler.yamldoc import text_of

_WORDS = ("required", "readonly", "format", "hints")
# A word, a Go string in double quotes or backticks (single quotes occur in practice), or the pipe.
_TOKEN = re.compile(
    r"""\s*(?:(?P<word>[A-Za-z]+)|"(?P<double>(?:[^"\\]|\\.)*)"|`(?P<raw>[^`]*)`|'(?P<single>[^']*)'|(?P<pipe>\|))"""
)


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of schema.yaml for one path."""

    required: bool = False
    readonly: bool = False
    format: formats.Format | None = None
    hints: tuple[str, ...] = ()

    @property
    def secret(self) -> bool:
        return self.format is not None and self.format.secret


def parse_rule(text: str) -> Rule:
    """The rule in a schema text. Raises ValueError."""
    inner = text.strip()
    if not (inner.startswith("{{") and inner.endswith("}}")):
        raise ValueError("expected '{{ … }}'")
    words: dict[str, tuple[str, ...]] = {}
    for word, arguments in _calls(inner[2:-2]):
        if word not in _WORDS:
            raise ValueError(f"unknown word '{word}' ({did_you_mean(word, _WORDS)})")
        words[word] = words.get(word, ()) + arguments
    if "format" in words and len(words["format"]) != 1:
        raise ValueError('format needs one text: format "${string}"')
    parsed = formats.parse(words["format"][0]) if "format" in words else None
    return Rule("required" in words, "readonly" in words, parsed, words.get("hints", ()))


def _calls(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The words between the pipes, each with its text arguments."""
    word, position = "", 0
    arguments: list[str] = []
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"cannot read '{text[position:].strip()[:40]}'")
        position = match.end()
        if match["pipe"]:
            if word:
                yield word, tuple(arguments)
            word, arguments = "", []
        elif match["word"]:
            if word:
                raise ValueError(f"expected '|' before '{match['word']}'")
            word = match["word"]
        elif not word:
            raise ValueError("expected a word before the text")
        else:
            arguments.append(_unquoted(match))
    if word:
        yield word, tuple(arguments)


def _unquoted(match: re.Match[str]) -> str:
    """The text of a quoted token. Of the escapes only those that protect a character: a regex keeps its backslashes."""
    if match["double"] is not None:
        return re.sub(r'\\(["\\])', r"\1", match["double"])
    return str(match["raw"] if match["raw"] is not None else match["single"])


def rules(values: PackValues) -> dict[str, Rule]:
    """The rules of the pack by path. One that cannot be read is warned about and not checked."""
    by_path = {}
    for path, text in values.pack.schema.items():
        try:
            by_path[path] = parse_rule(text)
        except ValueError as error:
            values.problems.warning(
                Code.SCHEMA_RULE, f"{path}: {error}; the rule is not checked", values.pack.schema_at.get(path)
            )
    return by_path


def secrets(pack_rules: Mapping[str, Rule], data: Mapping[str, Any]) -> frozenset[str]:
    """The texts in the values that are passwords by the pack's schema: no message may show them."""
    values = (value for path, rule in pack_rules.items() if rule.secret for _, value in expand(data, path))
    return frozenset(str(value) for value in values if isinstance(value, str | int | float) and value != "")


def check(values: PackValues) -> None:
    """Records every value that breaks a rule of the pack's schema."""
    for path, rule in rules(values).items():
        for keys, value in expand(values.data, path):
            if _is_empty(value):
                if rule.required:
                    _report_missing(values, keys, rule)
            elif _holds_macro(value):
                continue
            elif rule.readonly and _is_edited(values, value, path):
                values.problems.error(
                    Code.SCHEMA_READONLY,
                    f"{_name(keys)} is read-only in pack '{values.pack.name}'",
                    values.locate(*keys),
                    hint="delete it here; the pack's own value is used",
                )
            elif rule.format is not None:
                _check_format(values, keys, value, rule)


def _report_missing(values: PackValues, keys: Keys, rule: Rule) -> None:
    written = keys[len(values.below) :] if keys[: len(values.below)] == values.below else keys
    nested = "".join(f"{{{key}: " for key in written) + "…" + "}" * len(written)
    hint = "; ".join([*rule.hints, f"set it in the layer: values: {nested}"])
    message = f"{_name(keys)} is required by pack '{values.pack.name}' and has no value"
    values.problems.error(Code.SCHEMA_REQUIRED, message, values.locate(*keys), hint=hint)


def _check_format(values: PackValues, keys: Keys, value: Any, rule: Rule) -> None:
    assert rule.format is not None
    text = text_of(value)
    if text is not None and rule.format.accepts(text):
        return
    if text is None:
        actual = "a mapping" if isinstance(value, Mapping) else "a list"
    else:
        actual = "another value (not shown)" if rule.secret else f"'{values.shown(text)}'"
    values.problems.error(
        Code.SCHEMA_FORMAT,
        f'{_name(keys)}: expected format "{rule.format.text}", found {actual}',
        values.locate(*keys),
        hint="; ".join(rule.hints),
    )


def _is_empty(value: Any) -> bool:
    return value is MISSING or value is None or value == "" or (isinstance(value, Mapping | list) and not value)


def _holds_macro(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value and ".spectro." in value


def _is_edited(values: PackValues, value: Any, path: str) -> bool:
    """Whether the value comes from outside the pack. The pack's own may contain a macro, whose result differs."""
    default = lookup(values.pack.values.data, path)
    return not (value == default or _holds_macro(default))


def _name(keys: Keys) -> str:
    """The path; as in schema.yaml if it is of missing items."""
    return ".".join(map(str, keys)) if ITEMS in keys else keypath.show(keys)
