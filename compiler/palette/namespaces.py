"""The Namespace objects that a pack needs: its own, additional ones, and those it labels or annotates."""

from __future__ import annotations

from typing import Any

from compiler.palette.settings import PackSettings

# Every cluster has these from the start: they need an object only where labels or annotations are set on them, and owning
# them without need would let them be pruned.
_BUILT_IN = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})


def namespaces(settings: PackSettings, namespace: str = "") -> tuple[dict[str, Any], ...]:
    """Namespace objects, the layer's own first, then additional ones and those only labelled, in the order written.

    `namespace` is the one that the layer is installed into where that is not the pack's: labels and annotations
    of the pack's own namespace then go to that one.
    """
    target = namespace or settings.namespace

    def renamed(name: str) -> str:
        return target if name == settings.namespace else name

    names = [target, *settings.additional_namespaces, *settings.namespace_labels, *settings.namespace_annotations]
    labels = {renamed(name): dict(pairs) for name, pairs in settings.namespace_labels.items()}
    annotations = {renamed(name): dict(pairs) for name, pairs in settings.namespace_annotations.items()}
    objects = []
    for name in dict.fromkeys(renamed(name) for name in names if name):
        metadata: dict[str, Any] = {"name": name}
        if annotations.get(name):
            metadata["annotations"] = dict(sorted(annotations[name].items()))
        if labels.get(name):
            metadata["labels"] = dict(sorted(labels[name].items()))
        if len(metadata) > 1 or name not in _BUILT_IN:
            objects.append({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    return tuple(objects)
