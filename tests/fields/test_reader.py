"""The reader of mappings: one mistake has one wording, whatever the level."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compiler import yamldoc
from compiler.diagnostics import Problems
from compiler.fields.reader import Reader
from compiler.overlay import parse_overlay
from compiler.variables import read_variable

HINT = 'quote the value: {}"3"'


def told(text: str, read: Callable[[Reader], object]) -> list[tuple[str, str, str]]:
    document = yamldoc.load_one(text, "p.yaml")
    problems = Problems()
    read(Reader(document.value, document, problems))
    return [(each.code, each.message, each.hint) for each in problems.diagnostics]


@pytest.mark.parametrize(
    ("text", "read", "path", "key"),
    [
        ("a: 3", lambda r: r.string("a"), "a", "a: "),
        ("a: {b: [{c: 3}]}", lambda r: [c.string("c") for c in r.child("a").children("b")], "a.b[0].c", "c: "),
        ("a: [3]", lambda r: r.strings("a"), "a[0]", ""),
        ("a: {b/c: 3}", lambda r: r.string_map("a"), 'a["b/c"]', "b/c: "),
        ("{target: {kind: 3}, patch: {a: b}}", parse_overlay, "target.kind", "kind: "),
        ("{name: v, regex: 3}", read_variable, "regex", "regex: "),
    ],
)
def test_a_number_that_should_be_text(text: str, read: Callable[[Reader], object], path: str, key: str) -> None:
    assert told(text, read)[0] == ("wrong-type", f"{path}: expected string, found integer 3", HINT.format(key))


@pytest.mark.parametrize(
    ("name", "valid"),
    [("a", True), ("a.b-c", True), ("a.-b", False), ("a-.b", False), ("a..b", False), ("A", False), ("a" * 254, False)],
)
def test_a_name_is_a_subdomain(name: str, valid: bool) -> None:
    assert (told(f"name: {name}", lambda r: r.name()) == []) is valid
