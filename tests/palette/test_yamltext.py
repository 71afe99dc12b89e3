"""Pieces of YAML that keep their text and their meaning wherever they are moved."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler import yamldoc
from compiler.exchange.yamltext import Block, block, dump, section, write

TEXT = """\
# top
a: 1 # c
b:
    - x
    - y: |
        multi

        line
# mid
c: {{ .spectro.var.x }}
d: "{{ .spectro.var.x }}"
e: |+
  kept

f: >-
  folded
  text
"""


def load(text: str) -> Any:
    return yamldoc.load_one(text, "f.yaml").value


def moved(text: str) -> str:
    """The text under a key of a list item, with another one behind it, and cut out again."""
    around = write({"spec": {"layers": [{"name": "x", "values": block(text, load(text) or {})}, {"name": "y"}]}})
    document = yamldoc.load_one(around, "p.yaml")
    assert document.value["spec"]["layers"][0]["values"] == (load(text) or {})
    assert document.value["spec"]["layers"][1] == {"name": "y"}
    return section(around, document, ("spec", "layers", 0, "values"))


def test_text_and_comments_survive_the_move() -> None:
    assert moved(TEXT) == TEXT.rstrip("\n")


@pytest.mark.parametrize("lead", ["---\n", "%YAML 1.2\n---\n", "--- # c\n", "\ufeff"])
def test_document_markers_are_left_behind(lead: str) -> None:
    assert moved(f"{lead}a: 1\n").endswith("a: 1")


@pytest.mark.parametrize("text", ["a: 1\r\nb: |\r\n  x\r\n  y\r\n", "{a: 1, b: {c: 2}}\n", "'a': \"x\\\n  y\"\n"])
def test_other_forms_keep_their_meaning(text: str) -> None:
    assert load(moved(text)) == load(text)


@pytest.mark.parametrize("text", ["a: |\n  no newline at the end", "a: |+\n  x\n\n\n"])
def test_a_text_that_means_something_else_elsewhere_is_written_anew(text: str) -> None:
    around = write({"k": {"v": block(text, load(text)), "w": 1}})
    assert load(around) == {"k": {"v": load(text), "w": 1}}


def test_values_of_comments_only_are_an_empty_mapping_with_its_comments() -> None:
    assert moved("# one\n#two\n") == "# one\n#two\n{}"


def test_a_mapping_on_one_line_has_no_text_of_its_own() -> None:
    document = yamldoc.load_one("values: {a: 1}\n", "p.yaml")
    assert section("values: {a: 1}\n", document, ("values",)) == ""


def test_a_macro_outside_quotes_stays_outside() -> None:
    assert dump(load("a: {{ .spectro.var.x }}\nb: '{{ .spectro.var.x }}'\n")) == (
        'a: {{ .spectro.var.x }}\nb: "{{ .spectro.var.x }}"\n'
    )


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**63 - 1)
    | st.text(max_size=12)
    | st.sampled_from(["a\nb", "a\nb\n", " x\n", "\n", "#"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=60)
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_what_is_written_reads_back_the_same_in_the_same_order(data: dict[str, Any]) -> None:
    found = load(write({"k": {"v": data, "w": [data]}}))
    assert found == {"k": {"v": data, "w": [data]}}
    assert list(found["k"]["v"]) == list(data)


@settings(max_examples=60)
@given(st.dictionaries(st.text(min_size=1, max_size=5), VALUES, min_size=1, max_size=4))
def test_blocks_can_be_cut_out_again(data: dict[str, Any]) -> None:
    text = dump(data)
    around = write({"a": [{"values": Block(text.rstrip("\n")), "z": 1}]})
    cut = section(around, yamldoc.load_one(around, "p.yaml"), ("a", 0, "values"))
    assert not cut or load(cut) == data


@pytest.mark.parametrize(
    ("last", "kept"),
    [
        ("c: |\n  x: y", "c: |-\n  x: y"),
        ("c: >\n  x\n  y", "c: >-\n  x\n  y"),
        ("c: | # why\n  x", "c: |- # why\n  x"),
        ("c: |2\n    x", "c: |2-\n    x"),
        ("c:\n  - |\n    x", "c:\n  - |-\n    x"),
        ("c: |-\n  x", "c: |-\n  x"),
    ],
)
def test_a_document_that_ends_inside_a_block_scalar_keeps_its_comments(last: str, kept: str) -> None:
    text = f'# top\na: "1" # quoted\nb: |\n  z\n{last}'
    assert block(text, load(text)) == Block(f'# top\na: "1" # quoted\nb: |\n  z\n{kept}')
