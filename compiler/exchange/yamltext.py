"""Pieces of YAML as text, comments and all: moved under a key, cut out from under one, and written in a given order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler import yamldoc
from compiler.diagnostics import CompileError, Position
from compiler.yamldoc import Document, Macro

# Marks and directives of a document. At the left margin, nothing else can be either of them.
_MARK = re.compile(r"^(?:%.*|(?:---|\.\.\.)(?:[ \t]+(?=#)|[ \t]*$|(?=[ \t])))", re.MULTILINE)
# The header of a block scalar that is clipped or kept; the groups are what is before and after its `+`.
_SCALAR = re.compile(r"(?<=[ :-])([|>][1-9]?)\+?([1-9]?)(?=[ \t]*(?:#[^\n]*)?$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """Text of a block mapping, to be written under a key as it is. `anew`: the comments of the text that it
    comes from are lost."""

    text: str
    anew: bool = False


def block(text: str, data: Mapping[str, Any]) -> Block:
    """The text of a YAML document, as a block that reads as `data` wherever it is written.

    The text itself where moving it leaves its meaning, else `data` written anew (without comments).
    """
    plain = _MARK.sub("", text.replace("\r\n", "\n").lstrip("\ufeff")).lstrip("\n")
    if not data:
        comments = [line for line in plain.split("\n") if line.lstrip().startswith("#")]
        return Block("\n".join([*comments, "{}"]))
    for candidate in _movable(plain):
        if _reads_as(f"k:\n{_indented(candidate, 2)}\n", {"k": data}):
            return Block(candidate)
    return Block(dump(data).rstrip("\n"), anew=has_comments(plain))


def has_comments(text: str) -> bool:
    """Whether a YAML text may have comments."""
    return bool(re.search(r"(?:^|\s)#", text))


def _movable(plain: str) -> Iterator[str]:
    """Forms of a text of which one, moved under a key, may mean what the text means."""
    yield plain.rstrip(" \n")
    yield plain.removesuffix("\n")
    yield from _stripped_at_end(plain.rstrip(" \n"))


def _stripped_at_end(text: str) -> Iterator[str]:
    """The text with a strip indicator (`|-`) in its last block scalar: without one, a final newline that the document
    lacks would become part of the value wherever the text is moved. What looks like a header may be text in another
    block: that one comes later here."""
    for header in reversed(list(_SCALAR.finditer(text))):
        start = text.rfind("\n", 0, header.start()) + 1
        _, *below = text[start:].split("\n")
        margin = _indentation(text[start:])
        if not any(_is_content(line) and _indentation(line) <= margin for line in below):
            yield f"{text[: header.start()]}{header[1]}-{header[2]}{text[header.end() :]}"


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
    first = next(filter(_is_content, body), "")
    margin = _indentation(first)
    cut = "\n".join(line[min(margin, _indentation(line)) :] for line in body)
    data = _at(document.value, keys)
    trimmed = cut.rstrip()
    # A last literal needs its newline, or all of them.
    return next((text for text in (trimmed, f"{trimmed}\n", f"{cut}\n", cut) if _reads_as(text, data)), "")


def trimmed(text: str) -> str:
    """A YAML text without newlines at its end, as Palette writes values; with them where they belong to a value."""
    short = text.rstrip("\n")
    value = yamldoc.load_one(text, "").value
    return next(form for form in (short, f"{short}\n", text) if _reads_as(form, value) or form == text)


def settled(text: str, document: Document) -> tuple[str, Document]:
    """The text of a document and it without the entries that a later one of the same key replaces; as they are where
    such an entry cannot be cut out."""
    if document.duplicates:
        pairs = [(each.related[0][0], each.at) for each in document.duplicates if each.at]
        once = _without_replaced(text.replace("\r\n", "\n"), pairs)
        if _reads_as(once, document.value):
            return once, yamldoc.load_one(once, document.path)
    return text, document


def _without_replaced(text: str, duplicates: Sequence[tuple[Position, Position]]) -> str:
    """The text without the entries of block mappings that a later one of the same key replaces. `duplicates` are places
    of a key and of one that repeats it."""
    last = dict(duplicates)  # they are in order
    replaced = {first for first, _ in duplicates} | ({later for _, later in duplicates} - set(last.values()))
    lines = text.split("\n")
    for at in sorted(replaced, key=lambda at: at.line, reverse=True):
        if lines[at.line - 1][: at.column - 1].strip():
            continue  # after a dash, or in a flow mapping
        end = at.line
        for number, line in enumerate(lines[at.line :], at.line + 1):
            if _is_content(line):
                if _indentation(line) < at.column - line.lstrip().startswith("- "):
                    break
                end = number
        del lines[at.line - 1 : end]
    return "\n".join(lines)


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


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
