"""lamella.lock as text: sorted, one fact a line, so that a review shows what changed and git merges two additions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler import yamldoc
from compiler.model.lock import Lock, Locked

_HEADER = "# Written by `lamella lock`: what profiles ask for, pinned. Commit it; do not edit it.\n"


def text_of(lock: Lock) -> str:
    """The lock as its file has it; equal locks give equal bytes. `load.lock` reads it back."""
    data: dict[str, Any] = {"apiVersion": "lamella/v1", "kind": "Lock"}
    for section, kind in (("imports", "import"), ("charts", "chart"), ("packs", "pack")):
        entries = [dict(_fields(entry)) for entry in lock.entries if entry.kind == kind]
        if entries:
            data[section] = entries
    if lock.images:
        data["images"] = [
            {"image": each.image, "digest": each.digest, "askedBy": list(each.asked_by)} for each in lock.images
        ]
    return _HEADER + yamldoc.dump(data, keep_order=True)


def _fields(entry: Locked) -> Iterator[tuple[str, Any]]:
    yield "name", entry.name
    if entry.kind != "import":
        yield "version", entry.version
    yield "source", entry.source
    if entry.kind == "import":
        yield "commit", entry.revision
    elif entry.revision:
        yield "revision", entry.revision
    yield "archive", f"sha256:{entry.archive}"
    yield "content", f"sha256:{entry.content}"
    if entry.verified:
        yield "verified", entry.verified
    if entry.kind != "import":  # its source has the ref, and lamella.yaml asks for it
        yield "requested", list(entry.requested)
        yield "askedBy", list(entry.asked_by)
