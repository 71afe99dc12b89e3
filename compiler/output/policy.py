"""`policy: {random: …}`: what is done about fields that differ from one render to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.kubernetes import ObjectId
from compiler.kubernetes.differences import keep
from compiler.model import PlannedCluster, PlannedLayer, RenderedObject, layout
from compiler.model.rendering import LayerResult

Committed = Callable[[str, ObjectId], Any]
"""From a tree of the output and an object in it to its body in the committed output, or None."""


def apply_policies(
    cluster: PlannedCluster, results: Sequence[LayerResult], committed: Committed, problems: Problems
) -> tuple[LayerResult, ...]:
    """The results with random fields refused (reported), kept as committed, or allowed, as each layer's policy says."""
    kept = []
    for layer, result in zip(cluster.layers, results, strict=True):
        if result.random and layer.policy.random == "refuse":
            _refuse(layer, result, problems)
        elif result.random and layer.policy.random == "keep":
            result = _kept(layer, result, committed)  # noqa: PLW2901
        kept.append(result)
    return tuple(kept)


def _refuse(layer: PlannedLayer, result: LayerResult, problems: Problems) -> None:
    fields: dict[tuple[ObjectId, str], list[str]] = {}
    for differing_field in result.random:
        fields.setdefault((differing_field.object, differing_field.template), []).append(
            differing_field.field or "(the whole object)"
        )
    for (name, template), differing in fields.items():
        problems.error(
            Code.RANDOM_OUTPUT,
            f"layer '{layer.name}': {name} changes from render to render in"
            f" {', '.join(differing)} (template {template})",
            layer.at,
            hint="give the value explicitly (an existing Secret, a fixed password), or set policy: {random: keep} to keep"
            " what is committed",
        )


def _kept(layer: PlannedLayer, result: LayerResult, committed: Committed) -> LayerResult:
    fields: dict[ObjectId, list[str]] = {}
    for random_field in result.random:
        fields.setdefault(random_field.object, []).append(random_field.field)
    committed_here = partial(committed, layout.tree_of(layer.directory))
    objects = [_with_committed(o, fields[o.id], committed_here) if o.id in fields else o for o in result.objects]
    return replace(result, objects=tuple(objects))


def _with_committed(
    rendered: RenderedObject, fields: Sequence[str], committed: Callable[[ObjectId], Any]
) -> RenderedObject:
    before = committed(rendered.id)
    if not isinstance(before, Mapping):
        return rendered
    body = keep(before, yamldoc.load_rendered(rendered.content.decode(), rendered.template).value, fields)
    return rendered.with_content(yamldoc.dump(body).encode())
