"""Go templates with Sprig that belong to no chart: manifests of Palette's packs, and the pipelines of macros.

Helm renders them as the templates of a throw-away chart. Nothing of that chart shows: results and errors go by the names
that came in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from compiler.charts import order as chart_order
from compiler.charts import scan as chart_scan
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position
from compiler.render.helm import HelmEngine, HelmFailure, Release

_CHART = "pack"
_TEMPLATE = re.compile(rf"{_CHART}/templates/t(\d+)")
_SPECTRO = re.compile(r"\"(?:\\.|[^\"\\])*\"|`[^`]*`|/\*.*?\*/|((?<![\w$.)\]])\.Spectro)\b", re.DOTALL)


def render_gotemplates(
    templates: Mapping[str, str],
    values: Mapping[str, Any],
    engine: HelmEngine,
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
    numbered = {f"t{number}": texts[name] for number, name in enumerate(names)}
    release = Release(_CHART, namespace, kube_version, api_versions, json.dumps(visible), include_crds=False)
    try:
        rendered = engine.templates(numbered, release)
    except HelmFailure as refusal:
        raise CompileError([_diagnostic(refusal, names)]) from None
    return {name: rendered[number] for name, number in zip(names, numbered, strict=True)}


def _with_spectro(text: str) -> str:
    """`.Spectro` in the template's actions as `.Values.Spectro`, for Helm fixes what the root of a template holds."""
    if ".Spectro" not in text:
        return text

    def in_action(action: re.Match[str]) -> str:
        return _SPECTRO.sub(lambda m: ".Values.Spectro" if m[1] else m[0], action[0])

    return chart_scan.with_actions(text, in_action)


def _in_order(texts: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """The templates, and what their `tpl` runs, asking for keys and values of maps in order."""
    calls: dict[str, str] = {}
    if any(map(chart_scan.runs_strings, texts.values())):
        calls = chart_order.calls_in(chart_order.strings_in(values))
        for text in texts.values():
            calls |= chart_order.calls_in(chart_order.literals(text))
    return {name: chart_order.in_order(text, chart_order.unordered(calls)) for name, text in texts.items()}


def _diagnostic(refusal: HelmFailure, names: list[str]) -> Diagnostic:
    def name(match: re.Match[str]) -> str:
        return names[int(match[1])]

    place = _TEMPLATE.fullmatch(refusal.template)
    at = Position(name(place) if place else refusal.template, refusal.line, refusal.column)
    return Diagnostic(Code.GOTEMPLATE_FAILED, _TEMPLATE.sub(name, refusal.message), at)
