"""Registries that are git repositories: the packs below a path, in the versions that one commit has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from compiler import files as tree
from compiler.charts.archive import write_tgz
from compiler.codes import Code
from compiler.diagnostics import CompileError, Problems, fail
from compiler.load.pack import find_packs
from compiler.model import Pack, PackVersions
from compiler.ports import Fetched, Files, Kind, Registries, Registry, Repositories


@dataclass(frozen=True, slots=True)
class AllRegistries:
    """`ports.Registries` over those of the network, with git repositories too."""

    network: Registries
    repositories: Repositories

    def versions(self, registry: Registry, kind: Kind, name: str) -> Collection[str]:
        if not registry.git:
            return self.network.versions(registry, kind, name)
        return list(_packs(registry, self.repositories.tree(registry.remote)).get(name, ()))

    def fetch(self, registry: Registry, kind: Kind, name: str, version: str, revision: str = "") -> Fetched:
        if not registry.git:
            return self.network.fetch(registry, kind, name, version, revision)
        files = self.repositories.tree(registry.remote, revision)
        available: Mapping[str, Pack] = _packs(registry, files).get(name) or {}
        if version not in available:
            message = f"pack '{name}' {version} is not in commit {files.commit[:12]} of {registry.source}"
            raise fail(Code.REGISTRY_MISSING, message, registry.at)
        pack = available[version]
        twins = [defect for defect in pack.defects if defect.code == Code.PACK_DUPLICATE]
        if twins:
            raise _of(registry, CompileError(twins))
        return Fetched(write_tgz(files_below(files, pack.directory, registry), "", level=0), files.commit)

    def names(self, registry: Registry, kind: Kind) -> Collection[str]:
        if not registry.git:
            return self.network.names(registry, kind)
        return sorted(_packs(registry, self.repositories.tree(registry.remote)))

    def push(self, registry: Registry, name: str, version: str, archive: bytes) -> str:
        return self.network.push(registry, name, version, archive)

    def image_digest(self, image: str, declared: Sequence[Registry]) -> str:
        return self.network.image_digest(image, declared)


def files_below(files: Files, directory: str, registry: Registry) -> dict[str, bytes]:
    """The files below a directory of the registry's commit, by path relative to it, links followed. Raises CompileError
    where one leads out of the commit."""
    try:
        paths = tree.walk(files, directory)
        return {path.removeprefix(f"{directory}/"): tree.read(files, path) for path in paths}
    except CompileError as error:
        raise _of(registry, error) from error


def _packs(registry: Registry, files: Files) -> Mapping[str, PackVersions]:
    """The packs below the registry's path, by name. What only looks like a pack is not one of them."""
    if registry.path and not tree.is_directory(files, registry.path):
        raise fail(Code.GIT_NO_DIRECTORY, f"{registry.source} has no directory '{registry.path}'", registry.at)
    return find_packs(files, [registry.path], Problems())


def _of(registry: Registry, error: CompileError) -> CompileError:
    """The problems of files of another repository, told where that is named."""
    told = [
        replace(d, message=f"{registry.source}: {d.at.path if d.at else ''}: {d.message}", at=registry.at, related=())
        for d in error.diagnostics
    ]
    return CompileError(told, environment=error.environment)
