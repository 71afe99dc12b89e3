"""Selectors: what apimachinery's labels.Parse takes, refuses and selects, and the rules of the mapping form.

`selectors.json` is our own table: 80,000 texts, made of the grammar's tokens in random order and of requirements that are
mostly right, were given to a Go program that calls labels.Parse and Matches of k8s.io/apimachinery v0.34.1; a sample
was kept, with the texts on which parsers are likely to differ. A row is a text and, where it is taken, `+` or `-` for
each of the `labels`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler import yamldoc
from compiler.diagnostics import Problems
from compiler.fields.reader import Reader
from compiler.kubernetes.selectors import Requirement, Selector, parse_selector
from compiler.load.selector import read_selector

TABLE = json.loads(Path(__file__).with_name("selectors.json").read_text("utf-8"))


def verdict(text: str) -> str | None:
    try:
        selector = parse_selector(text)
    except ValueError:
        return None
    return "".join("+" if selector.matches(labels) else "-" for labels in TABLE["labels"])


@pytest.mark.parametrize(("text", "expected"), TABLE["rows"])
def test_every_text_means_what_it_means_to_kubernetes(text: str, expected: str | None) -> None:
    assert verdict(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("env=prod,", "expected a label key, found the end"),
        ("envin(prod)", "expected an operator (=, ==, !=, in, notin, <, >) or ',' after 'envin', found '('"),
        ("env in prod", "expected '(' after 'in', found 'prod'"),
        ("env in (a", "expected ',' or ')', found the end"),
        ("env in (a b)", "expected ',' or ')', found 'b'"),
        ("env in (=)", "expected a value, ',' or ')', found '='"),
        ("env in (a,,)", "expected a value or ',', found ')'"),
        ("a=b=c", "expected ',' or the end, found '='"),
        ("a==!b", "expected a value after '==', found '!'"),
        ("!", "expected a label key after '!', found the end"),
        ("a>x", "> requires an integer, found 'x'"),
        ("a>-1", "'-1' is not a valid label value"),
        ("a/b/c", "'a/b/c' is not a valid label key"),
    ],
)
def test_an_error_says_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole text is compared
        parse_selector(text)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "text", ["a" + " " * 400_000 + "b", "a in (" + "b," * 200_000, "!" * 400_000, "a" * 400_000, "a,," + "\t" * 400_000]
)
def test_a_hostile_text_is_refused_in_one_reading(text: str) -> None:
    """It would take minutes if what stands before a character were read again for each."""
    assert verdict(text) is None


def test_annotations_of_any_length_are_compared() -> None:
    assert not parse_selector("a>1").matches({"a": "9" * 100_000})
    assert parse_selector("a>1").matches({"a": "+2"})
    assert not parse_selector("a>1").matches({"a": 2})


def read(text: str) -> tuple[Selector, list[tuple[str, str]]]:
    document = yamldoc.load_one(text, "t.yaml")
    problems = Problems()
    selector = read_selector(Reader(document.value, document, problems))
    return selector, [(problem.code, problem.message) for problem in problems.diagnostics]


def test_the_mapping_form_is_the_same_value() -> None:
    selector, problems = read(
        "selector: {matchLabels: {b: c, a: ''}, matchExpressions: [{key: d, operator: NotIn, values: [f, e]},"
        " {key: g, operator: Exists}]}"
    )
    assert problems == []
    assert selector == Selector(
        (
            Requirement("a", "In", ("",)),
            Requirement("b", "In", ("c",)),
            Requirement("d", "NotIn", ("e", "f")),
            Requirement("g", "Exists"),
        )
    )
    assert selector == parse_selector("a=,b=c,d notin (f,e),g")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("{key: a, operator: In}", "operator: In requires values"),
        ("{key: a, operator: NotIn, values: []}", "operator: NotIn requires values"),
        ("{key: a, operator: Exists, values: [b]}", "operator: Exists takes no values"),
        ("{key: a, operator: DoesNotExist, values: [b]}", "operator: DoesNotExist takes no values"),
        ("{key: a b, operator: Exists}", "operator: 'a b' is not a valid label key"),
        ("{key: a, operator: In, values: [b c]}", "operator: 'b c' is not a valid label value"),
        (
            "{key: a, operator: Gt, values: ['1']}",
            "operator: expected one of In, NotIn, Exists, DoesNotExist; found 'Gt'",
        ),
    ],
)
def test_the_rules_of_the_api_hold_in_the_mapping_form(expression: str, message: str) -> None:
    assert read(f"selector: {{matchExpressions: [{expression}]}}")[1] == [
        ("invalid-value", f"selector.matchExpressions[0].{message}")
    ]


def test_labels_of_the_mapping_form_are_checked() -> None:
    assert read("selector: {matchLabels: {a: -b, 'c d': e}}")[1] == [
        ("invalid-value", "selector.matchLabels.a: '-b' is not a valid label value"),
        ("invalid-value", "selector.matchLabels[\"c d\"]: 'c d' is not a valid label key"),
    ]
