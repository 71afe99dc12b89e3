"""What objects themselves must say to a delivery controller: things that no Application can say for them.

What holds other things is never pruned: with a Namespace, a CustomResourceDefinition, a volume claim or a Cluster API
Cluster goes everything inside of it, also what other layers or people put there; and a Namespace that moves from one
layer to another would be deleted by the first and missed by the second. Deleting one is a decision for a person with
kubectl (docs/delivery.md). The same goes for what a chart tells Helm to keep (`helm.sh/resource-policy: keep`), of which
neither controller knows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from compiler.charts import hooks
from compiler.model.rendering import Annotation

_KEPT: tuple[tuple[str, str] | Literal["kept"], ...] = (
    ("", "Namespace"),
    ("", "PersistentVolumeClaim"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("cluster.x-k8s.io", "Cluster"),
    "kept",
)
_BY_CONTROLLER: Mapping[str, tuple[Annotation, ...]] = {
    "argocd": (
        *(Annotation(kept, "argocd.argoproj.io/sync-options", "Prune=false,Delete=false") for kept in _KEPT),
        # Gone from git and kept, it would leave its Application OutOfSync for ever.
        Annotation("unpruned", "argocd.argoproj.io/compare-options", "IgnoreExtraneous"),
        # A Job's template cannot be changed: once the image of a Job that is no hook has changed, its Application fails.
        # Replace too: `Force` alone is ignored under server-side apply.
        Annotation("plain job", "argocd.argoproj.io/sync-options", "Force=true,Replace=true"),
        # Argo CD reads Helm's hooks, but in lower case alone: it would never run one of another spelling.
        Annotation("having", hooks.ANNOTATION),
        Annotation("having", hooks.DELETE_POLICY),
    ),
    "flux": (
        *(Annotation(kept, "kustomize.toolkit.fluxcd.io/prune", "disabled") for kept in _KEPT),
        # A Job's template cannot be changed: without this a layer fails for ever once the image of its Job has changed.
        Annotation(("batch", "Job"), "kustomize.toolkit.fluxcd.io/force", "enabled"),
    ),
}


def annotations_for(delivery: Collection[str]) -> tuple[Annotation, ...]:
    """The annotations for objects that the controllers in `delivery` apply. What an object itself says under one of
    them is kept."""
    return tuple(annotation for controller in sorted(delivery) for annotation in _BY_CONTROLLER[controller])
