"""Macros become values; everything else in a text survives. Pipelines are evaluated by Helm itself here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, fail
from compiler.resolve.expressions import Expression
from compiler.resolve.macros import Scope, find, inline, mask, references, resolve
from compiler.resolve.scope import SYSTEM_NAMES
from tests.support.evaluation import render_gotemplates

PACKS = """
kubernetes:
  version: "1.33.9"
  replicas: 3
  ratio: 0.5
  large: 12345678901234567
  enabled: true
  nothing: null
  empty: {}
  labels: {tier: "1", 'a.b': {c: deep}}
  list: [{name: first}, {name: second}]
  clusterDomain: "{{ .spectro.system.cluster.name }}.local"
  shouted: "{{ .spectro.system.cluster.name | upper }}"
  typed: {{ .spectro.var.count }}
edge-native-byoi:
  options:
    system.uri: "registry/{{ .spectro.var.text }}:v1"
""".replace("\n{{", "{{")
SCOPE = Scope(
    var={"text": "abc", "count": "3", "flag": "true", "password": 'p"w\nx', "version": "1.20", "block": "a: 1\nb: 2\n",
         "braces": "{{ .Values.x }}", "list": "[a, b]", "empty": "", "unicode": "é\u2028\U0001f600", "bad": "[1, ",
         "inf": ".inf"},
    system={"cluster.name": "prod", "kubernetes.version": "1.33.9", "cloud.type": "aws"},
    macro={"plain": "m", "outer": "<{{ .spectro.macro.inner }}>", "inner": "{{.spectro.var.text | upper}}",
           "self": "x{{ .spectro.macro.self }}", "a": "{{ .spectro.macro.b }}", "b": "{{ .spectro.macro.c }}",
           "c": "{{ .spectro.macro.a | upper }}", "dangling": "{{ .spectro.var.nope }}"},
    packs=yamldoc.load_one(PACKS, "packs.yaml").value,
    sensitive=frozenset({"password"}),
)  # fmt: skip


@dataclass
class Calls:
    """The real evaluator, and how often it was called."""

    made: list[Mapping[str, str]] = field(default_factory=list)

    def __call__(self, templates: Mapping[str, str], values: Mapping[str, Any]) -> Mapping[str, str]:
        self.made.append(templates)
        return render_gotemplates(templates, values)


def no_call(templates: Mapping[str, str], values: Mapping[str, Any]) -> Mapping[str, str]:
    raise AssertionError(f"Helm is not needed for {templates}")


def at(*keys: str | int) -> Position:
    return Position("values.yaml", 1)


def resolved(text: str, evaluate: Any = None) -> Any:
    document = yamldoc.load_one(text, "values.yaml")
    return resolve(document.value, SCOPE, evaluate or Calls(), document.at)


def problems(text: str) -> list[tuple[str, int, str, str]]:
    document = yamldoc.load_one(text, "values.yaml")
    with pytest.raises(CompileError) as caught:
        resolve(document.value, SCOPE, Calls(), document.at)
    assert all(d.at and d.at.path == "values.yaml" for d in caught.value.diagnostics)
    return [(d.code, d.at.line if d.at else 0, d.message, d.hint) for d in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ('"{{ .spectro.var.text }}"', "abc"),
        ("'{{.spectro.var.text}}'", "abc"),
        ('"a {{ .spectro.var.text }} b {{.spectro.var.text}}"', "a abc b abc"),
        ('"{{ .spectro.var.count }}"', "3"),
        ("{{ .spectro.var.count }}", 3),
        ("{{ .spectro.var.flag }}", True),
        ('"{{ .spectro.var.flag }}"', "true"),
        ("{{ .spectro.var.version }}", 1.2),
        ("v{{ .spectro.var.version }}", "v1.20"),
        ("{{ .spectro.var.empty }}", None),
        ('"{{ .spectro.var.empty }}"', ""),
        ("{{ .spectro.var.list }}", ["a", "b"]),
        ("x{{ .spectro.var.list }}", "x[a, b]"),
        ("{{ .spectro.var.block }}", {"a": 1, "b": 2}),
        ('"{{ .spectro.var.block }}"', "a: 1\nb: 2\n"),
        ('"{{ .spectro.var.unicode }}"', "é\u2028\U0001f600"),
        ('"{{ .spectro.var.braces }}"', "{{ .Values.x }}"),
        ('"{{ .spectro.system.cluster.name }}"', "prod"),
        ('"{{ $.spectro.system.cluster.name }}"', "prod"),
        ('"{{ .spectro.macro.plain }}"', "m"),
        ('"x   {{- .spectro.var.text -}}   y"', "xabcy"),
        ("|\n  one {{ .spectro.var.text }}\n  two {{ .spectro.var.count }}\n", "one abc\ntwo 3\n"),
        ('"{{ .spectro.pack.kubernetes.version }}"', "1.33.9"),
        ("{{ .spectro.pack.kubernetes.replicas }}", 3),
        ('"{{ .spectro.pack.kubernetes.replicas }}"', "3"),
        ('"{{ .spectro.pack.kubernetes.ratio }}"', "0.5"),
        ('"{{ .spectro.pack.kubernetes.large }}"', "12345678901234567"),
        ("{{ .spectro.pack.kubernetes.enabled }}", True),
        ('"{{ .spectro.pack.kubernetes.enabled }}"', "true"),
        ("{{ .spectro.pack.kubernetes.labels }}", {"tier": "1", "a.b": {"c": "deep"}}),
        ("{{ .spectro.pack.kubernetes.empty }}", {}),
        ('"{{ .spectro.pack.kubernetes.labels.a.b.c }}"', "deep"),
        ('"{{ .spectro.pack.kubernetes.list.1.name }}"', "second"),
        ('"{{ .spectro.pack.kubernetes.clusterDomain }}"', "prod.local"),
        ("{{ .spectro.pack.kubernetes.typed }}", 3),
        ('"{{ .spectro.pack.edge-native-byoi.options.system.uri }}"', "registry/abc:v1"),
    ],
)
def test_a_reference_is_looked_up_without_helm(written: str, wanted: Any) -> None:
    found = resolved(f"key: {written}\n", no_call)
    assert found == {"key": wanted}
    assert type(found["key"]) is type(wanted)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ('"v{{ .spectro.system.kubernetes.version | substr 0 4 }}"', "v1.33"),
        ("{{ .spectro.system.kubernetes.version | substr 0 4 }}", 1.33),
        ('"{{ .spectro.var.text | upper | quote }}"', '"ABC"'),
        ("'{{ printf \"%s-%s\" .spectro.var.text .spectro.system.cluster.name }}'", "abc-prod"),
        ('"{{ .spectro.pack.kubernetes.missing | default \\"1.19.0\\" }}"', "1.19.0"),
        ('"{{ .spectro.pack.kubernetes.version | default \\"1.19.0\\" }}"', "1.33.9"),
        ('"{{ .spectro.var.nope | default .spectro.var.text }}"', "abc"),
        ('"{{ default `d` .spectro.system.cluster.uid }}"', "d"),
        ("{{ .spectro.pack.kubernetes.replicas | add 1 }}", 4),
        ("{{ .spectro.pack.kubernetes.large | int64 }}", 12345678901234567),
        ("{{ .spectro.pack.kubernetes.labels | toJson }}", {"tier": "1", "a.b": {"c": "deep"}}),
        ('"{{ .spectro.pack.kubernetes.labels | toJson }}"', '{"a.b":{"c":"deep"},"tier":"1"}'),
        ('"{{ (first .spectro.pack.kubernetes.list).name }}"', "first"),
        ('"{{ .spectro.pack.kubernetes.enabled | ternary `on` `off` }}"', "on"),
        ('"{{ .spectro.var.password | b64enc }}"', "cCJ3Cng="),
        ('"{{ .spectro.var.unicode | upper }}"', "É\u2028\U0001f600"),
        ('"{{ .spectro.var.braces | lower }}"', "{{ .values.x }}"),
        ('"{{ .spectro.pack.kubernetes.shouted | lower }}"', "prod"),
        ('"{{ .spectro.macro.outer }}"', "<ABC>"),
        ('"{{ .spectro.macro.outer | replace `<` `[` }}"', "[ABC>"),
        ('"  {{- .spectro.var.text | upper -}}  "', "ABC"),
        ('"{{ printf `%s .spectro.var.nope` .spectro.var.text }}"', "abc .spectro.var.nope"),
        ('"{{ eq .spectro.var.text `abc` }}"', "true"),
        ("{{ eq .spectro.var.text `abc` }}", True),
    ],
)
def test_a_pipeline_is_evaluated_by_helm(written: str, wanted: Any) -> None:
    assert resolved(f"key: {written}\n") == {"key": wanted}


@pytest.mark.parametrize(
    "text",
    [
        "{{ .Values.x }}",
        "{{ include `a` . | nindent 4 }}",
        "${{ github.sha }}",
        "{{`{{ $labels.spectro.x }}`}}",
        "{{ .Values.spectro.var.x }}",
        "{{ $x.spectro.var.y }}",
        "{{ `.spectro.var.text` }}",
        "{{/* .spectro.var.nope */}}",
        "see .spectro.var.text in the docs",
        "{{ .spectro.var.text",
        "}} .spectro.var.text {{",
        "{ { .spectro.var.text } }",
    ],
)
def test_what_is_no_macro_survives(text: str) -> None:
    assert resolve({"a": text, "b": [text]}, SCOPE, no_call, at) == {"a": text, "b": [text]}
    assert inline(text, SCOPE, no_call, at) == text
    assert find(text) == []


def test_foreign_expressions_survive_beside_macros() -> None:
    text = '{{ .Values.a }} {{ .spectro.var.text }} {{ if .b }}{{ end }} {{"{{"}}'
    assert resolve(text, SCOPE, no_call, at) == '{{ .Values.a }} abc {{ if .b }}{{ end }} {{"{{"}}'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{{ if eq .spectro.var.text `b` }}x{{ end }}", '{{ if eq "abc" `b` }}x{{ end }}'),
        ("{{- .Values.x | default .spectro.var.count -}} y", '{{- .Values.x | default "3" -}} y'),
        ("{{ $x := .spectro.var.password }}", '{{ $x := "p\\"w\\nx" }}'),
        ("{{ with .spectro.pack.kubernetes.labels }}{{ .tier }}{{ end }}",
         '{{ with (fromJson "{\\"a.b\\": {\\"c\\": \\"deep\\"}, \\"tier\\": \\"1\\"}") }}{{ .tier }}{{ end }}'),
    ],
)  # fmt: skip
def test_what_needs_its_surroundings_gets_values_and_stays(text: str, wanted: str) -> None:
    assert resolve({"tpl": text}, SCOPE, no_call, at) == {"tpl": wanted}


def test_keys_are_replaced_and_the_rest_is_as_it_was() -> None:
    source = {"{{ .spectro.var.text }}": {"n": [1, None, True, 1.5]}, "{{ .spectro.var.text | upper }}": "x", "k": {}}
    before = json.dumps(source)
    assert resolve(source, SCOPE, Calls(), at) == {"abc": {"n": [1, None, True, 1.5]}, "ABC": "x", "k": {}}
    assert json.dumps(source) == before


def test_without_macros_the_same_object_comes_back() -> None:
    source = {"a": ["{{ .Values.x }}"]}
    assert resolve(source, SCOPE, no_call, at) is source


def test_all_pipelines_of_a_tree_are_one_call_and_equal_ones_one_template() -> None:
    calls = Calls()
    source = {
        f"k{n}": f"{{{{ .spectro.var.text | repeat {n % 3} }}}} {{{{ .spectro.macro.inner }}}}" for n in range(30)
    }
    found = resolve(source, SCOPE, calls, at)
    assert found["k5"] == "abcabc ABC"
    assert len(calls.made) == 1
    assert len(calls.made[0]) == 4


def test_a_pipeline_in_a_pipelines_value_takes_a_second_call() -> None:
    calls = Calls()
    assert resolved('a: "{{ .spectro.pack.kubernetes.shouted | lower }}"\n', calls) == {"a": "prod"}
    assert len(calls.made) == 2


@pytest.mark.parametrize(
    ("written", "code", "message", "hint"),
    [
        ("{{ .spectro.var.txt }}", "macro-undefined",
         "{{ .spectro.var.txt }}: the profile has no variable 'txt' with a value", "did you mean 'text'?"),
        ("{{ .spectro.var.x | upper }}", "macro-undefined",
         "{{ .spectro.var.x | upper }}: the profile has no variable 'x' with a value",
         "define it under spec.variables of the profile, or set its value"),
        ("{{ .spectro.system.cluster.nam }}", "macro-undefined",
         "{{ .spectro.system.cluster.nam }}: no system macro named 'cluster.nam'", "did you mean 'cluster.name'?"),
        ("{{ .spectro.system.cluster.uid }}", "macro-undefined",
         "{{ .spectro.system.cluster.uid }}: this cluster's cluster.uid is not known",
         "set it in the cluster: system: {cluster.uid: …}"),
        ("{{ .spectro.macro.plane }}", "macro-undefined",
         "{{ .spectro.macro.plane }}: no user macro named 'plane' applies to this cluster", "did you mean 'plain'?"),
        ("{{ .spectro.pack.kubernetis.version }}", "macro-undefined",
         "{{ .spectro.pack.kubernetis.version }}: no layer of this cluster uses a pack named 'kubernetis'",
         "did you mean 'kubernetes'?"),
        ("{{ .spectro.pack.kubernetes.labels.tear }}", "macro-undefined",
         "{{ .spectro.pack.kubernetes.labels.tear }}: the values of pack kubernetes.labels have no 'tear'",
         "did you mean 'tier'?"),
        ("{{ .spectro.pack.kubernetes.list.2.name }}", "macro-undefined",
         "{{ .spectro.pack.kubernetes.list.2.name }}: the values of pack kubernetes.list have no '2.name'", ""),
        ("{{ .spectro.pack.kubernetes.nothing }}", "macro-undefined",
         "{{ .spectro.pack.kubernetes.nothing }}: the value of pack kubernetes.nothing is null",
         "add a default: | default …"),
        ("{{ .spectro.vars.text }}", "macro-undefined",
         "{{ .spectro.vars.text }}: no macros named .spectro.vars", "did you mean 'var'?"),
        ("{{ .spectro.var.default }}", "macro-undefined",
         "{{ .spectro.var.default }}: the profile has no variable 'default' with a value",
         "define it under spec.variables of the profile, or set its value"),
        ("{{ .spectro.macro.dangling }}", "macro-undefined",
         "{{ .spectro.var.nope }}, in the value of .spectro.macro.dangling: the profile has no variable 'nope' with a"
         " value",
         "define it under spec.variables of the profile, or set its value"),
        ("{{ .spectro.macro.self }}", "macro-cycle",
         "macros refer to each other in a cycle: .spectro.macro.self → .spectro.macro.self", ""),
        ("{{ .spectro.macro.b }}", "macro-cycle", "macros refer to each other in a cycle: .spectro.macro.b →"
         " .spectro.macro.c → .spectro.macro.a → .spectro.macro.b", ""),
        ("x{{ .spectro.pack.kubernetes.labels }}", "macro-value",
         "{{ .spectro.pack.kubernetes.labels }} is a map, which cannot be part of a text",
         "add a pipeline that prints it: | toJson"),
        ("x{{ .spectro.pack.kubernetes.list }}", "macro-value",
         "{{ .spectro.pack.kubernetes.list }} is a list, which cannot be part of a text",
         "add a pipeline that prints it: | toJson"),
        ("{{ .spectro.var.inf }}", "macro-value", "the result of {{ .spectro.var.inf }} is not valid YAML: *", ""),
        ("{{ .spectro.var.bad }}", "macro-value", "the result of {{ .spectro.var.bad }} is not valid YAML: *", ""),
        ("{{ .spectro.var.text | nope }}", "macro-failed",
         '{{ .spectro.var.text | nope }}: function "nope" not defined', ""),
        ("{{ .spectro.var.text | substr }}", "macro-failed", "{{ .spectro.var.text | substr }}: wrong number*", ""),
        ("{{ fail .spectro.var.text }}", "macro-failed", "{{ fail .spectro.var.text }}: abc", ""),
        ("{{ .spectro.var.text | (( }}", "macro-failed", "{{ .spectro.var.text | (( }}: *", ""),
        ("{{ randAlpha 5 | cat .spectro.var.text }}", "macro-random",
         "{{ randAlpha 5 | cat .spectro.var.text }} may differ from run to run", ""),
        ("{{ now | date .spectro.var.text }}", "macro-random",
         "{{ now | date .spectro.var.text }} may differ from run to run", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_resolved_is_told_with_its_place(written: str, code: str, message: str, hint: str) -> None:
    ((found_code, line, found_message, found_hint),) = problems(f"a: 1\nb: {written}\n")
    assert (found_code, line, found_hint) == (code, 2, hint)
    assert found_message == message or (message.endswith("*") and found_message.startswith(message[:-1]))


def test_all_problems_are_told_at_once() -> None:
    text = """
a: "{{ .spectro.var.nope }}"
b: "{{ .spectro.var.text | nope1 }} {{ .spectro.var.text | nope2 }}"
c: ["{{ .spectro.macro.self }}", "{{ .spectro.var.text | upper }}"]
d: "{{ .spectro.macro.dangling }}{{ .spectro.macro.dangling | upper }}"
"""
    found = [(code, line) for code, line, *_ in problems(text)]
    assert found == [
        ("macro-undefined", 2), ("macro-failed", 3), ("macro-failed", 3), ("macro-cycle", 4),
        ("macro-undefined", 5),
    ]  # fmt: skip


def test_two_keys_that_become_one_are_refused() -> None:
    ((code, line, message, _),) = problems('abc: 1\n"{{ .spectro.var.text }}": 2\n')
    assert (code, line, message) == ("macro-value", 2, "two keys become 'abc' when their macros are replaced")


def test_a_failure_of_the_evaluator_itself_gets_the_place_of_the_first_pipeline() -> None:
    def broken(templates: Mapping[str, str], values: Mapping[str, Any]) -> Mapping[str, str]:
        raise fail(Code.MACRO_FAILED, "no result within 30 s")

    with pytest.raises(CompileError) as caught:
        resolve({"a": "{{ .spectro.var.text | upper }}"}, SCOPE, broken, at)
    assert caught.value.diagnostics == (Diagnostic(Code.MACRO_FAILED, "no result within 30 s", at()),)


MANIFEST = """\
# {{ .spectro.var.unknown }} stays, for packs leave such comments
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .spectro.system.cluster.name }}
data:
  {{- if eq .spectro.system.cloud.type "aws" }}
  minor: {{ .spectro.system.kubernetes.version | substr 0 4 | quote }}
  {{- end }}
  braces: {{ .spectro.var.braces | quote }}
  fallback: {{ .Values.mine | default .spectro.var.count | quote }}
  foreign: {{ .Values.mine }}
"""


def test_a_go_template_gets_literals_and_helm_does_the_rest() -> None:
    text = inline(MANIFEST, SCOPE, no_call, at)
    assert text.count("\n") == MANIFEST.count("\n")
    rendered = render_gotemplates({"m.yaml": text}, {"mine": "x"})["m.yaml"]
    assert rendered == (
        "# {{ .spectro.var.unknown }} stays, for packs leave such comments\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: prod\ndata:\n"
        '  minor: "1.33"\n  braces: "{{ .Values.x }}"\n  fallback: "x"\n  foreign: x\n'
    )


def test_problems_of_a_text_have_their_own_lines() -> None:
    text = "a\n  {{ .spectro.var.nope }}\n\n{{ .spectro.var.text | nope }}\n"
    for resolving, wanted in ((resolve, [(2, 3), (4, 1)]), (inline, [(2, 3)])):
        with pytest.raises(CompileError) as caught:
            resolving(text, SCOPE, Calls(), lambda *_: Position("m.yaml", 1))
        assert [(d.at.line, d.at.column) for d in caught.value.diagnostics if d.at] == wanted


def test_macros_in_comment_lines_may_be_undefined() -> None:
    text = "# {{ .spectro.var.nope }} {{ .spectro.var.text }}\nkey: {{ .spectro.var.text }}\n"
    assert resolve(text, SCOPE, no_call, at) == "# {{ .spectro.var.nope }} abc\nkey: abc\n"


def test_a_secret_is_never_in_a_message() -> None:
    text = "a: {{ fail .spectro.var.password }}\nb: {{ .spectro.var.password | trunc 3 | fail }}\n"
    text += "c: {{ .spectro.var.password | nope }}\nd: {{ .spectro.macro.leak | upper | fail }}\n"
    scope = Scope(var={"password": "correct-horse"}, macro={"leak": "x {{ .spectro.var.password }}"},
                  sensitive=frozenset({"password"}))  # fmt: skip
    document = yamldoc.load_one(text, "values.yaml")
    with pytest.raises(CompileError) as caught:
        resolve(document.value, scope, Calls(), document.at)
    told = str(caught.value)
    assert len(caught.value.diagnostics) == 4
    assert "correct" not in told
    assert "cor" not in told.replace("correct", "")


def test_mask_hides_raw_and_quoted_forms() -> None:
    assert mask('a p"w\nx b "p\\"w\\nx" é', SCOPE) == 'a *** b "***" é'
    assert mask("nothing", Scope(var={"e": ""}, sensitive=frozenset({"e", "unknown"}))) == "nothing"


def test_expressions_are_found_with_kind_and_references() -> None:
    text = "{{ .spectro.var.a }}{{- .spectro.pack.p.b.c | default .spectro.macro.d -}}{{ if .spectro.var.e }}{{ .x }}"
    found = find(text)
    assert [(e.raw, e.kind, e.references) for e in found] == [
        ("{{ .spectro.var.a }}", "bare", ("var.a",)),
        ("{{- .spectro.pack.p.b.c | default .spectro.macro.d -}}", "pipeline", ("pack.p.b.c", "macro.d")),
        ("{{ if .spectro.var.e }}", "foreign", ("var.e",)),
    ]
    assert [text[e.start : e.end] for e in found] == [e.raw for e in found]
    assert references(text) == {"var.a", "pack.p.b.c", "macro.d", "var.e"}
    assert isinstance(found[0], Expression)


def test_there_are_24_system_macros() -> None:
    assert len(set(SYSTEM_NAMES)) == 24


def test_macros_that_grow_exponentially_are_stopped() -> None:
    bombs = {f"m{n}": f"{{{{ .spectro.macro.m{n + 1} }}}}" * 10 for n in range(20)} | {"m20": "x" * 100}
    with pytest.raises(CompileError) as caught:
        resolve("{{ .spectro.macro.m0 }}", Scope(macro=bombs), no_call, at)
    assert {d.code for d in caught.value.diagnostics} == {"macro-value"}


TEXTS = st.text(alphabet="{}. \n-#\"'spectroav|$", max_size=60) | st.sampled_from(
    ["{{ .spectro.var.text }}", "{{.spectro.macro.plain}}", "{{ .Values.x }}", "{{ .spectro.var.empty }}"]
)


@given(st.lists(TEXTS, max_size=6).map("".join))
def test_text_outside_of_expressions_is_never_changed(text: str) -> None:
    """Cut the expressions out of the source and their values out of the result: the same remains."""
    found = find(text)
    if any(e.kind != "bare" or e.trims_left or e.trims_right for e in found):
        return
    outside, position = [], 0
    for expression in found:
        outside.append(text[position : expression.start])
        position = expression.end
    outside.append(text[position:])
    names = {name.partition(".")[2] for e in found for name in e.references}
    scope = Scope(**{k: dict.fromkeys([*names, ""], "\x00") for k in ("var", "system", "macro")})  # type: ignore[arg-type]
    if any(name.partition(".")[0] not in ("var", "system", "macro") for e in found for name in e.references):
        return
    assert resolve(text, scope, no_call, at).split("\x00") == outside
