"""The layers of an exported profile: packs, charts and manifests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Problems
from compiler.exchange import names
from compiler.exchange.addresses import record_registry
from compiler.exchange.yamltext import Block, block, has_comments, section, settled
from compiler.fields.reader import Reader, mismatch
from compiler.palette.namespaces import namespaces
from compiler.palette.settings import DISPLAY_NAME, PRIORITY, PackSettings
from compiler.yamldoc import Document

_HANDLED = ("name", "type", "layer", "version", "tag", "values", "manifests", "registry")


@dataclass(frozen=True, slots=True)
class ImportedLayer:
    """A layer as it is written, and the files beside it."""

    data: Mapping[str, Any]
    files: Mapping[str, str]
    registry: str  # Palette's name of it
    needs: str  # what the registry must provide: "pack nginx 1.2.3"; '' for manifests


@dataclass(frozen=True, slots=True)
class _Values:
    """The values text of one entry, and its data."""

    text: str
    document: Document

    @property
    def data(self) -> Mapping[str, Any]:
        return self.document.value if isinstance(self.document.value, dict) else {}

    @property
    def pack(self) -> Mapping[str, Any]:
        settings = self.data.get("pack")
        return settings if isinstance(settings, Mapping) else {}


def read_layers(
    template: Reader,
    base: str,
    version: str,
    record: dict[str, Any],
    problems: Problems,
    builtin: Collection[str] = (),
) -> list[ImportedLayer]:
    """The layers in order; what our layers have no field for is added to the record, of those of a type in `builtin` all
    but their manifests. Manifests get a folder for each `version` of the profile, for versions are side by side in
    `base`."""
    layers: dict[str, ImportedLayer] = {}
    for entry in template.children("packs"):
        kind = entry.string("type") or "spectro"
        theirs = entry.string("name", required=True)
        values = _values(entry)
        shown = values.pack.get(DISPLAY_NAME)
        display, _ = names.repeated(theirs) if kind in names.PACK_TYPES else ("", theirs)
        name = names.unique(names.slug(shown if isinstance(shown, str) and shown else display or theirs), layers)
        if entry.child("registry").child("metadata").data.get("providerType") == "zarf":
            kind = "zarf"  # such a layer is of type oci like a pack
        if kind not in (*names.PACK_TYPES, "helm", "manifest"):
            problems.warning(
                Code.IMPORT_LAYER_LEFT_OUT, f"layer '{theirs}' of type '{kind}' is left out", entry.at("type"),
                hint="only layers of type spectro, oci, helm and manifest can be rendered",
            )  # fmt: skip
            continue
        writer = _Layer(entry, values, theirs, name, base, f"manifests/{version}/{name}")
        if writer.type in builtin:
            layers[name], extra = writer.builtin_layer(), {names.ENTRY: writer.rest()}
        else:
            layers[name], extra = writer.layer(kind), writer.record(kind)
        if extra:
            record.setdefault("layers", {})[name] = extra
        record_registry(entry, record)
    return list(layers.values())


def _values(entry: Reader) -> _Values:
    text = entry.string("values")
    at = entry.at("values")
    document = Document(None, at.path, at.line)
    try:
        # Palette takes the last one. A profile may not have a key twice, so the others go.
        document = yamldoc.load_one(text, f"{at.path} ({entry.string('name')}.values)", duplicates="warn")
    except CompileError as error:
        entry.problems.add(error)
    entry.problems.diagnostics.extend(document.duplicates)
    text, document = settled(text, document)
    if document.value is not None and not isinstance(document.value, dict):
        entry.problems.error(
            Code.VALUES_SHAPE, f"{entry.name_of('values')}: {mismatch('mapping', document.value)}", document.at()
        )
    return _Values(text, document)


@dataclass(frozen=True, slots=True)
class _Layer:
    entry: Reader
    values: _Values
    theirs: str  # the name of the pack, chart or manifest layer in Palette
    name: str  # the layer's
    base: str  # folder of the profile
    folder: str  # of the layer's manifests, in `base`

    @property
    def version(self) -> str:
        return self.entry.version_text("version") or self.entry.version_text("tag")

    @property
    def type(self) -> str:
        return self.entry.choice("layer", names.LAYERS, "addon")

    def builtin_layer(self) -> ImportedLayer:
        """The layer without its pack or chart, and with its manifests."""
        data: dict[str, Any] = {"name": self.name, "type": self.type, "builtin": True}
        files, references = self._manifests()
        if references:
            namespace = {key: value for key, value in self._settings().items() if key == "namespace"}
            data |= {**namespace, "manifests": references}
        return ImportedLayer(data, files, "", "")

    def rest(self) -> dict[str, Any]:
        """The entry but for its manifests."""
        return {key: value for key, value in self.entry.data.items() if key != "manifests"}

    def layer(self, kind: str) -> ImportedLayer:
        data: dict[str, Any] = {"name": self.name, "type": self.type}
        needs = ""
        if kind == "helm":
            needs = f"chart {self.theirs} {self.version}"
            data |= self._chart()
        elif kind != "manifest":
            _, pack = names.repeated(self.theirs)
            needs = f"pack {pack} {self.version}"
            data["pack"] = {"name": pack, "version": self.version}
        if kind in ("helm", "manifest"):
            data |= self._settings()
        files, references = self._manifests()
        asked = _namespaces(self.values.pack) if kind in ("helm", "manifest") else ""
        if asked:
            data["policy"] = {"namespaces": "never"}  # the manifest below has them, with what Palette adds to them
            references.insert(0, {"name": names.NAMESPACES, "inline": asked})
        if references:
            data["manifests"] = references
        if kind in names.PACK_TYPES and self.values.text.strip():
            data["valuesMode"] = "replace"
            data["values"] = self._told(block(self.values.text, self.values.data))
        elif kind == "helm":
            chart_values = self._chart_values()
            if chart_values is not None:
                data["values"] = chart_values
        registry = self.entry.child("registry").child("metadata").string("name")
        return ImportedLayer(data, files, registry, needs)

    def _chart(self) -> dict[str, Any]:
        registry = self.entry.child("registry").child("metadata").string("name")
        override = self.values.pack.get("releaseNameOverride")
        renamed = override.get(self.theirs) if isinstance(override, Mapping) else None
        return {
            "chart": {"name": self.theirs, "version": self.version, "registry": registry or names.CHARTS},
            "releaseName": renamed if isinstance(renamed, str) else names.release_name(self.theirs, self.theirs),
        }

    def _settings(self) -> dict[str, Any]:
        """The fields of a layer without a pack that Palette keeps in its `pack:` block."""
        fields: dict[str, Any] = {}
        pack = self.values.pack
        if isinstance(pack.get("namespace"), str) and pack["namespace"]:
            fields["namespace"] = pack["namespace"]
        priority = pack.get(PRIORITY)
        if isinstance(priority, int | str) and str(priority).strip().lstrip("+-").isdigit():
            fields["installPriority"] = int(priority)
        return fields

    def _chart_values(self) -> Block | None:
        keys = ("charts", self.theirs)
        charts = self.values.data.get("charts")
        given = charts.get(self.theirs) if isinstance(charts, Mapping) else None
        if not isinstance(given, Mapping) or not given:
            return None
        own = section(self.values.text, self.values.document, keys)
        return self._told(block(own, given) if own else replace(block("", given), anew=has_comments(self.values.text)))

    def _told(self, values: Block) -> Block:
        """The values; a warning says where their comments are lost."""
        if values.anew:
            self.entry.problems.warning(
                Code.IMPORT_REWRITTEN,
                f"layer '{self.name}': the values are written anew, without their comments",
                self.entry.at("values"),
                hint="copy the comments you need from the export into the profile",
            )
        return values

    def _manifests(self) -> tuple[dict[str, str], list[dict[str, str]]]:
        files: dict[str, str] = {}
        references = []
        for item in self.entry.children("manifests"):
            theirs = item.string("name", required=True)
            stem = names.slug(theirs.removesuffix(".yaml"))
            relative = f"{self.folder}/{names.unique(stem, {_stem(path): '' for path in files})}.yaml"
            files[f"{self.base}/{relative}"] = item.string("content")
            named = {"name": theirs} if _stem(relative) != theirs else {}
            references.append({**named, "file": relative})
        return files, references

    def record(self, kind: str) -> dict[str, Any]:
        """What the layer has no field for."""
        extra: dict[str, Any] = {} if kind in ("helm", "manifest") else {"type": kind}
        if self.theirs != self.name:
            extra["name"] = self.theirs
        tag = self.entry.version_text("tag")
        if tag and tag != self.version:
            extra["tag"] = tag
            self.entry.problems.warning(
                Code.IMPORT_TRAIN,
                f"layer '{self.name}' follows {tag} in Palette and is pinned to {self.version} here",
                self.entry.at("tag"),
                hint=f"write version: {tag} to follow the newest one that the repository has",
            )
        registry = self.entry.child("registry").child("metadata").string("name")
        if registry or kind == "helm":
            extra["registry"] = registry
        rest = {key: value for key, value in self.entry.data.items() if key not in _HANDLED}
        if rest:
            extra["more"] = rest
        if kind in ("helm", "manifest") and self.values.data:
            extra["values"] = self._rest_of_values()
        return extra

    def _rest_of_values(self) -> dict[str, Any]:
        """The values without those that the layer has fields or values for."""
        rest = dict(self.values.data)
        charts = rest.get("charts")
        if isinstance(charts, Mapping):
            others = {key: value for key, value in charts.items() if key != self.theirs or value in (None, {})}
            rest = {**rest, "charts": others} if others else {k: v for k, v in rest.items() if k != "charts"}
        return rest


def _namespaces(pack: Mapping[str, Any]) -> str:
    """The Namespaces of a layer without a pack, where it sets more of them than a name: such a layer has no field for
    that, and a manifest may hold macros. '' where it does not."""
    own, more = pack.get("namespace"), pack.get("additionalNamespaces")
    labels, annotations = (_pairs(pack.get(key)) for key in ("namespaceLabels", "namespaceAnnotations"))
    if not (more or labels or annotations):
        return ""
    names = [name.strip() for name in more.split(",")] if isinstance(more, str) else list(more or ())
    settings = PackSettings(own if isinstance(own, str) else "", tuple(map(str, names)), labels, annotations)
    return yamldoc.dump_all(namespaces(settings))


def _pairs(given: Any) -> dict[str, dict[str, str]]:
    """`{namespace: "k=v,k2=v2"}` as mappings."""
    pairs: dict[str, dict[str, str]] = {}
    for name, text in given.items() if isinstance(given, Mapping) else ():
        parts = [part.partition("=") for part in str(text).split(",")]
        pairs[name] = {key.strip(): value.strip() for key, equals, value in parts if equals}
    return pairs


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".yaml")
