"""Objects that SOPS has encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_encrypted(body: Mapping[str, Any]) -> bool:
    """Whether SOPS has encrypted the object. Its MAC is over the values in their order: it must stay as it is."""
    sops = body.get("sops")
    return isinstance(sops, dict) and bool(sops.get("mac"))
