"""The layers of one cluster as the constraints of its packs see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compiler.diagnostics import Position
from compiler.model import LayerType, Pack


@dataclass(frozen=True, slots=True)
class Member:
    """A layer of a cluster as constraints see it. `name` is its pack's, or its chart's where it has no pack."""

    layer: str
    type: LayerType
    name: str
    version: str
    at: Position
    pack: Pack | None = None
    data: Mapping[str, Any] | None = None  # final values, for resource constraints
    display_name: str = ""
