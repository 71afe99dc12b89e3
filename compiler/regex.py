"""Regular expressions that users write: RE2, which matches in linear time; Python's `re` can take exponential time.

The engine is RE2 itself (google-re2). Go's regexp, and so Palette, Sprig and kustomize, has its syntax: POSIX classes,
ASCII `\\w` and `\\s`, a limit on size. The tests compare with Go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_LITERAL = re.compile(r"[A-Za-z0-9_:/-]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def fault(pattern: str) -> str:
    """The problem of a pattern, as the end of a sentence ("… is not …"); '' if it is valid."""
    try:
        _compiled(pattern)
    except ValueError as error:
        return str(error)
    return ""


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern matches anywhere in the text, as Go's MatchString. Raises ValueError if it is not valid."""
    return _compiled(pattern).search(_bytes(text)) is not None


def find_all(pattern: str, text: str) -> list[str]:
    """Every match in the text, in order and without overlap, as Go's FindAllString. Raises ValueError as `matches` does."""
    return [match[0].decode() for match in _compiled(pattern).finditer(_bytes(text))]


@lru_cache(maxsize=1024)
def full_match(pattern: str) -> Callable[[str], bool]:
    """A function that tests whether the pattern matches a whole text. Raises ValueError if the pattern is not valid.

    Anchored as in kustomize, `^(?:…)$`: the brackets matter for `a|b`.
    """
    if _LITERAL.fullmatch(pattern):
        return pattern.__eq__  # most targets are plain names and do not need the engine
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
