"""What objects themselves must say to a delivery controller: things that no Application can say for them.

What holds other things is never pruned: with a Namespace, a CustomResourceDefinition, a volume claim or a Cluster API
Cluster goes everything inside of it, also what other layers or people put there; and a Namespace that moves from one
layer to another would be deleted by the first and missed by the second. Deleting one is a decision for a person with
kubectl (docs/delivery.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

Annotation = tuple[str, str, str, str]
"""(group, kind, annotation, value)."""

_KEPT = (
    ("", "Namespace"),
    ("", "PersistentVolumeClaim"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("cluster.x-k8s.io", "Cluster"),
)
_BY_CONTROLLER: Mapping[str, tuple[Annotation, ...]] = {
    "argocd": tuple((*kind, "argocd.argoproj.io/sync-options", "Prune=false,Delete=false") for kind in _KEPT),
    "flux": (
        *((*kind, "kustomize.toolkit.fluxcd.io/prune", "disabled") for kind in _KEPT),
        # A Job's template cannot be changed: without this a layer fails for ever once the image of its Job has changed.
        ("batch", "Job", "kustomize.toolkit.fluxcd.io/force", "enabled"),
    ),
}


def annotations_for(delivery: Collection[str]) -> tuple[Annotation, ...]:
    """The annotations for objects that the controllers in `delivery` apply. What an object itself says under one of
    them stands."""
    return tuple(annotation for controller in sorted(delivery) for annotation in _BY_CONTROLLER[controller])
