"""Overlays: patches and transforms on rendered objects, with kustomize's meaning.

Pure, on plain JSON data. `parse_overlay` reads one entry of an `overlays:` list, `apply` carries out.
"""

from __future__ import annotations

from compiler.model.overlays import (
    Image,
    ImageSwap,
    JsonOperation,
    JsonPatch,
    MergePatch,
    Operation,
    Overlay,
    Replicas,
    StrategicMerge,
    Target,
    Transform,
)
from compiler.overlay.apply import apply, apply_one
from compiler.overlay.images import parse_image_swap
from compiler.overlay.parse import parse_overlay

__all__ = [
    "Image",
    "ImageSwap",
    "JsonOperation",
    "JsonPatch",
    "MergePatch",
    "Operation",
    "Overlay",
    "Replicas",
    "StrategicMerge",
    "Target",
    "Transform",
    "apply",
    "apply_one",
    "parse_image_swap",
    "parse_overlay",
]
