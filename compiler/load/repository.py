"""The `Source` of a repository: every document under profiles/, the packs, the settings; all problems at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from compiler import files as tree
from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, did_you_mean
from compiler.fields.reader import Reader, mismatch, not_among
from compiler.files.paths import root_of
from compiler.files.record import Reads, Recorder
from compiler.load.cluster import read_cluster, read_macros, read_template
from compiler.load.imports import in_scope, locked_imports, warn_of_shadowed, with_imported
from compiler.load.lock import read_lock
from compiler.load.pack import find_packs, locked_packs
from compiler.load.profile import read_profile
from compiler.load.settings import API_VERSION, PATH, read_settings_file
from compiler.model import Cluster, Import, Macros, Profile, Settings, Source, Template
from compiler.ports import Files

KINDS = ("ClusterProfile", "Cluster", "ClusterTemplate", "Macros")
PROFILES = "profiles"
PACKS = "packs"

K = TypeVar("K")
V = TypeVar("V", Profile, Cluster, Template)


def load(files: Files) -> tuple[Source, tuple[Diagnostic, ...]]:
    """The repository's source, and the warnings. Raises CompileError with every problem of every file."""
    recorder, problems = Recorder.over(files), Problems()
    with recorder.scope() as index:
        source = _source(recorder, problems)
    problems.raise_if_any()
    return replace(source, index=index.reads), problems.warnings


def names_of(files: Files, kind: str) -> set[str]:
    """The names of the documents of a kind in profiles/; those in files that cannot be read are left out."""
    return _names(value.get("metadata") for value in _values(files, kind))


def layer_names(files: Files) -> set[str]:
    """The names of the layers of all profiles, as far as they can be read."""
    specs = [value.get("spec") for value in _values(files, "ClusterProfile")]
    layers = [spec.get("layers") for spec in specs if isinstance(spec, dict)]
    return _names(layer for each in layers if isinstance(each, list) for layer in each)


def _values(files: Files, kind: str) -> list[dict[str, Any]]:
    documents = _documents(Recorder.over(files), PROFILES, Problems())
    return [document.value for document, _ in documents if document.value.get("kind") == kind]


def _names(mappings: Iterable[Any]) -> set[str]:
    return {each["name"] for each in mappings if isinstance(each, dict) and isinstance(each.get("name"), str)}


def _source(files: Recorder, problems: Problems) -> Source:
    with files.scope() as scope:
        settings = read_settings_file(files, problems)
    reads = {PATH: scope.reads}
    profiles: dict[tuple[str, str], Profile] = {}
    clusters: dict[str, Cluster] = {}
    templates: dict[str, Template] = {}
    macros: list[Macros] = []
    lock = read_lock(files, problems)
    imports = list(locked_imports(settings, lock, problems))
    documents = _documents(files, PROFILES, problems)
    for each in imports:
        if tree.is_directory(files, f"{each.root}/{PROFILES}"):
            documents += _documents(files, f"{each.root}/{PROFILES}", problems)
    for document, read in documents:
        reader = Reader(document.value, document, problems)
        imported = settings.import_of(document.path)
        with files.scope() as scope:
            match _kind(reader):
                case "ClusterProfile":
                    profile = read_profile(reader, files)
                    if profile:
                        _keep(profiles, (profile.name, profile.version), profile, settings, problems)
                case "Cluster" if imported is None:
                    cluster = read_cluster(reader, files)
                    if cluster:
                        _keep(clusters, cluster.name, cluster, settings, problems)
                case "ClusterTemplate":
                    template = read_template(reader, files)
                    if template:
                        _keep(templates, template.name, template, settings, problems)
                case "Macros":
                    defined = read_macros(reader)
                    if defined:
                        macros.append(in_scope(defined, imported) if imported else defined)
        reads[document.path] = Reads.all_of([reads.get(document.path, read), scope.reads])
    _warn_of_misplaced(files, problems)
    registries = {registry.path: registry.name for registry in settings.registries if registry.local}
    roots = [root for root in (PACKS, *registries) if tree.is_directory(files, root)]
    packs = find_packs(files, roots, problems, registries=registries)
    for each in imports:
        packs = with_imported(packs, find_packs(files, [f"{each.root}/{PACKS}"], problems), files, settings, problems)
    # Where two of a scope define a macro, the later one counts: those of imports come first, the farthest before all.
    macros.sort(key=lambda each: _distance(each.at.path, imports), reverse=True)
    return Source(
        settings,
        profiles,
        clusters,
        templates,
        tuple(macros),
        packs,
        lock,
        locked_packs(files, lock, settings.registries),
        reads,
    )


def _distance(path: str, imports: Sequence[Import]) -> int:
    """0 for a file of this repository, 1 for one of the nearest import, and so on."""
    return next((place for place, each in enumerate(imports, 1) if path.startswith(f"{each.root}/")), 0)


def _documents(files: Recorder, folder: str, problems: Problems) -> list[tuple[yamldoc.Document, Reads]]:
    """The YAML documents below a folder that are Lamella's, each with the reads of its file: those with its apiVersion,
    and those with one of its kinds and no apiVersion.

    Values files, manifests and charts may be there too. Everything else is taken for theirs, and files of a chart need
    not even be YAML.
    """
    if not tree.is_directory(files, folder):
        problems.error(
            Code.NO_PROFILES,
            "no folder 'profiles' in this repository",
            Position(PATH if files.entry(PATH) else PROFILES),
            hint="put ClusterProfile and Cluster documents in profiles/**/*.yaml, or check --repo",
        )
        return []
    documents: list[tuple[yamldoc.Document, Reads]] = []
    for path in tree.walk(files, folder):
        if not path.endswith((".yaml", ".yml")):
            continue
        try:
            with files.scope() as scope:
                raw = tree.read(files, path, Position(path))
            if not _may_be_ours(raw):
                continue
            loaded = yamldoc.load(raw, path)
        except CompileError as error:
            problems.add(error)
            continue
        ours = [document for document in loaded if isinstance(document.value, dict) and _is_ours(document)]
        documents.extend((document, scope.reads) for document in ours)
    return documents


def _warn_of_misplaced(files: Recorder, problems: Problems) -> None:
    """Warns of profiles, clusters and the like beside profiles/: at the top of the repository, and in folders that are
    named after them."""
    for name in files.names(""):
        entry = files.entry(name)
        paths = [name] if entry and entry.kind == "file" else []
        if entry and entry.kind == "directory" and name.lower() in _MISTAKEN:
            paths = list(tree.walk(files, name))
        for path in paths:
            if not path.endswith((".yaml", ".yml")):
                continue
            raw = files.read(path)
            kind = _OUR_KIND.search(raw)
            if kind and _OUR_VERSION.search(raw):
                problems.warning(
                    Code.NOT_READ,
                    f"this document is not read: it is not in {PROFILES}/",
                    Position(path, raw.count(b"\n", 0, kind.start()) + 1),
                    hint=f"move the file into {PROFILES}/",
                )


_MISTAKEN = (
    "cluster",
    "clusters",
    "profile",
    "template",
    "templates",
    "clustertemplates",
    "cluster-templates",
    "macros",
)
_OUR_VERSION = re.compile(rb"^[\"']?apiVersion[\"']?\s*:\s*[\"']?lamella/", re.MULTILINE)
_OUR_KIND = re.compile(rb"^[\"']?kind[\"']?\s*:\s*[\"']?(?:%s)\b" % "|".join(KINDS).encode(), re.MULTILINE)


def _may_be_ours(raw: bytes) -> bool:
    return b"lamella/" in raw or _OUR_KIND.search(raw) is not None


def _is_ours(document: yamldoc.Document) -> bool:
    version = document.value.get("apiVersion")
    if isinstance(version, str) and version.startswith("lamella/"):
        return True
    return version is None and document.value.get("kind") in KINDS


def _kind(reader: Reader) -> str:
    """The kind, after checking apiVersion; '' if either is not one of Lamella's (reported)."""
    version = reader.data.get("apiVersion")
    if version != API_VERSION:
        reader.problems.error(
            Code.API_VERSION,
            f"apiVersion: expected {API_VERSION}, found {version!r}"
            if version is not None
            else "apiVersion is required",
            reader.at("apiVersion") if version is not None else reader.here,
            hint=f"set apiVersion: {API_VERSION}",
        )
        return ""
    kind = reader.data.get("kind")
    if kind not in KINDS:
        reader.problems.error(
            Code.UNKNOWN_KIND,
            f"kind: {not_among(kind, KINDS) if isinstance(kind, str) else mismatch('string', kind)}",
            reader.at("kind"),
            hint=did_you_mean(str(kind), KINDS),
        )
        return ""
    return str(kind)


def _keep(kept: MutableMapping[K, V], key: K, value: V, settings: Settings, problems: Problems) -> None:
    other = kept.setdefault(key, value)
    if other is value:
        return
    name = f"{type(value).__name__.lower()} {' '.join(key) if isinstance(key, tuple) else key}"
    if root_of(other.at.path) != root_of(value.at.path):
        warn_of_shadowed(name, value.at, other.at, settings, problems)
    else:
        problems.error(
            Code.DUPLICATE_NAME,
            f"{name} is defined twice",
            value.at,
            related=[(other.at, "first defined here")],
            hint="delete one, or change its name or version",
        )
