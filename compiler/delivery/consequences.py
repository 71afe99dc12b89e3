"""What handovers mean, in words: a warning for each layer that objects leave, however many clusters have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from compiler.codes import Code
from compiler.delivery.documents import object_name
from compiler.delivery.handover import Effect, Fate, Handover
from compiler.diagnostics import Diagnostic, Position
from compiler.model.layout import Controller

At = Callable[[str, str], Position | None]
"""Where a layer of a cluster is written; None where that is not known."""

_LISTED = 5
_NAMES: Mapping[Controller, str] = {"argocd": "Argo CD", "flux": "Flux"}
# `Flux deletes …: Deployment a/b`; {old} and {new} are names of Applications or Kustomizations.
_TEXTS: Mapping[tuple[Controller, Fate, bool], str] = {
    ("flux", "recreated", True): "deletes these at once, with Kustomization '{old}'; '{new}' makes them anew when all"
    " layers before it are ready",
    ("flux", "recreated", False): "deletes these at once, from Kustomization '{old}'; '{new}' makes them anew when all"
    " layers before it are ready",
    ("argocd", "recreated", True): "deletes these with Application '{old}'; '{new}' makes them anew",
    (
        "argocd",
        "contested",
        False,
    ): "deletes these if it syncs Application '{old}' before '{new}', which then makes them anew",
    ("argocd", "left", True): "keeps Application '{old}' beside '{new}', and both may apply these until it is deleted"
    " (argocd app delete {old} --cascade=false)",
}
_KEEPS: Mapping[Fate, str] = {
    "taken-over": "keeps these: '{new}' takes them over before '{old}' looks",
    "stays": "keeps these, and '{new}' takes them over",
}
_SHORT: Mapping[Fate, str] = {
    "recreated": "deletes it and makes it anew",
    "contested": "may delete it and make it anew",
    "left": "may have two Applications apply it",
    "taken-over": "keeps it",
    "stays": "keeps it",
}
_LOSSES: Mapping[tuple[str, str], str] = {
    ("", "Namespace"): "everything in it",
    ("", "PersistentVolumeClaim"): "its data",
    ("", "PersistentVolume"): "the claim on its data",
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "every object of its kind",
    ("apps", "StatefulSet"): "all of its Pods at once",
}
_CLUSTER_API = "cluster.x-k8s.io"


def short(handover: Handover) -> str:
    """`was in layer 'web'; Flux deletes it and makes it anew`, for one line about one object."""
    place = f"'{handover.before.layer}'"
    if handover.before.cluster != handover.after.cluster:
        place += f" of cluster '{handover.before.cluster}'"
    was = f"was in layer {place}; " if _moves(handover) else ""
    return was + ", ".join(f"{_NAMES[e.controller]} {_SHORT[e.fate]}" for e in handover.effects)


def recreated(handover: Handover) -> bool:
    """Whether some controller deletes the object, or may."""
    return any(effect.fate in ("recreated", "contested") for effect in handover.effects)


def warnings(handovers: Iterable[Handover], at: At) -> tuple[Diagnostic, ...]:
    """`delivery-handover` for the objects that go from one layer to another (or to another delivery object of their own),
    unless all of them are left as they are. Clusters with the same objects share a warning; it names what delivers
    them in the first."""
    moves: dict[tuple[str, str, str, str], list[Handover]] = {}
    for handover in handovers:
        before, after = handover.before, handover.after
        moves.setdefault((before.cluster, before.layer, after.cluster, after.layer), []).append(handover)
    best: dict[tuple[str, str], int] = {}  # of a layer that is gone: the most objects that go to one new layer
    for (cluster, layer, *_), members in moves.items():
        best[cluster, layer] = max(best.get((cluster, layer), 0), len(members))
    alike: dict[object, list[list[Handover]]] = {}
    for (old_cluster, old_layer, new_cluster, new_layer), members in moves.items():
        if not all(handover.harmless for handover in members) or (members[0].renamed and members[0].lost):
            apart = (old_cluster, new_cluster) if old_cluster != new_cluster else ()
            fates = tuple((h.object, h.lost, tuple((e.controller, e.fate, e.gone) for e in h.effects)) for h in members)
            keeps = all(h.renamed for h in members) and len(members) == best[old_cluster, old_layer]
            alike.setdefault((old_layer, new_layer, apart, fates, keeps), []).append(members)
    return tuple(_warning(groups, keeps=bool(key[4]), at=at) for key, groups in alike.items())  # type: ignore[index]


def _warning(groups: Sequence[Sequence[Handover]], *, keeps: bool, at: At) -> Diagnostic:
    first = groups[0]
    lines = [_headline(first, [members[0].after.cluster for members in groups])]
    by_effect: dict[Effect, list[Handover]] = {}
    for handover in first:
        for effect in handover.effects:
            by_effect.setdefault(effect, []).append(handover)
    for effect, members in sorted(by_effect.items(), key=lambda pair: (pair[0].controller, pair[0].fate, pair[0].old)):
        text = _KEEPS.get(effect.fate) or _TEXTS[effect.controller, effect.fate, effect.gone]
        text = text.format(old=effect.old, new=effect.new)
        lines.append(f"{_NAMES[effect.controller]} {text}: {_listed([str(h.object) for h in members])}")
    losses = [f"{h.object} ({loss})" for h in first if recreated(h) and (loss := _loss(h))]
    if losses:
        lines.append(f"with these goes what they hold: {_listed(losses, limit=20)}")
    after, lost = first[0].after, first[0].lost
    if first[0].renamed and lost:
        lines.append(
            f"{lost} other object{'s' if lost != 1 else ''} of '{first[0].before.layer}' will be deleted: they are not in"
            f" '{after.layer}' (a Helm release without releaseName is named after its layer)"
        )
    return Diagnostic(
        Code.DELIVERY_HANDOVER,
        "\n".join(lines),
        at(after.cluster, after.layer),
        _way_out(first, keeps=keeps),
        severity="warning",
    )


def _headline(members: Sequence[Handover], clusters: Sequence[str]) -> str:
    one = members[0]
    before, after, count = one.before, one.after, f"{len(members)} object{'s' if len(members) != 1 else ''}"
    if before.cluster != after.cluster:
        return (
            f"{count} of the management cluster: from layer '{before.layer}' of cluster '{before.cluster}'"
            f" to layer '{after.layer}' of cluster '{after.cluster}'"
        )
    where = f"{'clusters' if len(clusters) > 1 else 'cluster'} {_listed(clusters)}"
    if not _moves(one):
        return f"{count} of layer '{after.layer}' will be delivered by another object than before ({where})"
    if one.renamed:
        return f"layer '{before.layer}' is now '{after.layer}', with {count} ({where})"
    return f"{count} moved from layer '{before.layer}' to layer '{after.layer}' ({where})"


def _way_out(members: Sequence[Handover], *, keeps: bool) -> str:
    one = members[0]
    if keeps:
        known = next(effect.old for effect in one.effects)
        names = [one.before.layer]
        if object_name(one.before.cluster, one.before.layer) != known and known.startswith(f"{one.before.cluster}-"):
            names.insert(0, known.removeprefix(f"{one.before.cluster}-"))  # the layer had an earlier name itself
        return f"previousNames: [{', '.join(names)}] on layer '{one.after.layer}' keeps them as they are"
    effects = [effect for handover in members for effect in handover.effects]
    marks = []
    if any(effect.controller == "flux" and effect.fate == "recreated" for effect in effects):
        marks.append("kustomize.toolkit.fluxcd.io/prune: disabled")
    if any(effect.controller == "argocd" and effect.fate in ("recreated", "contested") for effect in effects):
        delete = ",Delete=false" if any(effect.controller == "argocd" and effect.gone for effect in effects) else ""
        marks.append(f"argocd.argoproj.io/sync-options: Prune=false{delete}")
    if not marks:
        return "delete the old Application without its objects as soon as the new one is there"
    return (
        f"to keep them, in two steps: annotate them where they were ({'; '.join(marks)}), publish and wait until that is"
        " applied; then move them"
    )


def _moves(handover: Handover) -> bool:
    before, after = handover.before, handover.after
    return (before.cluster, before.layer) != (after.cluster, after.layer)


def _loss(handover: Handover) -> str:
    group, kind = handover.object.group, handover.object.kind
    if group == _CLUSTER_API or group.endswith(f".{_CLUSTER_API}"):
        return "the machines behind it"
    return _LOSSES.get((group, kind), "")


def _listed(texts: Sequence[str], limit: int = _LISTED) -> str:
    more = len(texts) - limit
    return ", ".join(texts[:limit]) + (f" and {more} more" if more > 0 else "")
