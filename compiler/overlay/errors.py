"""The error of one operation on one object; `apply` turns it into a diagnostic."""

from __future__ import annotations


class PatchError(Exception):
    """An operation does not fit the object. `hint` is the way to correct it, or empty."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
