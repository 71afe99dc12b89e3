"""What a layer's reference means in this repository: the pack in a matching version, or the chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from compiler import files as tree
from compiler import versions
from compiler.charts.catalogue import Charts
from compiler.charts.chart import Chart
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems, did_you_mean, fail
from compiler.fields.reader import invalid_range
from compiler.model import ChartRef, Pack, PackRef, Registry, Source
from compiler.model.packs import newest
from compiler.resolve.registries import locked, registry_of

V = TypeVar("V")


def find_chart(
    ref: ChartRef, version: str, at: Position, base: str, source: Source, charts: Charts
) -> tuple[Chart, str]:
    """The chart that a reference names in a version or range ('' allows any), and its path: in the repository, or below
    lamella.lock. `at` is where the version is set. Raises CompileError."""
    registry = registry_of(ref, source)
    if registry is None:
        path = tree.normalise(base, ref.path, ref.at)
    elif registry.local:
        path = _in_folder(ref, version, at, registry, charts)
    else:
        path = locked("chart", registry, ref.name, version, at, source).path
        return charts.at_path(path, ref.at), path
    chart = charts.at_path(path, ref.at)
    if ref.name and chart.name != ref.name:
        raise fail(
            Code.CHART_NAME,
            f"chart at {path}: expected name '{ref.name}', found '{chart.name}'",
            ref.at,
            hint=f"write chart: {{name: {chart.name}, …}} or correct the path",
        )
    _check_chart_version(chart, path, version, at)
    return chart, path


def _in_folder(ref: ChartRef, version: str, at: Position, registry: Registry, charts: Charts) -> str:
    """The path of a chart in a registry that is a folder: `NAME-VERSION.tgz`, or a directory NAME or NAME-VERSION."""
    folder, available = registry.path, {}
    for name in charts.files.names(folder) if tree.is_directory(charts.files, folder) else ():
        if name in (ref.name, f"{ref.name}.tgz") or name.startswith(f"{ref.name}-"):
            path = f"{folder}/{name}"
            if not name.endswith(".tgz") and charts.files.entry(f"{path}/Chart.yaml") is None:
                continue
            chart = charts.at_path(path, ref.at)
            if chart.name == ref.name:
                available[chart.version] = path
    if not available:
        raise fail(
            Code.CHART_MISSING,
            f"registry '{registry.name}' ({folder}/) has no chart '{ref.name}'",
            ref.at,
            hint=f"put it there as {folder}/{ref.name}-VERSION.tgz",
        )
    chosen = _chosen(versions.best, available, version, at)
    if chosen is None:
        problem = f"has no version {version}" if version else "has several versions"
        raise fail(Code.CHART_VERSION, f"chart '{ref.name}' {problem}", at, hint=versions.hint(available))
    return available[chosen]


def _check_chart_version(chart: Chart, path: str, version: str, at: Position) -> None:
    """Raises CompileError unless the chart's version is `version` or in that range; '' allows any."""
    if version and version != chart.version and _chosen(versions.best, {chart.version: chart}, version, at) is None:
        raise fail(
            Code.CHART_VERSION,
            f"chart at {path}: expected version {version}, found {chart.version}",
            at,
            hint=f"set version: {chart.version}, or add the expected version to the repository",
        )


def find_pack(ref: PackRef, version: str, at: Position, source: Source, problems: Problems) -> Pack:
    """The pack that a reference names, in the exact version or the highest in the range. Raises CompileError.

    `at` is where the version is set: in the reference itself, or where a cluster overrides it.
    """
    registry = registry_of(ref, source)
    if registry is not None and not registry.local:
        return _usable(source.locked_packs[locked("pack", registry, ref.name, version, at, source).path], problems)
    known: Mapping[str, Pack] = source.packs.get(ref.name) or {}
    if not known:
        hint = did_you_mean(ref.name, source.packs) or "packs are read from packs/ and from registries"
        raise fail(Code.PACK_MISSING, f"no pack named '{ref.name}'", ref.at, hint=hint)
    if registry is not None:
        known = {v: pack for v, pack in known.items() if pack.registry == ref.registry}
        if not known:
            raise fail(Code.PACK_MISSING, f"registry '{ref.registry}' has no pack '{ref.name}'", ref.at)
    chosen = _chosen(newest, known, version, at)
    if chosen is None:
        problem = f"has no version {version}" if version else "has several versions"
        hint = versions.hint(known, versions.Version.of_pack)
        raise fail(Code.PACK_VERSION, f"pack '{ref.name}' {problem}", at, hint=hint)
    return _usable(known[chosen], problems)


def _usable(pack: Pack, problems: Problems) -> Pack:
    """The pack, with its warnings recorded. Raises CompileError with its errors."""
    if any(defect.severity == "error" for defect in pack.defects):
        raise CompileError(pack.defects)
    problems.diagnostics.extend(pack.defects)
    return pack


def _chosen(
    choose: Callable[[Mapping[str, V], str], str | None], available: Mapping[str, V], version: str, at: Position
) -> str | None:
    """The version that `choose` takes of those in the range, the only one without a range; else None. Raises CompileError
    where the range is invalid."""
    if not version:
        return next(iter(available)) if len(available) == 1 else None
    try:
        return choose(available, version)
    except ValueError:
        raise invalid_range(version, at) from None
