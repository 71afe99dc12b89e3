"""The differences between two trees of manifests, by object: added, removed, changed, with the changed lines.

Equal files are equal by digest; only what differs is read. Values of Secrets are never shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from compiler.app.linediff import unified
from compiler.delivery import consequences
from compiler.delivery.handover import Handover
from compiler.model import layout
from compiler.model.layout import CONTROLLERS
from compiler.model.tree import TreeFile
from compiler.output.shown import shown_text

Action = Literal["added", "changed", "removed", "moved", "recreated"]
Identity = tuple[object, ...]
SIGN: Mapping[Action, str] = {"added": "+", "changed": "~", "removed": "-", "moved": ">", "recreated": "!"}


@dataclass(frozen=True, slots=True)
class Change:
    """One object (or other file) that differs. `handover` is set where something else delivers it than before; then the
    action is `recreated` where a controller deletes the object and makes it anew, or may."""

    action: Action
    cluster: str
    layer: str
    object: str  # or the path of a file that is not an object
    path: str
    old_path: str
    diff: str  # unified diff of the canonical YAML; '' for a mere move
    handover: Handover | None = None


def compare(old: Sequence[TreeFile], new: Sequence[TreeFile], handovers: Iterable[Handover] = ()) -> tuple[Change, ...]:
    """The changes from old to new, sorted by cluster, path. Objects are matched by identity, not by path; the path alone
    is no change of an object that the same controllers deliver as before, by the same Application or Kustomization."""
    before = {_identity(file): file for file in old}
    after = {_identity(file): file for file in new}
    delivered = {file.layer and (file.cluster, file.layer) for file in new if layout.tree_of(file.path) in CONTROLLERS}
    handed = {_identity(each.after): each for each in handovers}
    moved = _moved_lists(before, after, delivered)
    changes = [
        change
        for key in before.keys() | after.keys()
        if (change := _change(before.get(key), after.get(key), handed.get(key)))
        and (change.action != "moved" or change.handover or (change.cluster, change.layer) not in delivered)
        and key not in moved
    ]
    return tuple(sorted(changes, key=lambda c: (c.cluster, c.path or c.old_path, c.object)))


def _moved_lists(
    before: Mapping[Identity, TreeFile], after: Mapping[Identity, TreeFile], delivered: Collection[object]
) -> set[Identity]:
    """The kustomization.yaml of layers whose folder is another one and whose objects have the same files in it."""

    def only(ours: Mapping[Identity, TreeFile], theirs: Mapping[Identity, TreeFile]) -> dict[object, Identity]:
        return {
            (file.cluster, layout.tree_of(file.path), file.path.rpartition("/")[2], file.sha256): key
            for key, file in ours.items()
            if not file.object and file.layer and key not in theirs
        }

    old, new = only(before, after), only(after, before)
    return {
        key
        for name in old.keys() & new.keys()
        if (after[new[name]].cluster, after[new[name]].layer) in delivered
        for key in (old[name], new[name])
    }


def _identity(file: TreeFile) -> Identity:
    """Objects of the management and the workload cluster may have the same name: the first folder tells them apart."""
    return (file.cluster, layout.tree_of(file.path), file.object) if file.object else (file.path,)


def _change(old: TreeFile | None, new: TreeFile | None, handover: Handover | None) -> Change | None:
    same = old is not None and new is not None and old.sha256 == new.sha256
    if same and old and new and old.path == new.path and not handover:
        return None
    shown = new or old
    assert shown is not None
    action: Action = "changed" if old and new else "added" if new else "removed"
    if handover and consequences.recreated(handover):
        action = "recreated"
    elif same:
        action = "moved"
    return Change(
        action,
        shown.cluster,
        shown.layer,
        str(shown.object or shown.path),
        new.path if new else "",
        old.path if old else "",
        "" if same else "".join(_unified(old, new)),
        handover,
    )


def _unified(old: TreeFile | None, new: TreeFile | None) -> Iterator[str]:
    before = _lines(old)
    after = _lines(new)
    names = (f"a/{old.path}" if old else "/dev/null", f"b/{new.path}" if new else "/dev/null")
    for line in unified(before, after, *names):
        yield line if line.endswith("\n") else f"{line}\n"


def _lines(file: TreeFile | None) -> list[str]:
    return shown_text(file.read(), file.path).splitlines(keepends=True) if file else []
