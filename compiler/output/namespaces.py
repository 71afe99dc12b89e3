"""One Namespace object for each namespace of a cluster, however many layers ask for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.model import PlannedLayer, RenderedObject
from compiler.model.rendering import OWN_NAMESPACE

Layers = list[tuple[PlannedLayer, list[RenderedObject]]]
_Key = tuple[bool, str]  # a namespace of the management cluster is not the workload cluster's of that name
_Keepers = dict[_Key, tuple[PlannedLayer, RenderedObject]]


def with_one_namespace_each(layers: Layers, problems: Problems) -> Layers:
    """The layers without the Namespaces that Lamella adds where a layer brings the same, or an earlier layer got it.

    What another layer wants as label or annotation goes to the one that stays, unless that has it already. Warns where
    that is another value (namespace-metadata), and where the Namespace comes in a later wave than what is in it
    (namespace-late).
    """
    keepers = _keepers(layers)
    for layer, added in _added(layers):
        kept_in, kept = keepers[_key(layer, added)]
        if kept_in is layer and kept is added:
            continue
        if kept_in.wave > layer.wave:
            problems.warning(
                Code.NAMESPACE_LATE,
                f"layer '{layer.name}' (wave {layer.wave}) is in namespace '{added.name}',"
                f" which layer '{kept_in.name}' brings only in wave {kept_in.wave}",
                layer.at,
                hint=f"let that layer install earlier, or take the Namespace out of it: then '{layer.name}' gets one",
            )
        if added.content != kept.content:
            keepers[_key(layer, added)] = (kept_in, _with_metadata_of(kept, added, (layer, kept_in), problems))
    return [(layer, list(_kept(layer, objects, keepers))) for layer, objects in layers]


def _keepers(layers: Layers) -> _Keepers:
    """Of each namespace the object that stays: the first that a layer brings itself, else the first that is added."""
    keepers: _Keepers = {}
    for layer, objects in layers:
        for namespace in filter(_is_namespace, objects):
            other = keepers.setdefault(_key(layer, namespace), (layer, namespace))
            if other[1].template == OWN_NAMESPACE and namespace.template != OWN_NAMESPACE:
                keepers[_key(layer, namespace)] = (layer, namespace)
    return keepers


def _added(layers: Layers) -> Iterator[tuple[PlannedLayer, RenderedObject]]:
    for layer, objects in layers:
        yield from ((layer, item) for item in objects if item.template == OWN_NAMESPACE and _is_namespace(item))


def _kept(layer: PlannedLayer, objects: list[RenderedObject], keepers: _Keepers) -> Iterator[RenderedObject]:
    for item in objects:
        if not _is_namespace(item):
            yield item
            continue
        kept_in, kept = keepers[_key(layer, item)]
        if kept_in is layer and kept.template == item.template:
            yield kept
        elif item.template != OWN_NAMESPACE:
            yield item  # two layers bring it: refused as a duplicate


def _is_namespace(item: RenderedObject) -> bool:
    return item.kind == "Namespace" and not item.group


def _key(layer: PlannedLayer, namespace: RenderedObject) -> _Key:
    return (layer.management, namespace.name)


def _with_metadata_of(
    kept: RenderedObject, other: RenderedObject, layers: tuple[PlannedLayer, PlannedLayer], problems: Problems
) -> RenderedObject:
    """The object with labels and annotations of the other; `layers` are the other's and its own."""
    body, wanted = _body(kept), _body(other)["metadata"]
    metadata = dict(body["metadata"])
    for field in ("labels", "annotations"):
        given: Mapping[str, Any] = metadata.get(field) or {}
        for key, value in (wanted.get(field) or {}).items():
            if given.get(key, value) != value:
                problems.warning(
                    Code.NAMESPACE_METADATA,
                    f"namespace '{kept.name}' gets {field[:-1]} {key}={given[key]} from"
                    f" layer '{layers[1].name}', not {key}={value} as layer '{layers[0].name}' wants",
                    layers[0].at,
                    hint="set it in one of the two layers, or to the same value in both",
                )
        if merged := {**(wanted.get(field) or {}), **given}:
            metadata[field] = merged
    content = yamldoc.dump({**body, "metadata": metadata}).encode()
    return kept.with_content(content)


def _body(item: RenderedObject) -> dict[str, Any]:
    body: dict[str, Any] = yamldoc.load_rendered(item.content.decode(), item.template).value
    return body
