"""The manifests of a pack: which are Go templates, and with which values.

A manifest is a template where the values have a block `manifests.<file name without .yaml>`, even an empty one. Without
a block it is taken as it is: public packs ship manifests with `{{ }}` of another tool (Istio) and no block.
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
    """One manifest of a pack. `values` are what the template sees as `.Values`; a verbatim manifest has none."""

    path: str  # as the pack names it
    template: bool
    values: Mapping[str, Any]


def manifests(values: PackValues) -> tuple[Manifest, ...]:
    """The manifests of a pack layer in the order of pack.json. What is wrong is recorded."""
    paths = values.pack.manifests
    report_unmatched(values, "manifests", {block_name(path) for path in paths})
    blocks = values.section("manifests")
    return tuple(
        Manifest(path, name in blocks, values.expect_mapping(blocks.get(name), "manifests", name))
        for path, name in ((path, block_name(path)) for path in paths)
    )


def block_name(path: str) -> str:
    """The key of a manifest below `manifests:`: its file name, of nested paths too, without the last extension."""
    return PurePosixPath(path).stem
