"""What a cluster was rendered from, as its inventory says it: `inputs`, by path in the repository.

Of what was read only files and links are kept. What was looked for and not there, and the other names in a directory, say
nothing more to one who plans again: a file that has come since is then read, and is not an input here.
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler import jsontext
from compiler.files.record import Reads


def inputs_of(reads: Reads) -> dict[str, str]:
    """{path: SHA-256 of the file as a commit has it, or `-> ` and the target of the link}, sorted."""
    kept = {path: seen for path, seen in reads.by_path().items() if seen.sha256 or seen.kind == "link"}
    return {path: seen.committed_sha256 or str(seen.plain()) for path, seen in kept.items()}


def inputs_in(inventory: bytes) -> Mapping[str, str] | None:
    """The inputs that an inventory names; None where it names none, as those of version 0.1. Raises ValueError where it
    is none of Lamella's."""
    document = jsontext.load(inventory)
    inputs = document.get("inputs") if isinstance(document, dict) else None
    if inputs is None:
        return None
    if not isinstance(inputs, dict) or not all(isinstance(value, str) for value in inputs.values()):
        raise ValueError("its inputs are not those of an inventory")
    return inputs
