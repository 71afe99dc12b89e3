"""Typed access to one YAML mapping: every wrong type, missing field and unknown key becomes a diagnostic with its place.

Raw mappings exist only in `load`: past it there is no `.get("…")` and no `isinstance`. A getter that finds something wrong
records it and returns the default, so that one run reports everything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from compiler.diagnostics import Position, Problems, did_you_mean
from compiler.kubernetes import keypath
from compiler.kubernetes.names import is_subdomain
from compiler.yamldoc import Document, text_of

T = TypeVar("T")

_TYPE_NAMES = {dict: "mapping", list: "list", str: "string", bool: "boolean", int: "integer", float: "number"}


def type_name(value: object) -> str:
    """The YAML name of a value's type, for messages."""
    return "null" if value is None else _TYPE_NAMES.get(type(value), "string")


def _in_quotes(key: str | int, value: object) -> str:
    """A hint for a scalar that should have been a string; a list item is known by its index."""
    if isinstance(value, bool):
        return "write it in quotes: y, n, yes, no, on, off, true and false are booleans in YAML"
    before = f"{key}: " if isinstance(key, str) else ""
    return f'write it in quotes: {before}"{value}"' if isinstance(value, int | float) else ""


@dataclass(frozen=True, slots=True)
class Reader:
    """One mapping of a document, the path to it, and where its problems go."""

    data: Mapping[str, Any]
    document: Document
    problems: Problems
    path: tuple[str | int, ...] = ()
    muted: bool = False  # stands for something of a wrong type, which was reported: nothing is missing in it

    @property
    def here(self) -> Position:
        return self.document.at(*self.path)

    def at(self, *keys: str | int) -> Position:
        return self.document.at(*self.path, *keys)

    def name_of(self, *keys: str | int) -> str:
        """The path of a field for messages: `spec.layers[2].name`."""
        return keypath.show((*self.path, *keys))

    def error(self, code: str, key: str | int, message: str, *, hint: str = "") -> None:
        """Reports a problem at the key: `path.to.key: message`."""
        self.problems.error(code, f"{self.name_of(key)}: {message}", self.at(key), hint=hint)

    def only(self, known: Collection[str]) -> None:
        """Reports every key that is not known."""
        for key in self.data:
            if key not in known:
                self.problems.error("unknown-key", f"unknown key '{key}'", self.at(key), hint=did_you_mean(key, known))

    def _typed(self, key: str, kind: type[T], default: T, required: bool) -> T:
        value = self.data.get(key)
        if value is None:
            if required and not self.muted:
                self.problems.error("missing-key", f"{self.name_of(key)} is required ({_TYPE_NAMES[kind]})", self.here)
            return default
        wrong = not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        if wrong:
            self.wrong_type(key, _TYPE_NAMES[kind])
            return default
        return value  # type: ignore[no-any-return]

    def wrong_type(self, key: str, expected: str) -> None:
        """Reports that the value at the key is none of what is expected."""
        self._wrong_type((key,), self.data.get(key), expected)

    def _wrong_type(self, keys: tuple[str | int, ...], value: object, expected: str) -> None:
        text = str(value).lower() if isinstance(value, bool) else repr(value)
        shown = f" {text}" if isinstance(value, str | int | float) and len(text) < 40 else ""
        message = f"{self.name_of(*keys)}: expected {expected}, found {type_name(value)}{shown}"
        hint = _in_quotes(keys[-1], value) if "string" in expected else ""
        self.problems.error("wrong-type", message, self.at(*keys), hint=hint)

    def string(self, key: str, default: str = "", *, required: bool = False) -> str:
        return str(self._typed(key, str, default, required))

    def scalar(self, key: str) -> str | None:
        """A string, number or boolean as its text; None where there is none."""
        value = self.data.get(key)
        if value is not None and text_of(value) is None:
            self.wrong_type(key, "string, number or boolean")
        return text_of(value)

    def version_text(self, key: str, *, required: bool = False) -> str:
        """A version or range: also accepts the numbers that YAML makes of `1.33`, where they print the same."""
        value = self.data.get(key)
        if isinstance(value, float | int) and not isinstance(value, bool):
            self.problems.error(
                "wrong-type",
                f"{self.name_of(key)}: expected a version as string, found number {value!r}",
                self.at(key),
                hint=f'write it in quotes, YAML drops trailing zeros of numbers: {key}: "{value}"',
            )
            return ""
        return self.string(key, required=required)

    def integer(self, key: str, default: int = 0) -> int:
        return self._typed(key, int, default, False)

    def boolean(self, key: str, default: bool = False) -> bool:
        return self._typed(key, bool, default, False)

    def mapping(self, key: str) -> Mapping[str, Any]:
        return self._typed(key, dict, {}, False)

    def child(self, key: str, *, required: bool = False) -> Reader:
        """The mapping at `key`; an empty one where it is absent or wrong (reported)."""
        data = self._typed(key, dict, {}, required)
        wrong = self.muted or not isinstance(self.data.get(key), dict)
        return Reader(data, self.document, self.problems, (*self.path, key), muted=wrong)

    def items(self, key: str, *, required: bool = False) -> list[Any]:
        return self._typed(key, list, [], required)

    def children(self, key: str, *, required: bool = False) -> Iterator[Reader]:
        """The mappings of a list; entries that are no mapping are reported and left out."""
        for index, item in enumerate(self.items(key, required=required)):
            if isinstance(item, dict):
                yield Reader(item, self.document, self.problems, (*self.path, key, index))
            else:
                self._wrong_type((key, index), item, "mapping")

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of strings; a single string counts as a list of one."""
        value = self.data.get(key)
        if isinstance(value, str):
            return (value,)
        found = []
        for index, item in enumerate(self.items(key)):
            if isinstance(item, str):
                found.append(str(item))
            else:
                self._wrong_type((key, index), item, "string")
        return tuple(found)

    def string_map(self, key: str) -> dict[str, str]:
        """A mapping of strings to strings (labels and the like)."""
        found = {}
        for name, value in self.mapping(key).items():
            if isinstance(value, str):
                found[name] = str(value)
            else:
                self._wrong_type((key, name), value, "string")
        return found

    def choice(self, key: str, options: Collection[str], default: str = "", *, required: bool = False) -> str:
        value = self.string(key, default, required=required)
        if value and value not in options and key in self.data:
            listed = ", ".join(options)
            self.problems.error(
                "invalid-value",
                f"{self.name_of(key)}: '{value}' is none of {listed}",
                self.at(key),
                hint=did_you_mean(value, options),
            )
            return default
        return value

    def name(self, key: str = "name", *, required: bool = True) -> str:
        """A name as Kubernetes wants it (RFC 1123 subdomain, at most 253 characters): it becomes part of paths."""
        value = self.string(key, required=required)
        if value and not is_subdomain(value):
            self.problems.error(
                "invalid-name",
                f"{self.name_of(key)}: '{value}' is not a valid name",
                self.at(key),
                hint="use lower-case letters, digits, '-' and '.', starting and ending with a letter or digit",
            )
            return ""
        return value

    def parsed(self, key: str, parse: Callable[[str], T], default: T, what: str) -> T:
        """The string at `key` through `parse`; its ValueError becomes a diagnostic."""
        text = self.string(key)
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.problems.error("invalid-value", f"{self.name_of(key)}: '{text}' is not {what}: {error}", self.at(key))
            return default
