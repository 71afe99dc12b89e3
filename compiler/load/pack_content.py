"""The other files of a pack: values.yaml, presets.yaml, schema.yaml, and what only our own format has.

A preset or a schema rule that cannot be read is left out with a warning in Palette's format, where the pack renders
without it, and is an error in ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from compiler import files as tree
from compiler import yamldoc
from compiler.diagnostics import CompileError, Position, Problems
from compiler.fields.reader import Reader, type_name
from compiler.load.layer import read_overlay, read_overlays
from compiler.model import Preset, Values
from compiler.model.overlays import WrittenOverlay
from compiler.palette.presets import enabled_presets
from compiler.ports import Files
from compiler.yamldoc import Document, Place


def read_values(files: Files, directory: str, label: str, problems: Problems) -> tuple[Values, tuple[str, ...]]:
    """The pack's values, empty where the file is missing or empty, and the presets that its first comment records."""
    path = f"{directory}/values.yaml"
    document, text = Document({}, path, 1), ""
    try:
        if _exists(files, path):
            text = tree.read_text(files, path)
            # Of duplicate keys Helm takes the last, and so do the packs that have some.
            document = yamldoc.load_one(text, path, duplicates="warn")
    except CompileError as error:
        problems.add(error)
    problems.diagnostics.extend(document.duplicates)
    if document.value is not None and not isinstance(document.value, dict):
        problems.error("values-shape", f"values must be a mapping, found {type_name(document.value)}", document.at())
    data = document.value if isinstance(document.value, dict) else {}
    return Values(data, label, document), enabled_presets(text)


def read_presets(files: Files, directory: str, native: bool, problems: Problems) -> tuple[Preset, ...]:
    """The presets of presets.yaml that can be used, in its order."""
    reader = _optional(files, f"{directory}/presets.yaml", native, problems)
    found: dict[str, Preset] = {}
    with_problems = Problems()
    for item in replace(reader, problems=with_problems).children("presets"):
        name = item.string("name", required=True)
        add = _read_add(item)
        if name in found:
            with_problems.error(
                "preset-duplicate", f"preset '{name}' is there twice", item.here, hint="the first counts"
            )
        elif name and add is not None:
            found[name] = Preset(
                name, item.string("group"), item.strings("remove"), add, item.here, item.string("displayName")
            )
    _take(with_problems, native, problems)
    return tuple(found.values())


def _read_add(item: Reader) -> Mapping[str, Any] | None:
    """`add` of a preset: YAML as text (Palette) or as it is. None where it cannot be read (recorded)."""
    given = item.data.get("add")
    at = item.at("add")
    if isinstance(given, str):
        try:
            given = yamldoc.load_one(given, at.path, first_line=at.line + 1, duplicates="warn").value
        except CompileError as error:
            item.problems.add(error)
            return None
    if given is None or isinstance(given, dict):
        return given or {}
    item.problems.error("preset-add", f"add: expected a mapping, found {type_name(given)}", at)
    return None


def read_schema(
    files: Files, directory: str, native: bool, problems: Problems
) -> tuple[dict[str, str], dict[str, Position]]:
    """Path -> rule text of schema.yaml, and where each stands."""
    reader = _optional(files, f"{directory}/schema.yaml", native, problems)
    found, places = {}, {}
    with_problems = Problems()
    for path, given in reader.data.items():
        text = given.get("schema") if isinstance(given, dict) else given
        if isinstance(text, str):
            found[path], places[path] = str(text), reader.at(path)
        else:
            with_problems.error("schema-rule", f"{path}: expected {{schema: '{{{{ … }}}}'}}", reader.at(path))
    _take(with_problems, native, problems)
    return found, places


def read_templates(reader: Reader, directory: str, files: Files) -> tuple[str, ...]:
    """The templates to render, relative to the pack: those named, else every templates/**/*.j2 without leading '_'."""
    named = reader.strings("templates")
    found: list[str] = []
    try:
        if "templates" not in reader.data:
            named = ("templates/**/*.j2",)
        for pattern in named:
            path = tree.normalise(reader.document.path, pattern, reader.at("templates"))
            matches = tree.named(files, path, reader.at("templates"))
            if not matches and "templates" in reader.data:
                reader.problems.error(
                    "pack-file-missing", f"templates: no file matches '{pattern}'", reader.at("templates")
                )
            for match in matches:
                if not match.startswith(f"{directory}/templates/"):
                    outside = f"templates: '{match}' is not in the pack's templates/"
                    reader.problems.error("pack-file-outside", outside, reader.at("templates"))
                elif not tree.is_pattern(path) or not match.rpartition("/")[2].startswith("_"):
                    tree.read(files, match, reader.at("templates"))
                    found.append(match.removeprefix(f"{directory}/"))
    except CompileError as error:
        reader.problems.add(error)
    return tuple(dict.fromkeys(found))


def read_patches(reader: Reader, directory: str, files: Files) -> tuple[WrittenOverlay, ...]:
    """`overlays:` of pack.yaml, then patches/*.yaml in name order: overlays, or plain strategic merge patches."""
    found = list(read_overlays(reader))
    for path in tree.glob(files, f"{directory}/patches/*.yaml"):
        try:
            documents = yamldoc.load(tree.read(files, path), path)
        except CompileError as error:
            reader.problems.add(error)
            continue
        for document in documents:
            found.extend(_overlays(document, reader.problems))
    return tuple(found)


def _overlays(document: Document, problems: Problems) -> Iterator[WrittenOverlay]:
    items = document.value if isinstance(document.value, list) else [document.value]
    for index, item in enumerate(items):
        path = (index,) if isinstance(document.value, list) else ()
        if not isinstance(item, dict):
            problems.error("wrong-type", f"expected an overlay, found {type_name(item)}", document.at(*path))
            continue
        # A document that is itself (part of) an object is the patch of that object, as in kustomize.
        reader = Reader(item, document, problems, path)
        if "kind" in item and "apiVersion" in item:
            at = document.at()  # every problem of such a patch is one of the document
            whole = Document(None, document.path, at.line, root=Place(at.line, at.column))
            reader = Reader({"patch": item}, whole, problems)
        overlay = read_overlay(reader)
        if overlay is not None:
            yield overlay


def _optional(files: Files, path: str, native: bool, problems: Problems) -> Reader:
    """The mapping in a file that need not be there; problems as `_take` says."""
    own = Problems()
    document = Document({}, path, 1)
    try:
        if _exists(files, path):
            document = yamldoc.load_one(tree.read(files, path), path, duplicates="warn")
            own.diagnostics.extend(document.duplicates)
    except CompileError as error:
        own.add(error)
    if document.value is not None and not isinstance(document.value, dict):
        own.error("wrong-type", f"expected a mapping, found {type_name(document.value)}", document.at())
    _take(own, native, problems)
    return Reader(document.value if isinstance(document.value, dict) else {}, document, problems)


def _take(own: Problems, native: bool, problems: Problems) -> None:
    problems.diagnostics.extend(d if native else replace(d, severity="warning") for d in own.diagnostics)


def _exists(files: Files, path: str) -> bool:
    return files.entry(tree.resolve_links(files, path)) is not None
