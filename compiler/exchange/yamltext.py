"""Pieces of YAML as text, comments and all: moved under a key, cut out from under one, and written in a given order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compiler import yamldoc
from compiler.diagnostics import CompileError
from compiler.yamldoc import Document, Macro

_MARKER = re.compile(r"(?:%[^\n]*\n)*---[ \t]*(?:\n|\Z)|---(?=[ \t])")
_SCALAR = re.compile(
    r"(?<=[ :-])[|>][1-9]?(?=[ \t]*(?:#[^\n]*)?$)", re.MULTILINE
)  # the header of a clipped block scalar


@dataclass(frozen=True, slots=True)
class Block:
    """Text of a block mapping, to be written under a key as it is."""

    text: str


def block(text: str, data: Mapping[str, Any]) -> Block:
    """The text of a YAML document, as a block that reads as `data` wherever it is written.

    The text itself where moving it leaves its meaning, else `data` written anew (without comments).
    """
    plain = text.replace("\r\n", "\n").lstrip("\ufeff")
    marker = _MARKER.match(plain)
    plain = plain[marker.end() :] if marker else plain
    if not data:
        comments = [line for line in plain.split("\n") if line.lstrip().startswith("#")]
        return Block("\n".join([*comments, "{}"]))
    moved = Block(plain.rstrip(" \n") if not plain.rstrip(" ").endswith("\n\n") else plain.rstrip(" ")[:-1])
    candidates = (moved, Block(_stripped_at_end(moved.text)), Block(dump(data).rstrip("\n")))
    return next((b for b in candidates if _reads_as(f"k:\n{_indented(b.text, 2)}\n", {"k": data})), candidates[-1])


def _stripped_at_end(text: str) -> str:
    """The text with a strip indicator (`|-`) in its last block scalar: without one, a final newline that the document
    lacks would become part of the value wherever the text is moved."""
    headers = list(_SCALAR.finditer(text))
    return f"{text[: headers[-1].end()]}-{text[headers[-1].end() :]}" if headers else text


def section(text: str, document: Document, keys: tuple[str | int, ...]) -> str:
    """The text of the block mapping at these keys of a document, moved to the left margin.

    '' where it has another form (on one line, say), or would read differently.
    """
    at = document.at(*keys)
    lines = text.replace("\r\n", "\n").split("\n")
    if not re.fullmatch(r".*:[ \t]*(#.*)?", lines[at.line - 1]):
        return ""
    body: list[str] = []
    for line in lines[at.line :]:
        if line.strip() and _indentation(line) < at.column:
            break
        body.append(line)
    while body and not body[-1].strip():
        body.pop()
    first = next((line for line in body if not line.lstrip().startswith("#") and line.strip()), "")
    margin = _indentation(first)
    cut = "\n".join(line[min(margin, _indentation(line)) :] for line in body)
    data = _at(document.value, keys)
    return next((text for text in (cut, f"{cut}\n") if _reads_as(text, data)), "")  # a last literal needs its newline


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _at(value: Any, keys: Iterable[str | int]) -> Any:
    for key in keys:
        value = value[key]
    return value


def _reads_as(text: str, data: Any) -> bool:
    try:
        return bool(_typed(yamldoc.load_one(text, "").value) == _typed(data))
    except CompileError:
        return False


def _typed(value: Any) -> Any:
    """Data in which 1, 1.0 and true differ, and a macro outside quotes from one inside."""
    if isinstance(value, Mapping):
        return {key: _typed(item) for key, item in value.items()}
    return [_typed(item) for item in value] if isinstance(value, list) else (type(value), value)


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))


def write(data: Mapping[str, Any], by: int = 0) -> str:
    """A mapping as block YAML in its own key order; `Block`s are put in as they are. Ends with a newline."""
    return "".join(f"{' ' * by}{_key(key)}:{_value(value, by)}" for key, value in data.items())


def _key(key: str) -> str:
    return yamldoc.dump({key: None}).removesuffix(": null\n")


def _value(value: Any, by: int) -> str:
    """What follows the colon of a key that is indented by so much."""
    if isinstance(value, Block):
        return f"\n{_indented(value.text, by + 2)}\n"
    if isinstance(value, Mapping):
        return f"\n{write(value, by + 2)}" if value else " {}\n"
    if isinstance(value, list | tuple):
        return "\n" + "".join(f"{' ' * (by + 2)}-{_item(item, by + 2)}" for item in value) if value else " []\n"
    return _scalar(value, by)


def _item(item: Any, by: int) -> str:
    """What follows the dash of a list item: a mapping begins on the same line."""
    return f" {write(item, by + 2).lstrip(' ')}" if isinstance(item, Mapping) and item else _value(item, by)


def _scalar(value: Any, by: int) -> str:
    if isinstance(value, Macro):
        return f" {value}\n"
    first, _, rest = yamldoc.dump({"k": value}).removeprefix("k:").partition("\n")
    return f"{first}\n{_indented(rest, by)}"


def dump(data: Mapping[str, Any]) -> str:
    """`data` as block YAML in its own order, macros outside quotes stay outside."""
    return write(data) if data else "{}\n"
