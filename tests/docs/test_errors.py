"""docs/errors.md is what `generate_errors` makes of `compiler.codes`, which has every code that a problem can have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from compiler.codes import Code
from compiler.render.helm import FailureKind
from tests.docs import generate_errors
from tests.support import oracles

PAGE = generate_errors.PAGE
COMPILER = oracles.ROOT / "compiler"
_CODE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")
# What takes a code as its first argument: the ways to make a Diagnostic, and those that stages have made of them.
_REPORTERS = {
    "Diagnostic",
    "fail",
    "failure",
    "error",
    "warning",
    "refuse",
    "report",
    "_error",
    "_refuse",
    "_warning",
    "one_of",
}
# Codes that reach a reporter by a variable or as an f-string, by the module that has them in some literal.
_INDIRECT = {
    "render/jinja.py": {
        "jinja-failed",
        "jinja-limit",
        "jinja-missing",
        "jinja-syntax",
        "jinja-undefined",
        "jinja-unsafe",
    },
    "model/rendering.py": {"render-crashed", "render-timeout"},
    "variables/definitions.py": {"variable-display-name", "variable-duplicate"},
}
_ONE_WORD = {"encoding", "environment", "internal"}
_COMPOSED = {
    "f'helm-{failure.kind}'": {f"helm-{kind}" for kind in get_args(FailureKind)},
    "f'pack-{state}'": {"pack-deleted", "pack-deprecated", "pack-disabled"},
    "f'pack-values-unmatched-{kind}'": {"pack-values-unmatched-chart", "pack-values-unmatched-manifest"},
}


def first_arguments() -> Iterator[tuple[str, ast.expr]]:
    """(module, expression) of what every reporter is given as code; both sides of a conditional."""
    for path in sorted(COMPILER.rglob("*.py")):
        module = path.relative_to(COMPILER).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(node, "func", None)
            if (
                isinstance(node, ast.Call)
                and getattr(name, "attr", getattr(name, "id", "")) in _REPORTERS
                and node.args
            ):
                first = node.args[0]
                yield from (
                    (module, e) for e in ([first.body, first.orelse] if isinstance(first, ast.IfExp) else [first])
                )


def strings(path: Path) -> set[str]:
    return {
        n.value
        for n in ast.walk(ast.parse(path.read_text()))
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def codes() -> set[str]:
    """Every code in the source."""
    found = set().union(*_INDIRECT.values())
    for _, expression in first_arguments():
        if (
            isinstance(expression, ast.Constant)
            and isinstance(expression.value, str)
            and _CODE.fullmatch(expression.value)
        ):
            found.add(expression.value)
        elif isinstance(expression, ast.JoinedStr):
            found |= _COMPOSED.get(ast.unparse(expression), set())
    return found


def rows() -> list[str]:
    """The codes of all rows, in order."""
    cells = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return [code for cell in cells for code in re.findall(r"`([^`]+)`", cell)]


def test_the_page_is_what_its_generator_writes() -> None:
    text = PAGE.read_text()
    assert text == generate_errors.page(generate_errors.introduction(text))


def test_every_code_is_in_one_row() -> None:
    assert sorted(rows()) == sorted(Code)


def test_a_code_is_named_for_its_text() -> None:
    assert [code.name for code in Code] == [code.value.upper().replace("-", "_") for code in Code]


def test_the_enumeration_has_the_codes_of_the_source() -> None:
    assert sorted(codes() | _ONE_WORD) == sorted(Code)


def test_every_row_says_what_it_means_and_what_to_do() -> None:
    cells = [line.strip("|").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert len(cells) > 100
    assert [row[0] for row in cells if len(row) != 3 or not all(cell.strip() for cell in row)] == []


def test_codes_that_are_listed_here_are_still_there() -> None:
    """And no reporter is given an f-string that nobody has listed."""
    gone = {code for module, listed in _INDIRECT.items() for code in listed - strings(COMPILER / module)}
    assert gone == set()
    composed = {
        ast.unparse(e) for _, e in first_arguments() if isinstance(e, ast.JoinedStr) and _CODE.match(_skeleton(e))
    }
    assert composed == set(_COMPOSED)


def _skeleton(expression: ast.JoinedStr) -> str:
    """The f-string with x in the place of what is put in; '' where it is no code but a message."""
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in expression.values)
    return text if _CODE.fullmatch(text) else ""


def test_codes_that_tests_have_seen_have_a_row() -> None:
    """What the command really says, from the golden cases: a code that the source hides from the search above."""
    cases = (oracles.ROOT / "tests" / "golden").rglob("*.txt")
    seen = {code for case in cases for code in re.findall(r"(?:error|warning)\[([a-z0-9-]+)\]", case.read_text())}
    assert len(seen) > 50
    assert sorted(seen - set(rows())) == []
