"""The settings of a layer at every level: in a profile, a cluster template and a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from compiler import files as tree
from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, TextPlace, did_you_mean, fail
from compiler.fields.reader import Reader, mismatch
from compiler.model import (
    LAYER_TYPES,
    AllowedObject,
    ChartRef,
    Layer,
    LayerDestination,
    LayerSettings,
    ManifestRef,
    PackRef,
    Policy,
    Values,
)
from compiler.model.overlays import MacroOverlay, WrittenOverlay
from compiler.overlay import parse_overlay
from compiler.ports import Files
from compiler.regex import full_match

POLICIES: Mapping[str, tuple[str, ...]] = {  # the first of each is the default, except of `values`
    "secrets": ("refuse", "allow"),
    "random": ("refuse", "keep", "allow"),
    "namespaces": ("create", "never"),
    "prune": ("enabled", "disabled"),
    "hooks": ("keep", "drop"),
    "apis": ("refuse", "warn", "allow"),
    "schema": ("error", "warn", "off"),
    "values": ("error", "warn", "off"),
}
_OVERRIDE_KEYS = (
    "values", "valuesFiles", "valuesMode", "listStrategies", "manifests", "overlays", "namespace", "releaseName",
    "installPriority", "policy", "images", "readiness", "skipSchemaValidation", "destination",
)  # fmt: skip
CLUSTER_LAYER_KEYS = (*_OVERRIDE_KEYS, "version", "presets", "disabled")
_PROFILE_LAYER_KEYS = (*_OVERRIDE_KEYS, "name", "previousNames", "type", "category", "pack", "chart", "builtin")


def read_policy(reader: Reader) -> Policy:
    """The `policy:` and `images:` mappings of any level."""
    child = reader.child("policy")
    child.only(POLICIES)
    written = child.data.get("secrets")
    if not isinstance(written, str | dict | None):
        child.wrong_type("secrets", "refuse, allow or {allow: [{kind, namespace, name}]}")
    choices = {
        name: child.choice(name, options)
        for name, options in POLICIES.items()
        if name != "secrets" or isinstance(written, str)
    }
    images = reader.child("images")
    images.only(("pin", "except"))
    policy = Policy(
        **choices,  # type: ignore[arg-type]  # the fields that are no strings are not among them
        pin_images=images.choice("pin", ("digest", "none")),
        images_unpinned=images.strings("except"),
    )
    if not isinstance(written, dict):
        return policy
    allowed = tuple(_read_allowed(child.child("secrets")))
    return replace(policy, secrets="listed" if allowed else "refuse", secrets_allowed=allowed)


def _read_allowed(reader: Reader) -> Iterator[AllowedObject]:
    """The objects of `secrets: {allow: […]}`."""
    reader.only(("allow",))
    for child in reader.children("allow", required=True):
        child.only(AllowedObject.__slots__)
        conditions = {key: child.parsed(key, _pattern, "", "a pattern") for key in AllowedObject.__slots__}
        if any(conditions.values()):
            yield AllowedObject(**conditions)
        elif not any(child.data.values()):
            child.problems.error(Code.MISSING_KEY, f"{child.name_of()}: expected kind, namespace or name", child.here)


def _pattern(text: str) -> str:
    full_match(text)
    return text


def read_overlays(reader: Reader) -> tuple[WrittenOverlay, ...]:
    """The `overlays:` list of any level."""
    return tuple(overlay for item in reader.children("overlays") if (overlay := read_overlay(item)) is not None)


def read_overlay(reader: Reader) -> WrittenOverlay | None:
    """One overlay: parsed if it contains no macro, else as written. None if it is unusable (reported)."""
    if yamldoc.holds_macro(reader.data):
        return MacroOverlay(reader.data, reader.document, reader.path)
    return parse_overlay(reader)


def read_profile_layer(reader: Reader, files: Files, label: str, default_type: str) -> Layer | None:
    """One entry of a profile's `layers:`; None if it has no valid name (reported)."""
    reader.only(_PROFILE_LAYER_KEYS)
    name = reader.name()
    kind = reader.choice("type", LAYER_TYPES, default_type, required=not default_type)
    settings = read_settings(reader, files, f"{label}, layer {name}")
    sources = [key for key in ("pack", "chart") if reader.data.get(key) is not None]
    builtin = reader.boolean("builtin")
    source: PackRef | ChartRef | None = None
    if len(sources) + builtin > 1:
        reader.problems.error(
            Code.LAYER_SOURCE,
            f"{reader.name_of()}: expected exactly one of pack, chart, builtin;"
            f" found {' and '.join([*sources, *['builtin'] * builtin])}",
            reader.here,
            hint="split it into two layers; a layer with a pack or chart may have manifests too",
        )
    elif sources == ["pack"]:
        source = _read_pack_ref(reader.child("pack"))
    elif sources == ["chart"]:
        source = _read_chart_ref(reader.child("chart"))
    elif not builtin and not settings.manifests:
        reader.problems.error(
            Code.LAYER_SOURCE,
            f"layer '{name}' has no source",
            reader.here,
            hint="set pack, chart or manifests (or builtin: true if the distribution provides this layer)",
        )
    if not name or not kind:
        return None
    previous = _read_previous_names(reader, name)
    return Layer(name, kind, settings, source, builtin, reader.string("category"), previous)  # type: ignore[arg-type]


def _read_previous_names(reader: Reader, name: str) -> tuple[str, ...]:
    """The layer's earlier names, the oldest first. One that changes nothing is an error: its own name, a repeated one."""
    previous = reader.names("previousNames")
    for index, each in enumerate(previous):
        if each == name or each in previous[:index]:
            reader.problems.error(
                Code.DUPLICATE_LAYER,
                f"{reader.name_of('previousNames', index)}: '{each}' is "
                + ("the layer's own name" if each == name else "listed twice"),
                reader.at("previousNames", index),
                hint="list the layer's earlier names, each once, the oldest first",
            )
    return previous


def read_settings(reader: Reader, files: Files, label: str) -> LayerSettings:
    """The settings that a layer and an override share. The caller has checked the keys."""
    priority = reader.integer("installPriority") if reader.data.get("installPriority") is not None else None
    return LayerSettings(
        at=reader.here,
        values=_read_values(reader, files, label),
        values_mode=reader.choice("valuesMode", ("merge", "replace")),  # type: ignore[arg-type]
        list_strategies=_read_list_strategies(reader),
        manifests=tuple(_read_manifest_refs(reader)),
        overlays=read_overlays(reader),
        namespace=reader.name("namespace", required=False),
        release_name=reader.name("releaseName", required=False),
        install_priority=priority,
        policy=read_policy(reader),
        readiness=tuple(child.data for child in reader.children("readiness")),
        skip_schema_validation=_flag(reader, "skipSchemaValidation"),
        destination=_read_destination(reader),
        version=reader.version_text("version"),
        presets=reader.strings("presets") if "presets" in reader.data else None,
        disabled=_flag(reader, "disabled"),
    )


def _flag(reader: Reader, key: str) -> bool | None:
    """True or false if this level sets it, else None."""
    return None if reader.data.get(key) is None else reader.boolean(key)


def _read_pack_ref(reader: Reader) -> PackRef:
    reader.only(("name", "version", "registry", "presets", "flatCharts"))
    return PackRef(
        name=reader.string("name", required=True),
        version=reader.version_text("version"),
        at=reader.here,
        registry=reader.string("registry"),
        presets=reader.strings("presets"),
        flat_charts=reader.boolean("flatCharts"),
    )


def _read_chart_ref(reader: Reader) -> ChartRef:
    reader.only(("name", "version", "path", "registry", "repo", "linkedPack"))
    reader.one_of(Code.CHART_SOURCE, ("path", "registry", "repo"))
    linked = reader.child("linkedPack") if reader.data.get("linkedPack") is not None else None
    return ChartRef(
        name=reader.string("name", required=not reader.data.get("path")),
        version=reader.version_text("version"),
        at=reader.here,
        path=reader.string("path"),
        registry=reader.string("registry"),
        repo=reader.string("repo"),
        linked_pack=_read_pack_ref(linked) if linked else None,
    )


def _read_manifest_refs(reader: Reader) -> list[ManifestRef]:
    refs = []
    for index, item in enumerate(reader.items("manifests")):
        if isinstance(item, str):
            refs.append(_file_ref(reader.at("manifests", index), str(item)))
            continue
        if not isinstance(item, dict):
            reader.wrong_type("manifests", "string or mapping", index)
            continue
        entry = Reader(item, reader.document, reader.problems, (*reader.path, "manifests", index))
        entry.only(("file", "name", "inline", "destination"))
        file, inline = entry.string("file"), entry.string("inline")
        if not entry.one_of(Code.MANIFEST_SOURCE, ("file", "inline")):
            continue
        name = entry.string("name", required=bool(inline))
        if file:
            ref = _file_ref(entry.here, file, name)
        else:
            place = entry.document.text_at(*entry.path, "inline")
            ref = ManifestRef(entry.at("inline"), place, name=name, inline=inline)
        refs.append(replace(ref, destination=_read_destination(entry)))
    return refs


def _file_ref(at: Position, file: str, name: str = "") -> ManifestRef:
    return ManifestRef(at, TextPlace(at, lines=False), file=file, name=name)


def _read_destination(reader: Reader) -> LayerDestination:
    return reader.choice("destination", ("workload", "management"))  # type: ignore[return-value]


def _read_list_strategies(reader: Reader) -> dict[str, str]:
    """`listStrategies: {a.b: append, c: {key: name}}`: how the lists at these paths of the values merge."""
    strategies = {}
    for path, value in reader.mapping("listStrategies").items():
        if value in ("append", "prepend", "replace"):
            strategies[path] = str(value)
        elif isinstance(value, dict) and set(value) == {"key"} and isinstance(value["key"], str):
            strategies[path] = f"key:{value['key']}"
        else:
            reader.problems.error(
                Code.INVALID_VALUE,
                f"{reader.name_of('listStrategies')}.{path}: expected append, prepend, replace or {{key: NAME}}",
                reader.at("listStrategies", path),
                hint=did_you_mean(str(value), ("append", "prepend", "replace")),
            )
    return strategies


def _read_values(reader: Reader, files: Files, label: str) -> tuple[Values, ...]:
    levels = []
    for index, name in enumerate(reader.strings("valuesFiles")):
        at = reader.at("valuesFiles", index)
        try:
            levels.append(load_values_file(files, tree.normalise(reader.document.path, name, at), at))
        except CompileError as error:
            reader.problems.add(error)
    values: Any = reader.data.get("values")
    if values is not None:
        if isinstance(values, dict):
            levels.append(Values(values, label, reader.document, (*reader.path, "values")))
        else:
            reader.wrong_type("values", "mapping")
    return tuple(levels)


def load_values_file(files: Files, path: str, at: Position) -> Values:
    """A values file: one YAML mapping, {} for an empty file. `at` is where the file is named. Raises CompileError."""
    document = yamldoc.load_one(tree.read(files, path, at), path)
    data = {} if document.value is None else document.value
    if not isinstance(data, dict):
        raise fail(Code.VALUES_SHAPE, f"values: {mismatch('mapping', data)}", Position(path, 1))
    return Values(data, path, document)
