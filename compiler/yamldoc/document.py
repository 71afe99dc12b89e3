"""One YAML document of a file: its value and the position of each key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from compiler.diagnostics import Diagnostic, Position, TextPlace


class Place(NamedTuple):
    """The position of a key or list item (counted from 1), and the positions of its contents."""

    line: int
    column: int
    inner: dict[str, Place] | list[Place] | Place | None = None  # a Place: the start of a literal block's text


@dataclass(frozen=True, slots=True)
class Document:
    """One document. `value` is JSON data (dict with str keys, list, str, int, float, bool, None), nothing shared."""

    value: Any
    path: str
    line: int  # where the document's content starts, from 1
    duplicates: tuple[Diagnostic, ...] = ()  # of duplicate keys, where they are tolerated: the last one counts
    root: Place | None = field(default=None, repr=False, compare=False)

    def at(self, *keys: str | int) -> Position:
        """The position of that key (its first character) or list item; where it is absent, of its nearest ancestor.

        Without keys, and in documents read without positions, the start of the document.
        """
        place = self.root
        if place is None:
            return Position(self.path, self.line)
        for key in keys:
            inner = place.inner
            if isinstance(inner, Place):
                break
            try:
                place = inner[key]  # type: ignore[index]
            except (TypeError, KeyError, IndexError):  # absent, or another kind of collection
                break
        return Position(self.path, place.line, place.column)

    def text_at(self, *keys: str | int) -> TextPlace:
        """Where the text of the string at these keys is: a literal block (`|`) line by line, any other at its key."""
        place = self.root
        for key in keys:
            inner = place.inner if place else None
            place = (
                inner.get(str(key)) if isinstance(inner, dict) else inner[int(key)] if isinstance(inner, list) else None
            )
        if place is not None and isinstance(place.inner, Place):
            return TextPlace(Position(self.path, place.inner.line, place.inner.column))
        return TextPlace(self.at(*keys), lines=False)
