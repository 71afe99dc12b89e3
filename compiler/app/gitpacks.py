"""What git repositories give: the packs below a path, in the versions that one commit has, and imports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from compiler import files as tree
from compiler.charts.archive import write_tgz
from compiler.codes import Code
from compiler.diagnostics import CompileError, Problems, fail
from compiler.load.pack import find_packs
from compiler.load.settings import read_settings_file
from compiler.model import Pack, PackVersions
from compiler.model.lock import LOCK_PATH
from compiler.ports import Entry, Fetched, Files, Kind, Registries, Registry, Repositories


@dataclass(frozen=True, slots=True)
class AllRegistries:
    """`ports.Registries` over those of the network, with git repositories too."""

    network: Registries
    repositories: Repositories

    def versions(self, registry: Registry, kind: Kind, name: str) -> Collection[str]:
        if not registry.git:
            return self.network.versions(registry, kind, name)
        files = self.repositories.tree(registry.remote)
        return [files.commit] if kind == "import" else list(_packs(registry, files).get(name, ()))

    def fetch(self, registry: Registry, kind: Kind, name: str, version: str, revision: str = "") -> Fetched:
        if not registry.git:
            return self.network.fetch(registry, kind, name, version, revision)
        files = self.repositories.tree(registry.remote, version if kind == "import" else revision)
        if kind == "import":
            return Fetched(write_tgz(_import(registry, files), "", level=0), files.commit)
        available: Mapping[str, Pack] = _packs(registry, files).get(name) or {}
        if version not in available:
            message = f"pack '{name}' {version} is not in commit {files.commit[:12]} of {registry.source}"
            raise fail(Code.REGISTRY_MISSING, message, registry.at)
        pack = available[version]
        twins = [defect for defect in pack.defects if defect.code == Code.PACK_DUPLICATE]
        if twins:
            raise _of(registry, CompileError(twins))
        try:
            below = _below(files, pack.directory)
        except CompileError as error:
            raise _of(registry, error) from error
        return Fetched(write_tgz(below, "", level=0), files.commit)

    def names(self, registry: Registry, kind: Kind) -> Collection[str]:
        if not registry.git:
            return self.network.names(registry, kind)
        return sorted(_packs(registry, self.repositories.tree(registry.remote)))

    def push(self, registry: Registry, name: str, version: str, archive: bytes) -> str:
        return self.network.push(registry, name, version, archive)

    def verify(self, registry: Registry, kind: Kind, name: str, version: str, fetched: Fetched, key: bytes) -> str:
        return self.network.verify(registry, kind, name, version, fetched, key)

    def image_digest(self, image: str, declared: Sequence[Registry]) -> str:
        return self.network.image_digest(image, declared)


def _below(files: Files, directory: str) -> dict[str, bytes]:
    """The files below a directory, by path relative to it, links followed. Raises CompileError where one leads out."""
    return {path.removeprefix(f"{directory}/"): tree.read(files, path) for path in tree.walk(files, directory)}


def _import(registry: Registry, files: Files) -> dict[str, bytes]:
    """The files of an import: those below its path, without what is rendered and vendored there. What is outside of the
    path does not exist for it, so no link can lead there."""
    _check_directory(registry, files)
    inside = _Below(files, registry.path)
    try:
        settings = read_settings_file(inside, Problems())
        left_out = {settings.output, settings.vendor, LOCK_PATH, ".github"}
        names = [name for name in inside.names("") if name not in left_out]
        content: dict[str, bytes] = {}
        for name in names:
            paths = tree.walk(inside, name) if tree.is_directory(inside, name) else [name]
            content |= {
                path: tree.read(inside, path)
                for path in paths
                if not any(path.startswith(f"{folder}/") for folder in left_out)
            }
    except CompileError as error:
        raise _of(registry, error, "set path: to a folder that has all its files") from error
    if not any(path.startswith(("profiles/", "packs/")) for path in content):
        raise fail(
            Code.NO_PROFILES,
            f"{registry.source} has neither a folder 'profiles' nor a folder 'packs'",
            registry.at,
            hint="set path: to the folder that has them",
        )
    return content


class _Below:
    """A directory of a tree as a tree."""

    def __init__(self, files: Files, directory: str) -> None:
        self._files = files
        self._directory = tree.resolve_links(files, directory)

    def _path(self, path: str) -> str:
        return "/".join(filter(None, (self._directory, path)))

    def entry(self, path: str) -> Entry | None:
        return self._files.entry(self._path(path)) if self._path(path) else Entry("directory")

    def names(self, path: str) -> tuple[str, ...]:
        return self._files.names(self._path(path))

    def read(self, path: str) -> bytes:
        return self._files.read(self._path(path))


def _packs(registry: Registry, files: Files) -> Mapping[str, PackVersions]:
    """The packs below the registry's path, by name. What only looks like a pack is not one of them."""
    _check_directory(registry, files)
    return find_packs(files, [registry.path], Problems())


def _check_directory(registry: Registry, files: Files) -> None:
    try:
        exists = tree.is_directory(files, registry.path)
    except CompileError as error:
        raise _of(registry, error) from error
    if not exists:
        raise fail(Code.GIT_NO_DIRECTORY, f"{registry.source} has no directory '{registry.path}'", registry.at)


def _of(registry: Registry, error: CompileError, hint: str = "") -> CompileError:
    """The problems of files of another repository, told where that is named."""
    told = []
    for d in error.diagnostics:
        place = f"{d.at.path}: " if d.at else ""
        message = f"{registry.source}: {place}{d.message}"
        told.append(replace(d, message=message, at=registry.at, hint=d.hint or hint, related=()))
    return CompileError(told, environment=error.environment)
