"""A layer as a rendering task, and the result: its objects. Equal tasks are rendered once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, Protocol

from compiler import digest
from compiler.charts.catalogue import SpoolEntry
from compiler.codes import Code
from compiler.diagnostics import Diagnostic, Position, TextPlace
from compiler.kubernetes import ObjectId
from compiler.kubernetes.imagefields import ImageField
from compiler.model.planned import Part, ScopedOverlay
from compiler.model.rendered import RenderedObject

OWN_NAMESPACE = "(namespace of the layer)"
"""Named as the template of the Namespace objects that Lamella itself adds."""

RULES = 8
"""The version of Lamella's own rules: raised whenever a task may give other objects than before (tests/golden/rules.json
keeps the version and what it covers). A result kept from an earlier run is used only under the same rules."""

Evaluator = Callable[[Mapping[str, str], Mapping[str, Any]], Mapping[str, str]]
"""Go templates by name and their `.Values` -> results by name. Raises CompileError `gotemplate-failed`."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Which Helm renders: `embedded` or `cli`, and Helm's own version, "4.2.3"."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation that a delivery controller needs on objects: on those of one (group, kind), on those that Helm must
    keep, on those that Argo CD is told not to prune, on Jobs that are no hook, or on those that already have it, whose
    text must be lower case.

    An object's own value wins; a list of options (`A=b,C=d`) gets those that it does not set.
    """

    objects: tuple[str, str] | Literal["kept", "unpruned", "plain job", "having"]
    key: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class LayerTask:
    """What makes a layer's objects, and nothing else: two layers with equal tasks have equal objects.

    `overlays` apply in order. For the wide ones, which belong to a profile, template or cluster, a missing match is not an
    error here: the caller sums up `LayerResult.matched` over the layers. Charts are named by their
    digest (`ChartPart.spooled`).
    """

    parts: tuple[Part, ...]
    namespace: str
    kube_version: str
    api_versions: tuple[str, ...]  # beside those of every server of this version; () where nothing reads them
    overlays: tuple[ScopedOverlay, ...]
    drop_hooks: bool
    check_schemas: bool  # whether `RenderedObject.findings` are wanted
    extra: tuple[str, ...]  # documents (YAML text) that the layer's own settings add: Namespaces
    engine: Engine
    annotations: tuple[Annotation, ...] = ()  # see delivery
    image_fields: tuple[ImageField, ...] = ()  # declared ones, beside those of well-known operators
    pins: Mapping[str, str] | None = None  # digests by image, if images are to be pinned
    unpinned: tuple[str, ...] = ()  # patterns of images that are not

    def describe(self) -> dict[str, Any]:
        """The task as JSON data, field by field: all that its objects depend on, including
        the versions of the tools that make them. Two descriptions can be compared to see why a layer is rendered again.

        Places in input files are left out: they change messages, never objects. No path of this machine is in it.
        """
        return {"rules": RULES, **{name: _plain(getattr(self, name)) for name in _names(LayerTask)}}

    def key(self) -> str:
        """SHA-256 in hex of the description: equal exactly where the descriptions are."""
        return digest.of(digest.canonical_json(self.describe()))


_PLACES = frozenset({Position, TextPlace})
_SCALARS = frozenset({str, bool, int, float, type(None)})


def _plain(value: Any) -> Any:
    """Frozen values as JSON data, each under its class's name: two kinds of part or operation are never equal."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is tuple or kind is list:
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    names = _names(kind)  # type: ignore[arg-type]  # mypy takes no class for hashable
    if not names:
        return value
    data = {name: _plain(item) for name in names if type(item := getattr(value, name)) not in _PLACES}
    data["is"] = kind.__name__
    return data


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass; none of anything else. Looked up once: tasks are many."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


@dataclass(frozen=True, slots=True)
class RandomField:
    """A field that differs from one render to the next. `constant` is a digest of what does not differ in it; "" where
    that is not known."""

    object: ObjectId
    field: str
    template: str
    constant: str = ""


@dataclass(frozen=True, slots=True)
class LayerResult:
    """The layer's objects in no particular order. With errors among the diagnostics there are no objects."""

    objects: tuple[RenderedObject, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    random: tuple[RandomField, ...] = ()
    matched: tuple[int, ...] = ()  # indexes of the wide overlays whose target is here


class Renderer(Protocol):
    """Helm, templates and overlays behind one interface, wherever they run (`app.session` has the real one).

    Only the iterator of `render` is lazy: it yields results as they complete.
    """

    @property
    def engine(self) -> Engine:
        """Which Helm renders charts. Raises CompileError (environment) if no Helm can be run."""

    def evaluate(self, templates: Mapping[str, str], values: Mapping[str, Any]) -> Mapping[str, str]:
        """Go templates with Sprig, as `Evaluator`."""

    def render(self, tasks: Sequence[LayerTask], charts: Mapping[str, SpoolEntry]) -> Iterator[tuple[int, LayerResult]]:
        """(index of the task, result) in the order in which they complete; a task that hangs or crashes gives a result
        with a diagnostic. `charts` has every chart that the tasks name (`Plan.spool`)."""


def failed(layer: str, kind: Literal["timeout", "crashed", "limit", "raised"], text: str) -> LayerResult:
    """The result of a task whose worker gave none."""
    code = {
        "timeout": Code.RENDER_TIMEOUT,
        "crashed": Code.RENDER_CRASHED,
        "limit": Code.LIMIT_EXCEEDED,
        "raised": Code.INTERNAL,
    }
    hint = {
        "timeout": "a template that does not end, or --timeout is too short for this chart",
        "crashed": "the renderer ran out of memory or died; a smaller chart, or a higher limit, may help",
        "limit": "split what is large or deep: the limits are in docs/limits.md",
        "raised": "this is a bug in Lamella; run again with --debug and report what it prints",
    }
    return LayerResult((), (Diagnostic(code[kind], f"{layer}: {text}", hint=hint[kind]),))
