"""Every rule about profile variables, for definitions and for the values that clusters give."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler import regex, yamldoc
from compiler.diagnostics import Diagnostic, Position, Problems
from compiler.fields.formats import FORMATS
from compiler.fields.reader import Reader
from compiler.model.variables import Option, Variable
from compiler.variables import (
    check_definition,
    check_definitions,
    read_variable,
    typed,
    values_of,
)
from tests.support import cost
from tests.support.evaluation import render_gotemplates

AT = Position("profile.yaml", 3, 5)
GIVEN = Position("cluster.yaml", 9, 7)


def given_value(variable: Variable, value: Any) -> tuple[str | None, list[Diagnostic]]:
    """What a cluster's value at GIVEN comes to, and what is wrong with it."""
    problems = Problems()
    found = values_of([variable], {variable.name: value}, {variable.name: GIVEN}, AT, problems)
    return found.get(variable.name), problems.diagnostics


def read(text: str) -> tuple[Variable | None, list[tuple[str, int, str]]]:
    """The variable of a definition in YAML, and (code, line, message) of its problems."""
    document = yamldoc.load_one(text, "profile.yaml")
    problems = Problems()
    variable = read_variable(Reader(document.value, document, problems))
    return variable, [(d.code, d.at.line if d.at else 0, d.message) for d in problems.diagnostics]


def test_all_fields_are_read() -> None:
    variable, found = read("""
name: size
displayName: Size of nodes
description: what it says
format: string
inputType: dropdown
options:
  - {value: s, label: small, description: few}
  - {value: l, label: large, default: true}
regex: ^[sl]$
required: true
sensitive: true
hidden: true
immutable: true
""")
    assert found == []
    assert variable == Variable(
        name="size", at=Position("profile.yaml", 2, 1), display_name="Size of nodes", description="what it says",
        format="string", input_type="dropdown",
        options=(Option("s", "small", "few"), Option("l", "large", "", True)),
        regex="^[sl]$", required=True, default="l", sensitive=True, hidden=True, immutable=True,
    )  # fmt: skip


def test_palettes_export_is_read_as_it_is() -> None:
    text = json.dumps({"name": "hello_replicas", "displayName": "", "format": "number", "required": True,
                       "defaultValue": "1", "immutable": False, "hidden": False, "isSensitive": False,
                       "inputType": "text"})  # fmt: skip
    variable, found = read(text)
    assert (found, variable and (variable.default, variable.format)) == ([], ("1", "number"))


@pytest.mark.parametrize(
    ("text", "default"),
    [
        ("{name: a, default: 3, format: number}", "3"),
        ("{name: a, default: 1.5, format: number}", "1.5"),
        ("{name: a, default: true, format: boolean}", "true"),
        ("{name: a, default: text}", "text"),
        ("{name: a, defaultValue: text}", "text"),
        ("{name: a}", None),
        ("{name: a, default: null}", None),
        ('{name: a, default: ""}', ""),
        ('{name: a, defaultValue: "", format: number}', None),
        ('{name: a, defaultValue: "", required: true}', None),
        ('{name: a, defaultValue: "", inputType: dropdown, options: [{value: x}]}', None),
        ("{name: a, default: Small, inputType: dropdown, options: [{value: s, label: Small}, {value: l}]}", "s"),
        ("{name: a, default: l, inputType: dropdown, options: [{value: s, label: m}, {value: l, label: Large}]}", "l"),
        ("{name: a, default: b, inputType: dropdown, options: [{value: b, label: c}, {value: d, label: b}]}", "b"),
    ],
)
def test_defaults(text: str, default: str | None) -> None:
    variable, found = read(text)
    assert found == []
    assert variable is not None
    assert variable.default == default


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{name: 1a}", "variable-name", "variable '1a': expected a name of letters"),
        ("{name: a b}", "variable-name", "variable 'a b': expected a name of letters"),
        ("{name: a.b}", "variable-name", "variable 'a.b': expected a name of letters"),
        ("{format: string}", "variable-name", "variable '': expected a name of letters"),
        ("{name: a, format: int}", "variable-format", "variable 'a': unknown format 'int'"),
        ("{name: a, inputType: radio}", "variable-input-type", "variable 'a': unknown inputType 'radio'"),
        ("{name: a, regex: '(?=x)'}", "variable-regex", "variable 'a': the regex '(?=x)' is not a regular expression"),
        ("{name: a, regex: '(a)\\1'}", "variable-regex", "variable 'a': the regex '(a)\\1' is not a regular"),
        ("{name: a, regex: '['}", "variable-regex", "variable 'a': the regex '[' is not a regular"),
        ("{name: a, inputType: dropdown}", "variable-options", "variable 'a': a dropdown requires at least one option"),
        ("{name: a, options: [{value: x}]}", "variable-options", "variable 'a': options require inputType dropdown"),
        ("{name: a, inputType: dropdown, options: [{label: x}]}", "variable-options", "variable 'a': an option has no"),
        ("{name: a, inputType: dropdown, options: [{value: x}, {value: x, label: y}]}", "variable-options",
         "variable 'a': two options have the value 'x'"),
        ("{name: a, inputType: dropdown, options: [{value: x}, {value: y, label: x}]}", "variable-options",
         "variable 'a': two options have the label 'x'"),
        ("{name: a, inputType: dropdown, options: [{value: x, default: true}, {value: y, default: true}]}",
         "variable-options", "variable 'a': more than one option is the default"),
        ("{name: a, inputType: dropdown, format: number, options: [{value: x}]}", "variable-options",
         "variable 'a': option 'x' is not a number"),
        ("{name: a, inputType: dropdown, default: q, options: [{value: x, default: true}, {value: q}]}",
         "variable-default", "variable 'a': option 'x' is marked as default, the default is 'q'"),
        ("{name: a, inputType: dropdown, default: z, options: [{value: x}]}", "variable-default",
         "variable 'a': the default 'z' is not one of its options"),
        ("{name: a, immutable: true}", "variable-default", "variable 'a': it is immutable, so no cluster can"),
        ("{name: a, hidden: true, required: true}", "variable-default", "variable 'a': it is hidden and required, so"),
        ("{name: a, format: number, default: x}", "variable-default", "variable 'a': the default 'x' is not a number"),
        ("{name: a, regex: ^b$, default: x}", "variable-default", "variable 'a': the default 'x' does not match"),
        ("{name: a, sensitive: true, regex: ^b$, default: hunter2}", "variable-default",
         "variable 'a': the default does not match the regex ^b$"),
        ("{name: a, default: '{{ .spectro.macro.x }}'}", "variable-default", "variable 'a': the default '{{ .spectro"),
        ("{name: a, default: [1]}", "wrong-type", "default: expected string, number or boolean, found list"),
        ("{name: a, required: 'yes'}", "wrong-type", "required: expected boolean, found string"),
        ("{name: a, displayName: 3}", "wrong-type", "displayName: expected string, found integer 3"),
        ("{name: a, options: [x], inputType: dropdown}", "wrong-type", "options[0]: expected mapping, found string"),
        ("{name: a, defualt: x}", "unknown-key", "unknown key 'defualt'"),
        ("{name: a, inputType: dropdown, options: [{value: x, defualt: y}]}", "unknown-key", "unknown key 'defualt'"),
    ],
)  # fmt: skip
def test_a_bad_definition_is_refused(text: str, code: str, message: str) -> None:
    _, found = read(text)
    assert code in [c for c, *_ in found]
    matching = [m for c, line, m in found if c == code and line == 1]
    assert matching
    assert matching[0].startswith(message)


def test_a_bad_regex_does_no_harm_later() -> None:
    variable, found = read("{name: a, regex: '('}")
    assert [code for code, *_ in found] == ["variable-regex"]
    assert variable is not None
    assert given_value(variable, "x") == ("x", [])


def test_names_and_display_names_are_unique() -> None:
    variables = [
        Variable("a", Position("p", 1), "Same"), Variable("b", Position("p", 2), "Same"),
        Variable("a", Position("p", 3)), Variable("c", Position("p", 4)),
    ]  # fmt: skip
    found = check_definitions(variables)
    assert [(d.code, d.at, d.related[0][0]) for d in found] == [
        ("variable-duplicate", Position("p", 3), Position("p", 1)),
        ("variable-display-name", Position("p", 2), Position("p", 1)),
    ]


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("string", ["", "x", "a b\nc", "é"], []),
        ("number", ["0", "-1", "3", "0.5", "1e3", "1.5E-7"], ["", "x", "012", "0x10", "1.", ".5", "+1", "1 ", "１"]),
        ("boolean", ["true", "false"], ["True", "yes", "1", "", "TRUE"]),
        ("ipv4", ["10.0.0.1", "0.0.0.0"], ["10.0.0", "256.1.1.1", "010.0.0.1", "10.0.0.1/8", "::1", "", "1.2.3.4 "]),
        ("ipv4cidr", ["10.0.0.0/16", "10.0.0.1/32", "0.0.0.0/0"],
         ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "fd00::/8", "/8", "10.0.0.0/", "1.0.0.0/-1", "1.0.0.0/８"]),
        ("ipv6", ["fd00::1", "::", "1:2:3:4:5:6:7:8"], ["10.0.0.1", "fd00::1%eth0", "fd00::/8", "fd00:::1", ""]),
        ("version", ["1.2.3", "v1.2.3", "1.2.3-rc.1+b"], ["1.2", "1", "x", "1.2.3.4", "", "vv1.2.3"]),
        ("base64", ["", "YQ==", "YWJj", "YW\nJj", "+/+/"], ["YQ", "Y", "a-_=", "YQ=", "YQ== ", "%%%%"]),
    ],
)  # fmt: skip
def test_formats(form: str, good: list[str], bad: list[str]) -> None:
    variable = Variable("x", AT, format=form)
    assert [given_value(variable, text) for text in good] == [(text, []) for text in good]
    assert good
    for text in bad:
        none, (found,) = given_value(variable, text)
        assert none is None
        assert (found.code, found.at, found.related) == ("variable-value", GIVEN, ((AT, "defined here"),))
        assert f"'{text}' is not " in found.message


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (3, "3"), (-1, "-1"), (1.5, "1.5"), (10**20, str(10**20)), ("x", "x")],
)
def test_yaml_values_become_text(value: Any, text: str) -> None:
    assert given_value(Variable("x", AT), value) == (text, [])


DROPDOWN = Variable("size", AT, input_type="dropdown", options=(Option("small"), Option("large")), default="small")


@pytest.mark.parametrize(
    ("variable", "value", "code", "message", "hint"),
    [
        (DROPDOWN, "lrge", "variable-value", "variable 'size': the value 'lrge' is not one of its options",
         "did you mean 'large'?"),
        (Variable("a", AT, regex="^[a-z]+$"), "A", "variable-value",
         "variable 'a': the value 'A' does not match the regex ^[a-z]+$", ""),
        (Variable("a", AT, required=True), "", "variable-value",
         "variable 'a': the value is empty, and the variable is required", ""),
        (Variable("a", AT), "x {{ .spectro.macro.y }}", "variable-value",
         "variable 'a': the value 'x {{ .spectro.macro.y }}' contains a macro: variables are plain text", ""),
        (Variable("a", AT, default="1", immutable=True), "2", "variable-immutable",
         "variable 'a' is immutable: only its profile can set it",
         "set it in the profile, or remove `immutable` there"),
        (Variable("a", AT), [1], "variable-value", "variable 'a': expected text, found list", ""),
        (Variable("a", AT, format="number"), {}, "variable-value",
         "variable 'a': expected a number such as 3, -1 or 0.5, found mapping", ""),
        (Variable("a", AT, format="ipv4", sensitive=True), "hunter2", "variable-value",
         "variable 'a': the value is not an IPv4 address such as 10.0.0.1", ""),
        (Variable("a", AT, input_type="dropdown", options=(Option("hunter1"),), sensitive=True), "hunter2",
         "variable-value", "variable 'a': the value is not one of its options", ""),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused(variable: Variable, value: Any, code: str, message: str, hint: str) -> None:
    none, (found,) = given_value(variable, value)
    assert none is None
    assert (found.code, found.at, found.message, found.hint) == (code, GIVEN, message, hint)


def test_the_default_of_an_immutable_variable_may_be_repeated() -> None:
    assert given_value(Variable("a", AT, default="1", immutable=True), 1) == ("1", [])


def test_values_are_the_given_ones_over_defaults() -> None:
    definitions = [Variable("a", AT, default="1"), Variable("b", AT, default="x"), Variable("c", AT), Variable("d", AT)]
    problems = Problems()
    found = values_of(definitions, {"b": "y", "c": 3, "a": None}, {}, GIVEN, problems)
    assert (found, problems.diagnostics) == ({"a": "1", "b": "y", "c": "3"}, [])


def test_all_problems_of_values_are_told_at_their_places() -> None:
    definitions = [Variable("size", AT, format="number"), Variable("must", AT, required=True), Variable("ok", AT)]
    where = {"sise": Position("c", 1), "size": Position("c", 2)}
    problems = Problems()
    found = values_of(definitions, {"sise": 1, "size": "x", "ok": "y"}, where, GIVEN, problems)
    assert found == {"ok": "y"}
    assert [(d.code, d.at, d.hint) for d in problems.diagnostics] == [
        ("variable-unknown", Position("c", 1), "did you mean 'size'?"),
        ("variable-value", Position("c", 2), ""),
        ("variable-required", GIVEN, "set it where the profile is used: variables: {must: …}"),
    ]


@pytest.mark.parametrize(
    ("form", "text", "wanted"),
    [
        ("number", "3", 3),
        ("number", "0.5", 0.5),
        ("boolean", "true", True),
        ("string", "3", "3"),
        ("version", "1.20.0", "1.20.0"),
    ],
)
def test_typed_is_what_the_format_promises(form: str, text: str, wanted: Any) -> None:
    found = typed(Variable("a", AT, format=form), text)
    assert (found, type(found)) == (wanted, type(wanted))


REGEXES = [
    "^[a-z]+$", "[[:alpha:]]+", "^[[:digit:][:punct:]]$", "(?i)abc", r"^\d{1,3}$", r"\bfoo\b", "^(a|b)*$", "a{2,3}", "",
    r"^\w+\.[a-z]{2,}$", r"[^\s]", "^[^a-z]$", r"\Aabc\z", "(?P<n>x)y", "^.$", r"\$\{x\}", "^[-a-z_.]+$", r"\p{Lu}",
    "[[:^digit:]]", r"(?i)\x{212a}", "(?<n>x)y", r"\Q.\E", "(?m)^b$", "(?U)a+", r"\pL{2}",
]  # fmt: skip
TEXTS = ["", "abc", "ABC", "a", "aa", "aaaa", "1", "999", "1000", "foo bar", "x.io", "é", "É", "-", "_", "xy", "${x}",
         "٣", "a\nb", "\n", " ", "~", "abc\n"]  # fmt: skip


@pytest.mark.oracle
def test_regular_expressions_are_those_of_go() -> None:
    """Sprig's regexMatch is Go's regexp.MatchString, which is RE2: asked through Helm."""
    pairs = [(regex, text) for regex in REGEXES for text in TEXTS]
    calls = "\n".join(f"{{{{ regexMatch (index .Values.r {n}) (index .Values.t {n}) }}}}" for n in range(len(pairs)))
    values = {"r": [r for r, _ in pairs], "t": [t for _, t in pairs]}
    answers = render_gotemplates({"m": calls}, values)["m"].split("\n")
    differing = [p for p, answer in zip(pairs, answers, strict=True) if regex.matches(*p) is not (answer == "true")]
    assert differing == []


def test_matching_takes_linear_time() -> None:
    assert not regex.matches("^(a+)+$", "a" * 50_000 + "!")
    assert cost.is_linear(lambda size: regex.matches("^(a+)+$", "a" * size + "!"), 50_000)
    assert cost.is_linear(lambda size: regex.matches("^(a|a?)+$", "a" * size + "!"), 50_000)


@pytest.mark.parametrize("pattern", ["(a{1000}){1000}", "a{100000}", r"(?=a)", r"(a)\1", "[", "*", r"\C"])
def test_patterns_that_are_too_large_or_not_linear_have_a_fault(pattern: str) -> None:
    assert regex.fault(pattern).startswith(f"'{pattern}' is not a regular expression (")


@given(st.sampled_from(list(FORMATS)), st.text())
def test_any_text_is_a_value_or_a_diagnostic(form: str, text: str) -> None:
    problems = Problems()
    found = values_of([Variable("x", AT, format=form, regex="^[^b]*$")], {"x": text}, {}, GIVEN, problems)
    assert (found, [d.code for d in problems.diagnostics]) in [({"x": text}, []), ({}, ["variable-value"])]


def test_definitions_can_be_checked_by_themselves() -> None:
    assert check_definition(DROPDOWN) == ()
    (found,) = check_definition(Variable("x", AT, format="nr"))
    assert (found.code, found.hint) == (
        "variable-format",
        "expected one of: base64, boolean, ipv4, ipv4cidr, ipv6, number, string, version",
    )
