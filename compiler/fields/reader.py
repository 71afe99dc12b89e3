"""Typed access to one YAML mapping: every wrong type, missing field and unknown key becomes a diagnostic with its place.

Raw mappings exist only in `load`: past it there is no `.get("…")` and no `isinstance`. A getter that finds something wrong
records it and returns the default, so that one run reports everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from compiler.diagnostics import Position, Problems, did_you_mean
from compiler.kubernetes import keypath
from compiler.yamldoc import Document

T = TypeVar("T")

_TYPE_NAMES = {dict: "mapping", list: "list", str: "string", bool: "boolean", int: "integer", float: "number"}

# RFC 1123, as the API server wants object names; also what makes a safe path component.
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")


def type_name(value: object) -> str:
    """The YAML name of a value's type, for messages."""
    return "null" if value is None else _TYPE_NAMES.get(type(value), "string")


def _in_quotes(key: str | int, value: object) -> str:
    """A hint for a scalar that should have been a string."""
    if isinstance(value, bool):
        return "write it in quotes: y, n, yes, no, on, off, true and false are booleans in YAML"
    return f'write it in quotes: {key}: "{value}"' if isinstance(value, int | float) else ""


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
        value = self.data.get(str(key))
        text = str(value).lower() if isinstance(value, bool) else repr(value)
        shown = f" {text}" if isinstance(value, str | int | float) and len(text) < 40 else ""
        hint = _in_quotes(key, value) if expected == "string" else ""
        self.problems.error(
            "wrong-type",
            f"{self.name_of(key)}: expected {expected}, found {type_name(value)}{shown}",
            self.at(key),
            hint=hint,
        )

    def string(self, key: str, default: str = "", *, required: bool = False) -> str:
        return str(self._typed(key, str, default, required))

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
                self.problems.error(
                    "wrong-type",
                    f"{self.name_of(key)}[{index}]: expected mapping, found {type_name(item)}",
                    self.at(key, index),
                )

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
                self.problems.error(
                    "wrong-type",
                    f"{self.name_of(key)}[{index}]: expected string, found {type_name(item)}",
                    self.at(key, index),
                )
        return tuple(found)

    def string_map(self, key: str) -> dict[str, str]:
        """A mapping of strings to strings (labels and the like)."""
        found = {}
        for name, value in self.mapping(key).items():
            if isinstance(value, str):
                found[name] = str(value)
            else:
                hint = _in_quotes(name, value)
                self.problems.error(
                    "wrong-type",
                    f"{self.name_of(key)}.{name}: expected string, found {type_name(value)}",
                    self.at(key, name),
                    hint=hint,
                )
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
        if value and not (NAME.fullmatch(value) and len(value) <= 253 and ".." not in value):
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
