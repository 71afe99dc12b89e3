"""What objects themselves must say to a delivery controller, by kind: things that no Application can say for them.

Namespaces and CustomResourceDefinitions are never pruned: with them goes everything inside of them, also what other
layers or people put there, and a Namespace that moves from one layer to another would be deleted by the first and
missed by the second. Deleting one is a decision for a person with kubectl (docs/delivery.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

_KEPT = ("Namespace", "CustomResourceDefinition")
_BY_CONTROLLER: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "argocd": {kind: {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"} for kind in _KEPT},
    "flux": {
        **{kind: {"kustomize.toolkit.fluxcd.io/prune": "disabled"} for kind in _KEPT},
        # A Job's template cannot be changed: without this the layer fails for ever once the Job's image has changed.
        "Job": {"kustomize.toolkit.fluxcd.io/force": "enabled"},
    },
}


def annotations_by_kind(delivery: Collection[str]) -> dict[str, dict[str, str]]:
    """{kind: {annotation: value}} for objects that the controllers in `delivery` apply. What an object itself already
    says under one of the annotations stands."""
    found: dict[str, dict[str, str]] = {}
    for controller in sorted(delivery):
        for kind, needed in _BY_CONTROLLER[controller].items():
            found.setdefault(kind, {}).update(needed)
    return found
