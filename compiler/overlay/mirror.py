"""Image mirrors that leak: what names a registry, after all overlays, that a transform moves images away from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import Diagnostic
from compiler.kubernetes import ObjectId, keypath
from compiler.kubernetes.imagefields import ImageField
from compiler.kubernetes.images import places
from compiler.kubernetes.imagetext import mentions
from compiler.model.overlays import Overlay, Transform
from compiler.overlay.images import changed, split_registry
from compiler.overlay.select import matches

_SHOWN = 5


def leaks(
    body: Mapping[str, Any], template: str, overlays: Iterable[Overlay], image_fields: Sequence[ImageField] = ()
) -> list[Diagnostic]:
    """`image-outside-mirror` if the object names an image that the transforms among the overlays would move to another
    registry, and that no transform reached: at most one warning. `body` is the object after all overlays.
    """
    mirrors = [
        overlay.operation
        for overlay in overlays
        if isinstance(overlay.operation, Transform)
        and (overlay.operation.image_swap or any(image.new_name for image in overlay.operation.images))
        and (overlay.target is None or matches(overlay.target, body))
    ]
    if not mirrors:
        return []
    own = dict(places(body, image_fields))
    named = [*own.items(), *mentions(body, own)]
    outside: dict[str, list[str]] = {}
    for path, text in named:
        if _is_moved(text, mirrors):
            outside.setdefault(keypath.show(path), []).append(text)
    if not outside:
        return []
    shown = [f"{path} ({', '.join(texts)})" for path, texts in outside.items()]
    more = f" and {len(shown) - _SHOWN} more fields" if len(shown) > _SHOWN else ""
    return [
        Diagnostic(
            Code.IMAGE_OUTSIDE_MIRROR,
            f"{ObjectId.of(body)} (from {template}) still names what the image transform moves to another registry:"
            f" {', '.join(shown[:_SHOWN])}{more}",
            hint="set it in the values or by a patch; declare fields of custom resources as imageFields in lamella.yaml;"
            " REGISTRY:: in imageSwap leaves a registry as it is",
            severity="warning",
        )
    ]


def _is_moved(text: str, mirrors: Iterable[Transform]) -> bool:
    """Whether all mirrors together take the image, or the images of the registry, to another registry."""
    is_registry = "/" not in text.rstrip("/")
    before = f"{text.rstrip('/')}/image" if is_registry or text.endswith("/") else text
    after = before
    for mirror in mirrors:
        after = changed(after, mirror)
    return split_registry(after)[0] != split_registry(before)[0]
