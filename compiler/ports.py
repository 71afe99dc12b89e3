"""The outside as the stages see it. `compiler/host` has the real ones; tests hand in dictionaries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """What is at a path. For a link, `target` is its text, unresolved. File modes do not matter."""

    kind: Literal["file", "directory", "link", "other"]
    target: str = ""


class Files(Protocol):
    """A read-only tree of files: a directory, or one commit of a git repository.

    Paths are relative, POSIX, without `.`/`..` components; `""` is the root. Implementations never follow links:
    `compiler.files` does, under its rules (no link may leave the repository).
    """

    def entry(self, path: str) -> Entry | None:
        """What is at `path`, or None where there is nothing."""

    def names(self, path: str) -> tuple[str, ...]:
        """Names in the directory at `path`, sorted."""

    def read(self, path: str) -> bytes:
        """The bytes of the regular file at `path`. Raises FileNotFoundError."""
