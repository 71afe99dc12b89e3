"""A new lock from what is asked for, the old lock and the registries.

A request that is locked keeps its version: only `upgrade` looks for a newer one. What nobody asks for leaves the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from compiler import versions
from compiler.codes import Code
from compiler.diagnostics import CompileError, Problems, did_you_mean, fail
from compiler.fields.reader import invalid_range
from compiler.lock.archive import changed, contents
from compiler.model.lock import Key, Lock, Locked, Request
from compiler.ports import Each, Fetched, Kind, Registries, Registry

_LISTED = 8  # versions in a hint


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Which requests look for newer versions: those of these names, of every name with `everything`."""

    names: Collection[str] = ()
    everything: bool = False
    downgrade: bool = False  # an older version than the locked one is taken too

    def includes(self, name: str) -> bool:
        return self.everything or name in self.names


KEEP = Upgrade()


def check_names(upgrade: Upgrade, known: Collection[str], problems: Problems) -> None:
    """Records names to upgrade that nobody asks for: those that are not known."""
    for name in sorted(set(upgrade.names).difference(known)):
        hint = did_you_mean(name, known)
        problems.error(Code.LOCK_NOTHING_ASKED, f"nothing named '{name}' is asked for", hint=hint)


def update(
    requests: Collection[Request],
    old: Lock,
    registries: Registries,
    problems: Problems,
    *,
    upgrade: Upgrade = KEEP,
    key_of: Callable[[Registry], bytes] = lambda _: b"",
    keep: Callable[[Locked, bytes], Any] = lambda *_: None,
    each: Each = map,
) -> Lock:
    """The lock for these requests. `keep` is given each archive that was fetched. Problems are recorded, all of them; the
    lock is of no use then. `key_of` gives the keyring of a registry.

    What is locked and was not verified, where the registry now wants that, is fetched again and verified.
    """
    ordered = sorted(requests, key=lambda r: (r.key, r.asked_by))
    keeping = [request for request in ordered if old.find(request.key) and not upgrade.includes(request.name)]
    known = {entry.identity: entry for entry in old.entries}
    wanted: dict[Key, list[Request]] = {}
    for request in keeping:
        entry = old.find(request.key)
        if entry and _is_unproved(entry, request):
            wanted.setdefault(entry.identity, []).append(request)
    proved = [request for request in keeping if not any(request in group for group in wanted.values())]
    entries = {entry.identity: entry for entry in kept(proved, old).entries}
    for request, version in _chosen([r for r in ordered if r not in keeping], old, registries, upgrade, problems, each):
        wanted.setdefault((request.kind, request.registry.source, request.name, version), []).append(request)
    fetch = []
    for identity, group in wanted.items():
        is_known = identity in known and not upgrade.includes(group[0].name)
        if is_known and not _is_unproved(known[identity], group[0]):
            entry = entries.get(identity, replace(known[identity], requested=(), asked_by=()))
            entries[identity] = _joined(entry, group)
        else:
            fetch.append((identity, group))

    def fetched(item: tuple[Key, list[Request]]) -> Locked | CompileError:
        identity, group = item
        return _fetched(group, identity[3], known.get(identity), registries, key_of, keep)

    for result in each(fetched, fetch):
        if isinstance(result, CompileError):
            problems.add(result)
        else:
            entries[result.identity] = result
    return Lock.of(entries.values())


def kept(requests: Iterable[Request], lock: Lock) -> Lock:
    """The entries that these requests mean, with these requests only. A request that is not locked is passed over."""
    entries: dict[Key, Locked] = {}
    for request in requests:
        entry = lock.find(request.key)
        if entry is not None:
            before = entries.get(entry.identity, replace(entry, requested=(), asked_by=()))
            entries[entry.identity] = _joined(before, [request])
    return Lock.of(entries.values())


def _is_unproved(entry: Locked, request: Request) -> bool:
    return request.registry.verify == "always" and not entry.verified


def _joined(entry: Locked, group: Iterable[Request]) -> Locked:
    """The entry, asked for by these requests too."""
    requested = {*entry.requested, *(request.version for request in group)}
    asked_by = {*entry.asked_by, *(request.asked_by for request in group)}
    return replace(entry, requested=tuple(sorted(requested)), asked_by=tuple(sorted(asked_by)))


def _chosen(
    requests: Sequence[Request],
    old: Lock,
    registries: Registries,
    upgrade: Upgrade,
    problems: Problems,
    each: Each,
) -> Iterator[tuple[Request, str]]:
    """Each request with the version that its registry has for it."""
    places = {(r.kind, r.registry.source, r.name): r for r in reversed(requests)}

    def listed(request: Request) -> Collection[str] | CompileError:
        try:
            return registries.versions(request.registry, request.kind, request.name)
        except CompileError as error:
            return error

    available = dict(zip(places, each(listed, list(places.values())), strict=True))
    for failed in available.values():
        if isinstance(failed, CompileError):
            problems.add(failed)
    told: set[Key] = set()
    for request in requests:
        choice = available[(request.kind, request.registry.source, request.name)]
        if isinstance(choice, CompileError):
            continue
        version = _best(request, choice, problems if request.key not in told else Problems())
        told.add(request.key)
        before = old.find(request.key)
        if not version:
            continue
        read = reading(request.kind)
        may_go_back = upgrade.downgrade or request.kind == "import"
        if before and not may_go_back and versions.age(version, read) < versions.age(before.version, read):
            problems.error(
                Code.LOCK_DOWNGRADE,
                f"{request.kind} '{request.name}' {request.version}: {before.version} is locked, and the newest of"
                f" {request.registry.source} is {version}",
                request.at,
                hint="the registry withdrew a version? `lamella lock --upgrade --allow-downgrade` takes the older one",
            )
            continue
        yield request, version


def reading(kind: Kind) -> Callable[[str], versions.Version]:
    """How versions of charts or packs are read: packs have rebuilds."""
    return versions.Version.of_pack if kind == "pack" else versions.Version.lenient


def _best(request: Request, available: Collection[str], problems: Problems) -> str | None:
    if request.kind == "import":
        return next(iter(available))  # the commit that its ref means
    pack = request.kind == "pack"
    try:
        best = versions.best_pack(available, request.version) if pack else versions.best(available, request.version)
    except ValueError:
        problems.add(invalid_range(request.version, request.at))
        return None
    if best is None:
        newest = sorted(available, key=lambda text: versions.age(text, reading(request.kind)), reverse=True)[:_LISTED]
        more = f" and {len(available) - _LISTED} older" if len(available) > _LISTED else ""
        problems.error(
            Code.LOCK_NO_VERSION,
            f"{request.registry.source} has no {request.kind} '{request.name}' in version {request.version}",
            request.at,
            hint=f"it has {', '.join(newest)}{more}" if newest else "it has no version of it",
        )
    return best


def _fetched(
    group: Sequence[Request],
    version: str,
    before: Locked | None,
    registries: Registries,
    key_of: Callable[[Registry], bytes],
    keep: Callable[[Locked, bytes], Any],
) -> Locked | CompileError:
    request = group[0]
    try:
        result: Fetched = registries.fetch(request.registry, request.kind, request.name, version)
        entry = contents(result, request, version)
        if request.registry.verify != "never":
            entry = replace(entry, verified=_verified(request, version, result, registries, key_of))
    except CompileError as error:
        return error
    if before and before.content != entry.content:
        return changed(before, entry.content, request.at)
    entry = _joined(entry, group)
    if before:  # the same files, perhaps compressed anew: the lock stays as it is
        entry = replace(entry, archive=before.archive, revision=before.revision)
    keep(entry, result.data)
    return entry


def _verified(
    request: Request, version: str, result: Fetched, registries: Registries, key_of: Callable[[Registry], bytes]
) -> str:
    """The key that signed what was fetched; '' where nobody did and that is allowed. Raises CompileError: `not-signed`."""
    registry = request.registry
    key = registries.verify(registry, request.kind, request.name, version, result, key_of(registry))
    if not key and registry.verify == "always":
        raise fail(
            Code.NOT_SIGNED,
            f"{request.kind} '{request.name}' {version} of {registry.source} is not signed, and verify: always is set",
            request.at,
            hint="have it signed (`helm package --sign`), or set verify: if-present",
        )
    return key
