"""Imports: what other repositories give, as if it were below `lamella.lock/imports/` here. Nearer wins.

The order of nearness is this repository, then imports by scope (project, tenant, system) and as written in lamella.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from compiler import files as tree
from compiler.charts.chart import digest
from compiler.codes import Code
from compiler.diagnostics import Diagnostic, Position, Problems
from compiler.files.paths import import_name
from compiler.model import IMPORT_SCOPES, Import, Macros, PackVersions, Settings
from compiler.model.lock import Lock
from compiler.ports import Files


def locked_imports(settings: Settings, lock: Lock, problems: Problems) -> Iterator[Import]:
    """The imports that the lock pins, the nearest first. Others are recorded."""
    for each in settings.imports:
        if lock.find(each.request.key) is None:
            source = each.request.registry.source
            problems.error(
                Code.NOT_LOCKED,
                f"import '{each.name}' of {source} is not in lamella.lock",
                each.at,
                hint="run `lamella lock`, and commit lamella.lock",
            )
        else:
            yield each


def warn_of_shadowed(what: str, at: Position, nearer: Position, settings: Settings, problems: Problems) -> None:
    """Warns that something of an import is not used."""
    by = settings.import_of(nearer.path)
    warning = Diagnostic(
        Code.IMPORT_SHADOWED,
        f"{what} of import '{import_name(at.path)}' is not used: "
        + (f"import '{by.name}', which is nearer, has one too" if by else "this repository has its own"),
        by.at if by else nearer,
        related=((at, "not used"),),
        hint="order the imports, or give them scopes" if by else "rename it, or delete it to use the import's",
        severity="warning",
    )
    problems.diagnostics.append(warning)


def in_scope(macros: Macros, imported: Import) -> Macros:
    """The macros of an import, which are no nearer than the import is."""
    return replace(macros, scope=max(macros.scope, imported.scope, key=IMPORT_SCOPES.index))


def with_imported(
    nearer: Mapping[str, PackVersions],
    imported: Mapping[str, PackVersions],
    files: Files,
    settings: Settings,
    problems: Problems,
) -> dict[str, PackVersions]:
    """The packs by name, with those of an import that are not shadowed. Equal packs shadow each other without a word."""
    packs = dict(nearer)
    for name, versions in imported.items():
        own = nearer.get(name)
        if own is None:
            packs[name] = versions
            continue
        packs[name] = _either(own, versions)
        for version in versions:
            if version in own and _files(files, own[version].directory) != _files(files, versions[version].directory):
                warn_of_shadowed(f"pack {name} {version}", versions[version].at, own[version].at, settings, problems)
    return dict(sorted(packs.items()))


def _either(own: PackVersions, others: PackVersions) -> PackVersions:
    """The versions of both; `own` first where both have one."""
    return PackVersions(sorted({*own, *others}), lambda version: (own if version in own else others)[version])


def _files(files: Files, directory: str) -> str:
    return digest({path.removeprefix(directory): tree.read(files, path) for path in tree.walk(files, directory)})
