"""lamella.lock: read here, written by `lock.text`. A damaged lock is one problem, told with its place."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems
from compiler.fields.reader import Reader, mismatch
from compiler.model.lock import LOCK_PATH, Lock, Locked, LockedImage
from compiler.ports import Files

API_VERSION = "lamella/v1"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_HINT = "`lamella lock` writes this file; take one side of a merge and run it again"
_SECTIONS = {"imports": "import", "charts": "chart", "packs": "pack"}


def read_lock(files: Files, problems: Problems) -> Lock:
    """What the repository's lamella.lock pins; nothing if it has none. Problems are recorded."""
    if files.entry(LOCK_PATH) is None:
        return Lock()
    try:
        document = yamldoc.load_one(files.read(LOCK_PATH), LOCK_PATH)
    except CompileError as error:
        problems.add(_with_command(error))
        return Lock()
    if not isinstance(document.value, dict):
        problems.error(Code.LOCK_INVALID, mismatch("mapping", document.value), Position(LOCK_PATH, 1), hint=_HINT)
        return Lock()
    reader = Reader(document.value, document, problems)
    reader.only(("apiVersion", "kind", *_SECTIONS, "images"))
    reader.choice("apiVersion", (API_VERSION,), required=True)
    reader.choice("kind", ("Lock",), required=True)
    entries: dict[tuple[str, ...], Locked] = {}
    for section, kind in _SECTIONS.items():
        for child in reader.children(section):
            entry = _read_import(child) if kind == "import" else _read_entry(child, kind)
            if entry is None:
                continue
            if kind == "import" and any(other.path == entry.path for other in entries.values()):
                problems.error(Code.LOCK_INVALID, f"import '{entry.name}' is locked twice", child.here, hint=_HINT)
                continue
            versions = [("", entry.version), *(("asked", version) for version in entry.requested)]
            for how, version in versions:
                if entries.setdefault((how, kind, entry.source, entry.name, version), entry) is not entry:
                    message = f"{kind} '{entry.name}' {version} of {entry.source} is locked twice"
                    problems.error(Code.LOCK_INVALID, message, child.here, hint=_HINT)
    return Lock.of({id(entry): entry for entry in entries.values()}.values(), _read_images(reader))


def _read_images(reader: Reader) -> Collection[LockedImage]:
    images: dict[str, LockedImage] = {}
    for child in reader.children("images"):
        child.only(("image", "digest", "askedBy"))
        image, digest = child.string("image", required=True), _matching(child, "digest", _DIGEST)
        if image in images:
            child.problems.error(Code.LOCK_INVALID, f"image '{image}' is locked twice", child.here, hint=_HINT)
        images[image] = LockedImage(image, digest, child.strings("askedBy"))
    return images.values()


def _with_command(error: CompileError) -> CompileError:
    """The error of a conflict that git left, with the command that settles it in this file."""
    hint = "`lamella lock` takes both sides; commit what it writes"
    return CompileError(
        [replace(each, hint=hint) if each.code == Code.CONFLICT_MARKER else each for each in error.diagnostics]
    )


def _read_entry(reader: Reader, kind: str) -> Locked | None:
    """One entry; None if it is unusable (reported)."""
    before = len(reader.problems.errors)
    reader.only(("name", "version", "source", "revision", "archive", "content", "verified", "requested", "askedBy"))
    source = reader.string("source", required=True)
    entry = Locked(
        kind=kind,  # type: ignore[arg-type]
        name=_matching(reader, "name", _NAME),
        version=_matching(reader, "version", _VERSION),
        source=source,
        archive=_matching(reader, "archive", _DIGEST).removeprefix("sha256:"),
        content=_matching(reader, "content", _DIGEST).removeprefix("sha256:"),
        requested=reader.strings("requested"),
        asked_by=reader.strings("askedBy"),
        verified=reader.string("verified"),
        revision=_matching(reader, "revision", _COMMIT) if source.startswith("git+") else reader.string("revision"),
    )
    return entry if len(reader.problems.errors) == before else None


def _read_import(reader: Reader) -> Locked | None:
    """One entry of `imports:`, whose ref is part of its source; None if it is unusable (reported)."""
    before = len(reader.problems.errors)
    reader.only(("name", "source", "commit", "archive", "content"))
    source, commit = reader.string("source", required=True), _matching(reader, "commit", _COMMIT)
    entry = Locked(
        kind="import",
        name=_matching(reader, "name", _NAME),
        version=commit,
        source=source,
        archive=_matching(reader, "archive", _DIGEST).removeprefix("sha256:"),
        content=_matching(reader, "content", _DIGEST).removeprefix("sha256:"),
        requested=(source.partition("?ref=")[2],),
        asked_by=("lamella.yaml",),
        revision=commit,
    )
    return entry if len(reader.problems.errors) == before else None


def _matching(reader: Reader, key: str, pattern: re.Pattern[str]) -> str:
    text = reader.string(key, required=True)
    if text and not pattern.fullmatch(text):
        reader.error(Code.LOCK_INVALID, key, f"'{text[:80]}' is not a {key} that `lamella lock` writes", hint=_HINT)
    return text
