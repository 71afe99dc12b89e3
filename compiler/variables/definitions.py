"""`spec.variables` of a profile: the definitions, with Palette's flags and the rules for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from compiler import regex
from compiler.codes import Code
from compiler.diagnostics import Diagnostic, Problems, did_you_mean
from compiler.fields.formats import FORMATS
from compiler.fields.reader import Reader
from compiler.model.variables import Option, Variable

INPUT_TYPES = ("text", "dropdown", "multiline")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_OPTION_KEYS = ("value", "label", "description", "default")
_KEYS = (
    "name", "displayName", "description", "format", "inputType", "options", "regex", "required", "default",
    "defaultValue", "sensitive", "isSensitive", "hidden", "immutable",
)  # fmt: skip


def read_variable(fields: Reader) -> Variable | None:
    """One entry of `spec.variables`, checked; None if its name or format is not valid. Problems are recorded.

    Palette's spellings `defaultValue` and `isSensitive` are accepted. So are its empty defaults: they count as no default
    if empty text cannot be a value (a number, a dropdown, a required variable).
    """
    fields.only(_KEYS)
    name = fields.string("name")
    options = tuple(_option(child) for child in fields.children("options"))
    default = fields.scalar("default" if "default" in fields.data else "defaultValue")
    labelled = {option.label: option.value for option in options if option.label}
    if default is not None and default not in {option.value for option in options}:
        default = labelled.get(default, default)  # Palette takes the label of an option as the default too
    marked = next((o.value for o in options if o.default), None)
    variable = Variable(
        name=name,
        at=fields.at("name"),
        display_name=fields.string("displayName"),
        description=fields.string("description"),
        format=fields.string("format") or "string",
        input_type=fields.string("inputType") or "text",
        options=options,
        regex=fields.string("regex"),
        required=fields.boolean("required"),
        default=marked if default is None else default,
        sensitive=fields.boolean("sensitive") or fields.boolean("isSensitive"),
        hidden=fields.boolean("hidden"),
        immutable=fields.boolean("immutable"),
    )
    if variable.default == "" and (variable.format != "string" or options or variable.required):
        variable = replace(variable, default=None)
    diagnostics = check_definition(variable)
    fields.problems.diagnostics.extend(diagnostics)
    codes = {diagnostic.code for diagnostic in diagnostics}
    if Code.VARIABLE_REGEX in codes:
        variable = replace(variable, regex="")
    return None if codes & {Code.VARIABLE_NAME, Code.VARIABLE_FORMAT} else variable


def _option(fields: Reader) -> Option:
    fields.only(_OPTION_KEYS)
    return Option(
        value=fields.scalar("value") or "",
        label=fields.string("label"),
        description=fields.string("description"),
        default=fields.boolean("default"),
    )


def check_definition(variable: Variable) -> tuple[Diagnostic, ...]:
    """The problems of one definition; its default must be a value that a cluster could set."""
    problems = Problems()

    def refuse(code: Code, message: str, hint: str = "") -> None:
        problems.error(code, f"variable '{variable.name}': {message}", variable.at, hint=hint)

    if not _NAME.fullmatch(variable.name):
        refuse(Code.VARIABLE_NAME, "expected a name of letters, digits, '_' and '-' that begins with a letter or '_'")
    if variable.format not in FORMATS:
        refuse(Code.VARIABLE_FORMAT, f"unknown format '{variable.format}'", did_you_mean(variable.format, FORMATS))
    if variable.input_type not in INPUT_TYPES:
        hint = did_you_mean(variable.input_type, INPUT_TYPES)
        refuse(Code.VARIABLE_INPUT_TYPE, f"unknown inputType '{variable.input_type}'", hint)
    if variable.regex and (fault := regex.fault(variable.regex)):
        refuse(
            Code.VARIABLE_REGEX,
            f"the regex {fault}",
            "use RE2 syntax, as in Palette: no look-around, no back-references",
        )
    _check_options(variable, refuse)
    for flag, set_ in (
        ("immutable", variable.immutable),
        ("hidden and required", variable.hidden and variable.required),
    ):
        if set_ and variable.default is None:
            refuse(Code.VARIABLE_DEFAULT, f"it is {flag}, so no cluster can set it, and has no default")
    if not problems.errors and variable.default is not None and (fault := fault_of(variable, variable.default)):
        refuse(Code.VARIABLE_DEFAULT, f"the default {fault}")
    return tuple(problems.diagnostics)


def _check_options(variable: Variable, refuse: Callable[[Code, str], None]) -> None:
    if variable.input_type != "dropdown":
        if variable.options:
            refuse(Code.VARIABLE_OPTIONS, f"options require inputType dropdown, found {variable.input_type}")
        return
    if not variable.options:
        refuse(Code.VARIABLE_OPTIONS, "a dropdown requires at least one option")
    for kind in ("value", "label"):
        names = [getattr(o, kind) or o.value for o in variable.options]
        for name in sorted({n for n in names if names.count(n) > 1}):
            refuse(Code.VARIABLE_OPTIONS, f"two options have the {kind} '{name}'")
    if sum(o.default for o in variable.options) > 1:
        refuse(Code.VARIABLE_OPTIONS, "more than one option is the default")
    for option in variable.options:
        if not option.value:
            refuse(Code.VARIABLE_OPTIONS, "an option has no value")
        elif option.default and option.value != variable.default:
            refuse(
                Code.VARIABLE_DEFAULT,
                f"option '{option.value}' is marked as default, the default is '{variable.default}'",
            )
        elif variable.format in FORMATS and not FORMATS[variable.format][0](option.value):
            refuse(Code.VARIABLE_OPTIONS, f"option '{option.value}' is not {FORMATS[variable.format][1]}")


def check_definitions(variables: Sequence[Variable]) -> tuple[Diagnostic, ...]:
    """The problems among the variables of one profile: names and display names must be unique."""
    problems = Problems()
    for code, label, field in (
        (Code.VARIABLE_DUPLICATE, "name", "name"),
        (Code.VARIABLE_DISPLAY_NAME, "display name", "display_name"),
    ):
        first: dict[str, Variable] = {}
        for variable in variables:
            name = getattr(variable, field)
            other = first.setdefault(name, variable) if name else variable
            if other is not variable:
                message = f"two variables have the {label} '{name}'"
                problems.error(code, message, variable.at, related=[(other.at, "the first one")])
    return tuple(problems.diagnostics)


def fault_of(variable: Variable, text: str) -> str:
    """The problem of a value of the variable, as the end of a sentence (`'x' is not …`); '' if it is valid."""
    shown = "" if variable.sensitive else f"'{text[:80]}' "
    fits, expected = FORMATS[variable.format]
    if variable.required and not text:
        return "is empty, and the variable is required"
    if ".spectro." in text and "{{" in text:
        return f"{shown}contains a macro: variables are plain text"
    if not fits(text):
        return f"{shown}is not {expected}"
    if variable.options and text not in (o.value for o in variable.options):
        return f"{shown}is not one of its options"
    if variable.regex and not regex.matches(variable.regex, text):
        return f"{shown}does not match the regex {variable.regex}"
    return ""
