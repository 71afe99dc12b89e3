"""Go templates with Sprig that belong to no chart: manifests of Palette's packs, and the pipelines of macros.

Helm's embedded engine renders them as the templates of a throw-away chart. Nothing of that chart shows: results and
errors go by the names that came in.
"""

from __future__ import annotations

import ctypes
import json
import re
from collections.abc import Mapping
from typing import Any

from compiler.charts import order as chart_order
from compiler.charts import scan as chart_scan
from compiler.charts.archive import write_tgz
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position
from compiler.render.helm import HelmFailure
from compiler.render.helm_errors import failure

_CHART = "pack"
_METADATA = b"apiVersion: v2\nname: pack\nversion: 0.0.0\n"
_TEMPLATE = re.compile(rf"{_CHART}/templates/t(\d+)")
_SPECTRO = re.compile(r"\"(?:\\.|[^\"\\])*\"|`[^`]*`|/\*.*?\*/|((?<![\w$.)\]])\.Spectro)\b", re.DOTALL)


def render_gotemplates(
    templates: Mapping[str, str],
    values: Mapping[str, Any],
    *,
    spectro: Mapping[str, Any] | None = None,
    namespace: str = "default",
    kube_version: str = "",
    api_versions: tuple[str, ...] = (),
) -> dict[str, str]:
    """{name: rendered text} for {name: Go template}; `values` are the templates' `.Values`.

    A few old packs also read `.Spectro.cluster` and `.Spectro.apiServer`: `spectro` is that object. Templates see each
    other's `define`. Raises CompileError `gotemplate-failed` at the template's own name, line and column; Helm stops at
    the first problem, so there is one at a time.
    """
    names = list(templates)
    texts = {name: _with_spectro(text) for name, text in templates.items()}
    visible = dict(values)
    if any(texts[name] != templates[name] for name in names):
        visible["Spectro"] = dict(spectro or {})
    texts = _in_order(texts, visible)
    files = {f"templates/t{number}": texts[name].encode() for number, name in enumerate(names)}
    options = {"name": _CHART, "namespace": namespace, "kube_version": kube_version, "api_versions": list(api_versions)}
    try:
        rendered = _render(write_tgz({"Chart.yaml": _METADATA, **files}, _CHART, level=0), visible, options)
    except HelmFailure as found:
        raise CompileError([_diagnostic(found, names)]) from None
    return {name: rendered.get(f"{_CHART}/templates/t{number}", "") for number, name in enumerate(names)}


def _with_spectro(text: str) -> str:
    """`.Spectro` in the template's actions as `.Values.Spectro`, for Helm fixes what the root of a template holds."""
    if ".Spectro" not in text:
        return text

    def in_action(action: re.Match[str]) -> str:
        return _SPECTRO.sub(lambda m: ".Values.Spectro" if m[1] else m[0], action[0])

    return chart_scan.ACTION.sub(in_action, text)


def _in_order(texts: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """The templates, and what their `tpl` runs, asking for keys and values of maps in order."""
    calls: dict[str, str] = {}
    if any(map(chart_scan.runs_strings, texts.values())):
        calls = chart_order.calls_in(chart_order.strings_in(values))
        for text in texts.values():
            calls |= chart_order.calls_in(chart_order.literals(text))
    return {name: chart_order.in_order(text, chart_order.unordered(calls)) for name, text in texts.items()}


def _render(archive: bytes, values: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, str]:
    from helm_python import _native, errors

    buffer = (ctypes.c_uint8 * len(archive)).from_buffer_copy(archive)
    try:
        chart = _native.HANDLE(_native.call_handle("helm_chart_load_archive", buffer, len(archive)))
        try:
            text = _native.call_string("helm_render", chart, json.dumps(values), json.dumps(options))
        finally:
            _native.call_status("helm_chart_free", chart)
    except errors.HelmError as error:
        raise failure(str(error)) from None
    rendered: dict[str, str] = json.loads(text)
    return rendered


def _diagnostic(refusal: HelmFailure, names: list[str]) -> Diagnostic:
    def name(match: re.Match[str]) -> str:
        return names[int(match[1])]

    place = _TEMPLATE.fullmatch(refusal.template)
    at = Position(name(place) if place else refusal.template, refusal.line, refusal.column)
    return Diagnostic(Code.GOTEMPLATE_FAILED, _TEMPLATE.sub(name, refusal.message), at)
