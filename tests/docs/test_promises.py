"""SECURITY.md: every promise names tests, and those exist."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support import oracles

ROWS = re.findall(
    r"^\| (\d+) \| (.+?) \| (.+?) \|$", (oracles.ROOT / "SECURITY.md").read_text(encoding="utf-8"), re.MULTILINE
)


def test_there_are_ten_promises() -> None:
    assert [number for number, _, _ in ROWS] == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize(("number", "promise", "tests"), ROWS, ids=[row[0] for row in ROWS])
def test_a_promise_has_tests_that_exist(number: str, promise: str, tests: str) -> None:
    named = re.findall(r"`([^`]+)`", tests)
    assert named, promise
    for name in named:
        path, _, function = name.partition("::")
        module = oracles.ROOT / path
        assert module.is_file(), f"promise {number}: no {path}"
        functions = {
            node.name
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef)
        }
        assert function in functions or (not function and any(each.startswith("test_") for each in functions)), name
