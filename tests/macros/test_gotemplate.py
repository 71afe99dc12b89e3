"""Go templates of packs, rendered by Helm without a trace of the chart that carries them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from compiler import yamldoc
from compiler.diagnostics import CompileError, Position
from compiler.render.gotemplate import render_gotemplates
from compiler.render.helm import HelmEngine

Render = Callable[..., dict[str, str]]


@pytest.fixture
def render(engine: HelmEngine) -> Render:
    """Each engine in turn."""
    return partial(render_gotemplates, engine=engine)


def test_each_template_gives_its_own_text(render: Render) -> None:
    templates = {"pack/manifests/a.yaml": "a: {{ .Values.name | upper | quote }}\n", "b": "{{ .Values.n }}", "_c": "c"}
    assert render(templates, {"name": "x", "n": 3}) == {
        "pack/manifests/a.yaml": 'a: "X"\n',
        "b": "3",
        "_c": "c",
    }
    assert render({}, {}) == {}


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\nb", "NOTES.txt", "templates/_x.tpl", "{{ fail }}", "", "é/\x00"]
)
def test_names_are_names_only(render: Render, name: str) -> None:
    assert render({name: "x: {{ 1 }}\n"}, {}) == {name: "x: 1\n"}


def test_text_comes_back_byte_for_byte(render: Render) -> None:
    text = "# é \U0001f600\r\n\n\ta: |+\n  x\n\n\n---\nb: '{{`{{ .x }}`}}'\n \n"
    assert render({"m": text}, {}) == {"m": text.replace("{{`{{ .x }}`}}", "{{ .x }}")}


@pytest.mark.parametrize(
    ("template", "line", "column", "message"),
    [
        ("a: 1\n{- end}\n{{ end }}", 3, 0, "unexpected {{end}}"),
        ("\n\n{{ .Values.a.b }}", 3, 10, "can't evaluate field b in type interface {} (at <.Values.a.b>)"),
        ("{{ nope }}", 1, 0, 'function "nope" not defined'),
        ("x\n {{ fail `no way` }}", 2, 4, "no way"),
        ("{{ required `give a size` .Values.size }}", 1, 3, "give a size"),
        ("{{ .Values.a", 1, 0, "unclosed action"),
        ("{{ include `q` . }}", 1, 3, 'no template "q" (at <include `q` .>)'),
    ],
)
def test_an_error_names_the_manifest_and_the_line(
    render: Render, template: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(CompileError) as caught:
        render({"fine.yaml": "a: 1\n", "packs/x/manifests/m.yaml": template}, {"a": "text"})
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("gotemplate-failed", message)
    assert found.at == Position("packs/x/manifests/m.yaml", line, column)


def test_an_error_in_a_define_of_another_manifest_names_both(render: Render) -> None:
    templates = {"one.yaml": '{{ define "d" }}\n{{ .a.b.c }}{{ end }}', "two.yaml": '\n\n{{ include "d" . }}'}
    with pytest.raises(CompileError) as caught:
        render(templates, {})
    (found,) = caught.value.diagnostics
    wanted = "nil pointer evaluating interface {}.b (at <.a.b.c>), called from two.yaml:3"
    assert (found.at, found.message) == (Position("one.yaml", 2, 5), wanted)


def test_namespace_and_capabilities_are_the_callers(render: Render) -> None:
    options = {"namespace": "ns", "kube_version": "1.30.2", "api_versions": ("x.io/v1",)}
    text = (
        "{{ .Release.Namespace }} {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.APIVersions.Has `x.io/v1` }}"
    )
    assert render({"m": text}, {}, **options) == {"m": "ns v1.30.2 true"}


def test_spectro_is_an_object_of_its_own(render: Render) -> None:
    text = (
        '{{ .Spectro.cluster | quote }} {{ if hasPrefix "h" .Spectro.apiServer }}y{{ end }} .Spectro {{ `.Spectro` }}'
    )
    found = render({"m": text}, {"a": 1}, spectro={"cluster": "c1", "apiServer": "https://x"})
    assert found == {"m": '"c1" y .Spectro .Spectro'}
    assert render({"m": "{{ toJson .Values }}"}, {"a": 1}, spectro={"cluster": "c"}) == {"m": '{"a":1}'}


def test_no_time_no_network_no_files(render: Render) -> None:
    assert render({"m": "{{ getHostByName `localhost` }}{{ lookup `v1` `Pod` `a` `b` }}"}, {}) == {"m": "map[]"}
    for function in ("env `HOME`", "expandenv `$HOME`"):
        with pytest.raises(CompileError, match="not defined"):
            render({"m": f"{{{{ {function} }}}}"}, {})


@pytest.mark.parametrize(
    "text",
    [
        "{{ .Template.Name }} {{ .Template.BasePath }} {{ .Release | toJson }} {{ .Chart | toJson }}",
        "{{ .Capabilities.KubeVersion | toJson }} {{ len .Capabilities.APIVersions }}",
        "{{ .Values.nope }}|{{ `<no value>` }}|<&>\x7f\x01{{ print `\u2028` }}",
        "{{ .Values.large }} {{ .Values.ratio }} {{ .Values.none }} {{ .Values.text | quote }}",
        "",
        "{{/* nothing */}}",
        "{{ define `only` }}x{{ end }}",
        "--- {not: [yaml",
    ],
)
def test_both_engines_print_the_same(text: str, embedded: HelmEngine, cli: HelmEngine) -> None:
    values = {"large": 12345678901234567, "ratio": 0.1, "none": None, "text": "é\U0001f600/\u0085"}
    templates = {f"{number}.yaml": text for number in range(2)}
    assert render_gotemplates(templates, values, cli) == render_gotemplates(templates, values, embedded)


def test_what_a_template_sets_in_values_the_next_one_sees(render: Render) -> None:
    """In Helm's order, which is from the last one to the first."""
    text = "{{ .Values.seen }}{{ $_ := set .Values `seen` (print .Values.seen 1) }}"
    assert render({f"{number}": text for number in range(3)}, {"seen": "0"}) == {"0": "011", "1": "01", "2": "0"}


@pytest.mark.oracle
def test_a_real_pack_renders_as_in_helm_template(render: Render, corpus: Path, helm: Path, tmp_path: Path) -> None:
    pack = corpus / "packs/hello-universe-1.3.1"
    text = (pack / "manifests/hello-universe.yaml").read_text()
    block = yamldoc.load_one((pack / "values.yaml").read_text(), "values.yaml").value["manifests"]["hello-universe"]
    values = {**block, "replicas": 7}
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: x\nversion: 1.0.0\n")
    (tmp_path / "values.yaml").write_text(yamldoc.dump(values))
    (tmp_path / "templates/m.yaml").write_text(text)
    command = [str(helm), "template", str(tmp_path)]
    theirs = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    ours = render({"m": text}, values)["m"]
    objects = sorted(yamldoc.dump(d.value) for d in yamldoc.load(ours, "m"))
    assert objects == sorted(yamldoc.dump(d.value) for d in yamldoc.load(theirs, "m"))
    assert len(objects) > 2


def test_a_real_pack_that_reads_spectro_renders_to_kubernetes_objects(render: Render, corpus: Path) -> None:
    path = "manifests/permission-manager.yaml"
    pack = corpus / "packs/permission-manager-1.0.0"
    values = yamldoc.load_one((pack / "values.yaml").read_text(), "values.yaml").value["manifests"][
        "permission-manager"
    ]
    spectro = {"cluster": "prod-7", "apiServer": "10.0.0.1:6443"}
    text = render({path: (pack / path).read_text()}, values, spectro=spectro)[path]
    objects = [d.value for d in yamldoc.load(text, path)]
    assert objects
    assert all({"apiVersion", "kind", "metadata"} <= set(found) for found in objects)
    assert '"prod-7"' in text
    assert '"https://10.0.0.1:6443"' in text


def test_the_broken_template_of_a_real_pack_is_reported_at_its_line(render: Render, corpus: Path) -> None:
    path = "packs/external-snapshotter-4.0.1/manifests/vsclass.yaml"
    with pytest.raises(CompileError) as caught:
        render({path: (corpus / path).read_text()}, {})
    (found,) = caught.value.diagnostics
    assert found.at
    assert (found.code, found.at.path) == ("gotemplate-failed", path)
