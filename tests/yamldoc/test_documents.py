"""Documents, positions, duplicates, anchors, merge keys: what a file holds and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.diagnostics import CompileError
from compiler.yamldoc import Document, load, load_one, load_rendered
from tests.yamldoc.readers import FOO, kubectl_reads

_FILE = """\
# a comment
---
a: 1
list:
- x
- {b: z, "c d": [1, 2]}
---
---
# nothing
--- # a comment after the separator
deep:
  'quoted':
    text: |
      ---
      not: a document
  after: 1
"""


def test_documents_are_split_by_the_parser_and_empty_ones_dropped() -> None:
    first, second = load(_FILE, "x.yaml")
    assert first.value == {"a": 1, "list": ["x", {"b": "z", "c d": [1, 2]}]}
    assert second.value == {"deep": {"quoted": {"text": "---\nnot: a document\n"}, "after": 1}}
    assert (first.line, second.line) == (3, 11)


@pytest.mark.parametrize(
    ("document", "keys", "place"),
    [(0, (), "3:1"), (0, ("a",), "3:1"), (0, ("list",), "4:1"), (0, ("list", 0), "5:3"), (0, ("list", 1, "b"), "6:4"),
     (0, ("list", -1, "c d", 1), "6:21"), (1, ("deep", "quoted", "text"), "13:5"), (1, ("deep", "after"), "16:3"),
     (1, ("deep", "absent", "further"), "11:1"), (1, ("absent",), "11:1"), (0, ("list", 9), "4:1"),
     (0, ("list", "b"), "4:1"), (0, ("a", "b"), "3:1"), (0, (0,), "3:1")],
)  # fmt: skip
def test_every_key_has_a_place_and_absent_ones_that_of_their_nearest_ancestor(
    document: int, keys: tuple[str | int, ...], place: str
) -> None:
    assert str(load(_FILE, "x.yaml")[document].at(*keys)) == f"x.yaml:{place}"


def test_places_count_from_the_line_where_the_text_stands_in_its_file() -> None:
    document = load_one("a:\n  b: 1\n", "x.yaml", first_line=40)
    assert (document.line, str(document.at("a", "b"))) == (40, "x.yaml:41:3")
    with pytest.raises(CompileError) as refused:
        load_one("a:\n  b: [\n", "x.yaml", first_line=40)
    assert str(refused.value.diagnostics[0].at).startswith("x.yaml:42:")


def test_without_positions_only_the_line_of_the_document_is_known() -> None:
    document = load_one("\n\na: {b: 1}\n", "x.yaml", positions=False)
    assert str(document.at("a", "b")) == "x.yaml:3"


@pytest.mark.parametrize(
    "text",
    [
        "# Source: c/t.yaml\n\na: 1\n",
        "---\n# Source\na: 1\n",
        "\n  # x\n\n- a\n",
        "a: 1",
        "  a: 1\n",
        "---\n\n{a: b}\n",
    ],
)
def test_rendered_documents_know_their_line_too(text: str) -> None:
    assert load_rendered(text, "x", first_line=7) == load_one(text, "x", first_line=7)


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only a comment\n", "---\n", "---\n---\n", "\ufeff", "%YAML 1.1\n---\n"]
)
def test_nothing_is_no_document(text: str) -> None:
    assert load(text, "x") == ()
    assert load_one(text, "x") == Document(None, "x", 1)
    assert load_rendered(text, "x").value is None


def test_one_document_is_one_document() -> None:
    assert load_one("---\n---\na: 1\n---\n", "x").value == {"a": 1}
    with pytest.raises(CompileError) as refused:
        load_one("a: 1\n---\nb: 2\n---\nc: 3\n", "x.yaml")
    [problem] = refused.value.diagnostics
    assert (problem.code, problem.message, str(problem.at)) == (
        "yaml-documents",
        "expected one document, found 3",
        "x.yaml:3:1",
    )


def test_explicit_null_is_a_document() -> None:
    assert [document.value for document in load("null\n---\n~\n---\n''\n", "x")] == [None, None, ""]


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("a: 1\nb: 2\na: 3\n", "1:1", "3:1"),
        ("1: a\n'1': b\n", "1:1", "2:1"),
        ("y: a\ntrue: b\n", "1:1", "2:1"),
        ("x:\n- {k: 1,\n   k: 2}\n", "2:4", "3:4"),
    ],
)
def test_duplicate_keys_are_refused_with_both_places(text: str, first: str, second: str) -> None:
    with pytest.raises(CompileError) as refused:
        load(text, "x.yaml")
    [problem] = refused.value.diagnostics
    assert (problem.code, str(problem.at)) == ("yaml-duplicate-key", f"x.yaml:{second}")
    assert [str(place) for place, _ in problem.related] == [f"x.yaml:{first}"]


def test_tolerated_duplicates_are_told_and_the_last_one_counts() -> None:
    expected = {"a": 3, "b": {"c": "z"}}
    text = "a: 1\nb: {c: y, c: z}\na: 3\n"
    for document in (load_one(text, "x", duplicates="warn"), load_rendered(text, "x")):
        assert document.value == expected
        assert [(problem.code, problem.severity, str(problem.at)) for problem in document.duplicates] == [
            ("yaml-duplicate-key", "warning", "x:2:11"),
            ("yaml-duplicate-key", "warning", "x:3:1"),
        ]


def test_all_problems_of_a_file_are_told_at_once() -> None:
    with pytest.raises(CompileError) as refused:
        load("a: !foo 1\nb: .inf\n---\nc: 1\nc: 2\n? [x]\n: y\n", "x")
    assert [(problem.code, str(problem.at)) for problem in refused.value.diagnostics] == [
        ("yaml-tag", "x:1:4"),
        ("yaml-number", "x:2:4"),
        ("yaml-duplicate-key", "x:5:1"),
        ("yaml-key", "x:6:3"),
    ]


def test_an_alias_is_a_copy_and_its_places_are_those_of_the_anchor() -> None:
    document = load_one("a: &x {k: [1]}\nb: *x\n", "x")
    assert document.value == {"a": {"k": [1]}, "b": {"k": [1]}}
    document.value["b"]["k"].append(2)
    assert document.value["a"] == {"k": [1]}
    assert [str(document.at(*keys)) for keys in (("b",), ("b", "k"), ("b", "k", 0))] == ["x:2:1", "x:1:8", "x:1:12"]


def test_an_anchor_may_be_given_again() -> None:
    assert load_one("[&a 1, *a, &a 2, *a]", "x").value == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: *b\n", "1:4"), ("a: &x 1\n---\nb: *x\n", "3:4"), ("a: &x [1, *x]\n", "1:11"), ("a: &x\n  b: *x\n", "2:6"),
     ("a: &x {b: &y {c: *x}}\n", "1:18")],
)  # fmt: skip
def test_unknown_anchors_anchors_of_other_documents_and_cycles_are_refused(text: str, place: str) -> None:
    with pytest.raises(CompileError) as refused:
        load(text, "x.yaml")
    assert [(problem.code, str(problem.at)) for problem in refused.value.diagnostics] == [
        ("yaml-alias", f"x.yaml:{place}")
    ]


_MERGES = {
    "later keys override": "a: {<<: {k: 1, l: 1}, k: 2}",
    "a later merge overrides": "a: {k: 2, <<: {k: 1, l: 1}}",
    "of several sources the first wins": "a: {<<: [{k: 1, l: 1}, {k: 2, m: 2}], l: 3}",
    "of several merges the last wins": "a:\n  <<: {k: 1, l: 1}\n  <<: {k: 2, m: 2}",
    "anchors": "b: &x {k: 1, <<: {l: 2}}\na:\n  <<: *x\n  m: 3",
    "a list of aliases": "b: &x {k: 1}\nc: &z {k: 2, l: 2}\na: {<<: [*x, *z]}",
    "quoted it is a key": "a: {'<<': {k: 1}}",
    "as a value it is text": "a: [<<, {b: <<}]",
    "tagged": "a: {!!merge <<: {k: 1}}",
    "booleans as keys": "a: {<<: {y: 1, off: 2}}",
}


@pytest.mark.oracle
@pytest.mark.parametrize("text", _MERGES.values(), ids=_MERGES.keys())
def test_merge_keys_have_gos_precedence(kubectl: Path, tmp_path: Path, text: str) -> None:
    text = f"{FOO}{text}\n"
    read = load_one(text, "x").value
    assert read == kubectl_reads(kubectl, tmp_path / "x.yaml", text)
    assert read == load_rendered(text, "x").value


@pytest.mark.parametrize("source", ["1", "[{a: 1}, b]", "text", "~"])
def test_only_maps_can_be_merged(source: str) -> None:
    with pytest.raises(CompileError, match="yaml-merge"):
        load_one(f"a:\n  <<: {source}\n", "x")


def test_merged_keys_stand_where_their_source_stands() -> None:
    document = load_one("a: &x {k: 1}\nb: &y {l: 2}\nc: {<<: [*x, *y], m: 3}\nd:\n  <<: *x\n", "x")
    places = [document.at(*keys) for keys in (("c", "k"), ("c", "l"), ("c", "m"), ("d", "k"))]
    assert [str(place) for place in places] == ["x:1:8", "x:2:8", "x:3:19", "x:1:8"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("a: 1\r\nb: |\r\n  x\r\n  y\r\n", {"a": 1, "b": "x\ny\n"}), ("a: 1\rb: 2\r", {"a": 1, "b": 2}),
     (b"\xef\xbb\xbfa: 1\n", {"a": 1}), ("\ufeffa: 1\n", {"a": 1}), ("\ufeff---\n\ufeffa: 1\n", {"a": 1}),
     ("- =\n- a:b\n- [http://x, a:b]\n- {a:b, c: d}\n", ["=", "a:b", ["http://x", "a:b"], {"a:b": None, "c": "d"}]),
     ("%YAML 1.1\n---\na: y\n", {"a": True}), ("a: 1\n...\n# end\n", {"a": 1}), ("a: 1\n...\n---\n...\n", {"a": 1})],
)  # fmt: skip
def test_line_ends_marks_and_directives(text: Any, value: Any) -> None:
    assert load_one(text, "x").value == value
