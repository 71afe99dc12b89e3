"""The marks that git leaves in a file whose merge is not finished."""

from __future__ import annotations

import re

from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, fail

_MARKER = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?: .*)?\r?$", re.MULTILINE)
_START = re.compile(r"^<{7} ", re.MULTILINE)


def conflict_in(text: str, path: str, first_line: int = 1) -> CompileError | None:
    """The error where the text holds all marks of a conflict in order: what happens to be YAML is not meant. Else None."""
    if "<<<<<<< " not in text or not (start := _START.search(text)):
        return None
    middle = text.find("\n=======", start.end())
    whole = middle >= 0 and text.find("\n>>>>>>> ", middle) >= 0
    return _error(text, start.start(), path, first_line) if whole else None


def marker_in(text: str, path: str, first_line: int = 1) -> CompileError | None:
    """The error for a text that cannot be read: where any mark of a conflict is left in it, else None."""
    match = _MARKER.search(text)
    return _error(text, match.start(), path, first_line) if match else None


def _error(text: str, start: int, path: str, first_line: int) -> CompileError:
    at = Position(path, first_line + text.count("\n", 0, start), 1)
    end = text.find("\n", start)
    marker = text[start : end if end >= 0 else len(text)].rstrip()[:60]
    hint = "keep what is meant of both sides, and delete the lines that begin with <<<<<<<, ======= and >>>>>>>"
    return fail(
        Code.CONFLICT_MARKER,
        f"'{marker}' is a conflict marker: git's merge of this file is not finished",
        at,
        hint=hint,
    )
