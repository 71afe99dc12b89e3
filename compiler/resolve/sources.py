"""What a layer's reference means in this repository: the pack in a matching version, or the chart."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from compiler import files as tree
from compiler import versions
from compiler.charts.catalogue import Charts
from compiler.charts.chart import Chart
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems, did_you_mean, fail
from compiler.model import ChartRef, Layer, Pack, PackRef, Source
from compiler.ports import Files


def find_chart(ref: ChartRef, base: str, charts: Charts) -> tuple[Chart, str]:
    """The chart that a reference names, and its path. Raises CompileError."""
    if ref.registry or ref.repo:
        place = f"registry '{ref.registry}'" if ref.registry else f"repository {ref.repo}"
        raise fail(
            Code.REGISTRY_NOT_SUPPORTED,
            f"chart '{ref.name}' comes from {place}: fetching from registries is not supported yet",
            ref.at,
            hint="`helm pull` the chart into this repository and set its path:"
            f" chart: {{name: {ref.name}, path: charts/…}}",
        )
    path = tree.normalise(base, ref.path, ref.at)
    chart = charts.at_path(path, ref.at)
    if ref.name and chart.name != ref.name:
        raise fail(
            Code.CHART_NAME,
            f"chart at {path}: expected name '{ref.name}', found '{chart.name}'",
            ref.at,
            hint=f"write chart: {{name: {chart.name}, …}} or correct the path",
        )
    return chart, path


def check_chart_version(chart: Chart, path: str, version: str, at: Position) -> None:
    """Raises CompileError unless the chart's version is `version` or in that range; '' allows any."""
    if version and version != chart.version and _best([chart.version], version, at) is None:
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
    known: Mapping[str, Pack] = source.packs.get(ref.name) or {}
    if not known:
        hint = did_you_mean(ref.name, source.packs) or "packs are read from packs/ and from registries with a path"
        raise fail(Code.PACK_MISSING, f"no pack named '{ref.name}'", ref.at, hint=hint)
    if ref.registry:
        known = {v: pack for v, pack in known.items() if pack.registry == ref.registry}
        _check_registry(ref, source, bool(known))
    chosen = _choose(version, tuple(known), at)
    if chosen is None:
        problem = f"has no version {version}" if version else "has several versions"
        raise fail(Code.PACK_VERSION, f"pack '{ref.name}' {problem}", at, hint=versions.hint(known))
    pack = known[chosen]
    if any(defect.severity == "error" for defect in pack.defects):
        raise CompileError(pack.defects)
    problems.diagnostics.extend(pack.defects)
    return pack


def _check_registry(ref: PackRef, source: Source, has_pack: bool) -> None:
    registry = next((r for r in source.settings.registries if r.name == ref.registry), None)
    if registry is None:
        names = [r.name for r in source.settings.registries]
        hint = did_you_mean(ref.registry, names) or "registries are declared in lamella.yaml"
        raise fail(Code.REGISTRY_UNKNOWN, f"no registry named '{ref.registry}'", ref.at, hint=hint)
    if registry.url:
        raise fail(
            Code.REGISTRY_NOT_SUPPORTED,
            f"pack '{ref.name}' comes from registry '{ref.registry}': fetching from registries is not supported yet",
            ref.at,
            hint="add the pack to packs/, or set a path in this repository for the registry",
        )
    if not has_pack:
        raise fail(Code.PACK_MISSING, f"registry '{ref.registry}' has no pack '{ref.name}'", ref.at)


def _choose(version: str, available: tuple[str, ...], at: Position) -> str | None:
    if not version:
        return available[0] if len(available) == 1 else None
    return _best(available, version, at)


def _best(available: Collection[str], version: str, at: Position) -> str | None:
    """The newest version in the range, or None. Raises CompileError where the range is invalid."""
    try:
        return versions.best(available, version)
    except ValueError:
        raise fail(
            Code.INVALID_VERSION,
            f"'{version[:60]}' is not a valid version or version range",
            at,
            hint="write an exact version (1.2.3), a range (^1.2, '>=1.2 <2') or a train (1.x)",
        ) from None


def check_unused_profiles(source: Source, files: Files, problems: Problems) -> None:
    """Reports packs and charts of unused profiles that this repository does not have."""
    assignments = [cluster.assignment for cluster in source.clusters.values()]
    assignments += [template.assignment for template in source.templates.values()]
    used = {(ref.name, ref.version) for assignment in assignments for ref in assignment.profiles}
    charts = Charts.over(files)
    for key, profile in source.profiles.items():
        for layer in profile.layers if key not in used else ():
            try:
                _find_all_of(layer, source, charts, problems)
            except CompileError as error:
                problems.add(error)


def _find_all_of(layer: Layer, source: Source, charts: Charts, problems: Problems) -> None:
    reference = layer.source
    if isinstance(reference, ChartRef):
        find_chart(reference, layer.at.path, charts)
        reference = reference.linked_pack
    if reference is not None:
        find_pack(reference, reference.version, reference.at, source, problems)
