"""A profile as Palette exports it (JSON or YAML) to files of this repository.

Every layer keeps its values as YAML with their comments. Palette replaces the whole values of a pack by those of the
profile, so `valuesMode: replace` is written beside them: the layer renders as it does there, and may be changed to
`merge` by hand. What a profile has no field for goes into the record (`names.RECORD`) or is reported.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from compiler import jsontext, yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, fail
from compiler.exchange import import_layers, names, registries
from compiler.exchange.yamltext import write
from compiler.fields.reader import Reader, type_name
from compiler.files import read_text
from compiler.files.mapping import MappingFiles
from compiler.load.settings import PATH
from compiler.ports import Files
from compiler.versions import Version
from compiler.yamldoc import Document


@dataclass(frozen=True, slots=True)
class Imported:
    """Files to write (path in the repository to text) and what the reader of the import must know."""

    files: Mapping[str, str]
    notes: tuple[Diagnostic, ...]


def import_profile(
    content: bytes,
    source: str,
    form: Literal["json", "yaml"],
    *,
    repository: Files | None = None,
    folder: str = "profiles",
    builtin: Collection[str] = (),
) -> Imported:
    """The files of a profile that Palette exported. `source` is its name for messages. `repository` is where the files will
    be: registries that its lamella.yaml has stay as they are, and charts and packs that it has are not asked for. Layers
    of the types `builtin` have `builtin: true` in place of their pack or chart. Raises CompileError where it is not such a
    profile."""
    problems = Problems()
    document = _document(content, source, form)
    reader = Reader(document.value, document, problems)
    template = reader.child("spec", required=True).child("template", required=True)
    kind = template.choice("type", tuple(names.PROFILE_TYPES), "cluster")
    metadata, record = _metadata(reader, problems)
    base = f"{folder}/{metadata['name']}"
    layers = import_layers.read_layers(template, base, metadata["version"], record, problems, builtin)
    for missing in sorted({*builtin} - {layer.data["type"] for layer in layers}):
        problems.error(Code.LAYER_UNKNOWN, f"the profile has no layer of type {missing}", template.at("packs"))
    variables = [_variable(item, problems) for item in reader.child("spec").children("variables")]
    problems.raise_if_any()
    there = repository or MappingFiles({})
    entries = registries.entries_of(record, layers)
    settings = read_text(there, PATH) if there.entry(PATH) else ""
    if entries:
        settings = registries.added(settings, entries)
    known = registries.declared(settings)
    layers = [registries.from_registries(layer, known) for layer in layers]
    if record:
        metadata["annotations"] = {names.RECORD: write(record)}
    profile = {
        "apiVersion": "lamella/v1",
        "kind": "ClusterProfile",
        "metadata": metadata,
        "spec": {
            "type": names.PROFILE_TYPES[kind],
            "cloud": template.string("cloudType") or "all",
            **({"variables": variables} if variables else {}),
            "layers": [layer.data for layer in layers],
        },
    }
    files = {f"{base}/{metadata['version']}.yaml": write(profile)}
    for layer in layers:
        files.update(layer.files)
    if entries:
        files[PATH] = settings
    absent = registries.missing(layers, (metadata["name"], metadata["version"]), there, files)
    registries.tell(absent, record, known, source, problems)
    return Imported(files, tuple(problems.diagnostics))


def _document(content: bytes, source: str, form: str) -> Document:
    if form == "yaml":
        document = yamldoc.load_one(content, source)
    else:
        try:
            document = _with_places(jsontext.load(content), content, source)
        except json.JSONDecodeError as error:
            raise yamldoc.marker_in(error.doc, source) or fail(
                Code.IMPORT_FORMAT, f"not JSON: {error.msg}", Position(source, error.lineno, error.colno)
            ) from None
    if not isinstance(document.value, dict) or "spec" not in document.value:
        hint = "export a profile in Palette: Profiles, the profile, Settings, Export profile"
        raise fail(
            Code.IMPORT_FORMAT, f"{type_name(document.value)} is not an exported profile", document.at(), hint=hint
        )
    return document


def _with_places(value: Any, content: bytes, source: str) -> Document:
    """JSON data with the positions of its keys, where a YAML reader can read it (it cannot where tabs indent)."""
    try:
        return replace(yamldoc.load_one(content, source, duplicates="warn"), value=value)
    except CompileError:
        return Document(value, source, 1)


def _metadata(reader: Reader, problems: Problems) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our metadata, and the beginning of the record."""
    given = reader.child("metadata", required=True)
    theirs = given.string("name", required=True)
    name = names.slug(theirs)
    version = reader.child("spec").version_text("version") or "1.0.0"
    try:
        Version.parse(version)
    except ValueError as error:
        at = reader.child("spec").at("version")
        problems.error(Code.IMPORT_VERSION, f"the profile's version '{version}' is not SemVer: {error}", at)
    metadata: dict[str, Any] = {"name": name, "version": version}
    record: dict[str, Any] = {}
    if name != theirs:
        record["name"] = theirs
        problems.warning(Code.IMPORT_RENAMED, f"profile '{theirs}' is named '{name}' here", given.at("name"))
    if given.string("description"):
        metadata["description"] = given.string("description")
    if given.string_map("labels"):
        metadata["labels"] = given.string_map("labels")
    rest = {key: value for key, value in given.data.items() if key not in ("name", "description", "labels")}
    if rest:
        record["metadata"] = rest
    return metadata, record


def _variable(item: Reader, problems: Problems) -> dict[str, Any]:
    """A variable in our fields, without flags that repeat a default."""
    fields = {names.VARIABLE_NAMES.get(key, key): value for key, value in item.data.items() if value is not None}
    fields = {k: v for k, v in fields.items() if k not in names.VARIABLE_DEFAULTS or names.VARIABLE_DEFAULTS[k] != v}
    default = fields.get("default")
    if fields.get("sensitive") and isinstance(default, str) and default and not default.strip("*"):
        del fields["default"]
        problems.warning(
            Code.IMPORT_MASKED,
            f"variable '{fields.get('name')}': Palette masks its value in exports",
            item.here,
            hint="give the value anew, encrypted or by a cluster",
        )
    return fields
