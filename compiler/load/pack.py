"""Packs: directories with pack.json (Palette's format) or pack.yaml (ours, a superset).

A repository may hold hundreds of packs and use five. `find_packs` therefore reads only names and versions; the rest of a
pack is read on first access. Problems of a pack are kept in `Pack.defects`, because they concern only the profiles that
use it. A directory whose name and version cannot be read gives a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from compiler import files as tree
from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, fail
from compiler.fields.reader import Reader, mismatch
from compiler.files.record import Once, Recorder
from compiler.load.pack_content import read_patches, read_presets, read_schema, read_templates, read_values
from compiler.load.pack_metadata import KNOWN_KEYS, read_dependencies, read_file_list, read_resources, read_texts
from compiler.model import Pack, PackVersions, Registry
from compiler.model.lock import Lock
from compiler.palette.identity import NATIVE, PALETTE, identity, load_json
from compiler.ports import Files

_MAX_DEPTH = 16  # of a pack below its root


def _with_twins(pack: Pack, others: Sequence[str]) -> Pack:
    """The pack, with a defect if other directories hold the same version."""
    if not others:
        return pack
    message = f"pack '{pack.name}' {pack.version} is defined {len(others) + 1} times"
    related = tuple((Position(directory), "also defined here") for directory in others)
    twins = Diagnostic(Code.PACK_DUPLICATE, message, pack.at, "delete one, or change its version", related)
    return replace(pack, defects=(twins, *pack.defects))


def find_packs(
    files: Files, roots: Sequence[str], problems: Problems, *, registries: Mapping[str, str] | None = None
) -> dict[str, PackVersions]:
    """Name -> version -> pack, for every pack below the root folders; both sorted. Packs inside packs are ignored.

    `registries` maps roots to names of registries, for `Pack.registry`. A root that does not exist has no packs.
    """
    named = registries or {}
    recorder = Recorder.over(files)
    packs: Once[Pack] = Once(recorder)
    directories_of: dict[str, dict[str, list[str]]] = {}
    for directory in _directories(files, roots, problems):
        try:
            path = _metadata_paths(files, directory)[0]
            name, version = identity(tree.read(files, path, Position(path)), path)
        except CompileError as error:
            problems.diagnostics.extend(replace(d, severity="warning") for d in error.diagnostics)
            continue
        directories_of.setdefault(name, {}).setdefault(version, []).append(directory)

    def read(directory: str) -> Pack:
        around = [root for root in named if directory == root or directory.startswith(f"{root}/")]
        return read_pack(recorder, directory, registry=named[max(around, key=len)] if around else "")

    def version_of(directories: Mapping[str, Sequence[str]], version: str) -> Pack:
        first, *others = directories[version]
        return packs.get(first, lambda: _with_twins(read(first), others))

    return {
        name: PackVersions(sorted(versions), partial(version_of, versions))
        for name, versions in sorted(directories_of.items())
    }


def locked_packs(files: Recorder, lock: Lock, registries: Sequence[Registry]) -> PackVersions:
    """The packs that the lock pins, by the path of their entry, each read at its first use. Reading one raises CompileError
    where its archive cannot be had."""
    packs: Once[Pack] = Once(files)
    names = {registry.source: registry.name for registry in registries if not registry.local}
    named = {entry.path: names.get(entry.source, "") for entry in lock.entries if entry.kind == "pack"}
    return PackVersions(named, lambda path: packs.get(path, lambda: read_pack(files, path, registry=named[path])))


def _directories(files: Files, roots: Sequence[str], problems: Problems) -> Iterator[str]:
    """The pack directories below the roots, in path order; each once, even if roots or links overlap."""
    seen: set[str] = set()
    pending = [(root.strip("/"), 0) for root in sorted(set(roots), reverse=True)]
    while pending:
        directory, depth = pending.pop()
        try:
            real = tree.resolve_links(files, directory)
            if real in seen or not tree.is_directory(files, directory):
                continue
            seen.add(real)
            if _metadata_paths(files, directory):
                yield directory
                continue
        except CompileError as error:
            problems.diagnostics.extend(replace(d, severity="warning") for d in error.diagnostics)
            continue
        if depth < _MAX_DEPTH:
            names = [name for name in files.names(real) if not name.startswith(".")]
            pending.extend((f"{directory}/{name}" if directory else name, depth + 1) for name in reversed(names))


def _metadata_paths(files: Files, directory: str) -> list[str]:
    paths = [f"{directory}/{name}" if directory else name for name in (NATIVE, PALETTE)]
    return [path for path in paths if files.entry(tree.resolve_links(files, path)) is not None]


def _load_document(files: Files, path: str) -> yamldoc.Document:
    """The metadata with positions; without them for JSON that is indented with tabs, which YAML refuses."""
    raw = tree.read(files, path, Position(path))
    value = load_json(raw, path) if path.endswith(PALETTE) else None
    try:
        document = yamldoc.load_one(raw, path, duplicates="warn" if path.endswith(PALETTE) else "refuse")
    except CompileError:
        if value is None:
            raise
        document = yamldoc.Document(value, path, 1)
    if not isinstance(document.value, dict):
        raise fail(Code.PACK_UNREADABLE, mismatch("mapping", document.value), Position(path, 1))
    return document


def read_pack(files: Files, directory: str, *, registry: str = "") -> Pack:
    """The whole pack in a directory. Its problems are in `defects`; none raises."""
    problems = Problems()
    paths = _metadata_paths(files, directory)
    path = paths[0] if paths else f"{directory}/{PALETTE}"
    if len(paths) > 1:
        problems.error(
            Code.PACK_FORMAT, f"{directory} contains both {NATIVE} and {PALETTE}", Position(path, 1), hint="delete one"
        )
    document = yamldoc.Document({}, path, 1)
    try:
        document = _load_document(files, path)
    except CompileError as error:
        problems.add(error)
    pack = _assemble(Reader(document.value, document, problems), files, directory, registry)
    return replace(pack, defects=tuple(problems.diagnostics))


def _assemble(reader: Reader, files: Files, directory: str, registry: str) -> Pack:
    native = reader.document.path.endswith(NATIVE)
    if native:
        reader.only(KNOWN_KEYS)
    name, version = reader.string("name", required=True), reader.version_text("version", required=True)
    values, presets_in_comment = read_values(files, directory, f"pack {name} {version}", reader.problems)
    schema, schema_at = read_schema(files, directory, native, reader.problems)
    return Pack(
        name=name,
        version=version,
        layer=reader.string("layer", required=True),
        directory=directory,
        at=reader.at("name"),
        metadata=reader.data,
        values=values,
        charts=read_file_list(reader, "charts", directory, files),
        manifests=read_file_list(reader, "kubeManifests", directory, files),
        templates=read_templates(reader, directory, files) if native else (),
        patches=read_patches(reader, directory, files) if native else (),
        registry=registry,
        presets=read_presets(files, directory, native, reader.problems),
        schema=schema,
        schema_at=schema_at,
        dependencies=read_dependencies(reader),
        cloud_types=tuple(dict.fromkeys([*reader.strings("cloudTypes"), *reader.strings("cloudType")])),
        enabled_presets=presets_in_comment,
        resources=read_resources(reader),
        annotations=read_texts(reader.mapping("annotations")),
        end_of_life=reader.string("eol"),
    )
