"""Overlays: patches and transforms on rendered objects, with kustomize's meaning.

Pure, on plain JSON data. `parse_overlay` reads one entry of an `overlays:` list, `apply_one` carries it out.
"""

from __future__ import annotations

from compiler.overlay.apply import apply_one
from compiler.overlay.parse import parse_overlay

__all__ = ["apply_one", "parse_overlay"]
