"""The charts of a pack: which part of its values each one gets, and the name of its release.

A key below `charts:` is the name in the chart's own Chart.yaml, not that of the archive or of the folder inside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from compiler.codes import Code
from compiler.kubernetes.names import MAX_RELEASE, is_release
from compiler.palette.settings import PackSettings
from compiler.palette.unmatched import listed, report_unmatched
from compiler.palette.values import PackValues

Charts = Sequence[tuple[str, str]]  # (path as the pack names it, name in Chart.yaml)


@dataclass(frozen=True, slots=True)
class PackRelease:
    """One chart of a pack, as Helm renders it."""

    path: str  # of the chart, as the pack names it
    chart: str  # its name in Chart.yaml
    name: str
    values: Mapping[str, Any]
    keys: tuple[str, ...]  # where they are in the values of the layer


def releases(
    values: PackValues, charts: Charts, settings: PackSettings, *, release_name: str = "", flat: bool = False
) -> tuple[PackRelease, ...]:
    """The releases of a pack layer, in the order of pack.json. Problems are recorded.

    `release_name` is the layer's, possible for one chart only. With `flat`, the values of a pack of one chart may be
    directly below `charts:`, as some old packs have them; what Palette does with those is not documented, so it is off
    unless the layer sets it.
    """
    blocks = values.section("charts")
    flat = flat and len(charts) == 1 and bool(blocks) and charts[0][1] not in blocks
    if not flat:
        report_unmatched(values, "charts", {name for _, name in charts})
    if release_name and len(charts) > 1:
        values.problems.error(
            Code.RELEASE_NAME,
            f"releaseName '{release_name}' cannot name the {len(charts)} charts of pack '{values.pack.name}'",
            values.locate(),
            hint=f"name each one: values: {{pack: {{releaseNameOverride: {{{charts[0][1]}: NAME}}}}}}",
        )
        release_name = ""
    _report_stray_overrides(values, charts, settings)
    by_name: dict[str, PackRelease] = {}
    for path, chart in charts:
        name = release_name or _override(path, chart, settings) or _default_name(values, chart)
        block = blocks if flat else values.expect_mapping(blocks.get(chart), "charts", chart)
        release = PackRelease(path, chart, name, block, ("charts",) if flat else ("charts", chart))
        _check_name(values, release, by_name.setdefault(name, release))
    return tuple(by_name.values())


def _default_name(values: PackValues, chart: str) -> str:
    """`<pack>-<chart>`, cut to the length that Helm takes: some public packs have longer names."""
    name = f"{values.pack.name}-{chart}"
    if len(name) <= MAX_RELEASE:
        return name
    short = name[:MAX_RELEASE].rstrip("-.")
    values.problems.warning(
        Code.RELEASE_NAME_SHORTENED,
        f"release name '{name}' is longer than Helm takes ({MAX_RELEASE}), shortened to '{short}'",
        values.locate("pack", "releaseNameOverride"),
        hint=f"set pack.releaseNameOverride.{chart} in the layer's values",
    )
    return short


def _override(path: str, chart: str, settings: PackSettings) -> str:
    """`releaseNameOverride` by the chart's name, else by its archive's: public packs use both."""
    return settings.release_names.get(chart) or settings.release_names.get(PurePosixPath(path).stem, "")


def _check_name(values: PackValues, release: PackRelease, other: PackRelease) -> None:
    at = values.locate("pack", "releaseNameOverride")
    hint = f"set pack.releaseNameOverride.{release.chart} in the layer's values"
    if other is not release:
        both = f"charts {other.path} and {release.path} have the same release name '{release.name}'"
        values.problems.error(Code.RELEASE_DUPLICATE, both, at, hint=hint)
    elif not is_release(release.name):
        rule = "at most 53 lower-case letters, digits, '-' and '.'"
        values.problems.error(Code.RELEASE_NAME, f"'{release.name}' is not a Helm release name ({rule})", at, hint=hint)


def _report_stray_overrides(values: PackValues, charts: Charts, settings: PackSettings) -> None:
    """Only warns: one public pack lists subcharts there and still renders."""
    known = {name for _, name in charts} | {PurePosixPath(path).stem for path, _ in charts}
    strays = [name for name in settings.release_names if name not in known]
    if strays and charts:
        values.problems.warning(
            Code.PACK_RELEASE_OVERRIDE,
            f"pack.releaseNameOverride: {listed(strays)} {'is not a chart' if len(strays) == 1 else 'are not charts'}"
            " of this pack",
            values.locate("pack", "releaseNameOverride", strays[0]),
            hint=f"its charts: {listed(name for _, name in charts)}; a subchart has no release of its own",
        )
