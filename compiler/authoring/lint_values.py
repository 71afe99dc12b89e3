"""values.yaml of a pack beside what it belongs to: charts, presets.yaml, schema.yaml, namespaces, the list of images.

What rendering reports anyway (settings of `pack:`, keys that match no chart) is not checked here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compiler.charts.chart import Chart
from compiler.codes import Code
from compiler.diagnostics import Position, Problems
from compiler.kubernetes import images as references
from compiler.model import Pack, Preset
from compiler.palette import presets, schema
from compiler.palette.manifests import block_name
from compiler.palette.paths import MISSING, lookup
from compiler.palette.unmatched import report_unmatched
from compiler.palette.values import PackValues


def check_values(pack: Pack, charts: Sequence[Chart], problems: Problems) -> None:
    """Records what does not fit. `charts` are those of the pack that can be read."""
    values = PackValues(pack, pack.values.data, pack.values.at, problems)
    configures = pack.layer in ("os", "k8s")  # it renders nothing of its own
    if not (pack.native or configures or "pack" in values.data or not values.data):
        hint = "pack: {namespace: NAME, content: {images: [{image: NAME}]}}"
        problems.warning(Code.PACK_BLOCK_MISSING, "values.yaml has no pack: block", Position(_path(pack), 1), hint=hint)
    if not pack.native:
        _check_charts(values, charts)
    if "pack" in values.data:
        _check_namespaces(values)
        _check_content(values, charts)
    _check_presets(values, charts)
    _check_schema(values)


def _path(pack: Pack) -> str:
    return pack.values.document.path


def _check_charts(values: PackValues, charts: Sequence[Chart]) -> None:
    """A chart without a block gets its own defaults only, and shows nobody what could be set."""
    blocks = values.section("charts")
    for chart in charts:
        if chart.name not in blocks and not (blocks and len(charts) == 1):  # else they are reported as unmatched keys
            message = f"values.yaml has nothing for chart '{chart.name}': charts.{chart.name} is missing"
            values.problems.warning(Code.CHART_VALUES_MISSING, message, values.locate("charts"))


def _check_namespaces(values: PackValues) -> None:
    block = values.section("pack")
    own, more = block.get("namespace"), block.get("additionalNamespaces")
    if values.pack.charts and not own:
        message = "pack.namespace is missing: the charts go to namespace 'default'"
        values.problems.warning(Code.PACK_NAMESPACE_MISSING, message, values.locate("pack"))
    known = {own, *([part.strip() for part in more.split(",")] if isinstance(more, str) else more or ())}
    for key in ("namespaceLabels", "namespaceAnnotations"):
        given = block.get(key)
        for name in given if isinstance(given, Mapping) else ():
            if name not in known and "{{" not in name:
                message = f"pack.{key}: the pack has no namespace '{name}'"
                values.problems.warning(Code.PACK_NAMESPACE_UNKNOWN, message, values.locate("pack", key, name))


def _check_content(values: PackValues, charts: Sequence[Chart]) -> None:
    """`pack.content`: the inventory for air-gapped clusters, kept by hand in Palette."""
    content = values.section("pack").get("content")
    listed = content if isinstance(content, Mapping) else {}
    if not listed.get("images") and values.pack.layer not in ("os", "k8s") and not values.pack.native:
        hint = "`lamella pack images` prints them"
        values.problems.warning(
            Code.PACK_IMAGES_MISSING, "pack.content.images is empty", values.locate("pack"), hint=hint
        )
    for index, entry in enumerate(_list(listed.get("images"))):
        at = values.locate("pack", "content", "images", index)
        image = entry.get("image") if isinstance(entry, Mapping) else None
        if not isinstance(image, str) or not references.is_image(image):
            values.problems.error(Code.PACK_IMAGE, "expected {image: NAME:TAG}", at)
        elif not references.is_pinned(image):
            values.problems.warning(Code.PACK_IMAGE_FLOATING, f"'{image}' has neither tag nor digest", at)
    versions = {chart.name: chart.version for chart in charts}
    for index, entry in enumerate(_list(listed.get("charts"))):
        name, version = (entry.get(key) if isinstance(entry, Mapping) else None for key in ("name", "version"))
        if (
            name in versions
            and isinstance(version, str)
            and version.removeprefix("v") != versions[name].removeprefix("v")
        ):
            message = f"content.charts lists {name} {version}, the pack has {versions[name]}"
            values.problems.warning(Code.PACK_CONTENT_CHART, message, values.locate("pack", "content", "charts", index))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _check_presets(values: PackValues, charts: Sequence[Chart]) -> None:
    """Presets must change something that is there, and add keys that belong to a chart or manifest."""
    pack, problems = values.pack, values.problems
    presets.check_record(pack, problems)
    for preset in pack.presets:
        changed = presets.apply(values.data, [preset])
        if changed == values.data:
            if not _is_recorded(pack, preset):
                problems.warning(Code.PRESET_WITHOUT_EFFECT, f"preset '{preset.name}' changes nothing", preset.at)
            continue
        own = Problems()
        with_preset = PackValues(pack, changed, lambda *_, at=preset.at: at, own)
        for section, names in (
            ("charts", {c.name for c in charts}),
            ("manifests", set(map(block_name, pack.manifests))),
        ):
            if set(with_preset.section(section)) - set(values.section(section)) - names:
                report_unmatched(with_preset, section, names)
        for diagnostic in own.diagnostics:
            problems.warning(
                diagnostic.code, f"preset '{preset.name}': {diagnostic.message}", preset.at, hint=diagnostic.hint
            )


def _is_recorded(pack: Pack, preset: Preset) -> bool:
    """Whether the comment in values.yaml lists the preset as applied."""
    return any(record.rpartition(":")[2].strip() == preset.name for record in pack.enabled_presets)


def _check_schema(values: PackValues) -> None:
    """The pack's own values must fit its schema, and its paths name something; what is required may be empty."""
    own = Problems()
    schema.check(PackValues(values.pack, values.data, values.locate, own))
    values.problems.diagnostics.extend(
        diagnostic for diagnostic in own.diagnostics if diagnostic.code != Code.SCHEMA_REQUIRED
    )
    for path, at in values.pack.schema_at.items():
        section = ".".join(path.split(".")[:2])  # a chart or a manifest; what is below it may well have no default
        if lookup(values.data, path) is MISSING and lookup(values.data, section) is MISSING:
            values.problems.warning(Code.SCHEMA_PATH, f"{path}: values.yaml has no {section}", at)
