"""A file of output as a diff may show it: of Secrets, only what they are."""

from __future__ import annotations

import re

from compiler import yamldoc
from compiler.diagnostics import CompileError
from compiler.kubernetes.secret import shown

_SECRET = re.compile(r"kind[\"']?\s*:\s*[\"']?Secret")


def shown_text(content: bytes, path: str) -> str:
    """The file's text, with digests for all but the metadata and type of Secrets."""
    text = content.decode("utf-8", "replace")
    if not _SECRET.search(text):
        return text
    try:
        documents = yamldoc.load(text, path, positions=False, duplicates="warn")
    except CompileError:
        return "(not readable)\n"
    values = [(document.value, shown(document.value)) for document in documents]
    if all(value is other for value, other in values):
        return text
    return "---\n".join(yamldoc.dump(other) for _, other in values)
