"""Every code is triggered by some test.

A code counts where a test that passes must have met it, which its text tells:

- the talk that a golden case expects, and the output that a page of docs/ expects, both compared word for word, have
  `error[code]` or `warning[code]`;
- a test module asserts it: `Code.NAME`, or a string with the code, is in an assertion that is no denial (`!=`, `not in`,
  `not`), in what `raises(match=…)` expects, in the table of a `parametrize`, or in a constant of the module, from which
  such tables are made.

Nothing is recorded while tests run: workers and subprocesses, of which a recorder would learn nothing, count as all
others, one room can be run alone, and `-n auto` makes no difference.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from compiler.codes import Code
from tests.support import oracles

TESTS = oracles.ROOT / "tests"
_TOLD = re.compile(r"(?:error|warning)\[([a-z0-9-]+)\]")
_DASHED = re.compile(r"(?:^|(?<=[ \[]))[a-z0-9]+(?:-[a-z0-9]+)+(?=$|[\]: ])")
_ONE_WORD = re.compile(r"(?:^|(?:error|warning)[ \[])([a-z]+)(?:$|[\] ])")
_ABOUT_CODES = TESTS / "docs"  # names codes without meeting them


def expected_talk() -> Iterator[str]:
    """What golden cases and pages expect to be said."""
    for case in (TESTS / "golden" / "errors").glob("*.txt"):
        yield case.read_text().partition("\n-- stderr")[2]
    for talk in (TESTS / "golden" / "renders").glob("*/stderr.txt"):
        yield talk.read_text()
    for page in [oracles.ROOT / "README.md", *(oracles.ROOT / "docs").glob("*.md")]:
        yield from re.findall(r"^```console\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def modules() -> Iterator[Path]:
    return (path for path in TESTS.rglob("test_*.py") if _ABOUT_CODES not in path.parents)


def asserted(tree: ast.Module) -> Iterator[str]:
    """The strings of a module that its tests expect to see."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            yield from strings(statement.value)
    for node in ast.walk(tree):
        match node:
            case ast.Assert():
                yield from strings(node.test)
            case ast.Call(func=ast.Attribute(attr="parametrize" | "raises")):
                yield from (text for part in (*node.args, *(k.value for k in node.keywords)) for text in strings(part))


def strings(expression: ast.AST) -> Iterator[str]:
    """Every string in the expression but those of denials."""
    match expression:
        case ast.Constant(value=str() as text):
            yield text
        case ast.Attribute(value=ast.Name(id="Code"), attr=name):
            yield Code[name].value
        case ast.Compare(ops=[ast.NotEq() | ast.NotIn()]) | ast.UnaryOp(op=ast.Not()):
            return
        case _:
            for child in ast.iter_child_nodes(expression):
                yield from strings(child)


def triggered() -> set[str]:
    """The words that may be codes in all that tests expect."""
    told = {code for talk in expected_talk() for code in _TOLD.findall(talk)}
    return told.union(*(words(text) for path in modules() for text in asserted(ast.parse(path.read_text()))))


def words(text: str) -> set[str]:
    """What may be a code in a string: one word by itself or after its severity, words with dashes anywhere."""
    return {*_DASHED.findall(text), *_ONE_WORD.findall(text)}


def test_every_code_is_triggered() -> None:
    assert sorted(set(Code) - triggered()) == []


def test_a_code_that_is_named_only_is_not_taken_for_triggered() -> None:
    """In a comment, a message, a denial, or what a test does."""
    module = """
assert "git-missing: no git" in text and found == ["yaml-key", Code.GIT_FAILED]
assert "yaml-tag" not in text and code != "yaml-alias" and not found("yaml-merge")
report("yaml-number")  # yaml-documents
"""
    found = set().union(*map(words, asserted(ast.parse(module))))
    assert found & set(Code) == {"git-missing", "git-failed", "yaml-key"}
