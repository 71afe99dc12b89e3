"""Regular expressions that people write for values: RE2's syntax and its promise that matching takes linear time.

The engine is Rust's regex crate, reached through jsonschema-rs, which the project has anyway; Python's `re` can be made
to run for ever. It reads patterns as JavaScript does: POSIX classes have to be translated, and `\\s` means Unicode's
spaces too. The tests ask Go itself.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_MAX_PROGRAM_BYTES = 1 << 20


def fault(pattern: str) -> str:
    """What is wrong with a pattern, as the end of a sentence ("… is not …"); '' where nothing is."""
    try:
        _validator(pattern)
    except ValueError as error:
        return str(error)
    return ""


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern matches anywhere in the text, as Go's MatchString. Raises ValueError where it has a fault."""
    return bool(_validator(pattern).is_valid(text))


@lru_cache(maxsize=256)
def _validator(pattern: str) -> Any:
    import jsonschema_rs

    translated = re.sub(r"\[:([a-z]+):\]", lambda m: _POSIX.get(m[1], m[0]), pattern)
    options = jsonschema_rs.RegexOptions(size_limit=_MAX_PROGRAM_BYTES)
    try:
        return jsonschema_rs.validator_for({"type": "string", "pattern": translated}, pattern_options=options)
    except jsonschema_rs.ValidationError:
        raise ValueError(f"'{pattern[:80]}' is not a regular expression that is matched in linear time") from None
