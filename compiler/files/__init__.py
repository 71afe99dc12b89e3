"""Which file a path means, and how it is read: the rules for every file that an input names, over the port `Files`."""

from __future__ import annotations

from compiler.files.named import MANIFESTS, manifests, named
from compiler.files.paths import collisions, normalise
from compiler.files.read import decode, glob, is_directory, is_pattern, read, read_text, resolve_links, walk

__all__ = [
    "MANIFESTS",
    "collisions",
    "decode",
    "glob",
    "is_directory",
    "is_pattern",
    "manifests",
    "named",
    "normalise",
    "read",
    "read_text",
    "resolve_links",
    "walk",
]
