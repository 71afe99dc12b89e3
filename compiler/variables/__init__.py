"""The values of a profile's variables, as clusters and templates give them (palette.md 1.8).

Values are text, as in Palette: `{{ .spectro.var.x }}` is replaced by it. `typed` gives templates of our own packs the
number or boolean that the format promises.
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
        kind = "a mapping" if isinstance(value, dict) else "a list"
        problems.error(
            Code.VARIABLE_VALUE, f"variable '{variable.name}': expected {FORMATS[variable.format][1]}, found {kind}", at
        )
    elif variable.immutable and text != variable.default:
        hint = "set it in the profile, or drop `immutable` there"
        problems.error(
            Code.VARIABLE_IMMUTABLE, f"variable '{variable.name}' is immutable: only its profile can change it", at,
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
    """Name -> text of every variable that has a value: the given one, else the default. Problems are recorded.

    `where` has the places of given values, `at` is where values are missing: the use of the profile. `null` means not
    given. A variable that is not required and has neither is left out, so that referring to it is an error.
    """
    known = {variable.name: variable for variable in definitions}
    for name in given:
        if name not in known:
            message = f"the profile defines no variable '{name}'"
            problems.error(Code.VARIABLE_UNKNOWN, message, where.get(name, at), hint=did_you_mean(name, known))
    found: dict[str, str] = {}
    for name, variable in known.items():
        value = given.get(name)
        text = variable.default if value is None else _checked(variable, value, where.get(name, at), problems)
        if text is not None:
            found[name] = text
        elif value is None and variable.required:
            problems.error(
                Code.VARIABLE_REQUIRED, f"variable '{name}' is required and has no value", at,
                hint=f"give it one where the profile is used: variables: {{{name}: …}}",
                related=[(variable.at, "defined here")],
            )  # fmt: skip
    return found


def typed(variable: Variable, text: str) -> Any:
    """The value for templates of our own packs: int or float for numbers, bool for booleans, else the text."""
    return yamldoc.scalar(text) if variable.format in ("number", "boolean") else text
