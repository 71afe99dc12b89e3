"""Macros in YAML: unquoted ones become `Macro`, quoted ones stay text, and neither disturbs values, keys or places."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import CompileError
from compiler.yamldoc import Macro, find_macros, load, load_one, load_rendered

N = "{{ .spectro.var.n }}"


def typed(value: Any) -> Any:
    """Data in which a Macro differs from a str."""
    if isinstance(value, dict):
        return [(type(key), key, typed(item)) for key, item in value.items()]
    return [typed(item) for item in value] if isinstance(value, list) else (type(value), value)


@pytest.mark.parametrize("loader", [load_one, load_rendered])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"a: {N}", {"a": Macro(N)}),
        (f"a: v{N}-x", {"a": Macro(f"v{N}-x")}),
        (f"a: {N}{N}", {"a": Macro(N + N)}),
        (f"- {N}\n- [1, {N}, x]\n- {{b: {N}}}", [Macro(N), [1, Macro(N), "x"], {"b": Macro(N)}]),
        (f"a: '{N}'\nb: \"{N}\"", {"a": N, "b": N}),
        (f"a: |\n  x: {N}\n  y\nb: >-\n  {N}\n  z", {"a": f"x: {N}\ny\n", "b": f"{N} z"}),
        (f"{N}: 1\nx{N}: 2\n'{N}y': 3", {Macro(N): 1, Macro(f"x{N}"): 2, f"{N}y": 3}),
        (f"a: {N} # {N}\n# {N}: [\nb: 1", {"a": Macro(N), "b": 1}),
        (f"a: !!str {N}", {"a": N}),
        (f"a: ! {N}", {"a": N}),
        (f"a: &x {N}\nb: *x", {"a": Macro(N), "b": Macro(N)}),
        (f"<<: {{a: {N}}}", {"a": Macro(N)}),
        ("a: {{.spectro.pack.k8s.x}}", {"a": Macro("{{.spectro.pack.k8s.x}}")}),
        ('a: {{ .spectro.var.x | default "1: 2 # [" }}', {"a": Macro('{{ .spectro.var.x | default "1: 2 # [" }}')}),
        ("a: {b: {{ .spectro.x }}}", {"a": {"b": Macro("{{ .spectro.x }}")}}),
        ("a: {{ .Values.x }}{{ .spectro.x }}", None),
    ],
)
def test_where_a_macro_may_stand(loader: Any, text: str, value: Any) -> None:
    if value is None:
        with pytest.raises(CompileError, match="yaml-"):
            loader(text, "x")
    else:
        assert typed(loader(text, "x").value) == typed(value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r'"{{ .spectro.x | default \"1.2\" }}"', '{{ .spectro.x | default "1.2" }}'),
        (r'"{{ .spectro.x | default "1.2" }}"', '{{ .spectro.x | default "1.2" }}'),  # Palette replaces text first
        (r'"a\"{{ .spectro.x | default \"\\\\d\\n\" }}\n\x41"', 'a"{{ .spectro.x | default "\\\\d\\n" }}\nA'),
        (r'"{{ .spectro.x | default \"\u00e9\" }}"', '{{ .spectro.x | default "é" }}'),
        ("'{{ .spectro.x | default ''a'' }}'", "{{ .spectro.x | default 'a' }}"),
    ],
)
def test_inside_quotes_a_macro_is_unescaped_as_the_rest_of_the_text(written: str, value: str) -> None:
    assert typed(load_one(f"a: {written}\n", "x").value) == typed({"a": value})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: {{ .spectro.x |\n   upper }}\nb: 1\n", {"a": Macro("{{ .spectro.x | upper }}"), "b": 1}),
        ('a: "{{ .spectro.x |\r\n   upper }}"\r\nb: 1\r\n', {"a": "{{ .spectro.x | upper }}", "b": 1}),
        ("a: '{{ .spectro.x |\n\n upper }}'\nb: 1\n", {"a": "{{ .spectro.x | upper }}", "b": 1}),
        ("a: |\n  {{ .spectro.x |\n  upper }}\n  y\nb: 1\n", {"a": "{{ .spectro.x |\n  upper }}\ny\n", "b": 1}),
    ],
)
def test_a_macro_over_lines_leaves_the_lines_below_where_they_are(text: str, value: Any) -> None:
    document = load_one(text, "x")
    assert typed(document.value) == typed(value)
    line = text[: text.index("b: 1")].count("\n") + 1
    assert str(document.at("b")) == f"x:{line}:1"
    with pytest.raises(CompileError) as refused:
        load_one(text + "b: 2\n", "x")
    assert str(refused.value.diagnostics[0].at) == f"x:{line + 1}:1"


def test_places_after_a_macro_are_those_of_the_file() -> None:
    document = load_one(f"a: [{N}, b]\n{N}: c\nd: {{e: {N}, f: g}}\n", "x")
    places = [document.at(*keys) for keys in (("a", 0), ("a", 1), (N,), ("d", "f"))]
    assert [str(place) for place in places] == ["x:1:5", f"x:1:{7 + len(N)}", "x:2:1", f"x:3:{10 + len(N)}"]


def test_other_expressions_are_plain_yaml() -> None:
    assert load_one("a: '{{ .Values.x }}'\nb: x{{ .Values.y }}\nc: .spectro.z\n", "x").value == {
        "a": "{{ .Values.x }}",
        "b": "x{{ .Values.y }}",
        "c": ".spectro.z",
    }
    with pytest.raises(CompileError, match="yaml-key"):
        load_one("a: {{ .Values.x }}\n", "x")


@pytest.mark.parametrize(
    "hidden",
    ["\ue000", "\ue000" + "0" * 18 + "\ue000", "\ue000\ue001\ue002", '"\\ue000"',
     '"\\ue000000000000000000\\uE000"', '"\\U0000E000"'],
)  # fmt: skip
def test_text_that_holds_the_placeholders_characters_already(hidden: str) -> None:
    alone = load_one(f"a: {hidden}\n", "x").value["a"]
    assert load_one(f"a: {hidden}\nb: {N}\n", "x").value == {"a": alone, "b": N}


def test_placeholders_when_all_private_characters_of_the_first_plane_are_taken() -> None:
    taken = "".join(map(chr, range(0xE000, 0xF900)))
    assert typed(load_one(f"a: {taken}\nb: {N}\n", "x").value) == typed({"a": taken, "b": Macro(N)})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("{{ .Values.x }} .spectro.", []),
        (f"a {N} b {{{{.spectro.x|f}}}}", [(2, 22, ".spectro.var.n"), (25, 41, ".spectro.x|f")]),
        ("{{ a {{ .spectro.x }} }}", [(5, 21, ".spectro.x")]),
        ("{{{ .spectro.x }}}", [(1, 17, ".spectro.x")]),
        ("{{ .spectro.x }", []),
        ("{{ .spectro.x\n | y }}", [(0, 21, ".spectro.x\n | y")]),
        ("# {{ .spectro.x\nb: {c: {d: 1}}", []),
        (f"# {N}", [(2, 22, ".spectro.var.n")]),
        ('{{ .spectro.x | replace "{" "" }}', [(0, 33, '.spectro.x | replace "{" ""')]),
    ],
)
def test_find_macros(text: str, found: list[tuple[int, int, str]]) -> None:
    assert find_macros(text) == found


def test_a_comment_that_opens_an_expression_does_not_swallow_the_file() -> None:
    assert load_one(f"# use {{{{ .spectro.x\nb: {{c: {{d: 1}}}}\ne: {N}\n", "x").value == {"b": {"c": {"d": 1}}, "e": N}


_EXPRESSIONS = st.text(alphabet="a.|$()\"' \\é:#,[]{}", max_size=12).filter(
    lambda text: "{{" not in text and "}}" not in text
)


@given(
    inner=_EXPRESSIONS.filter(lambda text: not text.startswith("{") and not text.endswith("}")),
    around=st.tuples(st.text("ab-1 ", max_size=3), st.text("ab-1", max_size=3)),
)
def test_any_expression_comes_back_as_it_stood(inner: str, around: tuple[str, str]) -> None:
    macro = "{{" + inner + ".spectro.v}}"
    plain = f"x{around[0].strip()}{macro}{around[1]}"
    block = around[0].strip() + macro
    quoted = around[0] + macro
    text = f"a: {plain}\nb:\n- |\n  {block}\n- {json.dumps(quoted)}\nc: 1\n"
    assert typed(load_one(text, "x").value) == typed({"a": Macro(plain), "b": [block + "\n", quoted], "c": 1})
    assert typed([document.value for document in load(text, "x")]) == typed([load_rendered(text, "x").value])
