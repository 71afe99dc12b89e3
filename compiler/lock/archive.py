"""What an archive of a registry holds: checked to be the chart or pack that was asked for, before it is locked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from compiler.charts.archive import read_tgz
from compiler.charts.chart import digest, read_chart_archive
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, fail
from compiler.model.lock import Locked, Request
from compiler.palette.identity import NATIVE, PALETTE, identity
from compiler.ports import Fetched, Kind

_PACK_FILES = (NATIVE, PALETTE)


def files_of(kind: Kind, data: bytes, name: str) -> Mapping[str, bytes]:
    """The files of the archive of a chart, pack or import, relative to its folder; `name` is the archive's, for messages.

    Raises CompileError with codes `archive-*` and `chart-*`, and `pack-unreadable` where it holds no pack.
    """
    if kind == "chart":
        return read_chart_archive(data, name).files
    members = read_tgz(data, name)
    if kind == "import" or any(file in members for file in _PACK_FILES):
        return members
    tops = {member.partition("/")[0] for member in members}
    top = tops.pop() if len(tops) == 1 else ""
    inside = {member.removeprefix(f"{top}/"): content for member, content in members.items()}
    if top and any(file in inside for file in _PACK_FILES):
        return inside
    raise fail(Code.PACK_UNREADABLE, f"expected {' or '.join(_PACK_FILES)} in the archive", Position(name))


def contents(fetched: Fetched, request: Request, version: str) -> Locked:
    """The entry for an archive that was fetched, without who asks for it. Raises CompileError if it is not what its
    registry says it is, at the request."""
    name = f"{request.registry.source}/{request.name}-{version}"
    wanted = found = (request.name, version)
    if request.kind == "chart":
        chart = read_chart_archive(fetched.data, name)
        files, found = chart.files, (chart.name, chart.version)
    else:
        files = files_of(request.kind, fetched.data, name)
        if request.kind == "pack":
            path = next(file for file in _PACK_FILES if file in files)
            found = identity(files[path], f"{name}/{path}")
    if found[0] != wanted[0] or found[1].removeprefix("v") != wanted[1].removeprefix("v"):
        raise fail(
            Code.LOCK_OTHER_CONTENT,
            f"{request.registry.source} gives {request.kind} '{found[0]}' {found[1]} as '{wanted[0]}' {wanted[1]}",
            request.at,
            hint="the registry is wrong: report it to its owner",
        )
    return Locked(
        kind=request.kind,
        name=request.name,
        version=version,
        source=request.registry.source,
        archive=hashlib.sha256(fetched.data).hexdigest(),
        content=digest(files),
        revision=fetched.revision,
    )


def changed(locked: Locked, content: str, at: Position | None) -> CompileError:
    """The problem of a registry that has other content (its digest) under a version that is locked."""
    return fail(
        Code.LOCK_CHANGED,
        f"{locked.shown} of {locked.source} has changed: content sha256:{locked.content}"
        f" is locked, and the registry has sha256:{content}",
        at,
        hint="a published version must not change: ask who owns it; to accept the new content, delete its entry from"
        " lamella.lock and run `lamella lock`",
    )
