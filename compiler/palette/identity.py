"""pack.json and pack.yaml: which of them a pack has, and the name and version in it."""

from __future__ import annotations

import json
from typing import Any

from compiler import files as tree
from compiler import jsontext, yamldoc
from compiler.codes import Code
from compiler.diagnostics import Position, fail

PALETTE = "pack.json"
NATIVE = "pack.yaml"
_MAX_BYTES = 1 << 20  # of a pack.json


def identity(raw: bytes, path: str) -> tuple[str, str]:
    """Name and version in the pack.json or pack.yaml at this path. Raises CompileError: `pack-unreadable`, `yaml-*`."""
    data = load_json(raw, path) if path.endswith(PALETTE) else yamldoc.load_one(raw, path).value
    name, version = (data.get("name"), data.get("version")) if isinstance(data, dict) else (None, None)
    if not (isinstance(name, str) and name and isinstance(version, str) and version):
        raise fail(Code.PACK_UNREADABLE, "name and version are required (string)", Position(path, 1))
    return name, version


def load_json(raw: bytes, path: str) -> Any:
    """The data of a JSON file. Raises CompileError."""
    if len(raw) > _MAX_BYTES:
        raise fail(
            Code.PACK_UNREADABLE, f"the file has {len(raw):,} bytes; the limit is {_MAX_BYTES:,}", Position(path)
        )
    text = tree.decode(raw, path)
    try:
        return jsontext.load(text)
    except json.JSONDecodeError as error:
        raise yamldoc.marker_in(text, path) or fail(
            Code.PACK_UNREADABLE, f"not valid JSON: {error.msg}", Position(path, error.lineno, error.colno)
        ) from None
