"""Templates of our own packs: what they can do, what is told where they are wrong, what their output depends on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler import yamldoc
from compiler.diagnostics import CompileError, Diagnostic, Position
from compiler.render import sandbox
from compiler.render.jinja import render_templates

ROOT = Path(__file__).resolve().parents[2]
MAIN = "packs/web/templates/main.yaml.j2"
CONTEXT: dict[str, Any] = {
    "values": {
        "items": ["first"], "replicas": 3, "name": "web", "on": True, "nothing": None, "ratio": 0.5, "empty": "",
        "labels": {"b": "2", "a": "1"}, "list": ["x", "y"], "quoted": 'a "b" \\ \n é', "braces": "{{ values.name }}",
    },
    "vars": {"size": 1}, "cluster": {"name": "prod", "kubernetes": {"version": "1.33.4"}},
}  # fmt: skip


def render(text: str, **others: str) -> str:
    templates = {MAIN: text, **{f"packs/web/templates/{name}": source for name, source in others.items()}}
    return render_templates(templates, CONTEXT, names=[MAIN])[MAIN]


def problem(text: str, **others: str) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        render(text, **others)
    (found,) = caught.value.diagnostics
    return found


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{{ values.name }}", "web"),
        ("{{ values.items }} {{ values['items'] }} {{ values.items[0] }}", '["first"] ["first"] first'),
        ("{% for k, v in values.labels.items() %}{{ k }}={{ v }};{% endfor %}", "b=2;a=1;"),
        ("{% for k in values.labels %}{{ k }}{% endfor %}", "ba"),
        ("{{ values.labels.get('z', 'no') }}", "no"),
        ("{{ values.replicas + 1 }} {{ values.ratio * 2 }}", "4 1.0"),
        ("a\n", "a\n"),
        ("a", "a"),
        ("{% if true %}\na\n{% endif %}\n", "a\n"),
        ("x: {{ '<&>' }}", "x: <&>"),
        ("{{ values.braces }}", "{{ values.name }}"),
        ("{% raw %}{{ $labels.x }}{% endraw %}", "{{ $labels.x }}"),
        # what is no text is printed as JSON, which YAML reads as the same value
        ("{{ values.on }} {{ values.nothing }} {{ values.ratio }}", "true null 0.5"),
        ("{{ values.labels }} {{ (1, 2) }} {{ [] }}", '{"a": "1", "b": "2"} [1, 2] []'),
        ("{{ values.labels.items() }} {{ values.labels.keys() }}", '[["b", "2"], ["a", "1"]] ["b", "a"]'),
        ("{{ range(3) | list }} {{ values.list | map('upper') }}", '[0, 1, 2] ["X", "Y"]'),
        ("{{ values.missing is defined }} {{ values.missing | default('d') }}", "false d"),
        ("{{ nowhere | default('d') }}", "d"),
        ("{% set ns = namespace(n=0) %}{% for x in values.list %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}", "2"),
        ("{{ values.list | join('-') }} {{ '-'.join(values.list) }}", "x-y x-y"),
        ("{{ '%s-%03d' % (values.name, 7) }} {{ '{}-{:>3}'.format('a', 'b') }}", "web-007 a-  b"),
        ("{{ 'ab' * 3 }} {{ 2 ** 10 }} {{ [0] * 2 }}", "ababab 1024 [0, 0]"),
        ("{{ values.list | sort(reverse=true) | first }} {{ values.labels | dictsort | first | last }}", "y 1"),
        ("{{ [{'n': 2}, {'n': 1}] | sort(attribute='n') | map(attribute='n') | list }}", "[1, 2]"),
        ("{{ 'x' | indent(4, true) }}", "    x"),
        ("{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m(1) }}{{ m(values.list) }}", '[1][["x", "y"]]'),
    ],
)
def test_templates(template: str, wanted: str) -> None:
    assert render(template) == wanted


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{{ values.labels | to_yaml }}", 'a: "1"\nb: "2"'),
        ("l:\n  {{ {'a': [1, {'b': 2}]} | to_yaml(2) }}", "l:\n  a:\n  - 1\n  - b: 2"),
        ("{{ 'y' | to_yaml }} {{ 'a' | to_yaml }} {{ none | to_yaml }}", '"y" a null'),
        ("{{ values.labels | to_json }} {{ values.labels | tojson }}", '{"a": "1", "b": "2"} {"a": "1", "b": "2"}'),
        ("{{ '<é>' | to_json }}", '"<é>"'),
        ("{{ values.quoted | quote }}", '"a \\"b\\" \\\\ \\n é"'),
        ("{{ 3 | quote }} {{ true | quote }} {{ values.list | quote }}", '"3" "true" "[\\"x\\", \\"y\\"]"'),
        ("{{ 'é' | b64encode }} {{ 'w6k=' | b64decode }}", "w6k= é"),
        ("{{ 'abc' | sha256 }}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("{{ values.name | required('give a name') }} {{ 0 | required('x') }}", "web 0"),
        ("{{ cluster.kubernetes.version | semver('>=1.29, <1.34') }} {{ '1.28' | semver('1.x') }}", "true true"),
        ("{{ 'v1.28.0-rc.1' | semver('>=1.20') }}", "false"),
    ],
)
def test_filters_of_our_own(template: str, wanted: str) -> None:
    assert render(template) == wanted


DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"]))
    | st.floats(allow_nan=False, allow_infinity=False, width=32),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(DATA)
def test_what_filters_print_reads_back_as_the_same_data(value: Any) -> None:
    template = "a: {{ v | to_json }}\nb:\n  x: {{ [v] | to_yaml(4) }}\nc: {{ [v] }}\n"
    template = template.replace("x: {{", "x:\n    {{")
    text = render_templates({"t": template}, {"v": value}, names=["t"])["t"]
    expected = json.loads(json.dumps(value))
    assert yamldoc.load_one(text, "t").value == {"a": expected, "b": {"x": [expected]}, "c": [expected]}


def test_templates_include_import_and_extend_each_other() -> None:
    text = (
        "{% extends 'base.j2' %}{% from 'lib/_m.j2' import m %}"
        "{% block body %}{{ m(1) }}{% include '_i.j2' %}{{ super() }}{% endblock %}"
    )
    others = {"base.j2": "<{% block body %}base{% endblock %}>", "lib/_m.j2": "{% macro m(x) %}m{{ x }}{% endmacro %}",
              "_i.j2": "[{{ values.name }}]"}  # fmt: skip
    assert render(text, **others) == "<m1[web]base>"


def test_of_two_templates_of_a_name_the_upper_one_is_meant_and_both_can_be_named() -> None:
    others = {"_x.j2": "top", "deep/_x.j2": "deep"}
    assert render("{% include '_x.j2' %} {% include 'deep/_x.j2' %}", **others) == "top deep"
    assert render("{% include '_x.j2' %}", **{"a/b/_x.j2": "b", "c/_x.j2": "c"}) == "c"


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../../../etc/passwd", "..\\\\x", "./_x.j2", "a/../_x.j2", "lib//_x.j2", "", "_x.j2/", "x.j2",
     "\\u0000", "file:///etc/passwd", "/packs/web/templates/_x.j2", "C:\\\\x", "..", "."],
)  # fmt: skip
def test_nothing_but_templates_of_the_pack_is_found(name: str) -> None:
    found = problem(f"\n{{% include '{name}' %}}", **{"_x.j2": "x", "lib/_x.j2": "y"})
    assert (found.code, found.at) == ("jinja-missing", Position(MAIN, 2))


def test_a_missing_template_gets_a_suggestion() -> None:
    found = problem("{% include '_labls.j2' %}", **{"_labels.j2": ""})
    assert (found.message, found.hint) == ("the pack has no template '_labls.j2'", "did you mean '_labels.j2'?")
    assert render("{% include '_labls.j2' ignore missing %}-") == "-"
    with pytest.raises(CompileError, match="jinja-missing"):
        render_templates({}, {}, names=["x.j2"])


@pytest.mark.parametrize(
    ("template", "code", "line", "message", "hint"),
    [
        ("a\n\n{{ values.replica }}", "jinja-undefined", 3, "no key 'replica'", "did you mean 'replicas'?"),
        ("{{ values['replica'] }}", "jinja-undefined", 1, "no key 'replica'", "did you mean 'replicas'?"),
        ("{{ cluster.kubernets.version }}", "jinja-undefined", 1, "no key 'kubernets'",
         "did you mean 'kubernetes'?"),
        ("{{ value.x }}", "jinja-undefined", 1, "'value' is undefined", "did you mean 'values'?"),
        ("{{ values.a.b.c | default('x') }}", "jinja-undefined", 1, "no key 'a'", ""),
        ("{% for x in values.lst %}{% endfor %}", "jinja-undefined", 1,
         "no key 'lst'", "did you mean 'list'?"),
        ("{% if values.onn %}{% endif %}", "jinja-undefined", 1, "no key 'onn'", "did you mean 'on'?"),
        ("\n{{ [values.nme] }}", "jinja-undefined", 2, "no key 'nme'", "did you mean 'name'?"),
        ("{{ {'a': values.nme} | to_yaml }}", "jinja-undefined", 1, "no key 'nme'", "did you mean 'name'?"),
        ("{{ values.list[9] }}", "jinja-undefined", 1, "list object has no element 9", ""),
        ("\n{{ values.name | requird }}", "jinja-syntax", 2, "No filter named 'requird'.", ""),
        ("\n\n{% if %}", "jinja-syntax", 3, "Expected an expression, got 'end of statement block'", ""),
        ("{{ values.name", "jinja-syntax", 1, "unexpected end of template, expected 'end of print statement'.", ""),
        ("{{ values.empty | required('give it') }}", "jinja-failed", 1, "give it", ""),
        ("{{ values.x | required('give x') }}", "jinja-failed", 1, "give x", ""),
        ("\n{{ 1 / 0 }}", "jinja-failed", 2, "division by zero", ""),
        ("{{ values.name + 1 }}", "jinja-failed", 1, 'can only concatenate str (not "int") to str', ""),
        ("{{ values.name() }}", "jinja-failed", 1, "'str' object is not callable", ""),
        ("{{ '1.2' | semver('nonsense') }}", "jinja-failed", 1,
         "'nonsense' is not a version range: expected a version at 'nonsense'", ""),
        ("{{ '?' | b64decode }}", "jinja-failed", 1, "*", ""),
        ("{% set values.name = 1 %}", "jinja-failed", 1, "cannot assign attribute on non-namespace object", ""),
    ],
)  # fmt: skip
def test_an_error_has_its_line_and_a_hint(template: str, code: str, line: int, message: str, hint: str) -> None:
    found = problem(template)
    assert (found.code, found.at, found.hint) == (code, Position(MAIN, line), hint)
    assert message in ("*", found.message)


def test_an_error_in_another_template_says_how_it_was_reached() -> None:
    others = {"_m.j2": "\n{% macro m(x) %}\n{{ x.nme }}{% endmacro %}"}
    found = problem("{% from '_m.j2' import m %}\n\n\n{{ m(values) }}", **others)
    assert (found.at, found.hint) == (Position("packs/web/templates/_m.j2", 3), "did you mean 'name'?")
    assert found.related == ((Position(MAIN, 4), "reached from here"),)
    syntax = problem("{% include '_m.j2' %}", **{"_m.j2": "\n\n{% bad %}"})
    assert (syntax.code, syntax.at) == ("jinja-syntax", Position("packs/web/templates/_m.j2", 3))


def test_the_problems_of_all_templates_are_told_at_once() -> None:
    templates = {"a": "{{ nope }}", "b": "fine", "c": "{% if %}", "_d": "{{ never_asked_for }}"}
    with pytest.raises(CompileError) as caught:
        render_templates(templates, CONTEXT, names=["a", "b", "c"])
    assert [(d.code, d.at) for d in caught.value.diagnostics] == [
        ("jinja-undefined", Position("a", 1)),
        ("jinja-syntax", Position("c", 1)),
    ]


def test_values_never_show_in_messages() -> None:
    with pytest.raises(CompileError) as caught:
        render_templates({"t": "{{ vars.nope }}"}, {"vars": {"password": "hunter2"}}, names=["t"])
    assert "hunter2" not in str(caught.value) + caught.value.diagnostics[0].hint


@pytest.mark.parametrize("name", ["a{{ 1 }}", "x'\"\n+ 1/0 +", "é\\u0041", "{% bad %}", "a:b", "name', 1/0, '"])
def test_file_names_are_no_code(name: str) -> None:
    """CVE-2024-56201: a template's name reached the generated code."""
    assert render_templates({name: "{{ values.name }}"}, CONTEXT, names=[name]) == {name: "web"}
    with pytest.raises(CompileError) as caught:
        render_templates({name: "\n{{ nope }}"}, CONTEXT, names=[name])
    assert caught.value.diagnostics[0].at == Position(name, 2)


def test_imported_templates_keep_no_state_from_render_to_render() -> None:
    counter = "{% set ns = namespace(n=0) %}{% macro next() %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{% endmacro %}"
    templates = {"count.j2": counter, "a": "{% import 'count.j2' as c %}{{ c.next() }}{{ c.next() }}"}
    templates["b"] = templates["a"]
    for _ in range(2):
        assert render_templates(templates, CONTEXT, names=["a", "b"]) == {"a": "12", "b": "12"}


def test_the_context_is_not_changed() -> None:
    before = json.dumps(CONTEXT)
    render("{% set values = {} %}{% set ns = namespace(v=values) %}{% set ns.v = 1 %}{{ dict(cluster, name='x') }}")
    assert json.dumps(CONTEXT) == before


def test_the_output_is_bounded_to_the_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    import compiler.render.jinja as module

    monkeypatch.setattr(module, "MAX_OUTPUT_BYTES", 1000)
    assert len(render("{% for i in range(100) %}0123456789{% endfor %}")) == 1000
    assert len(render("{% for i in range(100) %}01234567é{% endfor %}")) == 900
    found = problem("{% for i in range(100) %}0123456789{% endfor %}!")
    assert (found.code, found.message) == ("jinja-limit", "it prints more than 1,000 bytes")
    assert sandbox.MAX_OUTPUT_BYTES == 32 * 1024 * 1024


SCRIPT = """
from compiler.render.jinja import render_templates
context = {"values": {"b": 1, "a": [3, 2], "x": {"z": 1}, "l": [{"a": 2}, {"a": 1}]}}
text = "{{ values | to_yaml }}{{ values }}{% for k in values %}{{ k }}{% endfor %}"
text += "{{ values.l | unique(attribute='a') }}"
text += "{{ values.l | groupby('a') }}{{ values | dictsort }}{{ values.x.items ~ range ~ dict ~ values.x.get }}"
print(render_templates({"t": text}, context, names=["t"])["t"])
"""


def test_output_does_not_depend_on_the_process(tmp_path: Path) -> None:
    """What can be printed at all has no addresses and no order of hashes in it."""
    outputs = set()
    for seed, zone, locale in (("0", "UTC", "C"), ("1", "Asia/Tokyo", "C.UTF-8"), ("77", "America/New_York", "POSIX")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-X", "utf8", "-c", SCRIPT]
        outputs.add(subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True).stdout)
    assert len(outputs) == 1
    assert b"<method items>" in outputs.pop()
