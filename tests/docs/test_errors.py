"""docs/errors.md is what `generate_errors` makes of `compiler.codes`, which has every code that a problem can have."""

from __future__ import annotations

import ast
import re
from typing import get_args

from compiler.codes import Code
from compiler.render.helm import FailureKind
from tests.docs import generate_errors
from tests.support import oracles

PAGE = generate_errors.PAGE
COMPILER = oracles.ROOT / "compiler"


def used() -> set[str]:
    """The codes that the compiler names, and those that it makes of the kinds of Helm's failures (`render.task`)."""
    named = {
        node.attr
        for path in COMPILER.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code"
    }
    return {Code[name].value for name in named} | {f"helm-{kind}" for kind in get_args(FailureKind)}


def rows() -> list[str]:
    """The codes of all rows, in order."""
    cells = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return [code for cell in cells for code in re.findall(r"`([^`]+)`", cell)]


def test_the_page_is_what_its_generator_writes() -> None:
    text = PAGE.read_text()
    assert text == generate_errors.page(generate_errors.introduction(text))


def test_every_group_shows_what_is_said_of_a_problem_of_it() -> None:
    """A code of the group, and a way out where the command knows one."""
    shown = {title: generate_errors.example(title, members) for title, _, members in generate_errors.groups()}
    assert len(shown) == PAGE.read_text().count("\n## ") > 10
    assert set(generate_errors.EXAMPLES) == set(shown) - {"Without a place"}
    assert [title for title, text in shown.items() if not re.match(r"\S.*\[[a-z-]+\]: ", text)] == []


def test_every_code_is_in_one_row() -> None:
    assert sorted(rows()) == sorted(Code)


def test_a_code_is_named_for_its_text() -> None:
    assert [code.name for code in Code] == [code.value.upper().replace("-", "_") for code in Code]


def test_every_code_is_used_and_kinds_of_failures_have_theirs() -> None:
    """That no other is used, the type checker knows."""
    assert sorted(used()) == sorted(Code)


def test_every_row_says_what_it_means_and_what_to_do() -> None:
    cells = [line.strip("|").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert len(cells) > 100
    assert [row[0] for row in cells if len(row) != 3 or not all(cell.strip() for cell in row)] == []
