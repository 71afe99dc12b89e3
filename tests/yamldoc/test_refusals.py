"""Hostile and broken input: each limit at its last allowed value and one past it, and a place in every refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compiler.diagnostics import CompileError
from compiler.yamldoc import limits, load, load_one, load_rendered, reader
from tests.support import cost


def refusal(text: Any, loader: Any = load) -> tuple[str, str]:
    with pytest.raises(CompileError) as refused:
        loader(text, "x.yaml")
    assert all(problem.message and len(problem.message) < 400 for problem in refused.value.diagnostics)
    [problem] = refused.value.diagnostics
    return problem.code, str(problem.at)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: b\n\tc: d\n", "yaml-syntax", "2:1"),
        ("a:\n\t- b\n", "yaml-syntax", "2:1"),
        ("a: [1, 2\nb: 3\n", "yaml-syntax", "2:2"),
        ("a: {b\n", "yaml-syntax", "2:1"),
        ("a: 'b\n", "yaml-syntax", "2:1"),
        ("a: b: c\n", "yaml-syntax", "1:5"),
        ("a: @b\n", "yaml-syntax", "1:4"),
        ("a:\n  - b\n c: d\n", "yaml-syntax", "3:2"),
        ("a: 1\n...\nb: 2\n", "yaml-syntax", "3:1"),
        ('a: "\\ud800"\n', "yaml-syntax", "1:7"),
        ("a: b\x00c\n", "yaml-encoding", "1:5"),
        ("a: 1\nb: 'x\x07'\n", "yaml-encoding", "2:6"),
        ("a: b\ufeffc\n", "yaml-encoding", "1:5"),
        ("a: \ufffe\n", "yaml-encoding", "1:4"),
        ("a: \ud800\n", "yaml-encoding", "1:4"),
        (b"a: 1\nb: \xff\n", "yaml-encoding", "2:4"),
        (b"a: \xc0\xaf\n", "yaml-encoding", "1:4"),
        (b"a: \xed\xa0\x80\n", "yaml-encoding", "1:4"),
        ("a: é\n".encode("latin-1"), "yaml-encoding", "1:4"),
        ("a: 1\n".encode("utf-16"), "yaml-encoding", "1:1"),
        ("a: 1\n".encode("utf-16-le"), "yaml-encoding", "1:2"),
        ("a: 1\n".encode("utf-16-be"), "yaml-encoding", "1:1"),
    ],
)
def test_what_is_no_yaml_is_refused_where_it_stops_being_yaml(text: str | bytes, code: str, place: str) -> None:
    assert refusal(text) == (code, f"x.yaml:{place}")


@pytest.mark.parametrize(
    ("text", "hint"),
    [("a:\n\t- b\n", "does not allow tabs"), ("a: 1\n...\nb: 2\n", "'---'"), ("a: b: c\n", "': '"), ("a: @b\n", "quote"),
     (b"\xff\xfea", "UTF-8")],
)  # fmt: skip
def test_refusals_say_what_to_do(text: str | bytes, hint: str) -> None:
    with pytest.raises(CompileError) as refused:
        load(text, "x")
    assert hint in refused.value.diagnostics[0].hint


def nested(depth: int) -> list[str]:
    """Texts of as many levels of nesting."""
    lines = "".join(f"{'  ' * n}a:\n" for n in range(depth - 1)) + "  " * (depth - 1) + "a: 1\n"
    items = (
        "".join(f"{'  ' * (2 * n)}- a:\n" for n in range(depth // 2 - 1)) + "  " * (2 * (depth // 2 - 1)) + "- a: 1\n"
    )
    wrapped = f"a:\n{items}" if depth % 2 else items
    return ["[" * depth + "]" * depth, "{a: " * depth + "1" + "}" * depth, "- " * depth + "x", lines, wrapped,
            "".join(f"{'  ' * n}a:\n" for n in range(depth - 3)) + "  " * (depth - 3) + "a: [[x]]\n"]  # fmt: skip


@pytest.mark.parametrize("loader", [load_one, load_rendered])
@pytest.mark.parametrize("form", range(6))
def test_depth(form: int, loader: Any) -> None:
    value = loader(nested(limits.MAX_DEPTH)[form], "x").value
    depth = 0
    while isinstance(value, (dict, list)):
        depth += 1
        value = (list(value.values()) if isinstance(value, dict) else value or [None])[0]
    assert depth == limits.MAX_DEPTH
    assert refusal(nested(limits.MAX_DEPTH + 1)[form], loader)[0] == "yaml-too-deep"


@pytest.mark.parametrize("loader", [load, load_rendered])
@pytest.mark.parametrize(("start", "level"), [("", "["), ("", "{a: "), ("", "- "), ("", "? "), ("a: ", "[")], ids=str)
def test_a_hundred_thousand_levels_neither_crash_nor_take_time(start: str, level: str, loader: Any) -> None:
    assert refusal(start + level * 100_000, loader)[0] == "yaml-too-deep"
    assert cost.is_linear(lambda levels: refusal(start + level * levels, loader), 12_500)


@pytest.mark.parametrize("make", [str, str.encode], ids=["text", "bytes"])
def test_size(make: Any) -> None:
    text = "a: " + "x" * (limits.MAX_FILE_BYTES - 3)
    assert len(load(make(text), "x")[0].value["a"]) == limits.MAX_FILE_BYTES - 3
    assert refusal(make(text + "x")) == ("yaml-too-large", "x.yaml")
    assert refusal(make("a: é" + "x" * (limits.MAX_FILE_BYTES - 4))) == ("yaml-too-large", "x.yaml")  # é has two bytes


def test_size_of_rendered_text() -> None:
    text = "a: " + "x" * (limits.MAX_RENDERED_BYTES - 3)
    assert len(load_rendered(text, "x").value["a"]) == limits.MAX_RENDERED_BYTES - 3
    assert refusal(text + "x", load_rendered) == ("yaml-too-large", "x.yaml")


def test_number_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_NODES", 100)
    assert len(load("[" + "a," * 99 + "]", "x")[0].value) == 99  # the list is one too
    assert refusal("[" + "a," * 100 + "]") == ("yaml-too-many-values", "x.yaml:1:200")
    assert len(load("a: &x [1, 2, 3, 4]\nb: [" + "*x, " * 18 + "]\n", "x")[0].value["b"]) == 18
    assert refusal("a: &x [1, 2, 3, 4]\nb: [" + "*x, " * 19 + "]\n") == ("yaml-too-many-values", "x.yaml:2:77")
    assert load("a: 1\n---\n" * 101, "x")[100].value == {"a": 1}  # counted for each document


def test_text_that_aliases_add(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_ALIAS_BYTES", 1000)
    anchor = "a: &x " + "y" * 98  # with its key 99
    assert len(load(f"{anchor}\nb: [{'*x, ' * 9}]\n", "x")[0].value["b"]) == 9
    assert refusal(f"{anchor}\nb: [{'*x, ' * 10}]\n") == ("yaml-too-many-values", "x.yaml:2:41")


def test_tag_directives() -> None:
    directives = [f"%TAG !{n}! tag:x,{n}:\n" for n in range(limits.MAX_TAG_DIRECTIVES + 1)]
    assert load_one("".join(directives[:-1]) + "---\na: |\n" + "  %TAG\n" * 99, "x").value == {"a": "%TAG\n" * 99}
    assert refusal("".join(directives) + "---\na: 1\n")[0] == "yaml-tag"


def test_problems_told_of_one_file() -> None:
    with pytest.raises(CompileError) as refused:
        load("a: 1\n" * limits.MAX_PROBLEMS * 2, "x")
    assert len(refused.value.diagnostics) == limits.MAX_PROBLEMS
    tolerated = load_one("a: 1\n" * limits.MAX_PROBLEMS * 2, "x", duplicates="warn")
    assert len(tolerated.duplicates) == limits.MAX_PROBLEMS


_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
_HOSTILE = {
    "billion laughs": _LAUGHS,
    "laughing merges": "a: &a {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\nb:\n" + "  <<: *a\n" * 5000,
    "10 KB text 50,000 times": "a: &x " + "y" * 10240 + "\nb:\n" + "- *x\n" * 50_000,
}


@pytest.mark.parametrize("text", _HOSTILE.values(), ids=_HOSTILE.keys())
@pytest.mark.parametrize("loader", [load, load_rendered])
def test_small_files_that_mean_large_data_are_refused_fast(text: str, loader: Any) -> None:
    told: list[tuple[str, str]] = []
    assert cost.cpu_s(lambda: told.append(refusal(text, loader))) < 30  # what they mean would take minutes to build
    assert [code for code, _ in told] == ["yaml-too-many-values"]


_HARMLESS: dict[str, Callable[[int], str]] = {
    "blanks": lambda n: " " * 4 * n + "a: 1\n",
    "empty lines": lambda n: "\n" * 4 * n + "a: 1\n",
    "comments": lambda n: "# x\n" * n + "a: 1\n",
    "open macros": lambda n: "a: .spectro.\nb: '" + "{{ " * n + "'",
    "underscores": lambda n: "a: 1" + "_" * 4 * n,
    "digits": lambda n: "a: " + "9" * 4 * n,
    "block": lambda n: "a: |\n" + "  x\n" * n,
    "continued": lambda n: "a: x\n" + "  y\n" * n,
    "empty lines inside a text": lambda n: "a: x\n" + "\n\n  y" * (n // 2),
    "macros over lines": lambda n: "a:\n" + "- {{ .spectro.x\n  }}\n" * (n // 100),
}


@pytest.mark.parametrize("make", _HARMLESS.values(), ids=_HARMLESS.keys())
@pytest.mark.parametrize("loader", [load_one, load_rendered])
def test_odd_but_valid_files_take_linear_time(make: Callable[[int], str], loader: Any) -> None:
    assert next(iter(loader(make(500_000), "x").value)) == "a"
    assert cost.is_linear(lambda size: loader(make(size), "x"), 60_000)
