"""What dump writes reads back the same in kubectl, in YAML 1.1 and 1.2 parsers and here."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compiler.diagnostics import CompileError
from compiler.yamldoc import dump, dump_all, load, load_one, load_rendered
from tests.yamldoc.readers import FOO, kubectl_reads, pyyaml_reads, ruamel_reads, same

OBJECT = load_one(FOO, "x").value
_WORDS = r"""
y n Y N yes No ON off true False null Null ~ = << - -- --- ... : ? ! & * @ ` % | > { } [ ] , ' " \ / $ _ #
1 01 08 012 -012 0o14 0x1F 0X1F 0b101 1_000 1e3 1E3 1.5e3 12345e6 .5 5. +1 -0 1:30 1:30:45 190:20:30.15 .inf -.Inf
.nan NaN inf _1 1,000 2001-01-01 2001-12-14t21:59:43.10-05:00 9007199254740993 18446744073709551616 0.0.0.0 1.2.3 v1 E5
a:b a: :a #a a#b -a ?a !a &a *a @a %a |a >a 'a' "a" [a {a a] a} a, ,a {{a}} {{.a}} key: http://x:80/a?b=c#d \n \x41
"""
_LINES = [
    "", " ", " a", "a ", "a b", "a  b", "a: b", "a :b", "a #b", "- a", "? a", "--- a", "a\tb", "\ta", "a\t", "\t",
    "true ", "a\n", "a\nb", "a\nb\n", "a\n\nb", "a\n\n", "\na", "\n", "\n\n", " a\nb", "a\n b", "a \nb", "a\n \nb",
    "a\n\tb", "a\rb", "a\r\nb", "a\nb ", "a\n  b\n    c\n", "#a\nb", "- a\n- b\n", "---\na\n...\n", "a\n---\nb",
    "a: |\n  b\n", "\n\n\na\n\n\n", "a\n\n\n\n\nb", "é\n\nb\n", "x" * 5000, "x y " * 3000, "x\n" * 3000, "é" * 5000,
]  # fmt: skip
_CODES = [
    "\x00", "\x07", "\x08", "\x0b", "\x0c", "\x1b[0m", "\x7f", "\x80", "\x85", "a\x85b", "\x9f", "\xa0", "a\xa0b",
    "\xad", "\u2028", "a\u2028b\nc", "\u2029", "\ufeff", "a\ufeffb", "\ufeffa\nb", "\ufffe", "\uffff", "\ufdd0", "é",
    "\U0001fffe", "\U0010ffff", "\ue000", "\u200b", "\u202e", "e\u0301", "日本語\nテキスト\n", "😀", "😀\n😀", "Ⅷ",
    "１", "ſ", "\x7f" * 500,
]  # fmt: skip
HARD = [*_WORDS.split(), *_LINES, *_CODES]


def test_hard_strings_read_back_in_every_reader_as_value_item_and_key(kubectl: Path, tmp_path: Path) -> None:
    assert len(set(HARD)) > 180
    value = OBJECT | {"values": {f"k{n}": text for n, text in enumerate(HARD)}, "list": HARD, "deep": [[{"a": HARD}]]}
    value["keys"] = {text: [{text: text}] for text in HARD}
    written = dump(value)
    assert kubectl_reads(kubectl, tmp_path / "x.yaml", written) == value
    assert pyyaml_reads(written) == value
    assert ruamel_reads(written) == value
    assert load_one(written, "x").value == value
    assert load_rendered(written, "x").value == value


@pytest.mark.parametrize("text", HARD)
def test_hard_strings_stand_alone(text: str) -> None:
    for value in (text, [text], {text: text}, {"a": {text: [text]}}):
        written = dump(value)
        assert [load_one(written, "x").value, pyyaml_reads(written), ruamel_reads(written)] == [value] * 3
        assert load_rendered(written, "x").value == value
        assert [line for line in written.split("\n") if line.endswith((" ", "\t"))] == []


_CHARACTERS = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from(" \n\n\t\r:#-?!&*|>'\"%@`{}[],=<~yn01e.x_+\x85\u2028\ufeff\x7f\xa0"),
)
_TEXTS = st.one_of(st.text(_CHARACTERS, max_size=12), st.sampled_from(HARD), st.text("\n a:#-", max_size=8))
_NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.oracle
@settings(
    max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(texts=st.lists(_TEXTS, min_size=150, max_size=300), values=st.lists(_VALUES, min_size=20, max_size=40))
def test_random_data_reads_back_in_kubectl(kubectl: Path, tmp_path: Path, texts: list[str], values: list[Any]) -> None:
    value = OBJECT | {"texts": texts, "map": {text: text for text in texts}, "values": values}
    assert same(kubectl_reads(kubectl, tmp_path / "x.yaml", dump(value)), value)


@settings(deadline=None)
@given(value=_VALUES)
def test_random_data_reads_back_in_python(value: Any) -> None:
    before = copy.deepcopy(value)
    written = dump(value)
    assert value == before
    assert same(pyyaml_reads(written), value)
    assert same(ruamel_reads(written), value)
    read = load_one(written, "x").value
    assert same(read, value)
    assert load_rendered(written, "x").value == read
    assert dump(read) == written


def test_layout() -> None:
    value = {
        "spec": {"b": [], "a": {}, "list": [1, [2, [3]], {"z": 1, "a": [{"x": None}]}, "text\nof lines\n"], "on": True},
        "metadata": {"name": "n", "annotations": {"kind": "x", "apiVersion": "y", "script": "if x; then\n  y\n\nfi"}},
        "kind": "Foo",
        "apiVersion": "v1",
        "data": {"keep": "a\n\n", "1": "yes", "f": 1.5, "g": 1e-7, "h": 1e21, "i": 3.0},
    }
    assert (
        dump(value)
        == """\
apiVersion: v1
kind: Foo
metadata:
  annotations:
    apiVersion: "y"
    kind: x
    script: |-
      if x; then
        y

      fi
  name: "n"
data:
  "1": "yes"
  f: 1.5
  g: 1.0e-07
  h: 1.0e+21
  i: 3
  keep: |+
    a

spec:
  a: {}
  b: []
  list:
  - 1
  - - 2
    - - 3
  - a:
    - x: null
    z: 1
  - |
    text
    of lines
  "on": true
"""
    )


def test_documents_are_separated() -> None:
    assert dump_all([]) == ""
    assert dump_all([{"a": 1}]) == "a: 1\n"
    written = dump_all([{"a": "x\n\n"}, [1], "text", None, {}])
    assert written == "a: |+\n  x\n\n---\n- 1\n---\ntext\n---\nnull\n---\n{}\n"
    assert [document.value for document in load(written, "x")] == [{"a": "x\n\n"}, [1], "text", None, {}]


def test_equal_data_gives_equal_text_whatever_the_order_of_its_keys() -> None:
    assert dump({"b": {"y": 1, "x": 2}, "a": 1, "kind": 2}) == dump({"kind": 2, "a": 1, "b": {"x": 2, "y": 1}})


def test_order_is_kept_where_it_is_asked_for() -> None:
    value = {"kind": "Foo", "b": [{"y": 1, "x": {"d": 2, "c": 3}}], "apiVersion": "v1"}
    assert dump(value, keep_order=True) == 'kind: Foo\nb:\n- "y": 1\n  x:\n    d: 2\n    c: 3\napiVersion: v1\n'
    assert dump([value], keep_order=True).startswith('- kind: Foo\n  b:\n  - "y": 1\n    x:\n      d: 2\n')


def test_layout_does_not_depend_on_the_unicode_version_of_python() -> None:
    """U+1FAE9 came with Unicode 16, U+2FFFD with none; str.isprintable() learns such characters with time."""
    for character in ("\U0001fae9", "\U0002fffd", "\ue000", "\xa0", "\u200b", "é"):
        assert dump({"a": f"{character}\nb"}) == f"a: |-\n  {character}\n  b\n"
        assert dump({"a": character}) == f'a: "{character}"\n'


class _Text(str):
    __slots__ = ()


def test_subclasses_of_str_and_tuples_are_written_as_what_they_are() -> None:
    value = {_Text("a"): _Text("y"), "b": _Text("x\ny"), "c": (1, _Text("z"), ())}
    assert dump(value) == 'a: "y"\nb: |-\n  x\n  y\nc:\n- 1\n- z\n- []\n'


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_numbers_that_json_cannot_say_are_refused(value: float) -> None:
    with pytest.raises(CompileError, match="yaml-number"):
        dump({"a": [value]})


@pytest.mark.parametrize("value", ["\ud800", "a\nb\udfff", {"\ud83d": 1}])
def test_half_characters_are_refused(value: Any) -> None:
    with pytest.raises(CompileError, match="yaml-encoding"):
        dump([value])


@pytest.mark.parametrize("number", [0, -1, 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1])
def test_integers_are_written_exactly(number: int) -> None:
    assert dump([number]) == f"- {number}\n"
    assert load_one(dump([number]), "x").value == [number]
