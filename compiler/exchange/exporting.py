"""A profile of this repository as the JSON that Palette imports: the way back of `importing`.

What Palette has no field for (overlays, policies, merged values) is worked in where possible, and reported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler import files as tree
from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import Diagnostic, Problems
from compiler.exchange import names
from compiler.exchange.export_values import ValuesWriter
from compiler.model import ChartRef, Layer, PackRef, Profile, Registry, Source
from compiler.model.packs import newest
from compiler.model.variables import Variable
from compiler.ports import Files
from compiler.yamldoc import Document

_RANGE = frozenset("xX*<>=~^|, ")  # what makes a version a range
_THEIRS = {ours: theirs for theirs, ours in names.PROFILE_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Exported:
    """The JSON text, and what the reader of the export must know."""

    text: str
    notes: tuple[Diagnostic, ...]


def export_profile(profile: Profile, source: Source, files: Files) -> Exported:
    """The export of a profile. Raises CompileError where a file that it names cannot be read."""
    problems = Problems()
    text = tree.read_text(files, profile.at.path)
    document = _document(text, profile)
    metadata = document.value["metadata"]
    record = _record(metadata)
    exporter = _Exporter(profile, source, files, ValuesWriter(source, text, document, problems), record, problems)
    labels = metadata.get("labels")
    if profile.overlays:
        problems.warning(
            Code.EXPORT_NOT_CARRIED, "the profile has overlays, which Palette has no field for", profile.at
        )
    exported = {
        "metadata": {
            "name": record.get("name", profile.name),
            **({"description": metadata["description"]} if metadata.get("description") else {}),
            **({"labels": dict(labels)} if labels else {}),
            **_mapping(record.get("metadata")),
        },
        "spec": {
            "version": profile.version,
            "template": {
                "type": _THEIRS[profile.type],
                "cloudType": profile.cloud,
                "packs": [entry for layer in profile.layers for entry in exporter.entry(layer)],
            },
            "variables": [_variable(variable) for variable in profile.variables],
        },
    }
    return Exported(json.dumps(exported, indent=2, ensure_ascii=False) + "\n", tuple(problems.diagnostics))


def _document(text: str, profile: Profile) -> Document:
    """The profile's own document of its file."""
    documents = yamldoc.load(text, profile.at.path)
    return next(document for document in documents if document.at("metadata", "name") == profile.at)


def _record(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    text = _mapping(metadata.get("annotations")).get(names.RECORD)
    return _mapping(yamldoc.load_one(text, names.RECORD).value) if isinstance(text, str) else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _variable(variable: Variable) -> dict[str, Any]:
    """With every flag, as Palette writes them."""
    options = [
        {
            "value": o.value,
            **({"label": o.label} if o.label else {}),
            **({"description": o.description} if o.description else {}),
        }
        | ({"default": True} if o.default else {})
        for o in variable.options
    ]
    fields: dict[str, Any] = {
        "name": variable.name,
        "displayName": variable.display_name,
        "description": variable.description,
        "format": variable.format,
        "required": variable.required,
        "defaultValue": variable.default,
        "regex": variable.regex,
        "immutable": variable.immutable,
        "hidden": variable.hidden,
        "isSensitive": variable.sensitive,
        "inputType": variable.input_type,
        "options": options,
    }
    return {key: value for key, value in fields.items() if value not in ("", None, [])}


@dataclass(frozen=True, slots=True)
class _Exporter:
    profile: Profile
    source: Source
    files: Files
    values: ValuesWriter
    record: Mapping[str, Any]
    problems: Problems

    def entry(self, layer: Layer) -> Iterator[dict[str, Any]]:
        """The layer as an item of `packs`; nothing for what Palette cannot have."""
        known = _mapping(_mapping(self.record.get("layers")).get(layer.name))
        if layer.builtin:
            theirs = _mapping(known.get(names.ENTRY))
            if theirs:
                yield {**theirs, "manifests": list(self._manifests(layer))}
            else:
                self._warn(layer, "is builtin, which Palette has no field for: choose a pack there")
            return
        settings = layer.settings
        for what, given in (
            ("overlays", settings.overlays),
            ("readiness", settings.readiness),
            ("previousNames", layer.previous_names),
        ):
            if given:
                self._warn(layer, f"has {what}, which are not exported")
        if any(ref.destination for ref in layer.settings.manifests) or layer.settings.destination:
            self._warn(layer, "sets a destination, which Palette has no field for")
        reference = layer.source
        version, tag = self._version(layer, reference, known)
        values = self.values.text_of(layer, _mapping(known.get("values")))
        yield {
            "name": known.get("name") or (reference.name if reference else layer.name),
            "type": _type(reference, known),
            "layer": layer.type,
            **({"version": version, "tag": tag} if version else {}),
            "manifests": list(self._manifests(layer)),
            **self._registry(layer, reference, known),
            **({"values": values} if values else {}),
            **_mapping(known.get("more")),
        }

    def _warn(self, layer: Layer, what: str) -> None:
        self.problems.warning(Code.EXPORT_NOT_CARRIED, f"layer '{layer.name}' {what}", layer.at)

    def _version(self, layer: Layer, reference: PackRef | ChartRef | None, known: Mapping[str, Any]) -> tuple[str, str]:
        """(version, tag): the version that a range means in this repository, and the range as the tag."""
        if reference is None:
            return "", ""
        asked = chosen = reference.version
        if isinstance(reference, PackRef):
            chosen = self._chosen(reference) or asked
            if not chosen or not _RANGE.isdisjoint(chosen):
                self._warn(layer, f"needs version '{asked}', which no pack of this repository has")
        return chosen, str(known.get("tag") or asked or chosen)

    def _chosen(self, reference: PackRef) -> str | None:
        try:
            return newest(self.source.packs.get(reference.name) or {}, reference.version or "*")
        except ValueError:
            return None

    def _registry(self, layer: Layer, reference: PackRef | ChartRef | None, known: Mapping[str, Any]) -> dict[str, Any]:
        name = self._registry_name(layer, reference, known)
        if not name:
            return {}
        recorded = _mapping(_mapping(self.record.get("registries")).get(name))
        address = _mapping(_mapping(self.record.get("addresses")).get(name))
        outside = {key: value for key, value in address.items() if key not in recorded}
        declared = next((registry for registry in self.source.settings.registries if registry.name == name), None)
        metadata = recorded or {"name": name, **_kind(declared)}
        return {"registry": {"metadata": metadata, **({"spec": outside} if outside else {})}}

    def _registry_name(self, layer: Layer, reference: PackRef | ChartRef | None, known: Mapping[str, Any]) -> str:
        """Palette's name of the registry that a layer takes its chart or pack from; '' where it has none."""
        recorded = str(known.get("registry") or "")
        if reference is None:
            return recorded
        if isinstance(reference, PackRef):
            return reference.registry or recorded
        if reference.registry:
            unnamed = reference.registry == names.CHARTS and known.get("registry") == ""
            return "" if unnamed else reference.registry
        registries = self.source.settings.registries
        if reference.repo:
            at_url = self.source.settings.registry_at(reference.repo.rstrip("/"))
            found = at_url.name if at_url else ""
        else:
            path = tree.normalise(reference.at.path, reference.path, reference.at)
            around = [each for each in registries if each.local and path.startswith(f"{each.path}/")]
            found = max(around, key=lambda each: len(each.path)).name if around else recorded
        if not found:
            self._warn(layer, "names no registry that Palette could take its chart from: choose one there")
        return found

    def _manifests(self, layer: Layer) -> Iterator[dict[str, str]]:
        for reference in layer.settings.manifests:
            if reference.inline:
                if reference.name != names.NAMESPACES:
                    yield {"name": reference.name, "content": reference.inline}
                continue
            paths = tree.manifests(self.files, reference.at.path, reference.file, reference.at)
            for file in paths:
                stem = file.rpartition("/")[2].rpartition(".")[0]
                name = reference.name if reference.name and len(paths) == 1 else stem
                yield {"name": name, "content": tree.read_text(self.files, file, reference.at)}


def _kind(registry: Registry | None) -> dict[str, str]:
    """What Palette calls a registry of this kind."""
    kind = registry.kind if registry else "pack"
    return {"kind": "oci", "providerType": kind} if registry and registry.url.startswith("oci://") else {"kind": kind}


def _type(reference: PackRef | ChartRef | None, known: Mapping[str, Any]) -> str:
    if reference is None:
        return "manifest"
    return "helm" if isinstance(reference, ChartRef) else str(known.get("type") or "oci")
