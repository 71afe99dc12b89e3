"""The places of labels and annotations in objects of each kind: kustomize's field specs.

A path goes through every item of a list. `create`: missing maps on the path are created.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.overlay.errors import PatchError


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A place in the objects of one kind. Kind "", group None and version "" match any."""

    path: str
    kind: str = ""
    group: str | None = None
    version: str = ""
    create: bool = True

    def concerns(self, group: str, version: str, kind: str) -> bool:
        """Whether objects of that kind have this place."""
        return self.kind in ("", kind) and self.group in (None, group) and self.version in ("", version)


def _templates(field: str) -> tuple[FieldPath, ...]:
    """metadata.<field> of the objects' pod (and job) templates."""
    template = f"spec/template/metadata/{field}"
    return (
        FieldPath(template, "ReplicationController", version="v1"),
        FieldPath(template, "Deployment"),
        FieldPath(template, "ReplicaSet"),
        FieldPath(template, "DaemonSet"),
        FieldPath(template, "StatefulSet", None if field == "annotations" else "apps"),
        FieldPath(template, "Job", "batch"),
        FieldPath(f"spec/jobTemplate/metadata/{field}", "CronJob", "batch"),
        FieldPath(f"spec/jobTemplate/spec/template/metadata/{field}", "CronJob", "batch"),
    )


_POD_SPEC_SELECTORS = tuple(
    f"spec/template/spec/{place}/matchLabels"
    for place in (
        "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector",
        "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector",
        "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector",
        "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector",
        "topologySpreadConstraints/labelSelector",
    )
)

LABELS = (FieldPath("metadata/labels"),)
LABEL_TEMPLATES = (
    *_templates("labels"),
    FieldPath("spec/volumeClaimTemplates/metadata/labels", "StatefulSet", "apps"),
)
ANNOTATIONS = (FieldPath("metadata/annotations"), *_templates("annotations"))
LABEL_SELECTORS = (
    FieldPath("spec/selector", "Service", version="v1"),
    FieldPath("spec/selector", "ReplicationController", version="v1"),
    FieldPath("spec/selector/matchLabels", "Deployment"),
    FieldPath("spec/selector/matchLabels", "ReplicaSet"),
    FieldPath("spec/selector/matchLabels", "DaemonSet"),
    FieldPath("spec/selector/matchLabels", "StatefulSet", "apps"),
    *(
        FieldPath(path, kind, "apps", create=False)
        for kind in ("Deployment", "StatefulSet")
        for path in _POD_SPEC_SELECTORS
    ),
    FieldPath("spec/selector/matchLabels", "Job", "batch", create=False),
    FieldPath("spec/jobTemplate/spec/selector/matchLabels", "CronJob", "batch", create=False),
    FieldPath("spec/selector/matchLabels", "PodDisruptionBudget", "policy", create=False),
    FieldPath("spec/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io", create=False),
    FieldPath("spec/ingress/from/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io", create=False),
    FieldPath("spec/egress/to/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io", create=False),
)


def edit(node: Any, path: str, change: Callable[[Any], Any], *, create: bool) -> Any:
    """A copy of the node with the value at the path changed; `change` gets None for an absent value.

    Maps missing on the path are created if `create`, else the node stays as it is. Raises PatchError if the path leads
    through a scalar.
    """
    return _edit(node, path.split("/"), change, create)


def _edit(node: Any, keys: list[str], change: Callable[[Any], Any], create: bool) -> Any:
    if isinstance(node, list):
        return [_edit(item, keys, change, create) for item in node]
    if not keys:
        return change(node)
    if not isinstance(node, Mapping):
        raise PatchError(f"expected mapping above '{'.'.join(keys)}', found {node!r}")
    child = node.get(keys[0])
    if child is None:
        if not create:
            return node
        child = {} if len(keys) > 1 else None
    return {**node, keys[0]: _edit(child, keys[1:], change, create)}
