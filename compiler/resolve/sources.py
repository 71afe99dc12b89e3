"""What a layer's reference means in this repository: the pack in the version that fits, the chart's files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from compiler import files as tree
from compiler import versions
from compiler.chart import Chart, read_chart, read_chart_archive
from compiler.diagnostics import CompileError, Position, Problems, did_you_mean, fail
from compiler.model import ChartRef, Pack, PackRef, Source
from compiler.ports import Files
from compiler.resolve.values import merge

SpoolEntry = Mapping[str, bytes] | bytes


@dataclass(slots=True)
class Charts:
    """Reads each chart of the repository once, and keeps what the engine will need of it in `spool` (by key)."""

    files: Files
    _read: dict[str, Chart | CompileError]
    _defaults: dict[str, Mapping[str, Any]]
    spool: dict[str, SpoolEntry]

    @classmethod
    def over(cls, files: Files) -> Charts:
        return cls(files, {}, {}, {})

    def at_path(self, path: str, at: Position) -> Chart:
        """The chart at a path of the repository: a directory with Chart.yaml, or an archive. Raises CompileError."""
        if path not in self._read:
            try:
                self._read[path] = self._load(path, at)
            except CompileError as error:
                self._read[path] = error
        found = self._read[path]
        if isinstance(found, CompileError):
            raise found
        return found

    def defaults(self, chart: Chart) -> Mapping[str, Any]:
        """The chart's default values with those of vendored charts below their names. Raises CompileError."""
        if chart.digest_sha256 not in self._defaults:
            vendored = {dependency.name: self.defaults(dependency) for dependency in chart.dependencies}
            self._defaults[chart.digest_sha256] = merge([vendored, chart.values])
        return self._defaults[chart.digest_sha256]

    def _load(self, path: str, at: Position) -> Chart:
        if tree.is_directory(self.files, path):
            found = {
                name.removeprefix(f"{path}/"): tree.read(self.files, name, at) for name in tree.walk(self.files, path)
            }
            return read_chart(found, path)
        return read_chart_archive(tree.read(self.files, path, at), path)


def find_chart(ref: ChartRef, base: str, charts: Charts) -> tuple[Chart, str]:
    """The chart that a reference names, and its path. Raises CompileError."""
    if ref.registry or ref.repo:
        place = f"registry '{ref.registry}'" if ref.registry else f"repository {ref.repo}"
        raise fail(
            "registry-not-supported",
            f"chart '{ref.name}' comes from {place}: fetching from registries is not supported yet",
            ref.at,
            hint="`helm pull` the chart into this repository and name it by path:"
            f" chart: {{name: {ref.name}, path: charts/…}}",
        )
    path = tree.normalise(base, ref.path, ref.at)
    chart = charts.at_path(path, ref.at)
    if ref.name and chart.name != ref.name:
        raise fail(
            "chart-name",
            f"the chart at {path} is named '{chart.name}', not '{ref.name}'",
            ref.at,
            hint=f"write chart: {{name: {chart.name}, …}} or correct the path",
        )
    return chart, path


def check_chart_version(chart: Chart, path: str, version: str, at: Position) -> None:
    """The version that is asked for (exact or a range) must be the one at the path. Raises CompileError."""
    if version and version != chart.version and _best([chart.version], version, at) is None:
        raise fail(
            "chart-version",
            f"the chart at {path} has version {chart.version}, asked for is {version}",
            at,
            hint=f"write version: {chart.version}, or put the other version into the repository",
        )


def find_pack(ref: PackRef, version: str, at: Position, source: Source, problems: Problems) -> Pack:
    """The pack that a reference means: the exact version, else the highest that fits the range. Raises CompileError.

    `at` is where the version is asked for: in the reference itself, or where a cluster overrides it.
    """
    known = source.packs.get(ref.name)
    if not known:
        hint = did_you_mean(ref.name, source.packs) or "packs are read from packs/ and from registries with a path"
        raise fail("pack-missing", f"there is no pack '{ref.name}'", ref.at, hint=hint)
    if ref.registry:
        known = {v: pack for v, pack in known.items() if pack.registry == ref.registry}
        _check_registry(ref, source, bool(known))
    chosen = _choose(version, tuple(known), at)
    if chosen is None:
        listed = ", ".join(sorted(known))
        if not version:
            raise fail(
                "pack-version", f"pack '{ref.name}' has several versions, and none is asked for", at,
                hint=f"add version: one of {listed}",
            )  # fmt: skip
        raise fail("pack-version", f"pack '{ref.name}' has no version {version}", at, hint=f"there is {listed}")
    pack = known[chosen]
    if any(defect.severity == "error" for defect in pack.defects):
        raise CompileError(pack.defects)
    problems.found.extend(pack.defects)
    return pack


def _check_registry(ref: PackRef, source: Source, found: bool) -> None:
    registry = next((r for r in source.settings.registries if r.name == ref.registry), None)
    if registry is None:
        names = [r.name for r in source.settings.registries]
        hint = did_you_mean(ref.registry, names) or "registries are declared in lamella.yaml"
        raise fail("registry-unknown", f"there is no registry '{ref.registry}'", ref.at, hint=hint)
    if registry.url:
        raise fail(
            "registry-not-supported",
            f"pack '{ref.name}' comes from registry '{ref.registry}': fetching from registries is not supported yet",
            ref.at,
            hint="put the pack into packs/, or give the registry a path in this repository",
        )
    if not found:
        raise fail("pack-missing", f"registry '{ref.registry}' has no pack '{ref.name}'", ref.at)


def _choose(version: str, available: tuple[str, ...], at: Position) -> str | None:
    if not version:
        return available[0] if len(available) == 1 else None
    return _best(available, version, at)


def _best(available: Collection[str], version: str, at: Position) -> str | None:
    """The newest in the range, or None. Raises CompileError where it is no range."""
    try:
        return versions.best(available, version)
    except ValueError:
        raise fail(
            "invalid-version",
            f"'{version[:60]}' is neither a version nor a range",
            at,
            hint="an exact version (1.2.3), a range (^1.2, '>=1.2 <2') or a train (1.x)",
        ) from None
