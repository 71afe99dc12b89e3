"""How much YAML one file may hold. Past a limit the file is refused, with the position."""

from __future__ import annotations

from compiler import limits

MAX_FILE_BYTES = 10 * 1024 * 1024
"""A file written by people. Argo CD has the same default for a directory of manifests."""

MAX_RENDERED_BYTES = 32 * 1024 * 1024
"""One document that a template engine printed."""

MAX_DEPTH = limits.DATA_DEPTH
"""Levels of nested collections."""

MAX_NODES = 2_000_000
"""Scalars and collections of one document with its aliases expanded."""

MAX_PROBLEMS = limits.PROBLEMS
"""Problems reported for one file."""

MAX_TAG_DIRECTIVES = 16
"""`%TAG` lines of one file: libyaml compares each with all before it, 100,000 take a minute."""

MAX_ALIAS_BYTES = 64 * 1024 * 1024
"""Characters of text that the aliases of one document may add. Helm counts nodes only and takes gigabytes."""
