"""Definitions of variables at the edge of what is accepted."""

from __future__ import annotations

import pytest

from compiler.diagnostics import Problems
from compiler.model.variables import Option, Variable
from compiler.variables import check_definition, values_of
from tests.variables.test_variables import AT, GIVEN, read


@pytest.mark.parametrize("word", ["sensitive", "isSensitive"])
def test_both_words_make_a_variable_sensitive(word: str) -> None:
    variable, found = read(f"{{name: a, {word}: true}}")
    assert found == []
    assert variable is not None
    assert variable.sensitive


def test_a_hidden_variable_without_default_is_accepted_where_it_is_not_required() -> None:
    assert check_definition(Variable("a", AT, hidden=True)) == ()
    assert check_definition(Variable("a", AT, required=True)) == ()


def test_an_unknown_format_is_the_only_problem_of_a_dropdown() -> None:
    variable, found = read("{name: a, format: nubmer, inputType: dropdown, options: [{value: x}], default: x}")
    assert variable is None
    assert [code for code, _, _ in found] == ["variable-format"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("text", "options: expected list, found string 'text'"),
        ("7", "options: expected list, found integer 7"),
        ("[text]", "options[0]: expected mapping, found string 'text'"),
        ("{value: a}", "options: expected list, found mapping"),
    ],
)
def test_options_are_a_list_of_mappings(options: str, message: str) -> None:
    _, found = read(f"{{name: a, options: {options}}}")
    assert [(code, message) for code, _, message in found] == [("wrong-type", message)]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            "{{ .spectro.system.cluster.name }}",
            "variable 'a': the value '{{ .spectro.system.cluster.name }}' contains a macro",
        ),
        ("{{ .Values.x }}", ""),
        ("a .spectro. name", ""),
    ],
)
def test_a_value_holds_no_macro_of_ours(value: str, problem: str) -> None:
    problems = Problems()
    values = values_of([Variable("a", AT)], {"a": value}, {"a": GIVEN}, AT, problems)
    assert [d.message.startswith(problem) for d in problems.diagnostics] == [True] * bool(problem)
    assert values.get("a") == (None if problem else value)


def test_an_option_without_value_is_refused() -> None:
    dropdown = Variable("a", AT, input_type="dropdown", options=(Option(""), Option("b")))
    assert [d.message for d in check_definition(dropdown)] == ["variable 'a': an option has no value"]
