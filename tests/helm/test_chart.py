"""Charts as values: what is declared, vendored and fetched, and which bytes Helm is given."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from compiler.charts.archive import Limits, read_tgz, write_tgz
from compiler.charts.chart import Chart, digest, read_chart, read_chart_archive
from compiler.charts.spool import spoolable
from compiler.diagnostics import CompileError
from compiler.render.helm import HelmEngine, HelmFailure
from tests.helm.conftest import CHART_YAML, ChartMaker, release

Texts = Mapping[str, str]


def chart(files: Texts, path: str = "charts/app") -> Chart:
    return read_chart(encoded(files), path)


def encoded(files: Texts) -> dict[str, bytes]:
    return {name: text.encode() for name, text in ({"Chart.yaml": CHART_YAML} | dict(files)).items()}


def packaged(files: Texts, root: str = "app") -> bytes:
    return write_tgz(encoded(files), root)


def sub(name: str) -> str:
    return CHART_YAML.replace("app", name)


def error(files: Texts) -> tuple[str, str]:
    with pytest.raises(CompileError) as caught:
        chart(files)
    (problem,) = caught.value.diagnostics
    return problem.code, str(problem.at)


# --- what a chart declares --------------------------------------------------------------------------------------------


def test_a_chart_yaml_is_read() -> None:
    found = chart({
        "Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.2.3\nappVersion: 1.10\nkubeVersion: '>=1.25.0-0'\n"
        "type: library\n",
        "values.yaml": "a: {b: 1, c: 2}\n---\na: {b: 3}\n",
        "crds/b.yaml": "", "crds/a.YML": "", "crds/README.md": "",
    })  # fmt: skip
    assert (found.name, found.version, found.api_version, found.type) == ("app", "1.2.3", "v2", "library")
    assert (found.app_version, found.kube_version) == ("1.1", ">=1.25.0-0")
    assert found.values == {"a": {"b": 3, "c": 2}}
    assert found.crds == ("crds/a.YML", "crds/b.yaml")


def test_helm2_charts_are_applications_of_api_version_v1() -> None:
    found = chart({"Chart.yaml": "name: app\nversion: 1.0.0\n"})
    assert (found.api_version, found.type, found.values) == ("v1", "application", {})


@pytest.mark.parametrize("name", ["..", ".", "a/../../b", "a/b", "a\\b", "C:x", "", "a b", "a\u202eb", "name\n"])
def test_a_name_that_could_become_a_path_is_refused(name: str) -> None:
    """CVE-2019-18658, CVE-2024-25620, CVE-2025-53547, CVE-2026-35206."""
    assert error({"Chart.yaml": f"apiVersion: v2\nname: {json.dumps(name)}\nversion: 1.0.0\n"}) == (
        "chart-name",
        "charts/app/Chart.yaml",
    )


@pytest.mark.parametrize(
    ("files", "code", "at"),
    [
        ({"Chart.yaml": "name: app\n"}, "chart-invalid", "charts/app/Chart.yaml"),
        ({"Chart.yaml": sub("app") + "type: plugin\n"}, "chart-invalid", "charts/app/Chart.yaml"),
        ({"Chart.yaml": "- a\n"}, "chart-invalid", "charts/app/Chart.yaml:1"),
        ({"charts/db/values.yaml": ""}, "chart-missing", "charts/app/charts/db"),
        ({"charts/README.md": ""}, "chart-dependency", "charts/app/charts/README.md"),
        ({"charts/db.tgz": "no archive"}, "archive-not-gzip", "charts/app/charts/db.tgz"),
        ({"charts/db/Chart.yaml": sub("..")}, "chart-name", "charts/app/charts/db/Chart.yaml"),
    ],
)
def test_what_is_no_chart_is_refused_by_its_place(files: Texts, code: str, at: str) -> None:
    assert error(files) == (code, at)


# --- archives ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("root", ["app", "other-name", ""])
def test_an_archive_holds_one_folder_or_the_chart_itself(root: str) -> None:
    found = read_chart_archive(packaged({"templates/a.yaml": "kind: A"}, root), "x.tgz")
    assert found.files == encoded({"templates/a.yaml": "kind: A"})


def test_an_archive_of_two_folders_is_refused() -> None:
    data = write_tgz({"a/Chart.yaml": CHART_YAML.encode(), "b/values.yaml": b""}, "")
    with pytest.raises(CompileError, match=r"chart-missing: expected one folder with a Chart\.yaml, found a, b"):
        read_chart_archive(data, "x.tgz")


def test_archives_inside_archives_share_one_limit() -> None:
    inner = packaged({"Chart.yaml": sub("db"), "blob": "x" * 1000})
    outer = write_tgz(encoded({}) | {f"charts/{n}.tgz": inner for n in range(5)}, "app")
    assert len(read_chart_archive(outer, "x", Limits(total=8000)).dependencies) == 5
    with pytest.raises(CompileError, match="archive-too-large"):
        read_chart_archive(outer, "x", Limits(total=4000))


def test_a_chart_inside_itself_without_end_is_refused() -> None:
    data = packaged({})
    for _ in range(20):
        data = write_tgz(encoded({}) | {"charts/app.tgz": data}, "app")
    with pytest.raises(CompileError, match="chart-invalid: charts are nested more than 16 deep"):
        read_chart_archive(data, "x")


# --- dependencies -----------------------------------------------------------------------------------------------------


def test_vendored_charts_are_read_as_folders_and_archives() -> None:
    files = encoded({
        "charts/b/Chart.yaml": sub("b"), "charts/b/charts/c/Chart.yaml": sub("c"),
        "charts/_ignored/x": "", "charts/.DS_Store": "", "charts/a-1.tgz.prov": "",
    })  # fmt: skip
    files["charts/a-1.0.0.tgz"] = packaged({"Chart.yaml": sub("a")}, "a")
    found = read_chart(files, "app")
    assert [d.name for d in found.dependencies] == ["a", "b"]
    assert [d.path for d in found.dependencies[1].dependencies] == ["app/charts/b/charts/c"]


@pytest.mark.parametrize("file", ["Chart.yaml", "requirements.yaml"])
def test_dependencies_are_missing_by_name_whatever_their_condition(
    file: str, engine: HelmEngine, make_chart: ChartMaker
) -> None:
    declared = "dependencies: [{name: db, version: '1', condition: db.on}, {name: cache, version: '1'}]\n"
    files = {
        "Chart.yaml": CHART_YAML.replace("v2", "v1"),
        "templates/a.yaml": "a: 1",
        "charts/cache/Chart.yaml": sub("cache"),
    }
    files[file] = files.get(file, "") + declared
    assert chart(files).missing_dependencies == ("db",)
    with pytest.raises(Exception, match="missing in charts/ directory: db"):
        engine.render(make_chart(files), release())


# --- digest and spool -------------------------------------------------------------------------------------------------


def test_the_digest_is_that_of_the_documented_command(tmp_path: Path) -> None:
    files = encoded({"templates/é.yaml": "1", "templates/a b.yaml": "2", "Z": "3", "a/b": "4", "a.b": "5"})
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    command = r"find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum"
    printed = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    assert digest(files) == printed.split()[0]
    assert read_chart(files, "x").digest_sha256 == read_chart_archive(write_tgz(files, "app", 1), "x").digest_sha256


def spool(found: Chart, path: Path, *, validate_schema: bool = True) -> str:
    content = spoolable(found, validate_schema=validate_schema)
    if isinstance(content, bytes):
        path.write_bytes(content)
        return str(path)
    for name, data in content.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return str(path)


NESTED = {
    "templates/a.yaml": "a: {{ .Values.a }}",
    "values.yaml": "a: 1",
    "values.schema.json": '{"properties": {"a": {"type": "string"}}}',
    "charts/db/Chart.yaml": sub("db"),
    "charts/db/values.schema.json": '{"required": ["password"]}',
    "charts/db/templates/b.yaml": 'b: {{ .Files.Get "f" }}',
    "charts/db/f": "text",
}


@pytest.mark.parametrize("archived", [True, False])
def test_schemas_are_left_out_through_and_through(archived: bool, engine: HelmEngine, tmp_path: Path) -> None:
    files = encoded(NESTED)
    files["charts/q.tgz"] = packaged(
        {"Chart.yaml": sub("q"), "values.schema.json": "false", "templates/c.yaml": "c: 1"}, "q"
    )
    found = read_chart_archive(write_tgz(files, "app"), "x") if archived else read_chart(files, "x")
    with pytest.raises(Exception, match="db: at '': missing property 'password'"):
        engine.render(spool(found, tmp_path / "with.tgz"), release())
    without = engine.render(spool(found, tmp_path / "without.tgz", validate_schema=False), release())
    assert [d.text.strip() for d in without] == ["b: text", "c: 1", "a: 1"]


def test_helm_reads_an_archive_that_holds_exactly_what_was_checked() -> None:
    """Nothing but our own tar reaches Helm's reader: archives in archives are unpacked."""
    files = encoded(NESTED) | {"charts/q.tgz": packaged({"Chart.yaml": sub("q")}, "q")}
    content = spoolable(read_chart_archive(write_tgz(files, "app"), "x"))
    assert isinstance(content, bytes)
    assert not [name for name in read_tgz(content, "x") if name.endswith(".tgz")]
    assert {"app/charts/1-q/Chart.yaml", "app/charts/0-db/f"} <= read_tgz(content, "x").keys()


def test_a_directory_stays_one_but_for_the_newline_at_the_end_of_values() -> None:
    files = encoded(NESTED)
    assert spoolable(read_chart(files, "x")) == files | {"values.yaml": b"a: 1\n"}


@pytest.mark.parametrize("length", [4096, 8192, 12288])
@pytest.mark.parametrize("archived", [True, False])
@pytest.mark.parametrize("where", ["", "charts/db/", "charts/db/charts/q/", "archive in charts/"])
def test_no_last_line_of_values_is_lost(
    where: str, archived: bool, length: int, engine: HelmEngine, tmp_path: Path
) -> None:
    """Helm 4.2.3 drops a last line of 4096 bytes that has no newline."""
    line = "last: " + "x" * (length - len("last: "))
    values = {
        "values.yaml": f"first: 1\n{line}",
        "templates/v.yaml": "v: {{ .Values.first }}{{ .Values.last | trunc 3 }}",
    }
    files = encoded(
        {"Chart.yaml": CHART_YAML, "charts/db/Chart.yaml": sub("db"), "charts/db/charts/q/Chart.yaml": sub("q")}
    )
    if where == "archive in charts/":
        inner = encoded({"Chart.yaml": sub("r")}) | {"charts/s.tgz": packaged({"Chart.yaml": sub("s")} | values, "s")}
        files["charts/r.tgz"] = write_tgz(inner, "r")
    else:
        files |= {where + name: text.encode() for name, text in values.items()}
    found = read_chart_archive(write_tgz(files, "app"), "x") if archived else read_chart(files, "x")
    assert [d.text.strip() for d in engine.render(spool(found, tmp_path / "chart.tgz"), release())] == ["v: 1xxx"]


@pytest.mark.parametrize(
    ("text", "read"), [("a: |\n  x", "x\n"), ("a: |+\n  x\n\n", "x\n\n"), ("a: x", "x"), ("a: |-\n  x", "x")]
)
def test_defaults_are_read_as_helm_reads_them_to_the_last_newline(
    text: str, read: str, engine: HelmEngine, tmp_path: Path
) -> None:
    found = read_chart(
        encoded({"Chart.yaml": CHART_YAML, "values.yaml": text, "templates/a.yaml": "a: {{ .Values.a | quote }}"}), "x"
    )
    assert found.values == {"a": read}
    (document,) = engine.render(spool(found, tmp_path / "chart"), release())
    assert yaml.safe_load(document.text) == {"a": read}


# --- schemas that would be fetched ------------------------------------------------------------------------------------


DIALECTS = {
    "DRAFT4": "http://json-schema.org/draft-04/schema#",
    "DRAFT7": "http://json-schema.org/draft-07/schema#",
    "DRAFT": "https://json-schema.org/draft/2020-12/schema",
}


def schema(text: str, url: str) -> str:
    for name, dialect in DIALECTS.items():
        text = text.replace(name, dialect)
    return text.replace("URL", url)


FETCHED = {
    "reference": '{"$ref": "URL/a"}',
    "deep reference": '{"properties": {"x": {"items": {"allOf": [{"$ref": "URL/a"}]}}}}',
    "dialect": '{"$schema": "URL/dialect"}',
    "dynamic": '{"$schema": "DRAFT", "$dynamicRef": "URL/d"}',
    "relative to an id": '{"$id": "URL/root.json", "$ref": "other.json"}',
    "relative in draft 4": '{"$schema": "DRAFT4", "id": "URL/", "not": {"$ref": "z"}}',
    "its own id beside a reference": '{"$schema": "DRAFT7", "$id": "URL/x", "$ref": "URL/x"}',
    "an id that only looks like one": '{"const": {"$id": "URL/x"}, "$ref": "URL/x"}',
}
LOCAL = {
    "fragment": '{"$ref": "#/$defs/a", "$defs": {"a": {}}}',
    "known drafts": '{"$schema": "DRAFT", "properties": {"x": {"$ref": "DRAFT7"}}}',
    "latest draft": '{"$schema": "http://json-schema.org/schema#"}',
    "own id": '{"$id": "URL/r.json", "properties": {"x": {"$ref": "URL/r.json#/properties/y"}, "y": {}}}',
    "a property named so": '{"properties": {"$ref": {"type": "string"}}}',
}


@pytest.mark.parametrize("in_subchart", [False, True])
@pytest.mark.parametrize("label", FETCHED)
def test_a_schema_that_helm_would_fetch_is_found_beforehand(
    label: str, in_subchart: bool, listener: tuple[str, list[str]], embedded: HelmEngine, tmp_path: Path
) -> None:
    url, asked = listener
    folder = "charts/db/" if in_subchart else ""
    files = {"charts/db/Chart.yaml": sub("db"), f"{folder}values.schema.json": schema(FETCHED[label], url)}
    found = chart(files)
    assert len(found.remote_schema_refs) == 1
    embedded.render(spool(found, tmp_path / "without", validate_schema=False), release())
    assert asked == []
    with contextlib.suppress(HelmFailure):
        embedded.render(spool(found, tmp_path / "with"), release())
    assert asked != []  # else the refusal would be for nothing


@pytest.mark.parametrize("label", LOCAL)
def test_a_schema_that_helm_need_not_fetch_is_not_refused(
    label: str, listener: tuple[str, list[str]], embedded: HelmEngine, tmp_path: Path
) -> None:
    url, asked = listener
    found = chart({"values.schema.json": schema(LOCAL[label], url)})
    assert found.remote_schema_refs == ()
    embedded.render(spool(found, tmp_path / "with"), release())
    assert asked == []
