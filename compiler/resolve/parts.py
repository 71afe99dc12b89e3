"""The parts of a layer: what to render, with final values and nothing left to look up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from compiler import digest, yamldoc
from compiler import files as tree
from compiler.charts import scan as chart_scan
from compiler.charts.catalogue import Charts
from compiler.charts.chart import Chart
from compiler.charts.directory import contents
from compiler.charts.spool import calls_of, spoolable
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems, TextPlace, fail
from compiler.digest import canonical_json
from compiler.kubernetes import kustomization
from compiler.merge import without_deleted
from compiler.model import ChartPart, GoTemplatePart, JinjaPart, ManifestPart, ManifestRef, Pack, PackRef, Part
from compiler.palette.charts import releases
from compiler.palette.manifests import Manifest, block_name, manifests
from compiler.palette.values import PackValues
from compiler.ports import Files
from compiler.resolve.layers import ResolvedLayer
from compiler.resolve.lookalikes import in_text
from compiler.resolve.undeclared import Taker
from compiler.yamldoc.limits import MAX_FILE_BYTES

Substitute = Callable[[Any, Callable[..., Position]], Any]
"""Replaces macros in data; the function returns the position of keys. Raises CompileError."""


@dataclass(frozen=True, slots=True)
class PartsBuilder:
    """Builds the parts of one layer: `substitute` replaces macros in data, `context` makes the context of templates."""

    layer: ResolvedLayer
    namespace: str
    files: Files
    charts: Charts
    substitute: Substitute
    inline: Callable[[str, Position], str]  # the same for a Go template, which Helm runs afterwards
    context: Callable[[Mapping[str, Any]], dict[str, Any]]
    spectro: Mapping[str, str]
    problems: Problems
    takers: list[tuple[Part, Taker]] = field(default_factory=list)

    def own(self) -> tuple[Part, ...]:
        """The parts of the layer's pack or chart in order: charts, the pack's manifests, its templates."""
        parts: list[Part] = []
        layer = self.layer
        if layer.chart is not None:
            parts.extend(self._linked_chart(layer.chart) if self.layer.values else [self._plain_chart(layer.chart)])
        elif layer.pack is not None and self.layer.values is not None:
            parts.extend(self._pack_charts(layer.pack, self.layer.values))
            parts.extend(self._pack_manifests(layer.pack, self.layer.values))
            if layer.pack.templates:
                parts.append(self._templates(layer.pack))
        return tuple(parts)

    def attached(self, refs: Iterable[ManifestRef]) -> tuple[Part, ...]:
        """The parts of attached manifests."""
        return tuple(part for ref in refs for part in self._attached(ref))

    def _plain_chart(self, chart: Chart) -> ChartPart:
        return self._chart_part(
            chart,
            self.layer.chart_path,
            self.layer.last("release_name") or self.layer.installed_as,
            self.layer.data,
            (),
        )

    def _linked_chart(self, chart: Chart) -> list[Part]:
        assert self.layer.values is not None
        planned = releases(
            self.layer.values, [(self.layer.chart_path, chart.name)], self.layer.pack_settings,
            release_name=self.layer.last("release_name") or self.layer.installed_as,
        )  # fmt: skip
        return [self._chart_part(chart, self.layer.chart_path, r.name, r.values, r.keys) for r in planned]

    def _pack_charts(self, pack: Pack, values: PackValues) -> list[Part]:
        loaded: dict[str, Chart] = {}
        for relative in pack.charts:
            path = tree.normalise(pack.at.path, relative, pack.at)
            loaded[relative] = self.charts.at_path(path, pack.at)
        named = [(relative, chart.name) for relative, chart in loaded.items()]
        reference = self.layer.source
        flat = isinstance(reference, PackRef) and reference.flat_charts
        planned = releases(
            values, named, self.layer.pack_settings, release_name=self.layer.last("release_name") or "", flat=flat
        )
        return [
            self._chart_part(loaded[r.path], f"{pack.directory}/{r.path}", r.name, r.values, r.keys) for r in planned
        ]  # fmt: skip

    def _chart_part(
        self, chart: Chart, path: str, release: str, values: Mapping[str, Any], keys: tuple[str, ...]
    ) -> ChartPart:
        at = self.layer.at
        validate = not self.layer.last("skip_schema_validation")
        if chart.missing_dependencies:
            self.problems.error(
                Code.CHART_DEPENDENCY_MISSING,
                f"chart {chart.name} at {path} declares dependencies that are not vendored in its charts/ folder:"
                f" {', '.join(chart.missing_dependencies)}",
                at,
                hint="run `helm dependency build` on the chart and commit charts/",
            )
        if chart.schema_fault and validate:
            self.problems.error(
                Code.CHART_INVALID,
                f"the values schema of chart {chart.name} at {path} is not valid JSON: {chart.schema_fault}",
                at,
                hint="set skipSchemaValidation: true on the layer to render without the chart's values schema",
            )
        if chart.remote_schema_refs and validate:
            self.problems.error(
                Code.SCHEMA_REMOTE_REF,
                f"the values schema of chart {chart.name} at {path} refers to {', '.join(chart.remote_schema_refs)},"
                " and nothing is fetched while rendering",
                at,
                hint="set skipSchemaValidation: true on the layer to render without the chart's values schema",
            )
        text = canonical_json(values)
        part = ChartPart(
            spooled=self._spooled(chart, calls_of(chart, values), validate=validate),
            path=path,
            at=at,
            release=release,
            namespace=self.namespace,
            values_json=text,
            validate_schema=validate,
            twice=self._second_render(chart, values, text, validate=validate),
            reads_api_versions=chart.reads_api_versions or (chart.runs_strings and chart_scan.reads_api_versions(text)),
        )
        self.takers.append((part, Taker(keys, f"chart {chart.name} {chart.version}", chart)))
        return part

    def _spooled(self, chart: Chart, calls: Mapping[str, str], *, validate: bool, another_time: bool = False) -> str:
        """The name under which the spool has the chart."""
        parts = [
            "clock" if another_time else "",
            chart.digest_sha256,
            digest.of(canonical_json(calls))[:16] if calls else "",
            "" if validate else "noschema",
        ]
        name = f"{'-'.join(filter(None, parts))}{'.tgz' if chart.archived else ''}"
        if name not in self.charts.spool:
            self.charts.spool[name] = spoolable(chart, validate_schema=validate, another_time=another_time, calls=calls)
        return name

    def _second_render(
        self, chart: Chart, values: Mapping[str, Any], text: str, *, validate: bool
    ) -> tuple[str, str] | None:
        """(spool name, values) of a second render, with the clock set to another day; None where nothing can differ."""
        if not (chart.may_be_random or (chart.runs_strings and chart_scan.draws_random(text))):
            return None
        calls = calls_of(chart, values)
        clock_in_values = chart.runs_strings and chart_scan.reads_clock(text)
        if clock_in_values:
            text = canonical_json(_at_another_time(values))
        # Where `tpl` looks calls up, it must know those of values at another day.
        another_time = chart.reads_clock or (clock_in_values and bool(calls))
        return self._spooled(chart, calls, validate=validate, another_time=another_time), text

    def _pack_manifests(self, pack: Pack, values: PackValues) -> list[Part]:
        parts: list[Part] = []
        for manifest in manifests(values):
            path = tree.normalise(pack.at.path, manifest.path, pack.at)
            text = tree.read_text(self.files, path, pack.at)
            if manifest.template:
                inlined = self.inline(text, Position(path, 1))
                reads = chart_scan.reads_api_versions(inlined)
                given = self._own_values(pack, manifest) if manifest.defaults else manifest.values
                values_json, spectro_json = canonical_json(given), canonical_json(self.spectro)
                twice = chart_scan.draws_random(inlined)
                part = GoTemplatePart(path, inlined, values_json, spectro_json, reads, twice)
                keys = ("manifests", block_name(manifest.path))
                self.takers.append((part, Taker(keys, f"manifest {manifest.path} of {_named(pack)}", (inlined,))))
                parts.append(part)
            else:
                parts.append(self._manifest(path, text, _whole(path), tolerant=True))
        return parts

    def _own_values(self, pack: Pack, manifest: Manifest) -> Mapping[str, Any]:
        """The pack's own values of a manifest, with macros put in."""
        keys = ("manifests", block_name(manifest.path))
        values: Mapping[str, Any] = self.substitute(manifest.values, lambda *inner: pack.values.at(*keys, *inner))
        return values

    def _manifest(self, path: str, text: str, place: TextPlace, *, tolerant: bool = False) -> ManifestPart:
        """The part for raw manifests. Those with macros are parsed here, so that comments and foreign
        {{ }} stay as they are.

        `tolerant`: of duplicate keys the last counts, with a warning.
        """
        if len(text) > MAX_FILE_BYTES:
            raise fail(
                Code.YAML_TOO_LARGE,
                f"expected at most {MAX_FILE_BYTES:,} characters, found {len(text):,}",
                Position(place.at.path),
            )
        in_text(text, self.layer.scope, place, self.problems)
        if ".spectro." not in text:
            return ManifestPart(path, text, place, tolerant)
        try:
            documents = yamldoc.load(text, path, duplicates="warn" if tolerant else "refuse")
        except CompileError as error:
            raise CompileError(diagnostic.placed(path, place) for diagnostic in error.diagnostics) from None
        self.problems.diagnostics.extend(d.placed(path, place) for document in documents for d in document.duplicates)
        bodies = [self._substituted(document, place) for document in documents]
        return ManifestPart(path, yamldoc.dump_all(bodies), TextPlace(Position(place.at.path), lines=False))

    def _substituted(self, document: yamldoc.Document, place: TextPlace) -> Any:
        return self.substitute(document.value, lambda *keys: place.of(document.at(*keys)))

    def _templates(self, pack: Pack) -> JinjaPart:
        texts = []
        folder = f"{pack.directory}/templates"
        for name, content in contents(self.files, folder, pack.at).items():
            texts.append((f"{folder}/{name}", tree.decode(content, f"{folder}/{name}")))
        rendered = tuple(f"{pack.directory}/{name}" for name in pack.templates)
        values = without_deleted(self.layer.data, pack.values.data)
        part = JinjaPart(
            directory=pack.directory,
            templates=tuple(texts),
            render=rendered,
            context_json=canonical_json(self.context(values)),
            reads_api_versions=any("apiVersions" in text for _, text in texts),
        )
        self.takers.append((part, Taker((), _named(pack), tuple(text for _, text in texts), jinja=True)))
        return part

    def _attached(self, ref: ManifestRef) -> list[Part]:
        if ref.inline:
            return [self._manifest(f"{ref.at.path} ({ref.name})", ref.inline, ref.place)]
        paths = tree.manifests(self.files, ref.at.path, ref.file, ref.at)
        texts = {path: tree.read_text(self.files, path, ref.at) for path in paths}
        for path, text in texts.items():
            if kustomization.has_known_name(path) and _is_for_kustomize(text, path):
                message = f"expected Kubernetes objects in '{ref.file}', found {path}, which is for kustomize"
                raise fail(Code.MANIFEST_KUSTOMIZATION, message, ref.at, hint=kustomization.HINT)
        return [self._manifest(path, text, _whole(path)) for path, text in texts.items()]


def _is_for_kustomize(text: str, path: str) -> bool:
    try:
        return any(kustomization.is_kustomization(document.value, path) for document in yamldoc.load(text, path))
    except CompileError:
        return False  # reported when it is rendered


def _named(pack: Pack) -> str:
    return f"pack {pack.name} {pack.version}"


def _whole(path: str) -> TextPlace:
    """The place of a text that is a whole file."""
    return TextPlace(Position(path, 1, 1))


def _at_another_time(value: Any) -> Any:
    """Values whose strings are templates (for `tpl`), with their clock set to another day."""
    if isinstance(value, str):
        return chart_scan.at_another_time(value) if chart_scan.reads_clock(value) else value
    if isinstance(value, Mapping):
        return {key: _at_another_time(item) for key, item in value.items()}
    return [_at_another_time(item) for item in value] if isinstance(value, list) else value
