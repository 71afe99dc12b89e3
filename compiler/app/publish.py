"""The commit of `lamella publish`: the files that the inventories list, each as rendered, and a message.

Pure: the output directory and the last commit come in as `Files`. The message contains no time and no
machine; its trailers name the source commit and the versions that rendered the output.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compiler import jsontext
from compiler.codes import Code
from compiler.diagnostics import Position, Problems
from compiler.model import layout
from compiler.output import committed
from compiler.output.inputs import inputs_in
from compiler.ports import Files

_LISTED_CLUSTERS = 20
_NAMED_CLUSTERS = 3


@dataclass(frozen=True, slots=True)
class Rendered:
    """The output directory as its inventories have it: `files` (path → bytes) with the inventories themselves, and the
    versions that rendered it, by name (`lamella`, `helm`)."""

    files: Mapping[str, bytes]
    versions: Mapping[str, str]

    def digests(self) -> dict[str, str]:
        """{path: SHA-256 in hex}."""
        return {path: hashlib.sha256(content).hexdigest() for path, content in self.files.items()}


@dataclass(frozen=True, slots=True)
class Message:
    """A commit message in parts."""

    subject: str
    body: tuple[str, ...]
    trailers: tuple[tuple[str, str], ...]


def rendered(output: Files, name: str, problems: Problems) -> Rendered:
    """The files to commit. `name` is the output directory's, for messages.

    Records `output-missing` where nothing has been rendered, and `output-edited` for each file that is gone or no
    longer has the digest of its inventory. Raises `inventory-broken`.
    """
    if output.entry(layout.inventory()) is None:
        problems.error(
            Code.OUTPUT_MISSING,
            f"{name} holds no rendered output",
            Position(name),
            hint="run `lamella render` first",
        )
        return Rendered({}, {})
    files: dict[str, bytes] = {}
    for path, digest in sorted(committed.owned(output, committed.clusters(output), root=name).items()):
        entry = output.entry(path)
        content = output.read(path) if entry is not None and entry.kind == "file" else None
        if content is not None and hashlib.sha256(content).hexdigest() == digest:
            files[path] = content
            continue
        problems.error(
            Code.OUTPUT_EDITED,
            "this file no longer exists" if content is None else "this file was edited since it was rendered",
            Position(f"{name}/{path}"),
            hint="move the change into the profile, then `lamella render --force`",
        )
    return Rendered(files, jsontext.load(output.read(layout.inventory())).get("versions", {}))


def last_published(output: Files) -> dict[str, str]:
    """{path: SHA-256} of the files that the commit's inventories list; inventories that cannot be read are left out."""
    return committed.owned(output, committed.clusters(output), root="", force=True)


def changed_clusters(before: Mapping[str, str], now: Rendered) -> set[str]:
    """The clusters of which any file differs from the last commit."""
    after = now.digests()
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return {layout.cluster_of(path) for path in changed} - {""}


def clusters(now: Rendered) -> set[str]:
    """The clusters that are rendered."""
    return {layout.cluster_of(path) for path in now.files} - {""}


def inputs(now: Rendered, clusters: Iterable[str], name: str, problems: Problems) -> dict[str, Mapping[str, str]]:
    """{cluster: its inputs} of those that are rendered; `name` is the output directory's, for messages. Records
    `inventory-without-inputs` and `inventory-broken`."""
    by_cluster: dict[str, Mapping[str, str]] = {}
    for cluster in sorted(clusters):
        path = layout.inventory(cluster)
        if path in now.files:
            try:
                known = inputs_in(now.files[path])
            except ValueError as error:
                problems.error(Code.INVENTORY_BROKEN, f"not a valid inventory: {error}", Position(f"{name}/{path}"))
                continue
            if known is None:
                problems.error(
                    Code.INVENTORY_WITHOUT_INPUTS,
                    "an earlier version of Lamella rendered this; it does not say from which files",
                    Position(f"{name}/{path}"),
                    hint="run `lamella render` again, then publish",
                )
            by_cluster[cluster] = known or {}
    return by_cluster


def message(
    before: Mapping[str, str], now: Rendered, *, source_commit: str, source_ref: str, subject: str = ""
) -> Message:
    """The commit message for `now` in place of `before`; `subject` '' = one that says what changed."""
    after = now.digests()
    changes: dict[str, Counter[str]] = {}
    for path in before.keys() | after.keys():
        if before.get(path) != after.get(path):
            kind = "added" if path not in before else "removed" if path not in after else "changed"
            changes.setdefault(layout.cluster_of(path), Counter())[kind] += 1
    clusters = sorted(changes.keys() - {""})
    lines = [f"- {name}: {_counts(changes[name])}" for name in clusters[:_LISTED_CLUSTERS]]
    if len(clusters) > _LISTED_CLUSTERS:
        lines.append(f"- and {len(clusters) - _LISTED_CLUSTERS} more")
    trailers = {
        "Lamella-Version": now.versions.get("lamella", ""),
        "Helm-Version": now.versions.get("helm", ""),
        "Source-Commit": source_commit,
        "Source-Ref": source_ref,
        "Clusters-Changed": " ".join([str(len(clusters)), *clusters[:_LISTED_CLUSTERS]]),
    }
    return Message(
        subject or _subject(clusters, sum(changes.values(), Counter())),
        tuple(lines),
        tuple((key, value) for key, value in trailers.items() if value),
    )


def _subject(clusters: list[str], counts: Counter[str]) -> str:
    if not counts:
        return "Render: output as its inventories have it"
    if not clusters:
        return f"Render: {_counts(counts)}"
    named = ", ".join(clusters) if len(clusters) <= _NAMED_CLUSTERS else f"{len(clusters)} clusters"
    return f"Render {named}: {_counts(counts)}"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[kind]} {kind}" for kind in ("added", "changed", "removed") if counts[kind])
