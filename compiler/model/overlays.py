"""Overlays as values: which objects, and what is done to them. Frozen and picklable; `dataclasses.asdict` gives JSON.

Patch bodies are plain JSON data and are never changed after parsing. Each operation has fields of its own names, so
that two operations of different kinds never have the same `asdict`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from compiler.diagnostics import Position
from compiler.yamldoc import Document


@dataclass(frozen=True, slots=True)
class Target:
    """Objects that satisfy every condition that is not "". Kustomize's `patches[].target`.

    `group` to `namespace` are regular expressions (RE2 syntax) that must match the whole text; an object without
    namespace counts as in `default`, a cluster-scoped one as in no namespace. The selectors use kubectl's grammar.
    """

    group: str = ""
    version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    label_selector: str = ""
    annotation_selector: str = ""


@dataclass(frozen=True, slots=True)
class StrategicMerge:
    """A strategic merge patch: maps merge, null deletes, lists of built-in kinds merge by key as their schemas say."""

    patch: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MergePatch:
    """A JSON merge patch (RFC 7396): maps merge, null deletes, lists are replaced."""

    merge: Mapping[str, Any]


Op = Literal["add", "remove", "replace", "move", "copy", "test"]


@dataclass(frozen=True, slots=True)
class JsonOperation:
    """One operation of RFC 6902. `path` and `source` (the RFC's `from`) are JSON pointers."""

    op: Op
    path: str
    source: str = ""
    value: Any = None


@dataclass(frozen=True, slots=True)
class JsonPatch:
    """A JSON patch (RFC 6902): its operations in order; the first one that fails is an error."""

    json6902: tuple[JsonOperation, ...]


@dataclass(frozen=True, slots=True)
class Image:
    """Rewrites the container images called `name`. A new tag or digest replaces both; "" leaves a part as it is."""

    name: str
    new_name: str = ""
    new_tag: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ImageSwap:
    """Rewrites images by registry, the rules of Palette's `imageSwap.imageChange` (see `images.parse_image_swap`)."""

    exact: Mapping[str, str] = field(default_factory=dict)
    replace: tuple[tuple[str, str], ...] = ()
    registries: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    unswapped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replicas:
    """Sets `spec.replicas` of the workloads called `name`."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Transform:
    """Changes that need no patch, kustomize's transformers: each field that is not empty is one change.

    `labels` go to `metadata.labels`; with `label_templates` to pod templates too; with `label_selectors` to selectors
    and pod templates. `annotations` go to objects and pod templates. `drop` removes the targeted objects.
    """

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    label_templates: bool = False
    label_selectors: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)
    images: tuple[Image, ...] = ()
    image_swap: ImageSwap | None = None
    replicas: tuple[Replicas, ...] = ()
    drop: bool = False


Operation = StrategicMerge | MergePatch | JsonPatch | Transform


@dataclass(frozen=True, slots=True)
class Overlay:
    """One operation on the objects of `target` (None: every object). `optional`: no error where nothing is targeted."""

    target: Target | None
    operation: Operation
    optional: bool
    at: Position


@dataclass(frozen=True, slots=True)
class MacroOverlay:
    """An overlay as written, with macros in it: a cluster's values make an `Overlay` of it. `path` leads to it in its
    document."""

    data: Mapping[str, Any]
    document: Document
    path: tuple[str | int, ...]

    @property
    def at(self) -> Position:
        return self.document.at(*self.path)


WrittenOverlay = Overlay | MacroOverlay
