"""Helm charts as values: their metadata, files and dependencies, and what their templates may read.

Helm itself renders charts. This is what the compiler must know before, read by the rules of Helm 4.2's pkg/chart/v2 and
its loader.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compiler import yamldoc
from compiler.charts import order as chart_order
from compiler.charts import scan as chart_scan
from compiler.charts.archive import LIMITS, Limits, read_tgz
from compiler.charts.outward import outward_refs
from compiler.codes import Code
from compiler.diagnostics import Position, fail
from compiler.merge import merge

# Source: helm pkg/chart/v2/util/create.go, chartName. It matches "." and "..", which are refused too (CVE-2019-18658).
_NAME = re.compile(r"[a-zA-Z0-9._-]+")
SCHEMA = "values.schema.json"
_MANIFEST = (".yaml", ".yml", ".json")
_NESTED_CHARTS = 16


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its vendored charts. Texts are as in Chart.yaml, "" if absent.

    `kube_version` is a constraint (">=1.25.0-0"). `files` are all files, by path relative to the chart.
    `missing_dependencies` are declared but not vendored; `helm template` refuses them whatever their conditions.
    `remote_schema_refs` are references in values schemas that Helm would fetch, `schema_fault` says which schema cannot be
    read, and why ("": all can); `crds` are the paths in `files` that Helm takes for CRDs, and each of `dependencies` has
    its own.

    `may_be_random`, `reads_…` and `runs_strings` are read off the text and cover the dependencies: False is certain.
    `tpl_calls` are the calls (`charts.order`) in text of the chart that `tpl` may run. None of them covers values from
    outside that `tpl` runs: if `runs_strings`, ask `charts.scan` about those too.
    """

    path: str
    name: str
    version: str
    api_version: str
    type: str
    app_version: str
    kube_version: str
    files: Mapping[str, bytes]
    digest_sha256: str
    missing_dependencies: tuple[str, ...]
    dependencies: tuple[Chart, ...]
    may_be_random: bool
    reads_clock: bool
    reads_api_versions: bool
    reads_kube_version: bool
    runs_strings: bool
    tpl_calls: Mapping[str, str]
    remote_schema_refs: tuple[str, ...]
    schema_fault: str
    crds: tuple[str, ...]
    archived: bool = False

    @property
    def values(self) -> Mapping[str, Any]:
        """The default values as Helm reads them, parsed on each access. Raises CompileError with codes `yaml-*`."""
        return _mapping({"values.yaml": whole_lines(self.files.get("values.yaml", b""))}, "values.yaml", self.path)


def read_chart_archive(data: bytes, path: str, limits: Limits = LIMITS) -> Chart:
    """The chart of a `.tgz`: its files are below one folder, or at the top as `./Chart.yaml`.

    Raises CompileError with codes `archive-*` and `chart-*`.
    """
    return _read(_chart_files(read_tgz(data, path, limits), path), path, limits, archived=True)


def read_chart(files: Mapping[str, bytes], path: str, limits: Limits = LIMITS) -> Chart:
    """The chart of a directory with these regular files (the caller resolves or refuses links).

    `path` is where the chart is, for messages. Charts in `charts/` are read too, as directories or archives. Raises
    CompileError with codes `chart-*` (chart-missing, chart-invalid, chart-name, chart-dependency) and `yaml-*`.
    """
    return _read(files, path, limits, archived=False)


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 in hex of names and contents; the same as this command gives in the chart's directory:

    `find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum`.
    """
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files, key=str.encode))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def whole_lines(content: bytes) -> bytes:
    """A YAML file as Helm reads it, with a newline at its end: a block scalar in the last line depends on it."""
    return content if not content or content.endswith(b"\n") else content + b"\n"


def is_vendored(name: str) -> bool:
    """Whether the file belongs to a vendored chart; Helm gives provenance files to the parent."""
    return name.startswith("charts/") and not name.endswith(".prov")


def _chart_files(members: Mapping[str, bytes], path: str) -> Mapping[str, bytes]:
    """The members relative to the chart's folder."""
    if "Chart.yaml" in members:
        return members
    tops = sorted({name.partition("/")[0] for name in members})
    if len(tops) != 1 or f"{tops[0]}/Chart.yaml" not in members:
        folders = ", ".join(tops[:5]) or "nothing"
        raise fail(Code.CHART_MISSING, f"expected one folder with a Chart.yaml, found {folders}", Position(path))
    return {name.removeprefix(f"{tops[0]}/"): content for name, content in members.items()}


def _read(files: Mapping[str, bytes], path: str, limits: Limits, *, archived: bool, depth: int = 0) -> Chart:
    if depth > _NESTED_CHARTS:
        raise fail(Code.CHART_INVALID, f"charts are nested more than {_NESTED_CHARTS} deep", Position(path))
    described = metadata(files, path)
    dependencies = _dependencies(files, path, limits, depth)
    vendored = {dependency.name for dependency in dependencies}
    declared = [_text(entry.get("name")) for entry in described["dependencies"]]
    templates = [
        chart_scan.template(_decoded(content)) for name, content in files.items() if name.startswith("templates/")
    ]
    runs_strings = any(dependency.runs_strings for dependency in dependencies) or any(
        map(chart_scan.runs_strings, templates)
    )
    strings = _run_texts(files, templates) if runs_strings else []
    texts = templates + strings
    code = [chart_scan.code(template) for template in templates] + strings
    refs, fault = _schema(files.get(SCHEMA, b""), path)
    return Chart(
        path=path,
        name=_text(described.get("name")),
        version=_text(described.get("version")),
        api_version=_text(described.get("apiVersion")) or "v1",
        type=_text(described.get("type")) or "application",
        app_version=_text(described.get("appVersion")),
        kube_version=_text(described.get("kubeVersion")),
        files=dict(sorted(files.items())),
        digest_sha256=digest(files),
        missing_dependencies=tuple(name for name in declared if name not in vendored),
        dependencies=dependencies,
        # Of two vendored charts with one name Helm takes either one: it iterates over a Go map.
        may_be_random=len(vendored) < len(dependencies)
        or any(dependency.may_be_random for dependency in dependencies)
        or any(map(chart_scan.draws_random, code)),
        reads_clock=any(dependency.reads_clock for dependency in dependencies)
        or any(map(chart_scan.reads_clock, texts)),
        reads_api_versions=any(dependency.reads_api_versions for dependency in dependencies)
        or any(map(chart_scan.reads_api_versions, texts)),
        reads_kube_version=bool(described.get("kubeVersion"))
        or any(dependency.reads_kube_version for dependency in dependencies)
        or any(map(chart_scan.reads_kube_version, texts)),
        runs_strings=runs_strings,
        tpl_calls=_tpl_calls(files, templates, strings, path, dependencies) if runs_strings else {},
        remote_schema_refs=refs + tuple(ref for dependency in dependencies for ref in dependency.remote_schema_refs),
        schema_fault=fault or next((d.schema_fault for d in dependencies if d.schema_fault), ""),
        crds=tuple(sorted(n for n in files if n.startswith("crds/") and n.lower().endswith(_MANIFEST))),
        archived=archived,
    )


def metadata(files: Mapping[str, bytes], path: str) -> dict[str, Any]:
    """Chart.yaml with the dependencies of a requirements.yaml, as Helm merges them."""
    if "Chart.yaml" not in files:
        raise fail(Code.CHART_MISSING, "no file 'Chart.yaml'", Position(path), hint=_other_chart(files, path))
    metadata = _mapping(files, "Chart.yaml", path) | {
        key: value for key, value in _mapping(files, "requirements.yaml", path).items() if key == "dependencies"
    }
    at = Position(f"{path}/Chart.yaml")
    name = _text(metadata.get("name"))
    if not _NAME.fullmatch(name) or name in (".", ".."):
        raise fail(
            Code.CHART_NAME, f"{name!r} is not a valid chart name", at, hint="use letters, digits, '.', '_' and '-'"
        )
    if not _text(metadata.get("version")):
        raise fail(Code.CHART_INVALID, "the chart has no version", at)
    if _text(metadata.get("type")) not in ("", "application", "library"):
        raise fail(Code.CHART_INVALID, f"type: expected one of application, library; found {metadata['type']!r}", at)
    dependencies = metadata.get("dependencies") or []
    if not isinstance(dependencies, list) or not all(isinstance(entry, dict) for entry in dependencies):
        raise fail(Code.CHART_INVALID, "dependencies: expected list of mappings", at)
    return {**metadata, "dependencies": dependencies}


def _other_chart(files: Mapping[str, bytes], path: str) -> str:
    """A hint about the Chart.yaml that is probably meant: spelt otherwise, or a folder below."""
    for name in files:
        if name.lower() in ("chart.yaml", "chart.yml"):
            return f"Helm reads 'Chart.yaml' only: rename '{name}'"
    below = sorted(name.removesuffix("/Chart.yaml") for name in files if name.endswith("/Chart.yaml"))
    charts = [name for name in below if "/charts/" not in f"/{name}/"] or below
    if charts:
        return f"name the chart's folder: {', '.join(f'{path}/{name}' for name in charts[:5])}"
    return "a chart is a folder with a Chart.yaml; folders of manifests are named by `manifests:`"


def _mapping(files: Mapping[str, bytes], name: str, path: str) -> dict[str, Any]:
    """The YAML mapping in a file of the chart, {} if it has no such file. Documents are merged, as LoadValues does."""
    levels: list[dict[str, Any]] = []
    for document in yamldoc.load(files.get(name, b""), f"{path}/{name}", positions=False, duplicates="warn"):
        if not isinstance(document.value, dict):
            raise fail(Code.CHART_INVALID, f"expected a mapping, found {type(document.value).__name__}", document.at())
        levels.append(document.value)
    return merge(levels)


def _text(value: Any) -> str:
    """A scalar as Helm reads it into a string field."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _dependencies(files: Mapping[str, bytes], path: str, limits: Limits, depth: int) -> tuple[Chart, ...]:
    """The charts in `charts/`, in order of their names there; names that start with `_` or `.` are ignored."""
    vendored: dict[str, dict[str, bytes]] = {}
    for name, content in files.items():
        if is_vendored(name):
            top, _, inner = name.removeprefix("charts/").partition("/")
            vendored.setdefault(top, {})[inner] = content
    left = limits.total - sum(map(len, files.values()))
    charts = []
    for top, inside in sorted(vendored.items()):
        if top.startswith(("_", ".")):
            continue
        at = f"{path}/charts/{top}"
        if top.endswith(".tgz") and "" in inside:
            # All archives of a chart share its limit, or nested archives would multiply it.
            members = read_tgz(inside[""], at, Limits(max(left, 0), limits.member, limits.members))
            left -= sum(map(len, members.values()))
            inside = dict(_chart_files(members, at))  # noqa: PLW2901 - an archive counts as the folder it holds
        elif "" in inside:
            raise fail(Code.CHART_DEPENDENCY, "expected a chart in charts/, as folder or .tgz", Position(at))
        charts.append(_read(inside, at, limits, archived=False, depth=depth + 1))
    return tuple(charts)


def _run_texts(files: Mapping[str, bytes], templates: list[str]) -> list[str]:
    """The other texts that templates may run: values and files."""
    if any(map(chart_scan.reads_files, templates)):
        others = [name for name in files if not name.startswith(("templates/", "charts/"))]
    else:
        others = [name for name in ("values.yaml", "Chart.yaml") if name in files]
    return [_decoded(files[name]) for name in others]


def _tpl_calls(
    files: Mapping[str, bytes], templates: list[str], strings: list[str], path: str, dependencies: tuple[Chart, ...]
) -> dict[str, str]:
    """The calls in all texts of the chart and its dependencies; in values they are read from the parsed strings."""
    calls = {before: after for dependency in dependencies for before, after in dependency.tpl_calls.items()}
    calls |= chart_order.calls_in(strings)
    for template in templates:
        calls |= chart_order.calls_in(chart_order.literals(template))
    if chart_order.calls_in([_decoded(files.get("values.yaml", b""))]):
        calls |= chart_order.calls_in(chart_order.strings_in(_mapping(files, "values.yaml", path)))
    return calls


def _schema(content: bytes, path: str) -> tuple[tuple[str, ...], str]:
    """The references that lead out of the values schema, and why it cannot be read ("": it can)."""
    try:
        return outward_refs(content), ""
    except ValueError as error:
        return (), f"{path}/{SCHEMA}: {error}"


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "replace")
