"""A pack as data: everything in its files, with the fields that nothing reads and what a profile may set."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compiler.charts.catalogue import Charts
from compiler.charts.chart import Chart
from compiler.diagnostics import CompileError, Problems
from compiler.load.pack_metadata import KNOWN_KEYS
from compiler.model import Pack
from compiler.palette import schema
from compiler.palette.charts import releases
from compiler.palette.manifests import manifests
from compiler.palette.paths import expand
from compiler.palette.schema import Rule
from compiler.palette.settings import PackSettings
from compiler.palette.values import PackValues
from compiler.ports import Files

_TEXTS = ("displayName", "addonType", "addonSubType", "group", "eol")
_MASK = "***"


def describe(pack: Pack, files: Files) -> dict[str, Any]:
    """JSON data without what the pack does not have. Never raises for what is wrong with the pack: that is in `problems`."""
    problems = Problems(list(pack.defects))
    charts = _charts(pack, files, problems)
    values = PackValues(pack, pack.values.data, pack.values.at, problems)
    rules = schema.rules(values)
    block = values.section("pack")
    description = {
        "name": pack.name,
        "version": pack.version,
        "layer": pack.layer,
        "format": "native" if pack.native else "palette",
        "path": pack.directory,
        "registry": pack.registry,
        **{key: pack.metadata.get(key) for key in _TEXTS},
        "cloudTypes": list(pack.cloud_types),
        "annotations": dict(pack.annotations),
        "otherFields": {key: value for key, value in pack.metadata.items() if key not in KNOWN_KEYS},
        "charts": _chart_rows(values, charts),
        "manifests": [{"path": m.path, "template": m.template} for m in manifests(values)],
        "templates": list(pack.templates),
        "overlays": len(pack.patches),
        "ansibleRoles": pack.metadata.get("ansibleRoles"),
        "presets": [_preset(preset, pack) for preset in pack.presets],
        "schema": [{"path": path, **_rule(rule)} for path, rule in rules.items()],
        "constraints": _constraints(pack),
        "settings": {key: value for key, value in block.items() if key != "content"},
        "images": block["content"].get("images") if isinstance(block.get("content"), Mapping) else None,
        "values": _values(pack, rules),
        "problems": [
            {"severity": d.severity, "code": d.code, "at": str(d.at or ""), "message": d.message}
            for d in sorted(set(problems.diagnostics), key=lambda d: d.sort_key())
        ],
    }
    return {key: value for key, value in description.items() if value not in (None, "", [], {}, 0)}


def _charts(pack: Pack, files: Files, problems: Problems) -> dict[str, Chart]:
    """The charts that can be read, by their paths in the pack."""
    charts, readable = Charts.over(files), {}
    for path in pack.charts:
        try:
            readable[path] = charts.at_path(f"{pack.directory}/{path}", pack.at)
        except CompileError as error:
            problems.add(error)
    return readable


def _chart_rows(values: PackValues, charts: Mapping[str, Chart]) -> list[dict[str, str]]:
    given = values.section("pack").get("releaseNameOverride")
    names = (
        {str(key): name for key, name in given.items() if isinstance(name, str)} if isinstance(given, Mapping) else {}
    )
    named = [(path, chart.name) for path, chart in charts.items()]
    release_of = {release.path: release.name for release in releases(values, named, PackSettings(release_names=names))}
    return [
        {
            "path": path,
            "name": chart.name,
            "version": chart.version,
            **({"appVersion": chart.app_version} if chart.app_version else {}),
            "release": release_of.get(path, ""),
        }
        for path, chart in charts.items()
    ]


def _preset(preset: Any, pack: Pack) -> dict[str, Any]:
    recorded = any(record.rpartition(":")[2].strip() == preset.name for record in pack.enabled_presets)
    return {
        "name": preset.name,
        **({"displayName": preset.display_name} if preset.display_name else {}),
        **({"group": preset.group} if preset.group else {}),
        **({"recorded": True} if recorded else {}),  # values.yaml lists it as applied
        "remove": list(preset.remove),
        "add": [path for path, _ in _leaves(preset.add)],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        **({"required": True} if rule.required else {}),
        **({"readonly": True} if rule.readonly else {}),
        **({"format": rule.format.text} if rule.format else {}),
        **({"hints": list(rule.hints)} if rule.hints else {}),
    }


def _constraints(pack: Pack) -> dict[str, Any]:
    bounds = (("minVersion", "min_version"), ("maxVersion", "max_version"))
    dependencies = [
        {
            "pack": d.pack,
            "layer": d.layer,
            "type": d.type,
            **{key: getattr(d, field) for key, field in bounds if getattr(d, field)},
        }
        for d in pack.dependencies
    ]
    resources = [
        {
            "type": need.type,
            "minimum": need.minimum,
            "components": [
                {"request": c.request, "replicas": c.replicas, "schedule": c.schedule} for c in need.components
            ],
        }
        for need in pack.resources
    ]
    return {key: rows for key, rows in (("dependencies", dependencies), ("resources", resources)) if rows}


def _values(pack: Pack, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """What a profile may set: every value by its dotted path, passwords masked; without the `pack:` block."""
    secret = {
        ".".join(map(str, keys))
        for path, rule in rules.items()
        if rule.secret
        for keys, _ in expand(pack.values.data, path)
    }
    rest = {key: value for key, value in pack.values.data.items() if key != "pack"}
    return {path: _MASK if path in secret and value else value for path, value in _leaves(rest)}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Values by dotted path; lists and empty mappings are values."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif path:
        yield path, value


def as_text(pack: Mapping[str, Any]) -> str:
    """The description for people: a heading and aligned fields, then a section for each list."""
    lines = [
        f"{pack.get('name', '?')} {pack.get('version', '?')}  ({pack['format']} pack for layer {pack.get('layer', '?')})"
    ]
    lines += _fields({"path": pack["path"], **{key: pack[key] for key in ("registry", *_TEXTS) if key in pack}})
    lines += _fields({"clouds": ", ".join(pack.get("cloudTypes", ()))})
    for key in ("annotations", "otherFields", "settings"):
        lines += _section(_TITLES[key], [f"{name}: {_short(value)}" for name, value in pack.get(key, {}).items()])
    lines += _section("Charts", [_chart_line(row) for row in pack.get("charts", ())])
    lines += _section(
        "Manifests",
        [f"{row['path']}{'  (Go template)' if row['template'] else ''}" for row in pack.get("manifests", ())],
    )
    lines += _section("Templates", pack.get("templates", ()))
    lines += _section("Presets", [_preset_line(row) for row in pack.get("presets", ())])
    lines += _section("Schema", [_schema_line(row) for row in pack.get("schema", ())])
    constraints = pack.get("constraints", {})
    lines += _section("Dependencies", [_dependency_line(row) for row in constraints.get("dependencies", ())])
    lines += _section("Resources", [f"{row['type']}: {row['minimum']:g}" for row in constraints.get("resources", ())])
    lines += _section(
        "Images",
        [_short(row.get("image") if isinstance(row, Mapping) else row) for row in pack.get("images", ())],
    )
    lines += _section("A profile may set", list(_value_lines(pack.get("values", {}))))
    return "".join(f"{line}\n" for line in lines)


_TITLES = {"annotations": "Annotations", "otherFields": "Fields that nothing reads", "settings": "Settings (pack:)"}


def _fields(fields: Mapping[str, Any]) -> list[str]:
    return [f"  {key:<13} {_short(value)}" for key, value in fields.items() if value not in (None, "")]


def _section(title: str, rows: Sequence[str]) -> list[str]:
    return [f"{title}:", *(f"  {row}" for row in rows)] if rows else []


def _short(value: Any) -> str:
    plain = isinstance(value, str) and value and value.isprintable()
    text = str(value) if plain else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"


def _chart_line(row: Mapping[str, str]) -> str:
    app = f", app {row['appVersion']}" if "appVersion" in row else ""
    return f"{row['name']} {row['version']}{app}  release {row['release']}  [{row['path']}]"


def _preset_line(row: Mapping[str, Any]) -> str:
    group = f"{row['group']}: " if "group" in row else ""
    shown = f"  ({row['displayName']})" if "displayName" in row else ""
    changes = ", ".join([*(f"-{path}" for path in row["remove"]), *(f"+{path}" for path in row["add"])])
    return f"{group}{row['name']}{shown}  {_short(changes)}"


def _schema_line(row: Mapping[str, Any]) -> str:
    words = [word for word in ("required", "readonly") if row.get(word)]
    words += [f'format "{row["format"]}"'] if "format" in row else []
    return f"{row['path']}: {', '.join([*words, *row.get('hints', ())])}"


def _dependency_line(row: Mapping[str, str]) -> str:
    bounds = [f">= {row['minVersion']}"] if "minVersion" in row else []
    bounds += [f"<= {row['maxVersion']}"] if "maxVersion" in row else []
    where = f" in layer {row['layer']}" if row["layer"] else ""
    return f"{row['type'] or '(no type)'} {row['pack']} {', '.join(bounds)}{where}".replace("  ", " ")


def _value_lines(values: Mapping[str, Any]) -> Iterator[str]:
    """The paths to a depth of three: `charts.web.image` stands for all below it."""
    shown: dict[str, list[Any]] = {}
    for path, value in values.items():
        shown.setdefault(".".join(path.split(".")[:3]), []).append((path, value))
    for top, below in shown.items():
        (path, value), more = below[0], len(below)
        yield (
            f"{top}: {_short(value)}"
            if more == 1 and path == top
            else f"{top}: …  ({more} value{'s' if more > 1 else ''})"
        )
