"""Regular expressions that people write: RE2's syntax and its promise that matching takes linear time.

The engine is RE2 itself (google-re2), whose syntax Go's regexp has too, and so Palette, Sprig and kustomize: POSIX classes,
ASCII `\\w` and `\\s`, a limit on size. Python's `re` can be made to run for ever. The tests ask Go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_LITERAL = re.compile(r"[A-Za-z0-9_:/-]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def fault(pattern: str) -> str:
    """What is wrong with a pattern, as the end of a sentence ("… is not …"); '' where nothing is."""
    try:
        _compiled(pattern)
    except ValueError as error:
        return str(error)
    return ""


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern matches anywhere in the text, as Go's MatchString. Raises ValueError where it has a fault."""
    return _compiled(pattern).search(_bytes(text)) is not None


@lru_cache(maxsize=1024)
def full_match(pattern: str) -> Callable[[str], bool]:
    """A test whether the pattern matches a whole text. Raises ValueError where it has a fault.

    Anchored as kustomize does it (`^(?:…)$`), which tells `a|b` from `^a|b$`.
    """
    if _LITERAL.fullmatch(pattern):
        return pattern.__eq__  # most targets are plain names, and need no engine
    try:
        compiled = _compiled(f"^(?:{pattern})$")
    except ValueError:
        raise ValueError(fault(pattern) or _message(pattern, "unbalanced brackets")) from None
    return lambda text: compiled.search(_bytes(text)) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    import re2

    if "C" in _ESCAPE.findall(pattern):  # a single byte: in RE2, not in Go
        raise ValueError(_message(pattern, r"invalid escape sequence: \C"))
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(_bytes(pattern), options)
    except re2.error as error:
        reason = error.args[0]
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(_message(pattern, reason)) from None


def _message(pattern: str, reason: str) -> str:
    return f"'{pattern[:80]}' is not a regular expression ({reason[:80]})"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
