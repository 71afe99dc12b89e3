"""A second reader, several times as fast, for the block style that templates and tools print. It reads nothing else.

One regular expression cuts the text into lines, and the indentation does the rest. Whatever is not plainly a key, an
item or a value is left to libyaml by raising `Unusual`: anchors, tags, macros, duplicate keys, every error. The two
readers agree on everything this one accepts; tests compare them on charts, on schemas and on mutations of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from compiler.yamldoc.limits import MAX_DEPTH, MAX_NODES
from compiler.yamldoc.memo import Memo
from compiler.yamldoc.scalars import key_text, resolve, scalar

_LINE = re.compile(
    r"""
    (\ *+) (-\ )?                                    # 1 indent, 2 list item; then 3 key
    (?: ([A-Za-z0-9_./$][A-Za-z0-9_./$@+-]{0,250} | "[^"\\\n]{0,250}" | '[^'\n]{0,250}') : (?=[ \n]) )?
    \ *+
    (?: ([|>][-+]?) \ *+ \n                           # 4 header and 5 text of a block scalar
        ( (?: \1(?(2)(?(3)\ \ ))\ +[^\n]*+\n | \ *+\n )*+ )
      | ( [^\n #][^\n]*                              # 6 value with the lines that continue it
          (?: \n\1(?(2)(?(3)\ \ ))\ +[^\n #][^\n]* )*+ ) \n
      | (?: \#[^\n]*+ )? \n (?: \ *+(?:\#[^\n]*+)?\n )*+
    )
    """,
    re.VERBOSE,
)
_MAX_LINES = 200_000  # all are held at once; the largest known object has 30,000
_LINE_BREAK = re.compile("(?<! ) *\n *")  # from the first blank only: linear
_PIECE = object()  # left to the complete reader, every time anew because collections must not be shared


class Unusual(Exception):
    """The text is not of the kind that this module reads."""


def read(text: str, parse: Callable[[str], Any]) -> Any:  # noqa: PLR0915 - one loop; a call per line would double its time
    """The value of the one document in the text; None for an empty one.

    `parse` is the complete reader, used for pieces such as `["-c", "x"]`; its errors pass through. Raises Unusual.
    """
    if (
        len(text) > 2 * MAX_NODES
        or text.count("\n") > _MAX_LINES
        or ".spectro." in text
        or not text.replace("\n", "").isprintable()
    ):
        raise Unusual
    root: dict[str, Any] = {}  # holds the document under the key ""
    here: Any = root  # the innermost open collection
    column = -1  # its 2 * indent; a list has 1 more, and so lies inside the map of the same indent that it belongs to
    outer: list[tuple[int, Any]] = []  # the collections around it with their columns
    pending: str | None = ""  # the key of `here` whose value is still to come
    new: Any
    header = ""
    for indent, dash, key_as_written, header, block, raw in _LINE.findall(text if text[-1:] == "\n" else text + "\n"):
        start = 2 * len(indent)
        if not (dash or key_as_written):  # a comment, an empty line, or a value below its key
            if raw and (raw != "---" or column >= 0 or indent):
                if pending is None or start <= column or column < 0 or "\n" in raw:
                    raise Unusual
                here[pending], pending = _value(raw, parse, outer), None
            elif header:
                raise Unusual
            continue
        if dash:
            start += 1
        if start > column:
            if pending is None or len(outer) >= MAX_DEPTH - 1:
                raise Unusual
            outer.append((column, here))
            here[pending] = new = [] if dash else {}
            column, here = start, new
        elif start < column:
            while column > start:
                column, here = outer.pop()
            if column != start:
                raise Unusual
        pending = None
        if not key_as_written:
            if not (raw or header):
                raise Unusual
            here.append(_value(raw, parse, outer) if raw else _block(header, block, parse))
            continue
        if dash:
            outer.append((column, here))
            new = {}
            here.append(new)
            column, here = start + 3, new
        key = _KEYS[key_as_written]
        if key in here:
            raise Unusual
        if raw:
            value = _VALUES[raw]
            here[key] = value if value is not _PIECE else _piece(raw, parse, outer)
        elif header:
            here[key] = _block(header, block, parse)
        else:
            here[key], pending = None, key
    if header and text[-1:] != "\n":
        raise Unusual  # a block scalar cut off by the end of the text
    return root.get("")


def _key(text: str) -> str:
    key = text[1:-1] if text[0] in "\"'" else key_text(resolve(text))
    if key is None:
        raise Unusual
    return key


def _known(text: str) -> Any:
    """The value of a plain scalar or of a quoted one without escapes; _PIECE for anything else that may be a value."""
    text, first = text.rstrip(" "), text[0]
    if first in "\"'" or first in "[{":
        inside = text[1:-1]
        if first in "[{" or text[-1] != first or len(text) < 2 or first in inside or "\\" in text:
            return _PIECE
        return _LINE_BREAK.sub(" ", inside) if "\n" in inside else inside
    if first in "&*!|>@`%?,]}" or (first in "-:" and text[1:2] in ("", " ", "\n")):
        raise Unusual
    if "\n" in text:
        if " #" in text:
            raise Unusual
        text = _LINE_BREAK.sub(" ", text)
    elif " #" in text:
        text = text[: text.index(" #")].rstrip(" ")
    if ": " in text or text[-1] == ":":
        raise Unusual
    return scalar(text)


_KEYS: Memo[str] = Memo(_key)
_VALUES: Memo[Any] = Memo(_known)


def _value(raw: str, parse: Callable[[str], Any], outer: list[tuple[int, Any]]) -> Any:
    value = _VALUES[raw]
    return value if value is not _PIECE else _piece(raw, parse, outer)


def _piece(raw: str, parse: Callable[[str], Any], outer: list[tuple[int, Any]]) -> Any:
    if raw == "{}":
        return {}
    if raw == "[]":
        return []
    if len(outer) + raw.count("[") + raw.count("{") >= MAX_DEPTH:
        raise Unusual
    value = parse(raw)
    if isinstance(value, str) is not (raw[0] in "\"'"):  # `"a" : b` is a map, which is not allowed here
        raise Unusual
    return value


def _block(header: str, block: str, parse: Callable[[str], Any]) -> str:
    lines = block.split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip(" "))
    if indent == len(lines[0]) or "".join([line[:indent] for line in lines]).strip(" "):
        raise Unusual  # the first line is empty, or a later one is indented less
    if header[0] == ">":
        return str(parse(f"{header}\n{block}"))
    text = "\n".join([line[indent:] for line in lines])
    if header == "|+":
        return text
    return text.rstrip("\n") if header == "|-" else text.rstrip("\n") + "\n"
