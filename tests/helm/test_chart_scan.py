"""The static scan: a "no" must be certain; needless "yes" only costs a second render."""

from __future__ import annotations

import pytest

from compiler.charts import scan as chart_scan
from compiler.charts.chart import Chart, read_chart
from compiler.render.helm import HelmEngine
from tests.helm.conftest import CHART_YAML, ChartMaker, release


def chart(template: str, **files: str) -> Chart:
    texts = {"Chart.yaml": CHART_YAML, "templates/a.yaml": template} | {
        k.replace("__", "/"): v for k, v in files.items()
    }
    return read_chart({name: text.encode() for name, text in texts.items()}, "x")


# Every function of Sprig and Helm that does not answer the same each time, in a template that shows it.
RANDOM = [
    "{{ randAlphaNum 20 }}", "{{ randAlpha 20 }}", "{{ randAscii 20 | b64enc }}", "{{ randNumeric 20 }}",
    "{{ randBytes 20 }}",
    "{{ randInt 0 1000000000 }}", "{{ uuidv4 }}", '{{ shuffle "abcdefghijklmnopqrstuvwxyz" }}',
    "{{ now | unixEpoch }}{{ now }}",
    '{{ genPrivateKey "ed25519" | sha256sum }}', '{{ (genCA "a" 1).Cert | sha256sum }}',
    '{{ (genSelfSignedCert "a" nil nil 1).Key | sha256sum }}',
    '{{ htpasswd "a" "b" | quote }}', '{{ bcrypt "b" }}', '{{ encryptAES "secretkey" "plain" }}', '{{- (now) -}}',
    '{{print (now)}}',
    '{{ tpl "{{ uuidv4 }}" . }}', '{{ tpl `{{ uuidv4 }}` . }}', '{{ print "}}" uuidv4 }}',
    '{{ print "{{" uuidv4 }}', "{{ print `}}` uuidv4 }}",
    "{{/* c */}}{{ uuidv4 }}{{/* d */}}", '{{ print "{{/*" uuidv4 "*/}}" }}', "{{ print '\"' uuidv4 '\"' }}",
    "{{ if true }}{{ uuidv4}}{{end}}",
]  # fmt: skip


@pytest.mark.parametrize("template", RANDOM)
def test_what_differs_between_renders_is_flagged(template: str, embedded: HelmEngine, make_chart: ChartMaker) -> None:
    path = make_chart({"templates/a.yaml": "a: " + template})
    rendered = {embedded.render(path, release()) for _ in range(8)}
    assert len(rendered) > 1, "the case shows nothing"
    assert chart(template).may_be_random


@pytest.mark.parametrize(
    "template",
    [
        "{{ ago .Values.t }}", '{{ date "2006" .Values.t }}', '{{ htmlDate .Values.t }}',
        '{{ toDate "2006" "2020" }}',
        '{{ dateInZone "15" .x "UTC" }}', '{{ genSignedCert "a" nil nil 1 $ca }}', '{{ getHostByName "x" }}',
        "{{ $x | now }}",
        "{{ . | toString | sha256sum }}",
        '{{ printf "%v" $ }}', '{{ printf "%p" . }}', "{{ .Subcharts }}", "{{ randAlphaNum",
    ],
)  # fmt: skip
def test_what_may_differ_is_flagged(template: str) -> None:
    assert chart(template).may_be_random


@pytest.mark.parametrize(
    "template",
    [
        "a: now", "{{ .Values.now }}", "{{ $now }}", "{{ .Values.randAlpha }}", '{{ include "now" . }}',
        '{{ "set values or keys" | fail }}',
        "{{/* now {{ randAlpha 5 }} */}}", "{{- /* keys */ -}}", "{{ range keys .Values.m }}{{ end }}",
        "{{ values .Values.m | first }}",
        '{{ printf "%v" .Values.x }}', "{{ .Values.x | toString }}",
        "{{ toString .Values.x }}",
        '{{ include "operand.brand" . }}', "{{ updated }}", "{{ nowhere }}",
        '{{ derivePassword 1 "long" "a" "b" "c" }}',
    ],
)  # fmt: skip
def test_what_cannot_differ_is_not_flagged(template: str) -> None:
    assert not chart(template).may_be_random


def test_values_and_files_count_where_templates_run_them() -> None:
    runs, reads = "{{ tpl .Values.x . }}", '{{ tpl (.Files.Get "f") . }}'
    assert not chart("{{ .Values.x }}", **{"values.yaml": "x: '{{ uuidv4 }}'"}).may_be_random
    assert chart(runs, **{"values.yaml": "x: '{{ uuidv4 }}'"}).may_be_random
    assert chart(runs, **{"values.yaml": 'x: "{{ print \\"}}\\" uuidv4 }}"'}).may_be_random
    assert not chart(runs, f="{{ uuidv4 }}").may_be_random
    assert chart(reads, f="{{ uuidv4 }}").may_be_random
    assert chart(runs).runs_strings
    assert not chart("{{ .Values.tpl }}").runs_strings
    assert chart_scan.draws_random('{"x": "{{ now }}"}')


def test_dependencies_count() -> None:
    sub = {"charts__db__Chart.yaml": CHART_YAML.replace("app", "db")}
    assert chart("", **sub, charts__db__templates__x="{{ uuidv4 }}").may_be_random
    assert chart("", **sub, charts__db__templates__x="{{ .Capabilities.APIVersions }}").reads_api_versions
    assert chart("", **sub, charts__db__templates__x="{{ .Capabilities.KubeVersion }}").reads_kube_version
    assert chart("", **sub, charts__db__templates__x="{{ tpl }}").runs_strings
    assert not chart("", **sub).may_be_random


def test_two_vendored_charts_of_one_name_are_chosen_at_random() -> None:
    same = CHART_YAML.replace("app", "db")
    assert chart("", **{"charts__db-1__Chart.yaml": same, "charts__db-2__Chart.yaml": same}).may_be_random


@pytest.mark.parametrize(
    ("template", "apis", "kube"),
    [
        ('{{ .Capabilities.APIVersions.Has "a/v1" }}', True, False),
        ("{{ $.Capabilities.KubeVersion.Version }}", False, True),
        ("{{ .Capabilities.KubeVersionX }}", True, True),
        ("{{ .Capabilities.HelmVersion.Version }}", False, False),
        ("{{ $c := .Capabilities }}", True, True),
        ('{{ index . "Capabilities" }}', True, True),
        ("{{ with .Capabilities }}{{ .KubeVersion }}{{ end }}", True, True),
        ("{{/* .Capabilities */}}", False, False),
        ("Capabilities", False, False),
        ("{{ .Values.x }}", False, False),
    ],
)
def test_what_is_read_of_the_cluster_is_known(template: str, apis: bool, kube: bool) -> None:
    found = chart(template)
    assert (found.reads_api_versions, found.reads_kube_version) == (apis, kube)


def test_a_constraint_on_the_kubernetes_version_reads_it() -> None:
    assert read_chart({"Chart.yaml": (CHART_YAML + "kubeVersion: '>1'\n").encode()}, "x").reads_kube_version


@pytest.mark.parametrize("piece", ['{{"', "{{ `", "{{ '", "{{ /* ", "{{/*", "{", "{{ }", "{{ keys (", "{{ toString "])
def test_the_scan_is_linear(piece: str) -> None:
    text = piece * 50_000
    chart_scan.draws_random(chart_scan.code(chart_scan.template(text)))
    chart_scan.draws_random(text)


@pytest.mark.parametrize(
    "template",
    [
        '{{ now | date "2006" }}',
        '{{- $t := now }}{{ $t | date "Jan 2006" }}',
        '{{ date "2006" now | quote }}',
        '{{ ago (toDate "2006-01-02" "2020-01-01") }}',
        "{{ if true }}{{ now | unixEpoch }}{{ end }}",
    ],
)
def test_the_clock_shows_at_another_time(template: str, embedded: HelmEngine, make_chart: ChartMaker) -> None:
    assert chart_scan.reads_clock(template)
    other = chart_scan.at_another_time(template)
    first = embedded.render(make_chart({"templates/a.yaml": f"a: b{template}\n"}), release())
    second = embedded.render(make_chart({"templates/a.yaml": f"a: b{other}\n"}), release())
    assert first != second


@pytest.mark.parametrize(
    "template",
    [
        '{{ date "2006" (toDate "2006-01-02" "2020-01-01") }}',
        '{{ "know, now and ago" }} now',
        "{{ .Values.now }}{{ $now := 1 }}{{ $now }}",
        "{{/* now */}}",
        "{{`{{ now }}`}}",
    ],
)
def test_what_shows_no_clock_is_left_alone(template: str) -> None:
    assert chart_scan.at_another_time(template) == template
