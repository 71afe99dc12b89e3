"""Go's random map order never shows: keys and values come in order, in templates and in what `tpl` runs.

Each outcome is one that Helm gives too, if its maps happen to be in order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.charts import order
from compiler.charts.archive import write_tgz
from compiler.charts.chart import read_chart, read_chart_archive
from compiler.charts.spool import calls_of, spoolable
from compiler.render.helm import HelmEngine, HelmFailure
from tests.helm.conftest import CHART_YAML, release
from tests.support.evaluation import render_gotemplates

MAP = {name: number for number, name in enumerate("hgfedcba")}  # enough keys for any two orders to differ
VALUES = {"m": MAP, "n": {"z": 1, "y": 2, "b": 3}, "deep": {"m": {"k": MAP}}, "names": {"z": "x", "y": "w"}, "none": {}}
SORTED, NUMBERS = "abcdefgh", "76543210"


def spooled(path: Path, files: Mapping[str, str], values: Any = None, *, archived: bool = False) -> str:
    encoded = {name: text.encode() for name, text in ({"Chart.yaml": CHART_YAML} | dict(files)).items()}
    chart = read_chart_archive(write_tgz(encoded, "app"), "x") if archived else read_chart(encoded, "x")
    content = spoolable(chart, calls=calls_of(chart, values))
    place = path / "chart.tgz"
    if isinstance(content, bytes):
        place.write_bytes(content)
    else:
        for name, data in content.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
    return str(place)


def outcomes(engine: HelmEngine, chart: str, values: Any, times: int = 20) -> dict[int, str]:
    """{n: the value of `a` in templates/n.yaml}, the same in every render."""
    rendered = {engine.render(chart, release(json.dumps(values))) for _ in range(times)}
    assert len(rendered) == 1
    (documents,) = rendered
    return {int(Path(document.template).stem): str(yaml.safe_load(document.text)["a"]) for document in documents}


IN_TEMPLATES = {
    "{{ keys .Values.m | join `` }}": SORTED,
    "{{ join `` (keys .Values.m) }}": SORTED,
    "x{{- .Values.m | keys | join `` -}}": "x" + SORTED,
    "{{(keys .Values.m)|join ``}}": SORTED,
    "{{ range $k := keys .Values.m }}{{ $k }}{{ end }}": SORTED,
    "{{ range $i, $k := keys .Values.m }}{{ $i }}{{ $k }}{{ end }}": "0a1b2c3d4e5f6g7h",
    "{{ range keys .Values.m }}{{ . }}{{ end }}": SORTED,
    "{{ with keys .Values.m }}{{ first . }}{{ end }}": "a",
    "{{ if false }}{{ else if keys .Values.m }}{{ first (keys .Values.m) }}{{ end }}": "a",
    "{{ $k := keys .Values.m }}{{ index $k 2 }}": "c",
    "{{ $k := list }}{{ $k = keys .Values.m }}{{ index $k 2 }}": "c",
    "{{ $k := .Values.m | keys }}{{ last $k }}": "h",
    "{{ (keys .Values.m | first) | upper }}": "A",
    "{{ keys (index .Values.deep `m`).k | join `` }}": SORTED,
    "{{ keys (merge (dict `q` 1) .Values.m) | join `` }}": SORTED[:8] + "q",
    "{{ printf `%s` (keys .Values.m | join `)|(`) | trunc 5 | quote }}": "a)|(b",
    "{{ keys .Values.n .Values.names | join `` }}": "byzyz",  # those of the first map first, as with Helm
    "{{ .Values.names | keys .Values.n | join `` }}": "byzyz",
    "{{ keys .Values.n .Values.names | typeOf | quote }}": "[]string",
    "{{ keys .Values.m | typeOf | quote }}": "[]string",
    "{{ keys .Values.m | uniq | sortAlpha | join `` }}": SORTED,
    "{{ keys .Values.m | len }}": "8",
    "{{ keys .Values.none | toJson | quote }}": "[]",
    "{{ template `t` (keys .Values.m) }}{{ define `t` }}{{ join `` . }}{{ end }}": SORTED,
    "{{ block `t` (keys .Values.m) }}{{ join `` . }}{{ end }}": SORTED,
    "{{ include `t` . }}{{ define `t` }}{{ keys .Values.m | join `` }}{{ end }}": SORTED,
    "{{ values .Values.m | join `` | quote }}": NUMBERS,
    "{{ join `` (values .Values.m) | quote }}": NUMBERS,
    "{{ .Values.m | values | join `` | quote }}": NUMBERS,
    "{{ range $i, $v := values .Values.m }}{{ $i }}{{ $v }},{{ end }}": "07,16,25,34,43,52,61,70,",
    "{{ $v := values .Values.m }}{{ index $v 1 }}": "6",
    "{{ values (index (values .Values.deep.m) 0) | join `` | quote }}": NUMBERS,
    "{{ values (dict `b` 12345678 `a` true) | toJson | quote }}": "[true,12345678]",  # not by way of text
    "{{ values .Values.m | typeOf | quote }}": "[]interface {}",
    "{{ values .Values.none | toJson | quote }}": "[]",
    "{{ values .Values.names | sortAlpha | join `` }}": "wx",
    "{{ keys (values (dict `b` .Values.names `a` .Values.m) | first) | join `` }}": SORTED,
    "{{ range values .Values.deep }}{{ range keys .k }}{{ . }}{{ end }}{{ end }}": SORTED,
    "{{ keys .Values.m | join `` | sha256sum | trunc 8 }}": "9c56cc51",
    "{{/* keys .Values.m */}}'{{ `{{ keys .Values.m }}` }}'": "{{ keys .Values.m }}",
    "'{{ \"keys .Values.m\" }} keys .Values.m | values'": "keys .Values.m keys .Values.m | values",
}  # fmt: skip


def test_templates_ask_in_order(embedded: HelmEngine, tmp_path: Path) -> None:
    files = {
        f"templates/{n}.yaml": f"a: {template}\n".replace("`t`", f"`t{n}`") for n, template in enumerate(IN_TEMPLATES)
    }
    found = outcomes(embedded, spooled(tmp_path, files), VALUES)
    assert dict(zip(IN_TEMPLATES, (found[n] for n in range(len(found))), strict=True)) == IN_TEMPLATES


IN_STRINGS = {
    "{{ keys .Values.m | join `` }}": SORTED,
    "{{ .Values.m | values | join `` | quote }}": NUMBERS,
    "{{ range keys .Values.m }}{{ . }}{{ end }}": SORTED,
    "{{ keys .Values.m | sortAlpha | first }}{{ tpl .Values.again . }}": "a" + SORTED,
    "{{ tpl .Values.again . }}{{ keys .Values.n | join `` }}": SORTED + "byz",
}
RUNS = {
    "{{ tpl .Values.t . }}": {},
    "{{ tpl (.Values.t) $ }}": {},
    "{{ . | tpl .Values.t }}": {},
    "{{ tpl (toYaml .Values.l | trimPrefix `- ` | trimAll `'`) . }}": {},
    "{{ include `run` . }}": {"templates/_run.tpl": "{{ define `run` }}{{ tpl .Values.t . }}{{ end }}"},
    "{{ tpl (.Files.Get `f`) . }}": {"f": "{{ .Values.t }}"},
}  # fmt: skip


@pytest.mark.parametrize("archived", [True, False])
@pytest.mark.parametrize("default", [True, False])
def test_strings_that_are_run_ask_in_order(default: bool, archived: bool, embedded: HelmEngine, tmp_path: Path) -> None:
    own: dict[str, Any] = {"again": "{{ keys .Values.m | join `` }}"}
    files: dict[str, str] = {}
    expected = {}
    for n, (runs, string) in enumerate((runs, string) for runs in RUNS for string in IN_STRINGS):
        own |= {f"t{n}": string, f"l{n}": [string]}
        numbered = runs.replace("Values.t", f"Values.t{n}").replace("Values.l", f"Values.l{n}")
        files[f"templates/{n}.yaml"] = "a: " + numbered.replace("`run`", f"`run{n}`").replace("`f`", f"`f{n}`") + "\n"
        for name, text in RUNS[runs].items():
            inside = text.replace("{{ .Values.t }}", string).replace("Values.t ", f"Values.t{n} ")
            files[f"f{n}" if name == "f" else f"templates/_{n}.tpl"] = inside.replace("`run`", f"`run{n}`")
        expected[n] = IN_STRINGS[string]
    files["values.yaml"] = json.dumps(own) if default else ""
    values = VALUES if default else VALUES | own
    assert outcomes(embedded, spooled(tmp_path, files, values, archived=archived), values) == expected


def test_a_string_that_is_printed_stays_as_it_is(embedded: HelmEngine, tmp_path: Path) -> None:
    string = "{{ keys .Values.m | first }}"
    files = {"templates/a.yaml": "a: {{ tpl .Values.t . }} {{ .Values.t | quote }} {{ toYaml .Values.t }}\n"}
    chart = spooled(tmp_path, files, VALUES | {"t": string})
    rendered = embedded.render(chart, release(json.dumps(VALUES | {"t": string})))
    assert [document.text for document in rendered] == [f"a: a \"{string}\" '{string}'\n\n"]


def test_strings_of_a_parent_that_a_subchart_runs_ask_in_order(embedded: HelmEngine, tmp_path: Path) -> None:
    files = {
        "values.yaml": 'db:\n  m: {b: 1, a: 2, c: 3, f: 4, e: 5, d: 6}\n  t: "{{ keys .Values.m | join \\",\\" }}"\n',
        "charts/db/Chart.yaml": CHART_YAML.replace("app", "db"),
        "charts/db/templates/0.yaml": "a: {{ tpl .Values.t . }}\n",
    }
    assert outcomes(embedded, spooled(tmp_path, files), {}) == {0: "a,b,c,d,e,f"}


def test_text_that_is_put_together_as_it_runs_is_refused_for_certain(embedded: HelmEngine, tmp_path: Path) -> None:
    template = 'a: {{ tpl (printf `{{ keys .Values.%s | join `+"``"+` }}` `m`) . }}\n'.replace('`+"``"+`', '""')
    chart = spooled(tmp_path, {"templates/a.yaml": template})
    for _ in range(5):
        with pytest.raises(HelmFailure, match="tpl runs text that asks for the keys or values of a map in no order"):
            embedded.render(chart, release(json.dumps(VALUES)))


@pytest.mark.parametrize("template", ["{{ keys .Values.t }}", "{{ values .Values.t }}", "{{ .Values.t | values }}",
                                      "{{ values .Values.m .Values.n }}", "{{ values }}", "{{ keys .Values.m"])  # fmt: skip
def test_what_helm_refuses_is_refused(template: str, embedded: HelmEngine, tmp_path: Path) -> None:
    chart = spooled(tmp_path, {"templates/a.yaml": f"a: {template}\n"})
    with pytest.raises(HelmFailure):
        embedded.render(chart, release(json.dumps(VALUES | {"t": "text"})))


def test_an_error_is_at_the_line_of_the_template(embedded: HelmEngine, tmp_path: Path) -> None:
    chart = spooled(
        tmp_path, {"templates/a.yaml": "a: {{ keys .Values.m }}\nb: {{ values .Values.n }}\nc: {{ fail `x` }}\n"}
    )
    with pytest.raises(HelmFailure) as caught:
        embedded.render(chart, release(json.dumps(VALUES)))
    assert (caught.value.template, caught.value.line) == ("app/templates/a.yaml", 3)


@pytest.mark.parametrize(
    "text",
    [
        "", "a: keys .Values.m", "{{ .Values.keys }}", "{{ $keys }}", "{{ keys .m | sortAlpha }}",
        "{{ keys .m | uniq | len }}", "{{/* keys .m */}}", "{{ `keys .m` }}", "{{ keys .m",
        "{{ ) keys .m }}", "{{ ((keys .m) }}",
        "{{ include `keys` . }}",
    ],
)  # fmt: skip
def test_what_is_in_order_is_left_alone(text: str) -> None:
    assert order.in_order(text, {}) == text


@pytest.mark.parametrize(
    "piece", ["{{ keys (", "{{ keys ", "(keys .a ", "keys .a | ", "{{ keys .a }}", '{{ keys "', "{{ keys `"]
)
def test_the_rewriting_is_linear(piece: str) -> None:
    for text in (piece * 50_000, "{{" + piece * 50_000 + "}}"):
        order.in_order(text, {})
        order.calls_in([text])


def test_go_templates_of_packs_ask_in_order() -> None:
    templates = {"t": "{{ keys .Values.m | join `` }} {{ values .Values.m | join `` }} {{ tpl .Values.t . }}"}
    values = VALUES | {"t": "{{ keys .Values.m | first }}"}
    rendered = {render_gotemplates(templates, values)["t"] for _ in range(20)}
    assert rendered == {f"{SORTED} {NUMBERS} a"}


def test_the_binary_gives_the_same(cli: HelmEngine, tmp_path: Path) -> None:
    template = "a: {{ keys .Values.m | join `` }}{{ values .Values.m | join `` }}{{ tpl .Values.t . }}\n"
    values = VALUES | {"t": "{{ keys .Values.m | first }}"}
    chart = spooled(tmp_path, {"templates/0.yaml": template}, values)
    assert outcomes(cli, chart, values, times=3) == {0: f"{SORTED}{NUMBERS}a"}


def test_a_public_chart_that_joins_keys_gives_one_outcome(corpus: Path, embedded: HelmEngine, tmp_path: Path) -> None:
    """Kyverno's three pull secrets gave two outcomes in eight renders."""
    (archive,) = corpus.glob("packs/*/*/kyverno-3.2.3.tgz")
    chart = read_chart_archive(archive.read_bytes(), "kyverno")
    values = {"imagePullSecrets": {n: {"registry": n, "username": n, "password": n} for n in ("c", "b", "a")}}
    content = spoolable(chart, calls=calls_of(chart, values))
    assert isinstance(content, bytes)
    (tmp_path / "kyverno.tgz").write_bytes(content)
    told = release(json.dumps(values))
    rendered = {embedded.render(str(tmp_path / "kyverno.tgz"), told) for _ in range(12)}
    assert len(rendered) == 1
    assert any("--imagePullSecrets=a,b,c" in document.text for document in next(iter(rendered)))
