"""Typed access to one YAML mapping: every wrong type, missing field and unknown key becomes a diagnostic with its place.

Raw mappings exist only where files are read; later stages get typed values. A getter that meets a wrong value reports it
and returns the default, so one run reports every problem.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems, did_you_mean, fail
from compiler.kubernetes import keypath
from compiler.kubernetes.names import is_subdomain
from compiler.yamldoc import Document, text_of

T = TypeVar("T")

_ONE_DECIMAL = re.compile(r"\d+\.[1-9]")

_TYPE_NAMES = {dict: "mapping", list: "list", str: "string", bool: "boolean", int: "integer", float: "number"}


def type_name(value: object) -> str:
    """The YAML name of a value's type, for messages."""
    return "null" if value is None else _TYPE_NAMES.get(type(value), "string")


def mismatch(expected: str, value: object) -> str:
    """`expected mapping, found list`: the one wording for a value of the wrong type. Short scalars are shown."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    shown = f" {text}" if isinstance(value, str | int | float) and len(text) < 40 else ""
    return f"expected {expected}, found {type_name(value)}{shown}"


def not_among(value: str, options: Collection[str]) -> str:
    """`expected one of a, b; found 'c'`: the one wording for a value that is not one of the options."""
    return f"expected one of {', '.join(options)}; found '{value}'"


def invalid_range(text: str, at: Position | None = None) -> CompileError:
    """The problem of a text that is neither a version nor a range: the one wording for it."""
    return fail(
        Code.INVALID_VERSION,
        f"'{text[:60]}' is not a valid version or version range",
        at,
        hint="write an exact version (1.2.3), a range (^1.2, '>=1.2 <2') or a train (1.x)",
    )


def in_quotes(key: str | int, value: object) -> str:
    """The hint for a scalar where a string belongs, '' for what is none; the key of a list item is its index."""
    if isinstance(value, bool):
        return "quote the value: y, n, yes, no, on, off, true and false are booleans in YAML"
    if isinstance(value, float):
        return "quote the value as it is written: of a number, YAML drops zeros at its end"
    before = f"{key}: " if isinstance(key, str) else ""
    return f'quote the value: {before}"{value}"' if isinstance(value, int) else ""


@dataclass(frozen=True, slots=True)
class Reader:
    """One mapping of a document, the path to it, and where its problems go."""

    data: Mapping[str, Any]
    document: Document
    problems: Problems
    path: tuple[str | int, ...] = ()
    muted: bool = False  # replaces a value of the wrong type, already reported: do not report its missing keys too

    @property
    def here(self) -> Position:
        return self.document.at(*self.path)

    def at(self, *keys: str | int) -> Position:
        return self.document.at(*self.path, *keys)

    def name_of(self, *keys: str | int) -> str:
        """The path of a field for messages: `spec.layers[2].name`."""
        return keypath.show((*self.path, *keys))

    def error(self, code: Code, key: str | int, message: str, *, hint: str = "") -> None:
        """Reports a problem at the key: `path.to.key: message`."""
        self.problems.error(code, f"{self.name_of(key)}: {message}", self.at(key), hint=hint)

    def only(self, known: Collection[str]) -> None:
        """Reports every unknown key."""
        for key in self.data:
            if key not in known:
                self.problems.error(
                    Code.UNKNOWN_KEY, f"unknown key '{key}'", self.at(key), hint=did_you_mean(key, known)
                )

    def _typed(self, key: str, kind: type[T], default: T, required: bool) -> T:
        value = self.data.get(key)
        if value is None:
            if required and not self.muted:
                self.problems.error(
                    Code.MISSING_KEY, f"{self.name_of(key)} is required ({_TYPE_NAMES[kind]})", self.here
                )
            return default
        wrong = not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        if wrong:
            self.wrong_type(key, _TYPE_NAMES[kind])
            return default
        return value  # type: ignore[no-any-return]

    def wrong_type(self, key: str, expected: str, index: int | None = None) -> None:
        """Reports that the value at the key, or the item at the index of its list, is not of the expected type."""
        value = self.data.get(key)
        if index is None:
            self._wrong_type((key,), value, expected)
        else:
            self._wrong_type((key, index), value[index] if isinstance(value, list) else None, expected)

    def _wrong_type(self, keys: tuple[str | int, ...], value: object, expected: str) -> None:
        hint = in_quotes(keys[-1], value) if "string" in expected else ""
        message = f"{self.name_of(*keys)}: {mismatch(expected, value)}"
        self.problems.error(Code.WRONG_TYPE, message, self.at(*keys), hint=hint)

    def string(self, key: str, default: str = "", *, required: bool = False) -> str:
        return str(self._typed(key, str, default, required))

    def scalar(self, key: str) -> str | None:
        """A string, number or boolean as text; None if it is absent or a collection (reported)."""
        value = self.data.get(key)
        if value is not None and text_of(value) is None:
            self.wrong_type(key, "string, number or boolean")
        return text_of(value)

    def version_text(self, key: str, *, form: str = "", required: bool = False) -> str:
        """A version or range. Numbers are refused: an unquoted `1.30` is the number 1.3 in YAML. `form` is the one form
        that is accepted, for the hint; '' where quotes are all that is missing."""
        value = self.data.get(key)
        if isinstance(value, float | int) and not isinstance(value, bool):
            quoted = f'{key}: "{value}"'
            if isinstance(value, float) and _ONE_DECIMAL.fullmatch(str(value)):
                quoted += f' (or "{value}0", if that was written)'
            self.problems.error(
                Code.WRONG_TYPE,
                f"{self.name_of(key)}: {mismatch('a version as string', value)}",
                self.at(key),
                hint=form or f"quote the value, because YAML drops trailing zeros of numbers: {quoted}",
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
        """The mapping at `key`; an empty one if it is absent or not a mapping (reported)."""
        data = self._typed(key, dict, {}, required)
        wrong = self.muted or not isinstance(self.data.get(key), dict)
        return Reader(data, self.document, self.problems, (*self.path, key), muted=wrong)

    def items(self, key: str, *, required: bool = False) -> list[Any]:
        return self._typed(key, list, [], required)

    def children(self, key: str, *, required: bool = False) -> Iterator[Reader]:
        """The mappings of a list; other entries are reported and skipped."""
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
        texts = []
        for index, item in enumerate(self.items(key)):
            if isinstance(item, str):
                texts.append(str(item))
            else:
                self._wrong_type((key, index), item, "string")
        return tuple(texts)

    def choices(self, key: str, options: Collection[str]) -> tuple[str, ...]:
        """A list of strings that are all among the options, each once; others are reported and skipped."""
        texts = self.strings(key)
        for index, text in enumerate(texts):
            if text not in options:
                self._not_among((key, index), text, options)
        return tuple(dict.fromkeys(text for text in texts if text in options))

    def string_map(self, key: str) -> dict[str, str]:
        """A mapping of strings to strings (labels and the like)."""
        texts = {}
        for name, value in self.mapping(key).items():
            if isinstance(value, str):
                texts[name] = str(value)
            else:
                self._wrong_type((key, name), value, "string")
        return texts

    def choice(self, key: str, options: Collection[str], default: str = "", *, required: bool = False) -> str:
        """One of the options; `off` needs no quotes, though YAML reads false."""
        if self.data.get(key) is False and "off" in options:
            return "off"
        value = self.string(key, default, required=required)
        if value and value not in options and key in self.data:
            self._not_among((key,), value, options)
            return default
        return value

    def _not_among(self, keys: tuple[str | int, ...], value: str, options: Collection[str]) -> None:
        message = f"{self.name_of(*keys)}: {not_among(value, options)}"
        self.problems.error(Code.INVALID_VALUE, message, self.at(*keys), hint=did_you_mean(value, options))

    def one_of(self, code: Code, keys: Collection[str], *, hint: str = "") -> str:
        """The one of these keys that has a value; '' if none or several have one (reported)."""
        present = [key for key in keys if self.data.get(key)]
        if len(present) == 1:
            return present[0]
        place = f"{self.name_of()}: " if self.path else ""
        message = f"{place}expected exactly one of {', '.join(keys)}; found {' and '.join(present) or 'none'}"
        self.problems.error(code, message, self.here, hint=hint)
        return ""

    def name(self, key: str = "name", *, required: bool = True) -> str:
        """A name that Kubernetes accepts (RFC 1123 subdomain, at most 253 characters): it becomes part of paths."""
        value = self.string(key, required=required)
        return value if not value or self._is_name(value, self.name_of(key), self.at(key)) else ""

    def names(self, key: str) -> tuple[str, ...]:
        """A list of such names; others are reported and skipped."""
        return tuple(
            text
            for index, text in enumerate(self.strings(key))
            if self._is_name(text, self.name_of(key, index), self.at(key, index))
        )

    def _is_name(self, text: str, called: str, at: Position) -> bool:
        if is_subdomain(text):
            return True
        self.problems.error(
            Code.INVALID_NAME,
            f"{called}: '{text}' is not a valid name",
            at,
            hint="use lower-case letters, digits, '-' and '.', starting and ending with a letter or digit",
        )
        return False

    def parsed(self, key: str, parse: Callable[[str], T], default: T, expected: str) -> T:
        """The string at `key`, parsed; a ValueError of `parse` becomes a diagnostic."""
        text = self.string(key)
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.problems.error(
                Code.INVALID_VALUE, f"{self.name_of(key)}: '{text}' is not {expected}: {error}", self.at(key)
            )
            return default
