"""What goes wrong inside one operation on one object; `apply` makes diagnostics of it."""

from __future__ import annotations


class PatchError(Exception):
    """An operation does not fit the object. `hint` says what to do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
