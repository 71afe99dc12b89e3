"""A chart as it is put on disk for an engine, with the changes to what the repository has.

Helm decides what a chart renders to. The changes made here work around a fault of Helm or follow a choice of the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compiler.charts import order as chart_order
from compiler.charts import scan as chart_scan
from compiler.charts.archive import read_tgz, write_tgz
from compiler.charts.chart import SCHEMA, Chart, is_vendored, whole_lines

# A file of a chart, or of a chart vendored in it as a folder: its name there. The rest may be a vendored archive.
_WITHIN = re.compile(r"(?:charts/[^/]+/)*(.*)", re.DOTALL)
_ARCHIVE = re.compile(r"charts/[^/_.][^/]*\.tgz")

_Change = Callable[[str, bytes], bytes]


def spoolable(
    chart: Chart,
    *,
    validate_schema: bool = True,
    another_time: bool = False,
    calls: Mapping[str, str] | None = None,
) -> bytes | Mapping[str, bytes]:
    """What to put on disk for a HelmEngine: bytes of a `.tgz`, or {path: content} of a directory.

    A directory stays one, because Helm honours its .helmignore. An archive is written anew with all nested archives
    unpacked, so that Helm reads exactly what was read and checked here. Every values.yaml ends with a newline: without
    one, Helm 4.2 silently drops a last line of 4096 bytes (or a multiple). Templates list the keys and values of maps
    in order (`charts.order`), and so do strings that `tpl` runs: `calls` includes those in the values (`calls_of`); None
    means the chart's own. Without `validate_schema` values schemas are left out: the embedded Helm cannot skip them. With
    `another_time` the templates' clock is set to another day, for the render that shows whether the time is printed.
    """
    known = calls_of(chart, None) if calls is None else calls
    if another_time:  # the strings that `tpl` runs then are at another day too
        known = {chart_scan.at_another_time(one): chart_scan.at_another_time(other) for one, other in known.items()}

    def change(name: str, content: bytes) -> bytes:
        if name == "values.yaml":
            content = whole_lines(content)
        if name.startswith("templates/"):
            content = _in_order(content, known)
        return _at_another_time(content) if another_time else content

    flat = chart.archived or another_time or not validate_schema
    files = _changed(dict(_flat(chart, validate_schema=validate_schema)) if flat else chart.files, change)
    return write_tgz(files, chart.name, level=0) if chart.archived else files


def calls_of(chart: Chart, values: Any) -> Mapping[str, str]:
    """The calls in strings that the chart's `tpl` may run with these values; none if all are in order."""
    if not chart.runs_strings:
        return {}
    return chart_order.unordered({**chart.tpl_calls, **chart_order.calls_in(chart_order.strings_in(values))})


def _changed(files: Mapping[str, bytes], change: _Change) -> dict[str, bytes]:
    """The files after the change, in vendored archives too; it gets each file's name inside its own chart."""
    return {path: _changed_file(_WITHIN.fullmatch(path)[1], content, change) for path, content in files.items()}  # type: ignore[index]


def _changed_file(name: str, content: bytes, change: _Change) -> bytes:
    if not _ARCHIVE.fullmatch(name):
        return change(name, content)
    members = read_tgz(content, name)
    top = "" if "Chart.yaml" in members else f"{next(iter(members)).partition('/')[0]}/"
    changed = _changed({member.removeprefix(top): data for member, data in members.items()}, change)
    changed = {f"{top}{member}": data for member, data in changed.items()}
    return content if changed == members else write_tgz(changed, "", level=0)


def _in_order(content: bytes, calls: Mapping[str, str]) -> bytes:
    text = _text(content)
    ordered = chart_order.in_order(text, calls)
    return content if ordered == text else ordered.encode()


def _at_another_time(content: bytes) -> bytes:
    text = _text(content)
    return chart_scan.at_another_time(text).encode() if chart_scan.reads_clock(text) else content


def _text(content: bytes) -> str:
    """The file's text; "" if it contains no action or is not text."""
    try:
        return content.decode() if b"{{" in content else ""
    except UnicodeDecodeError:
        return ""


def _flat(chart: Chart, *, validate_schema: bool) -> Iterator[tuple[str, bytes]]:
    """The chart's files with vendored archives as folders."""
    for name, content in chart.files.items():
        if not is_vendored(name) and (validate_schema or name != SCHEMA):
            yield name, content
    for position, dependency in enumerate(chart.dependencies):
        for name, content in _flat(dependency, validate_schema=validate_schema):
            yield f"charts/{position}-{dependency.name}/{name}", content
