"""`lamella lock` as a function: the repository's requests, the registries, the new lock, and what changed in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from compiler import files as tree
from compiler import versions
from compiler.app.archives import Cache, LockedFiles, archive_name
from compiler.app.pinning import image_requests, pins_images
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, fail
from compiler.files import read_text
from compiler.files.mapping import MappingFiles, Replaced
from compiler.load.lock import read_lock
from compiler.load.repository import load
from compiler.load.settings import read_settings_file
from compiler.lock.conflict import joined, sides
from compiler.lock.images import kept_images, names_of, update_images
from compiler.lock.text import text_of
from compiler.lock.update import KEEP, Upgrade, check_names, kept, update
from compiler.model import Source
from compiler.model.lock import LOCK_PATH, Lock, Locked, Request
from compiler.model.rendering import Renderer
from compiler.ports import Each, Files, Registries, Registry
from compiler.resolve.registries import requests

OpenRenderer = Callable[[], AbstractContextManager[Renderer]]
"""Opens a renderer, for `with`: only where images are pinned."""

_TOLD = 4  # differences in a message


@dataclass(frozen=True, slots=True)
class Relocked:
    """The new text of lamella.lock ('' where nothing is locked), the old one, and a line for each change."""

    text: str
    before: str
    changes: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]
    entries: int

    @property
    def summary(self) -> str:
        count = f"{self.entries} {'entry' if self.entries == 1 else 'entries'}"
        if self.text == self.before:
            return f"{LOCK_PATH} is up to date: {count}"
        return f"{LOCK_PATH}: {count}"


def relock(
    files: Files,
    registries: Registries,
    cache: Cache,
    open_renderer: OpenRenderer,
    upgrade: Upgrade = KEEP,
    *,
    each: Each = map,
) -> Relocked:
    """The lock of the repository as it should be; one that git left in conflict is taken with both sides. Raises
    CompileError with all problems.

    Imports are pinned before all else is read: their profiles ask for charts and packs too.
    """
    before = read_text(files, LOCK_PATH) if files.entry(LOCK_PATH) else ""
    files = _settled(files)
    problems = Problems()

    def keep(entry: Locked, data: bytes) -> None:
        cache.put(entry.content, data)

    def key_of(registry: Registry) -> bytes:
        path = registry.cosign_key or registry.keyring
        return tree.read(files, path, registry.at) if path else b""

    # What is wrong with the two files is reported when the repository is loaded.
    settings, old = read_settings_file(files, Problems()), read_lock(files, Problems())
    imports = [each.request for each in settings.imports]
    imported = update(imports, old, registries, problems, upgrade=upgrade, keep=keep, each=each).entries
    problems.raise_if_any()

    def with_lock(lock: Lock) -> LockedFiles:
        return LockedFiles(Replaced(files, {LOCK_PATH: text_of(lock).encode()}), cache, registries, each=each)

    others = [entry for entry in old.entries if entry.kind != "import"]
    source, warnings = load(with_lock(Lock.of([*imported, *others], old.images)) if imports else files)
    asked = requests(source, source.clusters.values(), problems)
    images = {name for image in old.digests for name in names_of(image)}
    check_names(upgrade, {*images, *(request.name for request in (*imports, *asked))}, problems)
    problems.raise_if_any()
    lock = update(asked, old, registries, problems, upgrade=upgrade, key_of=key_of, keep=keep, each=each)
    lock = Lock.of([*imported, *lock.entries])
    problems.raise_if_any()
    if pins_images(source):
        with open_renderer() as renderer:
            wanted = image_requests(with_lock(lock), renderer)
        declared = source.settings.registries
        pinned = update_images(wanted, old, registries, declared, problems, upgrade=upgrade, each=each)
        problems.raise_if_any()
        lock = Lock.of(lock.entries, pinned)
    text = text_of(lock) if lock.entries or lock.images or before else ""
    changes = tuple(_changes(old, lock))
    return Relocked(text, before, changes, (*warnings, *problems.warnings), len(lock.entries) + len(lock.images))


def _settled(files: Files) -> Files:
    """The files, with both sides of a conflict in lamella.lock where they can be had."""
    if files.entry(LOCK_PATH) is None:
        return files
    both = sides(files.read(LOCK_PATH).decode("utf-8", "replace"))
    problems = Problems()
    locks = [read_lock(MappingFiles({LOCK_PATH: side.encode()}), problems) for side in both or ()]
    lock = joined(*locks) if locks and not problems.errors else None
    return Replaced(files, {LOCK_PATH: text_of(lock).encode()}) if lock else files


def stale(files: LockedFiles, open_renderer: OpenRenderer) -> list[str]:
    """A line for each way in which lamella.lock is not what `lamella lock` would write; of registries nothing is needed
    but the imports that are locked."""
    problems = Problems()
    settings, old = read_settings_file(files, Problems()), read_lock(files, Problems())
    unlocked = [f"missing: import {each.name}" for each in settings.imports if old.find(each.request.key) is None]
    if unlocked:
        return unlocked
    source, _ = load(files)
    asked = _asked(source, problems)
    problems.raise_if_any()
    lines = [
        f"missing: {request.kind} {request.name} {request.version} ({request.asked_by})"
        for request in asked
        if source.lock.find(request.key) is None
    ]
    lines += [
        f"unverified: {entry.kind} {entry.name} {entry.version} ({request.asked_by})"
        for request in asked
        if request.registry.verify == "always" and (entry := source.lock.find(request.key)) and not entry.verified
    ]
    after = kept(asked, source.lock)
    if not lines and pins_images(source):
        with open_renderer() as renderer:
            wanted = image_requests(files, renderer)
        missing = dict.fromkeys(request.image for request in wanted if request.image not in source.lock.digests)
        lines += [f"missing: image {image}" for image in missing]
        after = Lock.of(after.entries, kept_images(wanted, source.lock))
    lines += _changes(source.lock, after)
    if not lines and files.entry(LOCK_PATH) and text_of(after) != read_text(files, LOCK_PATH):
        lines.append("who asks for what has changed")
    return lines


def refuse_stale(files: LockedFiles, renderer: Renderer) -> None:
    """Raises CompileError, `lock-stale`, where lamella.lock is not what `lamella lock` would write; needs no registry."""
    lines = stale(files, lambda: nullcontext(renderer))
    if lines:
        more = f"; and {len(lines) - _TOLD} more" if len(lines) > _TOLD else ""
        raise fail(
            Code.LOCK_STALE,
            f"{LOCK_PATH} is not up to date: {'; '.join(lines[:_TOLD])}{more}",
            hint="run `lamella lock`, and commit it",
        )


@dataclass(frozen=True, slots=True)
class Vendored:
    """Archives by their path below the folder."""

    folder: str
    files: dict[str, bytes]


def vendored(files: LockedFiles) -> Vendored:
    """Every archive that is locked. Raises CompileError with the problems of lamella.yaml, of the lock, of fetching."""
    problems = Problems()
    settings, lock = read_settings_file(files, problems), read_lock(files, problems)
    problems.raise_if_any()
    files.archives.prefetch(lock.entries)
    return Vendored(settings.vendor, {archive_name(entry): files.archives.read(entry) for entry in lock.entries})


@dataclass(frozen=True, slots=True)
class Outdated:
    """A locked version beside the newest that its range allows and the newest of all without pre-releases."""

    kind: str
    name: str
    requested: str
    current: str
    allowed: str
    newest: str
    source: str
    asked_by: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "kind": self.kind,
            "name": self.name,
            "requested": self.requested,
            "current": self.current,
            "allowed": self.allowed,
            "newest": self.newest,
            "source": self.source,
            "askedBy": list(self.asked_by),
        }


def outdated(
    files: Files, registries: Registries, *, each: Each = map
) -> tuple[list[Outdated], tuple[Diagnostic, ...]]:
    """A row for each version or range of each entry of the lock, in its order, and the warnings of the repository. Raises
    CompileError with all problems."""
    source, warnings = load(files)
    problems = Problems()
    lock = kept(_asked(source, problems), source.lock)
    problems.raise_if_any()

    def listed(entry: Locked) -> Collection[str] | CompileError:
        registry = source.settings.registry_at(entry.source) or Registry("", Position(LOCK_PATH), url=entry.source)
        try:
            return registries.versions(registry, entry.kind, entry.name)
        except CompileError as error:
            return error

    rows = []
    for entry, available in zip(lock.entries, each(listed, lock.entries), strict=True):
        if isinstance(available, CompileError):
            problems.add(available)
            continue
        if entry.kind == "import":
            rows.append(_newest_commit(entry, next(iter(available))))
            continue
        newest = versions.best(available, "*") or entry.version
        rows += [
            Outdated(
                entry.kind,
                entry.name,
                requested,
                entry.version,
                versions.best(available, requested) or entry.version,
                max(newest, entry.version, key=versions.age),
                entry.source,
                entry.asked_by,
            )
            for requested in entry.requested
        ]
    problems.raise_if_any()
    return rows, warnings


def _newest_commit(entry: Locked, commit: str) -> Outdated:
    """The row of an import: its commit beside the one that its ref means now."""
    current, newest = entry.short_version, replace(entry, version=commit).short_version
    ref = entry.requested[0] or "HEAD"
    return Outdated(entry.kind, entry.name, ref, current, newest, newest, entry.source, entry.asked_by)


def _asked(source: Source, problems: Problems) -> list[Request]:
    imports = [each.request for each in source.settings.imports]
    return [*imports, *requests(source, source.clusters.values(), problems)]


def _changes(before: Lock, after: Lock) -> Iterator[str]:
    """`+ chart podinfo 6.5.4`, `- …`, or `~ chart podinfo 6.5.3 -> 6.5.4` where one version took another's place."""
    old = {entry.identity: entry for entry in before.entries}
    new = {entry.identity: entry for entry in after.entries}
    gone = [old[key] for key in old.keys() - new.keys()]
    for key in sorted(new.keys() - old.keys()):
        entry = new[key]
        former = next((other for other in gone if other.identity[:3] == key[:3]), None)
        if former:
            gone.remove(former)
            yield f"~ {entry.kind} {entry.name} {former.short_version} -> {entry.short_version}"
        else:
            yield f"+ {entry.kind} {entry.name} {entry.short_version}  {entry.source}"
    for entry in sorted(gone, key=lambda each: each.identity):
        yield f"- {entry.kind} {entry.name} {entry.short_version}"
    for image in sorted(before.digests.keys() | after.digests.keys()):
        was, now = before.digests.get(image, ""), after.digests.get(image, "")
        if was != now:
            sign = "+" if not was else "-" if not now else "~"
            yield f"{sign} image {image} {' -> '.join(filter(None, (was, now)))}"
