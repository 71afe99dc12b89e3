"""Regular expressions of targets: RE2's syntax and its linear time, from the Rust engine inside jsonschema-rs."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

_LITERAL = re.compile(r"[A-Za-z0-9_:/-]*")


@functools.lru_cache(maxsize=1024)
def full_match(pattern: str) -> Callable[[str], bool]:
    """A test whether the pattern matches a whole text. Raises ValueError where it is no regular expression of RE2."""
    if _LITERAL.fullmatch(pattern):
        return pattern.__eq__
    # A pattern comes from the repository: backtracking (Python's re) could take forever on `(a+)+$`.
    import jsonschema_rs

    try:
        validator = jsonschema_rs.Draft202012Validator(
            {"pattern": f"^(?:{pattern})$"}, pattern_options=jsonschema_rs.RegexOptions()
        )
    except jsonschema_rs.ValidationError as error:
        raise ValueError(f"'{pattern}' is no regular expression") from error
    return validator.is_valid
