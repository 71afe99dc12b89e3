"""One YAML document of a file: its value, and where each key of it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from compiler.diagnostics import Diagnostic, Position, TextPlace


class Place(NamedTuple):
    """Where a key or list item stands (from 1) and where what is inside it stands."""

    line: int
    column: int
    inner: dict[str, Place] | list[Place] | Place | None = None  # a Place: where the text of a literal block begins


@dataclass(frozen=True, slots=True)
class Document:
    """One document. `value` is JSON data (dict with str keys, list, str, int, float, bool, None), nothing shared."""

    value: Any
    path: str
    line: int  # where the document's content starts, from 1
    duplicates: tuple[Diagnostic, ...] = ()  # keys given twice, where that was tolerated; the last one counts
    root: Place | None = field(default=None, repr=False, compare=False)

    def at(self, *keys: str | int) -> Position:
        """The place of that key (its first character) or list item; of the nearest known ancestor where it is absent.

        Without keys, and in documents read without positions, the place where the document starts.
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
        """Where the text of the string at these keys stands: a literal block (`|`) line by line, any other at its key."""
        place = self.root
        for key in keys:
            inner = place.inner if place else None
            place = (
                inner.get(str(key)) if isinstance(inner, dict) else inner[int(key)] if isinstance(inner, list) else None
            )
        if place is not None and isinstance(place.inner, Place):
            return TextPlace(Position(self.path, place.inner.line, place.inner.column))
        return TextPlace(self.at(*keys), lines=False)
