"""How much one run may take of what people write: the numbers of docs/limits.md that are not YAML's own (`yamldoc.limits`).

Past a limit nothing is cut: the run ends with a problem that has the place and the limit.
"""

from __future__ import annotations

DATA_DEPTH = 200
"""Levels of collections in YAML and JSON. Kubernetes' deepest schemas stay below 60; go-yaml's own limit is 10,000."""

DEPTH = 64
"""Things that refer to things: macros in the values of macros, templates that extend templates."""

MACRO_TEXT = 5 * 1024 * 1024
"""Characters of one text or value with its macros replaced: nested macros can grow exponentially."""

MACRO_TOTAL = 64 * 1024 * 1024
"""Characters of all texts with macros in the values of a release, or in one manifest: each use is a copy."""

PROBLEMS = 100
"""Problems that are printed of one file, and that are looked for in one value: nobody reads more."""

FILE_BYTES = 100 * 1024 * 1024
"""One file of the repository, whatever it is: as large as an archive may be."""

READ_BYTES = 1024 * 1024 * 1024
"""All files that one run reads, each counted once."""

PATCHED_VALUES = 2_000_000
"""Scalars and collections that the `copy` operations of one JSON patch may add, as many as a document may have."""

OUTPUT_BYTES = 16 * 1024 * 1024 * 1024
"""All objects that the layers of one run give."""

DIFF_LINES = 2_000
"""Lines of two texts that `diff` compares each with each; longer ones are cut where a line is unique in both."""
