"""Packs to and from registries: what is pushed is what `lamella lock` reads, and what is pulled is checked as there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from compiler import files as tree
from compiler import versions
from compiler.charts.archive import write_tgz
from compiler.charts.chart import digest
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems, fail
from compiler.lock.archive import contents, files_of
from compiler.model import Pack
from compiler.model.lock import Request
from compiler.ports import Each, Files, Registries, Registry


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push came to; `revision` is that of the registry."""

    outcome: Literal["pushed", "already there", "overwritten"]
    revision: str


def archive_of(pack: Pack, files: Files) -> bytes:
    """The pack as one archive: equal files give equal bytes. Raises CompileError, also for what no render would read."""
    inside = {
        path.removeprefix(f"{pack.directory}/"): tree.read(files, path) for path in tree.walk(files, pack.directory)
    }
    archive = write_tgz(inside, f"{pack.name}-{pack.version}")
    files_of("pack", archive, pack.directory)  # its limits, and names that are none on other systems
    return archive


def push(pack: Pack, files: Files, registry: Registry, registries: Registries, *, force: bool = False) -> Pushed:
    """Puts the pack into a registry under its name and version. The same files under that version are left as they are.
    Raises CompileError: `pack-pushed` for other ones unless `force`, `registry-not-oci`, and as `Registries`."""
    if not registry.url.startswith("oci://"):
        raise fail(
            Code.REGISTRY_NOT_OCI,
            f"expected an OCI registry (oci://HOST/BASE), found {registry.source or registry.path}",
            registry.at,
            hint="elsewhere packs are published as files: a folder of the repository, or archives and an index.yaml",
        )
    archive = archive_of(pack, files)
    present: bytes | None = None
    try:
        current = registries.fetch(registry, "pack", pack.name, pack.version)
    except CompileError as error:
        missing = all(diagnostic.code == Code.REGISTRY_MISSING for diagnostic in error.diagnostics)
        if not (missing or force):
            raise
        present = None if missing else b""
    else:
        present = current.data
        if present == archive or _content(present, pack) == _content(archive, pack):
            return Pushed("already there", current.revision)
    if present is not None and not force:
        raise fail(
            Code.PACK_PUSHED,
            f"{registry.source} has pack '{pack.name}' {pack.version} with other content: expected"
            f" sha256:{_content(archive, pack)}, found sha256:{_content(present, pack)}",
            pack.at,
            hint="raise the version: whoever locked this one would be refused. --force overwrites it",
        )
    revision = registries.push(registry, pack.name, pack.version, archive)
    return Pushed("pushed" if present is None else "overwritten", revision)


def _content(archive: bytes, pack: Pack) -> str:
    """The digest of the files in an archive; that of no files where it holds no pack."""
    try:
        return digest(files_of("pack", archive, pack.directory))
    except CompileError:
        return digest({})


@dataclass(frozen=True, slots=True)
class Pulled:
    """A pack from a registry: its files, relative to its directory."""

    name: str
    version: str
    files: Mapping[str, bytes]
    revision: str


def pull(name: str, wanted: str, registry: Registry, registries: Registries) -> Pulled:
    """The pack in an exact version, or the newest of a range or train. Raises CompileError: `lock-no-version`,
    `invalid-version`, and as `Registries`; also where the registry gives another pack than its name says."""
    available = registries.versions(registry, "pack", name)
    try:
        version = wanted if wanted in available else versions.best_pack(available, wanted)
    except ValueError:
        raise fail(Code.INVALID_VERSION, f"'{wanted[:60]}' is not a valid version or version range") from None
    if not version:
        hint = versions.hint(available, versions.Version.of_pack)
        raise fail(Code.LOCK_NO_VERSION, f"{registry.source} has no pack '{name}' in version {wanted}", hint=hint)
    fetched = registries.fetch(registry, "pack", name, version)
    entry = contents(fetched, Request("pack", registry, name, version, "", registry.at), version)
    return Pulled(name, version, files_of("pack", fetched.data, entry.place), fetched.revision)


def refuse_left_over(files: Files, directory: str, pulled: Pulled) -> None:
    """Raises `file-exists` if the directory has files that the pack does not have: they would become part of it."""
    if files.entry(directory) is None:
        return
    problems = Problems()
    for path in tree.walk(files, directory):
        if path.removeprefix(f"{directory}/") not in pulled.files:
            problems.error(
                Code.FILE_EXISTS, f"not a file of pack '{pulled.name}' {pulled.version}", Position(path),
                hint="move it away, or pull into another directory with --to",
            )  # fmt: skip
    problems.raise_if_any()


@dataclass(frozen=True, slots=True)
class Match:
    """A pack that a registry has; `versions` with the newest first."""

    name: str
    versions: tuple[str, ...]
    registry: Registry

    def plain(self) -> dict[str, Any]:
        """As JSON data."""
        return {"name": self.name, "versions": list(self.versions), "registry": self.registry.name or self.registry.url}


def search(
    text: str, places: Iterable[Registry], registries: Registries, problems: Problems, each: Each = map
) -> list[Match]:
    """The packs of the registries whose name contains the text, whatever its case; by name. Problems are recorded, and
    the other registries are still asked."""
    wanted: list[tuple[Registry, str]] = []
    for registry in places:
        try:
            names = registries.names(registry, "pack")
        except CompileError as error:
            problems.add(error)
            continue
        wanted += [(registry, name) for name in names if text.lower() in name.lower()]

    def listed(item: tuple[Registry, str]) -> Collection[str] | CompileError:
        try:
            return registries.versions(item[0], "pack", item[1])
        except CompileError as error:
            return error

    matches = []
    for (registry, name), available in zip(wanted, each(listed, wanted), strict=True):
        if isinstance(available, CompileError):
            problems.add(available)
        elif available:
            matches.append(Match(name, _newest_first(available), registry))
    return sorted(matches, key=lambda match: (match.name, match.registry.source))


def _newest_first(available: Collection[str]) -> tuple[str, ...]:
    ordered: Sequence[str] = sorted(
        available, key=lambda text: versions.age(text, versions.Version.of_pack), reverse=True
    )
    return tuple(ordered)
