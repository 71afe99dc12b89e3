"""What both engines make of small charts, each rule against `helm template` itself where it has an answer."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from compiler.render.helm import HELM_VERSION, HelmEngine, HelmFailure, RenderedDocument, split_manifests
from compiler.render.helm_cli import HelmBinary
from tests.helm.conftest import CHART_YAML, ChartMaker, release


def printed(helm: Path, chart: str, values: str = "{}", *flags: str) -> str:
    """What `helm template` prints for the release of `release()`."""
    command: list[str | Path] = [
        helm,
        "template",
        "web",
        chart,
        "--namespace",
        "shop",
        "--kube-version",
        "1.33.4",
        "-f",
        "-",
        *flags,
    ]
    done = subprocess.run(command, input=values.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def refused(engine: HelmEngine, chart: str, values: str = "{}", **changes: object) -> HelmFailure:
    with pytest.raises(HelmFailure) as caught:
        engine.render(chart, release(values, **changes))
    return caught.value


# --- documents --------------------------------------------------------------------------------------------------------


def test_documents_come_with_their_template_and_in_one_order(engine: HelmEngine, make_chart: ChartMaker) -> None:
    chart = make_chart({
        "templates/b.yaml": "kind: Service\n---\nkind: Deployment\n",
        "templates/a.yaml": "kind: ConfigMap\n",
        "crds/x.yaml": "kind: CustomResourceDefinition\n",
        "charts/sub/Chart.yaml": CHART_YAML.replace("app", "sub"),
        "charts/sub/templates/s.yaml": "kind: Secret\n",
    })  # fmt: skip
    assert engine.render(chart, release()) == (
        RenderedDocument("app/charts/sub/templates/s.yaml", "kind: Secret\n\n"),
        RenderedDocument("app/crds/x.yaml", "kind: CustomResourceDefinition\n\n"),
        RenderedDocument("app/templates/a.yaml", "kind: ConfigMap\n\n"),
        RenderedDocument("app/templates/b.yaml", "kind: Deployment\n\n"),
        RenderedDocument("app/templates/b.yaml", "kind: Service\n"),
    )


def test_partials_notes_and_documents_without_content_are_left_out(engine: HelmEngine, make_chart: ChartMaker) -> None:
    chart = make_chart({
        "templates/_partial.yaml": "kind: Partial\n",
        "templates/NOTES.txt": "kind: Notes\n",
        "templates/sub/NOTES.txt": "kind: Notes\n",
        "templates/a.yaml": "# a comment\n---\n  \n---\n{{ if false }}kind: No{{ end }}\n---\n---\n#\n---\nkind: Yes\n"
    })  # fmt: skip
    assert [d.text for d in engine.render(chart, release())] == ["kind: Yes\n\n"]


HOOKS = {
    "test": False, "test-success": False, "Test , post-install": False, "crd-install": False, "no-such-event": False,
    "''": False, "pre-install": True, "post-install": True, "pre-upgrade, post-rollback": True, "PRE-DELETE": True,
}  # fmt: skip


def test_test_hooks_and_unknown_hooks_are_dropped_and_others_kept(
    engine: HelmEngine, make_chart: ChartMaker, helm: Path
) -> None:
    documents = [
        f"kind: Job\nmetadata: {{name: j{n}, annotations: {{helm.sh/hook: {hook}}}}}\n" for n, hook in enumerate(HOOKS)
    ]
    chart = make_chart({"templates/hooks.yaml": "---\n".join(documents)})
    kept = {f"j{n}" for n, is_kept in enumerate(HOOKS.values()) if is_kept}
    assert {yaml.safe_load(d.text)["metadata"]["name"] for d in engine.render(chart, release())} == kept
    by_helm = yaml.safe_load_all(printed(helm, chart, "{}", "--skip-tests"))
    assert {document["metadata"]["name"] for document in by_helm if document} == kept


def test_an_annotation_elsewhere_that_is_named_like_a_hook_is_no_hook(
    engine: HelmEngine, make_chart: ChartMaker
) -> None:
    chart = make_chart({"templates/a.yaml": "kind: ConfigMap\ndata:\n  notes: |\n    helm.sh/hook: test\n"})
    assert len(engine.render(chart, release())) == 1


def test_crds_of_disabled_subcharts_are_left_out_and_those_of_aliases_doubled(
    engine: HelmEngine, make_chart: ChartMaker, helm: Path
) -> None:
    def sub(name: str) -> dict[str, str]:
        chart_yaml = CHART_YAML.replace("app", name)
        crd = f"kind: CustomResourceDefinition\nmetadata: {{name: {name}}}\n"
        return {f"charts/{name}/Chart.yaml": chart_yaml, f"charts/{name}/crds/{name}.yaml": crd}

    dependencies = (
        "dependencies:\n- {name: wanted, version: '*', repository: '', condition: wanted.enabled}\n"
        "- {name: unwanted, version: '*', repository: '', condition: unwanted.enabled}\n"
        "- {name: twice, version: '*', repository: '', alias: one}\n"
        "- {name: twice, version: '*', repository: '', alias: two}\n"
    )
    chart = make_chart(
        {"Chart.yaml": CHART_YAML + dependencies, "crds/own.JSON": "{}", "crds/_own.yaml": "a: 1"}
        | sub("wanted")
        | sub("unwanted")
        | sub("twice")
    )
    values = '{"wanted": {"enabled": true}, "unwanted": {"enabled": false}}'
    sources = [d.template for d in engine.render(chart, release(values))]
    assert sources == [
        "app/charts/one/crds/twice.yaml", "app/charts/two/crds/twice.yaml", "app/charts/wanted/crds/wanted.yaml",
        "app/crds/_own.yaml", "app/crds/own.JSON",
    ]  # fmt: skip
    lines = printed(helm, chart, values, "--include-crds").splitlines()
    assert sorted(line.removeprefix("# Source: ") for line in lines if line.startswith("# Source: ")) == sources
    assert engine.render(chart, release(values, include_crds=False)) == ()


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a: |\n  x", "x\n"),
        ("a: |\n  x\n---\nb: 1", "x\n"),
        ("a: |\n  x\n\n\n---\nb: 1", "x\n"),
        ("a: |-\n  x\n---\nb: 1", "x"),
        ("a: |+\n  x\n---\nb: 1", "x\n"),
        ("a: |\n  x\n  --- y\n---\nb: 1", "x\n--- y\n"),
    ],
)
def test_a_block_scalar_at_the_end_keeps_its_newline(
    template: str, expected: str, engine: HelmEngine, make_chart: ChartMaker, helm: Path
) -> None:
    chart = make_chart({"templates/a.yaml": template})
    first = engine.render(chart, release())[0]
    assert yaml.safe_load(first.text)["a"] == expected
    assert next(yaml.safe_load_all(printed(helm, chart)))["a"] == expected


@pytest.mark.parametrize(
    ("template", "expected", "eaten"),
    [
        ("a: |+\n  x\n\n---\nb: 1", "x\n\n", "x\n"),
        ("---\na: |+\n  x\n\n\n\n---\nb: 1", "x\n\n\n\n", "x\n"),
        ("a: >+\n  x\n\n--- # next\nb: 1", "x\n\n", "x\n"),
        ("a: |+\n\n---\nb: 1", "\n", ""),
        ("a: |2+\n    x\n\n---\nb: 1\n---\nc: 1", "  x\n\n", "  x\n"),
    ],
)
def test_newlines_that_a_block_scalar_keeps_are_kept_before_a_separator(
    template: str, expected: str, eaten: str, embedded: HelmEngine, cli: HelmEngine, make_chart: ChartMaker
) -> None:
    """The binary of Helm 4.2.3 eats them itself (docs/profiles.md); Helm 4.3 does not."""
    chart = make_chart({"templates/a.yaml": template})
    texts = [next(d.text for d in engine.render(chart, release()) if "a:" in d.text) for engine in (embedded, cli)]
    assert [yaml.safe_load(text)["a"] for text in texts] == [expected, eaten]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n---\n\n--- \n", []),
        ("a: 1", ["a: 1\n"]),
        ("---\na: 1\n---\nb: 2\n", ["a: 1\n", "b: 2\n\n"]),
        ("a: 1\n  ---\nb: 2", ["a: 1\n  ---\nb: 2\n"]),  # not at the start of a line
        ("a: 1\n---b: 2", ["a: 1\n", "b: 2\n"]),  # Helm's leniency with templates that lost a newline
        ("a: 1\n---\n---\n---\nb: 2", ["a: 1\n", "b: 2\n"]),
        ("a: 1\r\n---\r\nb: 2", ["a: 1\r\n", "b: 2\n"]),
        ("a: |+\n  x\n\n \n---\n\nb: 2\n\n", ["a: |+\n  x\n\n \n", "b: 2\n\n\n"]),
    ],
)
def test_manifests_split_by_helms_rule(text: str, expected: list[str]) -> None:
    assert split_manifests(text) == expected
    assert [part for whole in expected for part in split_manifests(whole[:-1])] == expected


# --- values -----------------------------------------------------------------------------------------------------------

VALUES = (
    '{"big": 9007199254740993, "million": 1000000, "float": 1e6, "half": 0.5, "huge": 1e300, "minus": -0.0,'
    ' "text": "1e3", "emoji": "\\ud83d\\ude00 \\\\ud83d\\\\ude00", "slash": "\\/", "list": [1, null], "none": null}'
)
THE_SAME_AS_YAML = """\
big: 9007199254740993
million: 1000000
float: 1e6
half: 0.5
huge: 1e300
minus: -0.0
text: "1e3"
emoji: 😀 \\ud83d\\ude00
slash: /
list: [1, null]
none: null
"""


def test_values_print_as_with_helm_template(engine: HelmEngine, make_chart: ChartMaker, helm: Path) -> None:
    """Numbers pass float64 in Helm: big ones lose digits and print as 1e+06 where a template does not convert them."""
    names = ["big", "million", "float", "half", "huge", "minus", "text", "emoji", "slash", "list", "none"]
    lines = [
        f"{n}: {{{{ .Values.{n} | quote }}}} # {{{{ toJson .Values.{n} }}}} {{{{ typeOf .Values.{n} }}}}\n"
        for n in names
    ]
    chart = make_chart({"values.yaml": "big: 1\nnone: there\n", "templates/a.yaml": "".join(lines)})
    (document,) = engine.render(chart, release(VALUES))
    assert document.text.rstrip() == printed(helm, chart, THE_SAME_AS_YAML).partition("a.yaml\n")[2].rstrip()
    assert 'million: "1e+06"' in document.text
    assert "\U0001f600 \\\\ud83d" in document.text


def test_null_deletes_a_default(engine: HelmEngine, make_chart: ChartMaker, helm: Path) -> None:
    sub = {"charts/sub/Chart.yaml": CHART_YAML.replace("app", "sub"), "charts/sub/values.yaml": "m: 1\nk: 2\n"}
    shown = {
        "templates/a.yaml": "own: {{ .Values | toJson }}\n",
        "charts/sub/templates/s.yaml": "sub: {{ .Values | toJson }}\n",
    }
    chart = make_chart({"values.yaml": "a: 1\nb: {c: 1, d: 2}\nsub: {z: 3}\n"} | sub | shown)
    values = '{"a": null, "b": {"c": null}, "sub": {"m": null, "z": null}}'
    of_sub, own = (yaml.safe_load(d.text) for d in engine.render(chart, release(values)))
    assert own["own"].keys() == {"b", "sub"}
    assert own["own"]["b"] == {"d": 2}
    assert "m" not in of_sub["sub"]
    # Helm 4.2 leaves a null where it is the parent's default for a subchart that is deleted; so do we.
    assert [of_sub, own] == list(yaml.safe_load_all(printed(helm, chart, values)))


def test_a_release_is_told_to_the_templates(engine: HelmEngine, make_chart: ChartMaker) -> None:
    template = (
        "r: {{ .Release.Name }} {{ .Release.Namespace }} {{ .Release.IsInstall }} {{ .Release.Revision }}"
        " {{ .Release.Service }}\nk: {{ .Capabilities.KubeVersion.Version }}\n"
        'a: {{ .Capabilities.APIVersions.Has "x.io/v1" }} {{ .Capabilities.APIVersions.Has "y.io/v1" }}'
        ' {{ .Capabilities.APIVersions.Has "apps/v1" }}\n'
    )
    chart = make_chart({"templates/a.yaml": template})
    (document,) = engine.render(chart, release(api_versions=("x.io/v1",), kube_version="v1.33.4-gke.1"))
    assert document.text == (
        "r: web shop true 1 Helm\nk: v1.33.4-gke.1\na: true false true\n\n"
    )  # fmt: skip


def test_a_second_render_does_not_see_the_first(engine: HelmEngine, make_chart: ChartMaker) -> None:
    """Rendering changes a loaded chart in place: a dependency that was disabled would stay so."""
    chart = make_chart({
        "Chart.yaml": CHART_YAML + "dependencies: [{name: sub, version: '*', repository: '', condition: sub.on}]\n",
        "charts/sub/Chart.yaml": CHART_YAML.replace("app", "sub"),
        "charts/sub/templates/s.yaml": "kind: Sub\n",
    })  # fmt: skip
    assert engine.render(chart, release('{"sub": {"on": false}}')) == ()
    assert len(engine.render(chart, release('{"sub": {"on": true}}'))) == 1


def test_helmignore_counts_in_directories(engine: HelmEngine, make_chart: ChartMaker) -> None:
    chart = make_chart(
        {".helmignore": "*.bak.yaml\n", "templates/a.yaml": "kind: A\n", "templates/b.bak.yaml": "kind: B\n"}
    )
    assert [d.text for d in engine.render(chart, release())] == ["kind: A\n\n"]


# --- failures ---------------------------------------------------------------------------------------------------------

NIL = "nil pointer evaluating interface {}"
UNNAMED = 'no template "nosuch"'


@pytest.mark.parametrize(
    ("template", "place", "message"),
    [
        ("\na: {{ .Values.b.c }}", "app/templates/a.yaml:2:13", f"{NIL}.c (at <.Values.b.c>)"),
        ("{{ nosuch }}", "app/templates/a.yaml:1", 'function "nosuch" not defined'),
        ("\n\n{{ if }}", "app/templates/a.yaml:3", "missing value for if"),
        ('a: {{ required "give .Values.b" .Values.b }}', "app/templates/a.yaml:1:6", "give .Values.b"),
        ('{{ fail "no\\nway" }}', "app/templates/a.yaml:1:3", "no\nway"),
        ('{{ include "nosuch" . }}', "app/templates/a.yaml:1:3", f"{UNNAMED} (at <include \"nosuch\" .>)"),
        ("{{ index .Values.b 3 }}", "app/templates/a.yaml:1:3", "index of untyped nil (at <index .Values.b 3>)"),
        ('{{ tpl "{{ .Values.x.y }}" . }}', "app/templates/a.yaml:1:3", f"{NIL}.y (at <.Values.x.y>)"),
        (
            '{{ include "app.name" . }}',
            "app/templates/_h.tpl:1:33",
            f"{NIL}.c (at <.Values.b.c>), called from app/templates/a.yaml:1",
        ),
    ],
)  # fmt: skip
def test_a_broken_template_is_told_by_its_place(
    template: str, place: str, message: str, engine: HelmEngine, make_chart: ChartMaker
) -> None:
    chart = make_chart(
        {"templates/a.yaml": template, "templates/_h.tpl": '{{ define "app.name" }}{{ .Values.b.c }}{{ end }}'}
    )
    failure = refused(engine, chart)
    assert (failure.kind, failure.place, failure.message) == ("template", place, message)
    assert str(failure) == f"{place}: {message}"
    assert str(pickle.loads(pickle.dumps(failure))) == str(failure)


def test_values_that_do_not_fit_the_schema_are_all_told(engine: HelmEngine, make_chart: ChartMaker) -> None:
    schema = '{"required": ["q"], "properties": {"z": {"type": "string"}}}'
    chart = make_chart({"values.schema.json": schema, "templates/a.yaml": "a: 1\n"})
    failure = refused(engine, chart, '{"z": 1}')
    assert failure.kind == "schema"
    assert failure.message.endswith("app: at '': missing property 'q'; at '/z': got number, want string")


CHART_FAILURES = {
    "library": ({"Chart.yaml": CHART_YAML + "type: library\n"}, "library charts are not installable"),
    "missing dependency, whatever its condition": (
        {"Chart.yaml": CHART_YAML + "dependencies: [{name: db, version: '*', repository: '', condition: db.on}]\n"},
        "found in Chart.yaml, but missing in charts/ directory: db",
    ),
    "other Kubernetes": (
        {"Chart.yaml": CHART_YAML + "kubeVersion: '<1.20.0-0'\n"},
        "chart requires kubeVersion: <1.20.0-0 which is incompatible with Kubernetes v1.33.4",
    ),
    "Kubernetes by garbage": (
        {"Chart.yaml": CHART_YAML + "kubeVersion: 'new'\n"},
        "chart requires kubeVersion: new which is incompatible with Kubernetes v1.33.4",
    ),
}  # fmt: skip


@pytest.mark.parametrize("label", CHART_FAILURES)
def test_a_chart_that_helm_template_refuses_is_refused(label: str, engine: HelmEngine, make_chart: ChartMaker) -> None:
    files, message = CHART_FAILURES[label]
    failure = refused(engine, make_chart({"templates/a.yaml": "a: 1\n"} | files), '{"db": {"on": false}}')
    assert (failure.kind, failure.message) == ("chart", message)


@pytest.mark.parametrize("constraint", ["*", ">=1.25.0-0", ">= 1.20 < 1.40", "~1.33", "1.33.x - 1.34", "v1.33.4"])
@pytest.mark.parametrize("kube_version", ["1.33.4", "v1.33.4-eks-1", "1.33.4+k3s1"])
def test_of_a_kubernetes_version_only_the_numbers_count(
    constraint: str, kube_version: str, engine: HelmEngine, make_chart: ChartMaker
) -> None:
    chart = make_chart({"Chart.yaml": CHART_YAML + f"kubeVersion: '{constraint}'\n", "templates/a.yaml": "a: 1\n"})
    assert len(engine.render(chart, release(kube_version=kube_version))) == 1


def test_other_refusals_have_their_kind(engine: HelmEngine, make_chart: ChartMaker) -> None:
    chart = make_chart({"templates/a.yaml": "a: 1\n"})
    assert refused(engine, chart, name="Not A Name").kind == "release"
    assert refused(engine, chart, kube_version="new").kind == "release"
    assert refused(engine, chart + "/nowhere").kind == "chart"
    assert refused(engine, chart, "{").kind == "values"


@pytest.mark.parametrize("text", ["a: [", "- a", "metadata: []", "metadata: {annotations: 1}"])
def test_a_hook_that_cannot_be_read_is_refused_by_its_template(
    text: str, engine: HelmEngine, make_chart: ChartMaker
) -> None:
    failure = refused(engine, make_chart({"templates/a.yaml": f"# helm.sh/hook\n{text}\n"}))
    assert (failure.kind, failure.template) == ("yaml", "app/templates/a.yaml")


def test_the_binary_reports_a_template_that_prints_no_yaml(
    cli: HelmEngine, embedded: HelmEngine, make_chart: ChartMaker
) -> None:
    """The embedded engine does not parse; who reads its documents finds out."""
    chart = make_chart({"templates/a.yaml": "a: 1\nb: [\n"})
    failure = refused(cli, chart)
    assert (failure.kind, failure.template) == ("yaml", "app/templates/a.yaml")
    assert len(embedded.render(chart, release())) == 1


# --- the binary -------------------------------------------------------------------------------------------------------


def fake(tmp_path: Path, script: str) -> str:
    binary = tmp_path / "fake-helm"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o755)
    return str(binary)


def test_a_binary_that_hangs_is_killed(tmp_path: Path) -> None:
    hangs = fake(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    failure = refused(HelmBinary(hangs, timeout_s=2), "/chart")
    assert (failure.kind, failure.message) == ("timeout", "helm did not finish within 2 s")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize("binary", ["helm", "/nowhere/helm"])
def test_a_binary_that_cannot_be_started_is_the_environments_fault(binary: str) -> None:
    assert refused(HelmBinary(binary), "/chart").kind == "environment"


def test_a_binary_sees_nothing_of_the_callers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_REGISTRY_CONFIG", "/secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    seen = tmp_path / "seen"
    HelmBinary(fake(tmp_path, f"/usr/bin/env > {seen}")).render("/chart", release())
    names = {line.partition("=")[0] for line in seen.read_text().splitlines()} - {"PWD", "SHLVL", "_", "OLDPWD"}
    assert names == {
        "KUBECONFIG", "TZ", "HOME", "TMPDIR", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS",
    }  # fmt: skip
    assert "TZ=UTC" in seen.read_text()


def test_log_lines_of_the_binary_are_no_part_of_the_error(tmp_path: Path) -> None:
    script = 'echo "level=WARN msg=old" >&2; echo "Error: parse error at (app/templates/a.yaml:3): bad" >&2; exit 1'
    failure = refused(HelmBinary(fake(tmp_path, script)), "/chart")
    assert str(failure) == "app/templates/a.yaml:3: bad"


# --- the library ------------------------------------------------------------------------------------------------------


def test_both_engines_are_the_same_helm(embedded: HelmEngine, cli: HelmEngine) -> None:
    assert embedded.version() == cli.version() == "v4.2.3"


def test_nothing_stays_open_in_the_library(embedded: HelmEngine, make_chart: ChartMaker) -> None:
    from helm_python import _native

    chart = make_chart(
        {"Chart.yaml": CHART_YAML + "kubeVersion: '>=1.20.0-0'\n", "templates/a.yaml": "{{ .Values.a.b }}"}
    )
    refused(embedded, chart)
    embedded.render(chart, release('{"a": {"b": 1}}'))
    assert _native.open_handles_count() == 0


def test_the_library_is_loaded_with_the_first_render_only() -> None:
    make = "from compiler.render.helm_engines import ENGINES; ENGINES['embedded']('')"
    code = f"import sys; {make}; print('helm_python' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "False\n"


def test_the_version_that_inventories_record_is_that_of_the_library(embedded: HelmEngine) -> None:
    assert embedded.version() == f"v{HELM_VERSION}"
