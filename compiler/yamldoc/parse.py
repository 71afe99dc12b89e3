"""YAML text to documents, as kubectl and Helm read it."""

from __future__ import annotations

import re
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import CompileError, fail
from compiler.yamldoc import lines
from compiler.yamldoc.document import Document
from compiler.yamldoc.encoding import decode
from compiler.yamldoc.limits import MAX_FILE_BYTES, MAX_RENDERED_BYTES
from compiler.yamldoc.reader import Duplicates, EventReader

_LEAD = re.compile(r"(?:---\n| *(?:#[^\n]*)?\n)*")  # what may come before a document's content


def load(
    text: bytes | str,
    path: str,
    *,
    positions: bool = True,
    duplicates: Duplicates = "refuse",
    first_line: int = 1,
    max_bytes: int = MAX_FILE_BYTES,
) -> tuple[Document, ...]:
    """Every document of a file, empty ones dropped.

    `path` and `first_line` (the line of the file on which `text` starts) are for positions only; without `positions`
    `Document.at` knows only the document's line. Duplicate keys are refused; with "warn" the last one counts, and
    `Document.duplicates` lists them. Raises CompileError with codes `yaml-*`.
    """
    return tuple(
        EventReader(
            decode(text, path, first_line, max_bytes),
            path,
            first_line=first_line,
            positions=positions,
            duplicates=duplicates,
        ).documents()
    )


def load_one(
    text: bytes | str,
    path: str,
    *,
    positions: bool = True,
    duplicates: Duplicates = "refuse",
    first_line: int = 1,
    max_bytes: int = MAX_FILE_BYTES,
) -> Document:
    """As `load`, for the text of one document; its value is None where there is none. Raises also `yaml-documents`."""
    documents = load(text, path, positions=positions, duplicates=duplicates, first_line=first_line, max_bytes=max_bytes)
    if len(documents) > 1:
        raise fail(Code.YAML_DOCUMENTS, f"expected one document, found {len(documents)}", documents[1].at())
    return documents[0] if documents else Document(None, path, first_line)


def load_rendered(text: str, path: str, *, first_line: int = 1) -> Document:
    """One document that a template engine printed: no positions; of duplicate keys the last counts, as in Helm."""
    try:
        value = lines.read(text, _piece)
    except (lines.Unusual, CompileError):
        return load_one(
            text, path, positions=False, duplicates="warn", first_line=first_line, max_bytes=MAX_RENDERED_BYTES
        )
    lead = _LEAD.match(text) if value is not None else None
    return Document(value, path, first_line + (lead[0].count("\n") if lead else 0))


def _piece(text: str) -> Any:
    return load_one(text, "", positions=False).value
