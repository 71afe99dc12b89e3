"""Typed access to the mapping of an overlay: what is wrong becomes a diagnostic with its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.diagnostics import Position, Problems, did_you_mean

At = Callable[..., Position]
"""Where the key path (strings and list indices as arguments) stands in the input."""


def type_name(value: Any) -> str:
    """The YAML name of a value's type."""
    names = {dict: "mapping", list: "list", bool: "boolean", int: "integer", float: "number", str: "string"}
    return "null" if value is None else names.get(type(value), "string")


@dataclass(frozen=True, slots=True)
class Fields:
    """One mapping, the keys that lead to it, and where its problems go."""

    data: Mapping[str, Any]
    at: At
    problems: Problems
    path: tuple[str | int, ...] = ()

    def error(self, code: str, key: str, message: str, *, hint: str = "") -> None:
        """Reports a problem at the key."""
        self.problems.error(code, f"{self.name(key)}: {message}", self.at(*self.path, key), hint=hint)

    def name(self, *keys: str | int) -> str:
        """The dotted path of a key, for messages."""
        text = ""
        for part in (*self.path, *keys):
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
        return text or "overlay"

    def only(self, known: Collection[str]) -> None:
        """Reports every key that is not known."""
        for key in self.data:
            if key not in known:
                place = self.at(*self.path, key)
                self.problems.error("unknown-key", f"unknown key '{key}'", place, hint=did_you_mean(str(key), known))

    def typed(self, key: str, *expected: type) -> Any:
        """The value where it has one of the types; None where it is absent or of another type (reported)."""
        value = self.data.get(key)
        if value is None or (isinstance(value, expected) and not (isinstance(value, bool) and bool not in expected)):
            return value
        wanted = " or ".join(type_name(each()) for each in expected)
        hint = f'write it in quotes: {key}: "{value}"' if str in expected and isinstance(value, int | float) else ""
        self.error("wrong-type", key, f"expected {wanted}, found {type_name(value)}", hint=hint)
        return None

    def text(self, key: str) -> str:
        return self.typed(key, str) or ""

    def flag(self, key: str) -> bool:
        return bool(self.typed(key, bool))

    def mapping(self, key: str) -> dict[str, Any]:
        return self.typed(key, dict) or {}

    def string_map(self, key: str) -> dict[str, str]:
        """A mapping of strings to strings, as labels and annotations are."""
        inner = Fields(self.mapping(key), self.at, self.problems, (*self.path, key))
        return {str(name): inner.typed(name, str) or "" for name in inner.data}

    def child(self, key: str) -> Fields:
        return Fields(self.mapping(key), self.at, self.problems, (*self.path, key))

    def children(self, key: str) -> Iterator[Fields]:
        """The mappings of a list; items that are no mapping are reported and left out."""
        for index, item in enumerate(self.typed(key, list) or []):
            if isinstance(item, dict):
                yield Fields(item, self.at, self.problems, (*self.path, key, index))
            else:
                place = self.at(*self.path, key, index)
                message = f"{self.name(key, index)}: expected mapping, found {type_name(item)}"
                self.problems.error("wrong-type", message, place)

    def required(self, key: str) -> str:
        """A string that must be there and not be empty."""
        text = self.text(key)
        if not text and not (key in self.data and self.data[key] not in ("", None)):
            self.problems.error("missing-key", f"{self.name(key)} is required (string)", self.at(*self.path))
        return text
