"""Namespaces of custom objects: their CRD, which any layer may bring, says whether they have one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from compiler import kubernetes, yamldoc
from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.kubernetes.sops import is_encrypted
from compiler.model import PlannedCluster, PlannedLayer, RenderedObject
from compiler.model.rendering import LayerResult

Scopes = Mapping[tuple[str, str], str]
"""(group, kind) -> Namespaced | Cluster."""


def with_scopes(
    cluster: PlannedCluster,
    results: Sequence[LayerResult],
    declared: Scopes,
    problems: Problems,
) -> tuple[LayerResult, ...]:
    """The results with each object as the scope of its kind wants it: without namespace, or in the layer's own where it
    names none.

    A CRD of any layer that goes to the same API server counts, then what lamella.yaml has (`declared`), then the table of
    well-known kinds. Of any other kind the scope is guessed from its name, and a warning says so, once.
    """
    crds: dict[bool, dict[tuple[str, str], str]] = {False: {}, True: {}}
    for layer, result in zip(cluster.layers, results, strict=True):
        own = crds[layer.management]
        own.update({(o.crd.group, o.crd.kind): o.crd.scope for o in result.objects if o.crd})
    scoped = []
    guessed: dict[tuple[str, str], tuple[PlannedLayer, RenderedObject]] = {}
    for layer, result in zip(cluster.layers, results, strict=True):
        known = {**declared, **crds[layer.management]}
        objects = []
        for item in result.objects:
            scope = known.get((item.group, item.kind), "")
            if item.scope_guessed and not scope:
                guessed.setdefault((item.group, item.kind), (layer, item))
            if not kubernetes.is_builtin_group(item.group):
                scope = scope or kubernetes.scope_of(item.group, item.kind)
            objects.append(_placed(item, scope, layer.namespace))
        changed = {old.id: new.id for old, new in zip(result.objects, objects, strict=True) if old is not new}
        random = tuple(replace(each, object=changed.get(each.object, each.object)) for each in result.random)
        scoped.append(replace(result, objects=tuple(objects), random=random))
    for first in guessed.values():
        _warn(*first, problems)
    return tuple(scoped)


def _placed(item: RenderedObject, scope: str, namespace: str) -> RenderedObject:
    wanted = "" if scope == "Cluster" else namespace if scope and not item.namespace else item.namespace
    if wanted == item.namespace:
        return item
    content = _with_namespace(item.content, wanted)
    return item if content is None else replace(item, namespace=wanted).with_content(content)


@lru_cache(maxsize=8192)
def _with_namespace(content: bytes, namespace: str) -> bytes | None:
    """The object in the namespace, '' for none; None where SOPS has encrypted it, and any change would break its MAC."""
    body = yamldoc.load_rendered(content.decode(), "").value
    if is_encrypted(body):
        return None
    metadata = {key: value for key, value in body["metadata"].items() if key != "namespace"}
    if namespace:
        metadata["namespace"] = namespace
    return yamldoc.dump({**body, "metadata": metadata}).encode()


def _warn(layer: PlannedLayer, item: RenderedObject, problems: Problems) -> None:
    kind = f"{item.group}/{item.kind}"
    taken = f"namespaced, in '{item.namespace}'" if item.namespace else "cluster-scoped, for its name"
    problems.warning(
        Code.SCOPE_UNKNOWN,
        f"layer '{layer.name}': {item} (from {item.template}) is taken as {taken}: the scope of {kind} is not known, and no"
        " layer brings its CRD",
        layer.at,
        hint=f"scopes: {{{kind}: Namespaced}} or Cluster in lamella.yaml; or let a layer bring the CRD",
    )
