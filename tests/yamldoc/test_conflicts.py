"""A conflict of git is named where a text has one, and nowhere else."""

from __future__ import annotations

import pytest

from compiler import yamldoc
from compiler.diagnostics import CompileError

CONFLICT = "<<<<<<< HEAD\n  1\n=======\n  2\n>>>>>>> other\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a:\n{CONFLICT}", 2),
        (f"a: [\n{CONFLICT}]\n", 2),  # YAML reads one long text
        (f"{CONFLICT}a: b\n".replace("\n", "\r\n"), 1),
        ("a: b\n<<<<<<< HEAD\nc: d\n", 2),
        ("a: b\n>>>>>>> other\n", 2),
        ("a: b\n=======\nc: d\n", 2),
        ("a: b\n||||||| 1234567\nc: d\n", 2),
    ],
)
def test_a_conflict_is_named_at_its_line(text: str, line: int) -> None:
    with pytest.raises(CompileError) as error:
        yamldoc.load(text, "a.yaml")
    assert [(d.code, str(d.at)) for d in error.value.diagnostics] == [("conflict-marker", f"a.yaml:{line}:1")]


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  " + CONFLICT.replace("\n", "\n  "),
        "- |\n    " + CONFLICT.replace("\n", "\n    "),
        "a: <<<<<<< HEAD\nb: '======='\n",
        "# <<<<<<< HEAD\n# =======\n# >>>>>>> other\na: b\n",
    ],
    ids=["a block", "a block in a list", "values", "comments"],
)
def test_marks_that_are_text_are_text(text: str) -> None:
    assert yamldoc.load(text, "a.yaml")
