"""Overlays: patches and transforms of rendered objects, with kustomize's semantics.

Pure functions on JSON data. `parse_overlay` reads one entry of an `overlays:` list, `apply_one` applies it.
"""

from __future__ import annotations

from compiler.overlay.apply import apply_one
from compiler.overlay.parse import parse_overlay

__all__ = ["apply_one", "parse_overlay"]
