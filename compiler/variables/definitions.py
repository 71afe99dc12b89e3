"""What `spec.variables` of a profile defines, with all of Palette's flags and their rules (palette.md 1.8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from compiler import regex
from compiler.diagnostics import Diagnostic, Position, Problems, did_you_mean
from compiler.fields.formats import FORMATS
from compiler.model.variables import Option, Variable
from compiler.yamldoc import text_of

INPUT_TYPES = ("text", "dropdown", "multiline")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_OPTION_KEYS = ("value", "label", "description", "default")
_KEYS = (
    "name", "displayName", "description", "format", "inputType", "options", "regex", "required", "default",
    "defaultValue", "sensitive", "isSensitive", "hidden", "immutable",
)  # fmt: skip


def read_variable(data: Mapping[str, Any], at: Callable[..., Position], problems: Problems) -> Variable | None:
    """One entry of `spec.variables`, checked. `at(*keys)` is the place of a key in it.

    Palette's spellings `defaultValue` and `isSensitive` are read too, and its empty defaults: where empty text could be
    no value (a number, a dropdown, a required variable) they mean that there is none. What is wrong is recorded; None
    where name or format are not usable.
    """
    fields = _Fields(data, at, problems)
    fields.only(_KEYS)
    name = fields.text("name")
    options = tuple(fields.option(i, item) for i, item in enumerate(fields.items("options")))
    default = fields.value("default") if "default" in data else fields.value("defaultValue")
    marked = next((o.value for o in options if o.default), None)
    variable = Variable(
        name=name,
        at=at("name"),
        display_name=fields.text("displayName"),
        description=fields.text("description"),
        format=fields.text("format") or "string",
        input_type=fields.text("inputType") or "text",
        options=options,
        regex=fields.text("regex"),
        required=fields.flag("required"),
        default=marked if default is None else default,
        sensitive=fields.flag("sensitive") or fields.flag("isSensitive"),
        hidden=fields.flag("hidden"),
        immutable=fields.flag("immutable"),
    )
    if variable.default == "" and (variable.format != "string" or options or variable.required):
        variable = replace(variable, default=None)
    found = check_definition(variable)
    problems.found.extend(found)
    codes = {diagnostic.code for diagnostic in found}
    if "variable-regex" in codes:
        variable = replace(variable, regex="")
    return None if codes & {"variable-name", "variable-format"} else variable


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of one definition; a wrong type is reported and counts as absent."""

    data: Mapping[str, Any]
    at: Callable[..., Position]
    problems: Problems

    def only(self, known: tuple[str, ...]) -> None:
        for key in self.data:
            if key not in known:
                hint = did_you_mean(key, known)
                self.problems.error("unknown-key", f"unknown key '{key}'", self.at(key), hint=hint)

    def _wrong(self, key: str, expected: str) -> None:
        self.problems.error("wrong-type", f"{key}: expected {expected}", self.at(key))

    def text(self, key: str) -> str:
        value = self.data.get(key, "")
        if not isinstance(value, str):
            self._wrong(key, "a string")
            return ""
        return str(value)

    def flag(self, key: str) -> bool:
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            self._wrong(key, "true or false")
            return False
        return value

    def items(self, key: str) -> list[Any]:
        value = self.data.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._wrong(key, "a list of mappings")
            return []
        return value

    def value(self, key: str) -> str | None:
        value = self.data.get(key)
        if value is not None and text_of(value) is None:
            self._wrong(key, "text, a number or a boolean")
        return text_of(value)

    def option(self, index: int, data: Mapping[str, Any]) -> Option:
        fields = _Fields(data, lambda *keys: self.at("options", index, *keys), self.problems)
        fields.only(_OPTION_KEYS)
        return Option(
            value=fields.value("value") or "",
            label=fields.text("label"),
            description=fields.text("description"),
            default=fields.flag("default"),
        )


def check_definition(variable: Variable) -> tuple[Diagnostic, ...]:
    """What is wrong with a definition by itself; a default must be a value that a cluster could give."""
    found = Problems()

    def refuse(code: str, message: str, hint: str = "") -> None:
        found.error(code, f"variable '{variable.name}': {message}", variable.at, hint=hint)

    if not _NAME.fullmatch(variable.name):
        refuse("variable-name", "a name consists of letters, digits, '_' and '-' and begins with a letter or '_'")
    if variable.format not in FORMATS:
        refuse("variable-format", f"unknown format '{variable.format}'", did_you_mean(variable.format, FORMATS))
    if variable.input_type not in INPUT_TYPES:
        hint = did_you_mean(variable.input_type, INPUT_TYPES)
        refuse("variable-input-type", f"unknown inputType '{variable.input_type}'", hint)
    if variable.regex and (fault := regex.fault(variable.regex)):
        refuse("variable-regex", f"the regex {fault}", "RE2 syntax, as Palette: no look-around, no back-references")
    _check_options(variable, refuse)
    for flag, set_ in (
        ("immutable", variable.immutable),
        ("hidden and required", variable.hidden and variable.required),
    ):
        if set_ and variable.default is None:
            refuse("variable-default", f"it is {flag}, so that no cluster can give it a value, and has no default")
    if not found.errors and variable.default is not None and (fault := fault_of(variable, variable.default)):
        refuse("variable-default", f"the default {fault}")
    return tuple(found.found)


def _check_options(variable: Variable, refuse: Callable[[str, str], None]) -> None:
    if variable.input_type != "dropdown":
        if variable.options:
            refuse("variable-options", f"options are for inputType dropdown, not {variable.input_type}")
        return
    if not variable.options:
        refuse("variable-options", "a dropdown needs at least one option")
    for kind in ("value", "label"):
        names = [getattr(o, kind) or o.value for o in variable.options]
        for name in sorted({n for n in names if names.count(n) > 1}):
            refuse("variable-options", f"two options have the {kind} '{name}'")
    if sum(o.default for o in variable.options) > 1:
        refuse("variable-options", "more than one option is the default")
    for option in variable.options:
        if not option.value:
            refuse("variable-options", "an option has no value")
        elif option.default and option.value != variable.default:
            refuse(
                "variable-default", f"option '{option.value}' is marked as default, the default is '{variable.default}'"
            )
        elif variable.format in FORMATS and not FORMATS[variable.format][0](option.value):
            refuse("variable-options", f"option '{option.value}' is not {FORMATS[variable.format][1]}")


def check_definitions(variables: Sequence[Variable]) -> tuple[Diagnostic, ...]:
    """What is wrong among the variables of one profile: names and display names must be unique."""
    found = Problems()
    for code, what, field in (
        ("variable-duplicate", "name", "name"),
        ("variable-display-name", "display name", "display_name"),
    ):
        first: dict[str, Variable] = {}
        for variable in variables:
            name = getattr(variable, field)
            other = first.setdefault(name, variable) if name else variable
            if other is not variable:
                message = f"two variables have the {what} '{name}'"
                found.error(code, message, variable.at, related=[(other.at, "the first one")])
    return tuple(found.found)


def fault_of(variable: Variable, text: str) -> str:
    """What is wrong with a value of the variable, as the end of a sentence; '' where nothing is."""
    shown = "" if variable.sensitive else f"'{text[:80]}' "
    fits, expected = FORMATS[variable.format]
    if variable.required and not text:
        return "is empty, and the variable is required"
    if ".spectro." in text and "{{" in text:
        return f"{shown}holds a macro: variables are plain text"
    if not fits(text):
        return f"{shown}is not {expected}"
    if variable.options and text not in (o.value for o in variable.options):
        return f"{shown}is none of its options"
    if variable.regex and not regex.matches(variable.regex, text):
        return f"{shown}does not match the regex {variable.regex}"
    return ""
