"""Objects that another Application or Kustomization delivers than before, and what the controllers then do to them.

An object keeps what delivers it as long as its layer keeps its name (or `previousNames`), wherever its file is. Where it
does not, neither controller hands it over: one lets go of it, the other takes what it finds. Sources of the rules, all
seen on Argo CD 3.5 and kustomize-controller 1.7:

- Flux deletes what a Kustomization no longer lists as soon as that is reconciled, and all that it has with the
  Kustomization itself; but only objects that still have its owner labels, and none with `prune` or `reconcile: disabled`.
  A Kustomization waits until those of its `dependsOn` are ready at the same revision: so one that it waits for takes the
  object (and its labels) over before.
- Argo CD deletes what an Application tracks and no longer lists when it syncs, in whatever order; and with the
  Application only where that has a finalizer and the one above prunes it. Hooks are never pruned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from compiler.charts import hooks
from compiler.delivery.owners import Owners
from compiler.kubernetes import ObjectId
from compiler.model import layout
from compiler.model.layout import Controller
from compiler.model.tree import TreeFile

Fate = Literal["recreated", "contested", "left", "taken-over", "stays"]
"""recreated: deleted, then made anew. contested: so too, if the old owner is synced first. left: the old owner stays, and
two have it. taken-over: the new owner has it before the old one looks. stays: the old one lets go of it."""

_PRUNE = "kustomize.toolkit.fluxcd.io/prune"
_RECONCILE = "kustomize.toolkit.fluxcd.io/reconcile"
_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
_HOOK = "argocd.argoproj.io/hook"
_FINALIZER = "resources-finalizer.argocd.argoproj.io"


@dataclass(frozen=True, slots=True)
class Effect:
    """What one controller does to an object; `old` and `new` are the names of what delivered and what delivers it. `gone`:
    the old one is not in the output any more."""

    controller: Controller
    fate: Fate
    old: str
    new: str
    gone: bool


@dataclass(frozen=True, slots=True)
class Handover:
    """An object with its file before and after, and what each controller does. `renamed`: its old layer is gone, and its
    new one was not there. `lost` is how many objects of its old layer are nowhere now."""

    object: ObjectId
    before: TreeFile
    after: TreeFile
    effects: tuple[Effect, ...]
    renamed: bool
    lost: int

    @property
    def harmless(self) -> bool:
        """Whether every controller leaves the object as it is, and only one has it then."""
        return all(effect.fate in ("taken-over", "stays") for effect in self.effects)


def handovers(before: Iterable[TreeFile], after: Iterable[TreeFile]) -> tuple[Handover, ...]:
    """The objects that are in both trees and change what delivers them, sorted by place. Trees may be of some clusters
    only; of their files few are read: delivery objects, and the objects that are in the result."""
    old, new = Owners.of(before), Owners.of(after)
    lost = Counter((file.cluster, file.layer) for key, file in old.objects.items() if key not in new.objects)
    changed = []
    for key, was in old.objects.items():
        now = new.objects.get(key)
        if now is None:
            continue
        effects = tuple(e for controller in layout.CONTROLLERS if (e := _effect(controller, old, new, was, now)))
        if effects:
            gone = was.layer not in new.layers.get(was.cluster, ())
            fresh = now.layer not in old.layers.get(now.cluster, ())
            renamed = gone and fresh and was.cluster == now.cluster
            changed.append(Handover(key[2], was, now, effects, renamed, lost[was.cluster, was.layer]))
    return tuple(sorted(changed, key=lambda h: (h.after.cluster, h.after.path)))


def _effect(controller: Controller, old: Owners, new: Owners, was: TreeFile, now: TreeFile) -> Effect | None:
    old_units, new_units = old.candidates(controller, was), new.candidates(controller, now)
    if [unit.object for unit in old_units] == [unit.object for unit in new_units] and (
        len(old_units) < 2 or (was.path == now.path and old.indexes(old_units) == new.indexes(new_units))
    ):
        return None
    source, target = old.owner(controller, was), new.owner(controller, now)
    if source is None or target is None or source.object == target.object:
        return None
    change = _Change(source, target, old, new, (old.body(was).get("metadata") or {}).get("annotations") or {})
    fate = _FATES[controller](change)
    return Effect(controller, fate, _name(source), _name(target), change.gone) if fate else None


@dataclass(frozen=True, slots=True)
class _Change:
    """What one controller finds: the object's annotations as they are in the cluster, and what owned it and owns it now."""

    source: TreeFile
    target: TreeFile
    old: Owners
    new: Owners
    annotations: Mapping[str, Any]

    @property
    def remaining(self) -> TreeFile | None:
        """The old owner, where it is still in the output."""
        return self.new.units_by_id.get(self.source.object) if self.source.object else None

    @property
    def gone(self) -> bool:
        return self.remaining is None


def _name(unit: TreeFile) -> str:
    return unit.object.name if unit.object else ""


def _flux(change: _Change) -> Fate | None:
    spec = change.old.body(change.source).get("spec") or {}
    policy = spec.get("deletionPolicy", "MirrorPrune") if change.gone else "MirrorPrune"
    deletes = spec.get("prune", False) if policy == "MirrorPrune" else policy != "Orphan"
    if not deletes or "disabled" in (change.annotations.get(_PRUNE), change.annotations.get(_RECONCILE)):
        return "stays"
    if change.remaining and _name(change.target) in change.new.dependencies(change.remaining):
        return "taken-over"
    return "recreated"


def _argocd(change: _Change) -> Fate | None:
    if _HOOK in change.annotations or hooks.ANNOTATION in change.annotations:
        return None
    body = change.old.body(change.source)
    options = {option.strip() for option in str(change.annotations.get(_SYNC_OPTIONS, "")).split(",")}
    if not change.gone:
        kept = not _prunes(body) or options & {"Prune=false", "Prune=confirm"}
        return "stays" if kept else "contested"
    management = f"/{layout.MANAGEMENT}/" in change.source.path
    parent = change.new.files.get(layout.fleet_entry("argocd", change.source.cluster, management=management))
    if not parent or not _prunes(change.new.body(parent)):
        return "left"
    deletes = _FINALIZER in ((body.get("metadata") or {}).get("finalizers") or ())
    return "recreated" if deletes and not options & {"Delete=false", "Delete=confirm"} else "stays"


def _prunes(application: Mapping[str, Any]) -> bool:
    policy = (application.get("spec") or {}).get("syncPolicy") or {}
    return bool((policy.get("automated") or {}).get("prune"))


_FATES: Mapping[Controller, Callable[[_Change], Fate | None]] = {"argocd": _argocd, "flux": _flux}
