"""The values of a profile's variables, as clusters and templates set them.

Values are text, as in Palette: `{{ .spectro.var.x }}` is replaced by the text. For Jinja2 templates of our own packs
`typed` converts it to the number or boolean of the variable's format.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import Position, Problems, did_you_mean
from compiler.fields.formats import FORMATS
from compiler.model.variables import Option, Variable
from compiler.variables.definitions import check_definition, check_definitions, fault_of, read_variable
from compiler.yamldoc import text_of

__all__ = [
    "Option",
    "Variable",
    "check_definition",
    "check_definitions",
    "read_variable",
    "typed",
    "values_of",
]


def _checked(variable: Variable, value: Any, at: Position, problems: Problems) -> str | None:
    text = text_of(value)
    if text is None:
        kind = "mapping" if isinstance(value, dict) else "list"
        problems.error(
            Code.VARIABLE_VALUE, f"variable '{variable.name}': expected {FORMATS[variable.format][1]}, found {kind}", at
        )
    elif variable.immutable and text != variable.default:
        hint = "set it in the profile, or remove `immutable` there"
        problems.error(
            Code.VARIABLE_IMMUTABLE, f"variable '{variable.name}' is immutable: only its profile can set it", at,
            hint=hint, related=[(variable.at, "defined here")],
        )  # fmt: skip
    elif fault := fault_of(variable, text):
        problems.error(
            Code.VARIABLE_VALUE, f"variable '{variable.name}': the value {fault}", at,
            hint=did_you_mean(text, [o.value for o in variable.options]) if not variable.sensitive else "",
            related=[(variable.at, "defined here")],
        )  # fmt: skip
    else:
        return text
    return None


def values_of(
    definitions: Iterable[Variable],
    given: Mapping[str, Any],
    where: Mapping[str, Position],
    at: Position,
    problems: Problems,
) -> Mapping[str, str]:
    """Name -> text of every variable with a value: the given one, else the default. Problems are recorded.

    `where` are the positions of given values; `at`, where the profile is used, is the position for missing ones. `null`
    counts as not given. An optional variable without value and default is left out, so a macro that refers to it is an
    error.
    """
    known = {variable.name: variable for variable in definitions}
    for name in given:
        if name not in known:
            message = f"no variable named '{name}' in the profile"
            problems.error(Code.VARIABLE_UNKNOWN, message, where.get(name, at), hint=did_you_mean(name, known))
    texts: dict[str, str] = {}
    for name, variable in known.items():
        value = given.get(name)
        text = variable.default if value is None else _checked(variable, value, where.get(name, at), problems)
        if text is not None:
            texts[name] = text
        elif value is None and variable.required:
            problems.error(
                Code.VARIABLE_REQUIRED, f"variable '{name}' is required and has no value", at,
                hint=f"set it where the profile is used: variables: {{{name}: …}}",
                related=[(variable.at, "defined here")],
            )  # fmt: skip
    return texts


def typed(variable: Variable, text: str) -> Any:
    """The value in Jinja2 templates: int or float for format number, bool for boolean, else the text."""
    return yamldoc.scalar(text) if variable.format in ("number", "boolean") else text
