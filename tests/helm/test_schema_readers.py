"""Values schemas that two readers read differently: whatever Helm would fetch is named or refused before."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.charts.chart import read_chart
from compiler.charts.spool import spoolable
from compiler.render.helm import HelmEngine, HelmFailure
from tests.helm.conftest import CHART_YAML, release

Listener = tuple[str, list[str]]
DEEP = 20_000

# Each refers to URL; what is odd about it stops or misleads one of the readers.
HOSTILE: dict[str, bytes] = {
    "bad byte": b'{"$ref": "URL", "x": "\xff"}',
    "cut character": b'{"x": "\xe2\x82", "$ref": "URL"}',
    "encoded surrogate": b'{"x": "\xed\xa0\x80", "$ref": "URL"}',
    "overlong": b'{"x": "\xc0\xaf", "$schema": "URL"}',
    "lone surrogate": b'{"x": "\\ud800", "$ref": "URL"}',
    "bad byte in a key": b'{"\xff": 1, "allOf": [{"$ref": "URL"}]}',
    "huge integer": b'{"$ref": "URL", "maxLength": ' + b"9" * 5000 + b"}",
    "huge negative": b'{"$ref": "URL", "minimum": -' + b"9" * 5000 + b"}",
    "huge exponent": b'{"$ref": "URL", "minimum": 1e999999}',
    "key twice, harmless last": b'{"$ref": "URL", "$ref": "#/x", "x": {}}',
    "key twice, harmless first": b'{"$ref": "#/x", "$ref": "URL", "x": {}}',
    "object twice": b'{"x": {"$ref": "URL"}, "allOf": [{"$ref": "URL"}], "allOf": []}',
    "own id twice": b'{"$id": "http://a.example/", "$id": "URL", "allOf": [{"$ref": "URL"}]}',
    "not a number": b'{"$ref": "URL", "x": NaN}',
    "infinity": b'{"$ref": "URL", "x": -Infinity}',
    "mark": b'\xef\xbb\xbf{"$ref": "URL"}',
    "two marks": b'\xef\xbb\xbf\xef\xbb\xbf{"$ref": "URL"}',
    "utf-16": '{"$ref": "URL"}'.encode("utf-16"),
    "utf-16 without a mark": '{"$ref": "URL"}'.encode("utf-16-le"),
    "utf-32": '{"$ref": "URL"}'.encode("utf-32"),
    "control character": b'{"$ref": "URL", "x": "\x01\n"}',
    "nul": b'{"$ref": "URL"}\x00',
    "two documents": b'{} {"$ref": "URL"}',
    "comment": b'{"$ref": "URL" /* x */}',
    "trailing comma": b'{"$ref": "URL",}',
    "escaped keyword": b'{"\\u0024ref": "URL"}',
    "escaped value": b'{"$ref": "\\u0068ttp:URL_"}',
    "other white space": b'{\xc2\xa0"$ref": "URL"}',
    "in a list": b'[{"$ref": "URL"}]',
    "deep": b'{"$ref": "URL", "x": ' + b"[" * DEEP + b"]" * DEEP + b"}",
}


def content(label: str, url: str) -> bytes:
    """The schema with the address in its own encoding."""
    schema = HOSTILE[label].replace(b"\\u0068ttp:URL_", b"\\u0068" + url[1:].encode())
    for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
        schema = schema.replace("URL".encode(encoding), f"{url}/s.json".encode(encoding))
    return schema


@pytest.mark.parametrize("folder", ["", "charts/db/"])
@pytest.mark.parametrize("label", HOSTILE)
def test_what_helm_would_fetch_is_named_or_refused(
    label: str, folder: str, listener: Listener, embedded: HelmEngine, tmp_path: Path
) -> None:
    url, asked = listener
    files = {"Chart.yaml": CHART_YAML.encode(), "charts/db/Chart.yaml": CHART_YAML.replace("app", "db").encode()}
    chart = read_chart({**files, f"{folder}values.schema.json": content(label, url)}, "charts/app")
    assert chart.remote_schema_refs or chart.schema_fault
    if chart.schema_fault:
        assert f"charts/app/{folder}values.schema.json: " in chart.schema_fault
    else:
        assert any(ref.startswith(url) for ref in chart.remote_schema_refs)
    without = spoolable(chart, validate_schema=False)
    assert isinstance(without, dict)
    with contextlib.suppress(HelmFailure):
        embedded.render(written(without, tmp_path), release())
    assert asked == []


@pytest.mark.parametrize("label", ["bad byte", "huge integer", "mark", "lone surrogate", "escaped keyword"])
def test_helm_would_have_fetched_it(label: str, listener: Listener, embedded: HelmEngine, tmp_path: Path) -> None:
    url, asked = listener
    files = {"Chart.yaml": CHART_YAML.encode(), "values.schema.json": content(label, url)}
    with contextlib.suppress(HelmFailure):
        embedded.render(written(files, tmp_path), release())
    assert asked == ["/s.json"]


@pytest.mark.parametrize(
    "schema",
    [
        b"{}",
        b'\xef\xbb\xbf{"type": "object"}',
        b'{"type": "object", "description": "\xff"}',
        b'{"properties": {"a": {"maximum": ' + b"9" * 5000 + b"}}}",
        b'{"type": "object", "type": "object"}',
        b'{"multipleOf": 1e-3, "description": "\\ud83d\\ude00"}',
    ],
)
def test_a_schema_that_helm_takes_is_taken(schema: bytes, embedded: HelmEngine, tmp_path: Path) -> None:
    chart = read_chart({"Chart.yaml": CHART_YAML.encode(), "values.schema.json": schema}, "charts/app")
    assert (chart.remote_schema_refs, chart.schema_fault) == ((), "")
    spooled = spoolable(chart)
    assert isinstance(spooled, dict)
    embedded.render(written(spooled, tmp_path), release())


REPOSITORY = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: p, version: 1.0.0}
spec:
  type: add-on
  layers:
    - {name: l, namespace: ns, chart: {name: app, version: 0.1.0, path: charts/app}}
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: c}
spec: {kubernetesVersion: 1.33.4, profiles: [{name: p, version: 1.0.0}]}
"""


@pytest.mark.parametrize(
    ("schema", "status"),
    [
        (b'{"$ref": "http://127.0.0.1:9/s.json", "x": "\xff"}', 1),
        (b'{"$ref": "file:///etc/hostname", "maxLength": ' + b"9" * 5000 + b"}", 1),
        (b'{"$ref": "file:///etc/hostname", "x": NaN}', 1),
        (b'\xef\xbb\xbf{"type": "object", "description": "\xff"}', 0),
    ],
)
def test_a_render_opens_no_socket_and_no_file_of_a_schema(
    schema: bytes, status: int, strace: str, tmp_path: Path
) -> None:
    files = {
        "profiles/p.yaml": REPOSITORY.encode(),
        "profiles/charts/app/Chart.yaml": CHART_YAML.encode(),
        "profiles/charts/app/values.schema.json": schema,
        "profiles/charts/app/templates/a.yaml": b"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
    }
    written(files, tmp_path / "repository")
    log = tmp_path / "log"
    done = subprocess.run(
        [strace, "-f", "-qqq", "-o", str(log), "-e", "trace=connect,sendto,openat", sys.executable, "-m", "compiler",
         "--quiet", "render", "-o", "yaml"],
        cwd=tmp_path / "repository", capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    calls = log.read_text("utf-8", "replace")
    assert "openat(" in calls
    assert not re.findall(r".*(?:AF_INET|/etc/hostname).*", calls)


def written(files: dict[str, bytes], root: Path) -> str:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return str(root)
