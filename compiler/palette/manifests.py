"""The manifests of a pack: which are Go templates, and with which values.

A manifest is a template where the pack's own values, or the layer's, have a block `manifests.<file name without .yaml>`,
even an empty one. Values that replace the pack's do not change that: without a block of theirs the template gets the
pack's. Without any block a manifest stays as it is: public packs ship manifests with
another tool's `{{ }}` (Istio) and no block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from compiler.palette.unmatched import report_unmatched
from compiler.palette.values import PackValues


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest of a pack. `values` are the template's `.Values`; a verbatim manifest has none."""

    path: str  # as the pack names it
    template: bool
    values: Mapping[str, Any]
    defaults: bool = False  # `values` are the pack's own as written, macros and all


def manifests(values: PackValues) -> tuple[Manifest, ...]:
    """The manifests of a pack layer in the order of pack.json. Problems are recorded."""
    paths = values.pack.manifests
    report_unmatched(values, "manifests", {block_name(path) for path in paths})
    return tuple(_manifest(values, path) for path in paths)


def _manifest(values: PackValues, path: str) -> Manifest:
    name = block_name(path)
    blocks, own = values.section("manifests"), values.pack.values.data.get("manifests")
    if name not in blocks and isinstance(own, Mapping) and name in own:
        block = own[name]
        return Manifest(path, True, block if isinstance(block, Mapping) else {}, defaults=True)
    return Manifest(path, name in blocks, values.expect_mapping(blocks.get(name), "manifests", name))


def block_name(path: str) -> str:
    """The key of a manifest below `manifests:`: its file name, of nested paths too, without the last extension."""
    return PurePosixPath(path).stem
