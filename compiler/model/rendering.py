"""What a renderer is asked and what it answers: one layer as a task, and its objects. Equal tasks are done once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from compiler import digest
from compiler.diagnostics import Diagnostic, Position
from compiler.model.planned import ChartPart, Part, ScopedOverlay
from compiler.model.rendered import RenderedObject

OWN_NAMESPACE = "(namespace of the layer)"
"""The template that Namespace objects are said to come from which Lamella itself adds."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Which Helm renders, and where the charts lie: `spool` is a directory, `binary` is for the cli engine only."""

    name: str
    spool: str
    binary: str = ""


@dataclass(frozen=True, slots=True)
class LayerTask:
    """What makes a layer's objects, and nothing else: two layers with equal tasks have equal objects.

    `overlays` apply in order. For the wide ones, which belong to a profile, template or cluster, no match is no error
    here: the caller sums up `LayerResult.matched` over the layers.
    """

    parts: tuple[Part, ...]
    namespace: str
    kube_version: str
    api_versions: tuple[str, ...]  # () where nothing of the layer reads them
    overlays: tuple[ScopedOverlay, ...]
    drop_hooks: bool
    extra: tuple[str, ...]  # documents (YAML text) that the layer itself asks for: Namespaces
    engine: Engine
    annotations: tuple[tuple[str, str, str, str], ...] = ()  # (group, kind, annotation, value): see delivery

    def key(self) -> str:
        """Equal exactly where the tasks are equal."""
        return digest.of(*(repr(_unplaced(part)) for part in self.parts), self.namespace, self.kube_version,
                         repr(self.api_versions),
                         repr([replace(o, overlay=replace(o.overlay, at=Position(""))) for o in self.overlays]),
                         repr((self.drop_hooks, self.extra, self.engine, self.annotations)))  # fmt: skip


def _unplaced(part: Part) -> Part:
    """The part without its place in an input file, which does not change what it renders to."""
    return replace(part, at=Position("")) if isinstance(part, ChartPart) else part


@dataclass(frozen=True, slots=True)
class RandomField:
    """A field that differs from one render to the next."""

    object: str  # as str(RenderedObject)
    identity: tuple[str, str, str, str]
    field: str
    template: str


@dataclass(frozen=True, slots=True)
class LayerResult:
    """The layer's objects in no particular order. With errors among the diagnostics there are no objects."""

    objects: tuple[RenderedObject, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    random: tuple[RandomField, ...] = ()
    matched: tuple[int, ...] = ()  # indexes of the wide overlays whose target is here


def failed(layer: str, kind: Literal["timeout", "crashed", "raised"], text: str) -> LayerResult:
    """The result of a task whose worker gave none."""
    codes = {"timeout": "render-timeout", "crashed": "render-crashed"}
    hint = {
        "timeout": "a template that does not end, or --timeout is too short for this chart",
        "crashed": "the renderer ran out of memory or died; a smaller chart, or a higher limit, may help",
        "raised": "this is a bug in Lamella; run again with --debug and report what it prints",
    }
    return LayerResult((), (Diagnostic(codes.get(kind, "internal"), f"{layer}: {text}", hint=hint[kind]),))
