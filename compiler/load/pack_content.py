"""The other files of a pack: values.yaml, presets.yaml, schema.yaml, and the templates and patches of our own format.

A preset or schema rule that cannot be read is an error in our format. In Palette's it is skipped with a warning, because
Palette renders such packs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from compiler import files as tree
from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems
from compiler.fields.reader import Reader, mismatch
from compiler.load.layer import read_overlay, read_overlays
from compiler.model import Preset, Values
from compiler.model.overlays import WrittenOverlay
from compiler.palette.presets import enabled_presets
from compiler.ports import Files
from compiler.yamldoc import Document, Place


def read_values(files: Files, directory: str, label: str, problems: Problems) -> tuple[Values, tuple[str, ...]]:
    """(the pack's values, {} if the file is missing or empty; the presets that its first comment records)."""
    path = f"{directory}/values.yaml"
    document, text = Document({}, path, 1), ""
    try:
        if _exists(files, path):
            text = tree.read_text(files, path)
            # Packs have duplicate keys, and Helm takes the last one.
            document = yamldoc.load_one(text, path, duplicates="warn")
    except CompileError as error:
        problems.add(error)
    problems.diagnostics.extend(document.duplicates)
    if document.value is not None and not isinstance(document.value, dict):
        problems.error(Code.VALUES_SHAPE, f"values: {mismatch('mapping', document.value)}", document.at())
    data = document.value if isinstance(document.value, dict) else {}
    return Values(data, label, document), enabled_presets(text)


def read_presets(files: Files, directory: str, native: bool, problems: Problems) -> tuple[Preset, ...]:
    """The valid presets of presets.yaml, in its order."""
    reader = _optional(files, f"{directory}/presets.yaml", native, problems)
    presets: dict[str, Preset] = {}
    with_problems = Problems()
    for item in replace(reader, problems=with_problems).children("presets"):
        name = item.string("name", required=True)
        add = _read_add(item)
        if name in presets:
            with_problems.error(
                Code.PRESET_DUPLICATE, f"preset '{name}' is defined twice", item.here, hint="the first one is used"
            )
        elif name and add is not None:
            presets[name] = Preset(
                name, item.string("group"), item.strings("remove"), add, item.here, item.string("displayName")
            )
    _take(with_problems, native, problems)
    return tuple(presets.values())


def _read_add(item: Reader) -> Mapping[str, Any] | None:
    """`add` of a preset: a mapping, or YAML text (Palette's form). None if it cannot be read (recorded)."""
    add = item.data.get("add")
    at = item.at("add")
    if isinstance(add, str):
        try:
            add = yamldoc.load_one(add, at.path, first_line=at.line + 1, duplicates="warn").value
        except CompileError as error:
            item.problems.add(error)
            return None
    if add is None or isinstance(add, dict):
        return add or {}
    item.error(Code.PRESET_ADD, "add", mismatch("mapping", add))
    return None


def read_schema(
    files: Files, directory: str, native: bool, problems: Problems
) -> tuple[dict[str, str], dict[str, Position]]:
    """(path -> rule text, path -> its position) of schema.yaml."""
    reader = _optional(files, f"{directory}/schema.yaml", native, problems)
    rules, places = {}, {}
    with_problems = Problems()
    for path, rule in reader.data.items():
        text = rule.get("schema") if isinstance(rule, dict) else rule
        if isinstance(text, str):
            rules[path], places[path] = str(text), reader.at(path)
        else:
            with_problems.error(Code.SCHEMA_RULE, f"{path}: expected {{schema: '{{{{ … }}}}'}}", reader.at(path))
    _take(with_problems, native, problems)
    return rules, places


def read_templates(reader: Reader, directory: str, files: Files) -> tuple[str, ...]:
    """The templates to render, relative to the pack: those listed, else templates/**/*.j2 but for names like _x.j2."""
    named = reader.strings("templates")
    templates: list[str] = []
    try:
        if "templates" not in reader.data:
            named = ("templates/**/*.j2",)
        for pattern in named:
            path = tree.normalise(reader.document.path, pattern, reader.at("templates"))
            matches = tree.named(files, path, reader.at("templates"))
            if not matches and "templates" in reader.data:
                reader.problems.error(
                    Code.PACK_FILE_MISSING, f"templates: no file matches '{pattern}'", reader.at("templates")
                )
            for match in matches:
                if not match.startswith(f"{directory}/templates/"):
                    outside = f"templates: '{match}' is outside the pack's templates/ folder"
                    reader.problems.error(Code.PACK_FILE_OUTSIDE, outside, reader.at("templates"))
                elif not tree.is_pattern(path) or not match.rpartition("/")[2].startswith("_"):
                    tree.read(files, match, reader.at("templates"))
                    templates.append(match.removeprefix(f"{directory}/"))
    except CompileError as error:
        reader.problems.add(error)
    return tuple(dict.fromkeys(templates))


def read_patches(reader: Reader, directory: str, files: Files) -> tuple[WrittenOverlay, ...]:
    """`overlays:` of pack.yaml, then patches/*.yaml in name order: overlays, or plain strategic merge patches."""
    overlays = list(read_overlays(reader))
    for path in tree.glob(files, f"{directory}/patches/*.yaml"):
        try:
            documents = yamldoc.load(tree.read(files, path), path)
        except CompileError as error:
            reader.problems.add(error)
            continue
        for document in documents:
            overlays.extend(_overlays(document, reader.problems))
    return tuple(overlays)


def _overlays(document: Document, problems: Problems) -> Iterator[WrittenOverlay]:
    items = document.value if isinstance(document.value, list) else [document.value]
    for index, item in enumerate(items):
        path = (index,) if isinstance(document.value, list) else ()
        if not isinstance(item, dict):
            problems.error(Code.WRONG_TYPE, mismatch("mapping", item), document.at(*path))
            continue
        # A document with apiVersion and kind is a patch of that object, as in kustomize.
        reader = Reader(item, document, problems, path)
        if "kind" in item and "apiVersion" in item:
            at = document.at()  # every problem of such a patch is at the document
            whole = Document(None, document.path, at.line, root=Place(at.line, at.column))
            reader = Reader({"patch": item}, whole, problems)
        overlay = read_overlay(reader)
        if overlay is not None:
            yield overlay


def _optional(files: Files, path: str, native: bool, problems: Problems) -> Reader:
    """The mapping in an optional file, {} if it does not exist; problems are warnings in Palette's format."""
    own = Problems()
    document = Document({}, path, 1)
    try:
        if _exists(files, path):
            document = yamldoc.load_one(tree.read(files, path), path, duplicates="warn")
            own.diagnostics.extend(document.duplicates)
    except CompileError as error:
        own.add(error)
    if document.value is not None and not isinstance(document.value, dict):
        own.error(Code.WRONG_TYPE, mismatch("mapping", document.value), document.at())
    _take(own, native, problems)
    return Reader(document.value if isinstance(document.value, dict) else {}, document, problems)


def _take(own: Problems, native: bool, problems: Problems) -> None:
    problems.diagnostics.extend(d if native else replace(d, severity="warning") for d in own.diagnostics)


def _exists(files: Files, path: str) -> bool:
    return files.entry(tree.resolve_links(files, path)) is not None
