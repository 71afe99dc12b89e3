"""Data to YAML that kubectl, YAML 1.1 and YAML 1.2 parsers read back as the same data.

Block style, two spaces, sequences at their parent's indent, keys sorted. A string is plain only where no reader can
take it for anything else, and a block only where no reader or editor can change it; all others are quoted as in JSON.
"""

from __future__ import annotations

import json
import math
import re
import string
from collections.abc import Callable, Iterable
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import fail
from compiler.yamldoc.memo import Memo

_FIRST = ("apiVersion", "kind", "metadata")
_PLAIN_START = frozenset(string.ascii_letters + "_/$")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_LONG_KEY = 160  # times six for escapes is below the 1,024 characters that parsers look ahead for the colon
_quote = json.JSONEncoder(ensure_ascii=False).encode


_Order = Callable[[dict[str, Any]], Iterable[str]]


def dump(value: Any, *, keep_order: bool = False) -> str:
    """One document without `---`: LF, final newline; equal data give equal text whatever the order of their keys.

    Keys must be str. At the top `apiVersion`, `kind`, `metadata` come first. With `keep_order` keys stay as they are in
    every map: for what is signed over its order (SOPS). Raises CompileError `yaml-number` for infinities and NaN,
    `yaml-encoding` for lone surrogates.
    """
    out: list[str] = []
    if isinstance(value, dict) and value:
        if keep_order:
            _mapping(value, "", "", out, list)
        else:
            _mapping({key: value[key] for key in _FIRST if key in value}, "", "", out, sorted)
            _mapping({key: value[key] for key in value if key not in _FIRST}, "", "", out, sorted)
    elif isinstance(value, (list, tuple)) and value:
        _sequence(value, "", "", out, list if keep_order else sorted)
    else:
        out.append(_scalar(value, "  ") + "\n")
    return "".join(out)


def dump_all(values: Iterable[Any]) -> str:
    """The documents with `---` between them."""
    return "---\n".join(map(dump, values))


def _mapping(value: dict[str, Any], lead: str, indent: str, out: list[str], order: _Order) -> None:
    """Writes the entries at the indent; `lead` precedes the first one (`- ` where the map is a list item)."""
    inner = indent + "  "
    for key in order(value):
        item = value[key]
        name = _LINES[key] if len(key) < _LONG_KEY else f"? {_LINES[key]}\n{indent}"
        if type(item) is str and "\n" not in item:  # by far the most frequent, so the first
            out.append(f"{lead}{name}: {_LINES[item]}\n")
        elif isinstance(item, dict) and item:
            out.append(f"{lead}{name}:\n")
            _mapping(item, inner, inner, out, order)
        elif isinstance(item, (list, tuple)) and item:
            out.append(f"{lead}{name}:\n")
            _sequence(item, indent, indent, out, order)
        else:
            out.append(f"{lead}{name}: {_scalar(item, inner)}\n")
        lead = indent


def _sequence(value: Iterable[Any], lead: str, indent: str, out: list[str], order: _Order) -> None:
    inner = indent + "  "
    for item in value:
        if isinstance(item, dict) and item:
            _mapping(item, f"{lead}- ", inner, out, order)
        elif isinstance(item, (list, tuple)) and item:
            _sequence(item, f"{lead}- ", inner, out, order)
        else:
            out.append(f"{lead}- {_scalar(item, inner)}\n")
        lead = indent


def _scalar(value: Any, indent: str) -> str:
    """A scalar or empty collection without a final newline; the lines of a block scalar are at the indent."""
    if isinstance(value, str):
        return ("\n" in value and _block(value, indent)) or _LINES[value]
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _float(value)
    return "{}" if isinstance(value, dict) else "[]"


def _line(text: str) -> str:
    """The string on one line: plain or in double quotes."""
    printable = text.isprintable()
    if (
        text[:1] in _PLAIN_START
        and printable
        and text.isascii()
        and ": " not in text
        and " #" not in text
        and text[-1] not in ": "
        and (len(text) > 5 or text.lower() not in _WORDS)
    ):
        return str(text)
    return _quote(text) if printable else _UNPRINTABLE.sub(_escape, _quote(text))


_LINES: Memo[str] = Memo(_line)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xD800 <= code < 0xE000:
        raise fail(Code.YAML_ENCODING, f"lone surrogate U+{code:04X} cannot be written as UTF-8")
    return f"\\u{code:04x}"


def _block(text: str, indent: str) -> str:
    """The string as a literal block scalar; '' where trailing spaces, tabs or the like might not survive."""
    if text[0] in " \n" or " \n" in text or text[-1] == " " or _not_in_block(text):
        return ""
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    lines = body.replace("\n", f"\n{indent}")
    if "\n\n" in body:
        lines = lines.replace(f"\n{indent}\n", "\n\n").replace(f"\n{indent}\n", "\n\n")  # twice: matches overlap
    header = "|-" if ends == 0 else "|" if ends == 1 else "|+"
    return f"{header}\n{indent}{lines}" + "\n" * (ends - 1)


def _not_in_block(text: str) -> bool:
    if text.isascii():
        return not text.replace("\n", "").isprintable()
    return _UNSAFE.search(text) is not None  # what is printable beyond ASCII depends on the version of Python


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise fail(Code.YAML_NUMBER, f"{value} cannot be represented as a number in JSON")
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    text = repr(float(value))
    return text if "." in text or "e" not in text else text.replace("e", ".0e")  # YAML 1.1 requires the point


def text_of(value: Any) -> str | None:
    """A YAML scalar as the text that macros insert: true -> "true", 3 -> "3"; None for collections and null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return dump(value).strip()
    return str(value) if isinstance(value, str) else None
