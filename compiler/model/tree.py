"""A tree of output files as far as two of them are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from compiler.kubernetes import ObjectId
from compiler.model.rendered import OutputFile


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of a tree as far as a comparison needs it; `object` is None where it is not a manifest.

    `read` gives the content, and is called only where digests differ: a fleet's trees do not fit into memory.
    """

    path: str
    sha256: str
    read: Callable[[], bytes]
    cluster: str
    layer: str
    object: ObjectId | None

    @classmethod
    def of(cls, file: OutputFile) -> TreeFile:
        """A file of a new render."""
        return cls(file.path, file.sha256, partial(bytes, file.content), file.cluster, file.layer, file.object)
