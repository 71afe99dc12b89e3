"""A lock that git left in conflict: both sides are locks, and what either pins is pinned."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from compiler import versions
from compiler.lock.update import reading
from compiler.model.lock import Key, Lock, Locked

_CONFLICT = re.compile(
    r"^<{7}[^\n]*\n(?P<ours>.*?)(?:^\|{7}[^\n]*\n.*?)?^={7}\r?\n(?P<theirs>.*?)^>{7}[^\n]*(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)


def sides(text: str) -> tuple[str, str] | None:
    """The text of each side of a merge (git's styles merge, diff3, zdiff3); None where no conflict is in it."""
    if not _CONFLICT.search(text):
        return None
    return _CONFLICT.sub(lambda match: match["ours"], text), _CONFLICT.sub(lambda match: match["theirs"], text)


def joined(ours: Lock, theirs: Lock) -> Lock | None:
    """The entries of both. Where a range means a version on one side and a newer one on the other, the newer one counts.
    None where a version has other content on one side than on the other, an image another digest or an import another
    commit: that is for people to look at."""
    images = {image.image: image for image in (*theirs.images, *ours.images)}
    if any(images[image.image].digest != image.digest for image in theirs.images):
        return None
    entries: dict[Key, Locked] = {}
    for entry in (*ours.entries, *theirs.entries):
        known = entries.setdefault(entry.identity, entry)
        if known.content != entry.content:
            return None
        entries[entry.identity] = replace(
            known,
            requested=tuple(sorted({*known.requested, *entry.requested})),
            asked_by=tuple(sorted({*known.asked_by, *entry.asked_by})),
            verified=known.verified or entry.verified,
        )
    imports = [entry.name for entry in entries.values() if entry.kind == "import"]
    if len({*imports}) < len(imports):
        return None
    newest: dict[Key, str] = {}
    for entry in entries.values():
        for key in _asked(entry):
            age = partial(versions.age, read=reading(entry.kind))
            newest[key] = max(newest.get(key, entry.version), entry.version, key=age)
    chosen = [
        replace(entry, requested=tuple(key[3] for key in _asked(entry) if newest[key] == entry.version))
        for entry in entries.values()
    ]
    return Lock.of(chosen, images.values())


def _asked(entry: Locked) -> list[Key]:
    return [(entry.kind, entry.source, entry.name, version) for version in entry.requested]
