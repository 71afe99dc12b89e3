"""Data to YAML that kubectl, YAML 1.1 and YAML 1.2 parsers read back as the same data. Rules: reference ecosystem 3.3.

Block style, two blanks, sequences at their parent's indent, keys sorted; a string stands plain only where no reader can
take it for anything else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from compiler.diagnostics import fail

_FIRST = ("apiVersion", "kind", "metadata")
_PLAIN = re.compile(r"[A-Za-z_/$](?:[!-9;-~]|:(?=[!-~])| (?=[!-\"$-~]))*", re.ASCII)
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))
_BLOCK_UNSAFE = re.compile(r"\A[ \n]|[ ]$", re.MULTILINE)
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_LONG_KEY = 1000  # parsers look 1,024 characters ahead for the colon of a key
_quote = json.JSONEncoder(ensure_ascii=False).encode


def dump(value: Any) -> str:
    """One document without `---`: LF, final newline, deterministic; the same for equal data, whatever its key order.

    Keys must be str. At the top `apiVersion`, `kind`, `metadata` come first. Raises CompileError `yaml-number` for
    infinities and NaN, `yaml-encoding` for lone surrogates.
    """
    writer = _Writer()
    if isinstance(value, dict) and value:
        first = [key for key in _FIRST if key in value]
        writer.mapping(value, "", [*first, *sorted(value.keys() - set(first))])
    elif isinstance(value, (list, tuple)) and value:
        writer.sequence(value, "")
    else:
        writer.out.append(writer.scalar(value, "  ") + "\n")
    return "".join(writer.out)


def dump_all(values: Iterable[Any]) -> str:
    """The documents with `---` between them."""
    return "---\n".join(map(dump, values))


class _Writer:
    def __init__(self) -> None:
        self.out: list[str] = []
        self._texts: dict[str, str] = {}

    def mapping(self, value: dict[str, Any], indent: str, keys: Iterable[str] | None = None) -> None:
        """The entries; the first one is written where the output stands, so a list item may begin with it."""
        out, lead = self.out, ""
        for key in sorted(value) if keys is None else keys:
            item = value[key]
            out.append(f"{lead}{self._key(key, indent)}:")
            lead = indent
            self._value(item, indent, indent + "  ")

    def sequence(self, value: Iterable[Any], indent: str) -> None:
        out, lead = self.out, ""
        inner = indent + "  "
        for item in value:
            if isinstance(item, dict) and item:
                out.append(f"{lead}- ")
                self.mapping(item, inner)
            elif isinstance(item, (list, tuple)) and item:
                out.append(f"{lead}- ")
                self.sequence(item, inner)
            else:
                out.append(f"{lead}- {self.scalar(item, inner)}\n")
            lead = indent

    def _value(self, item: Any, indent: str, inner: str) -> None:
        if isinstance(item, dict) and item:
            self.out.append(f"\n{inner}")
            self.mapping(item, inner)
        elif isinstance(item, (list, tuple)) and item:
            self.out.append(f"\n{indent}")
            self.sequence(item, indent)
        else:
            self.out.append(f" {self.scalar(item, inner)}\n")

    def _key(self, key: str, indent: str) -> str:
        text = self._texts.get(key) or self._line(key)
        return text if len(text) < _LONG_KEY else f"? {text}\n{indent}"

    def scalar(self, value: Any, indent: str) -> str:
        """A scalar or empty collection, without newline at its end; lines of a block scalar stand at the indent."""
        if isinstance(value, str):
            if "\n" in value and (block := _block(value, indent)):
                return block
            return self._texts.get(value) or self._line(value)
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(int(value))
        if isinstance(value, float):
            return _float(value)
        return "{}" if isinstance(value, dict) else "[]"

    def _line(self, text: str) -> str:
        """The string in one line: plain or in double quotes."""
        if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
            written = str(text)
        else:
            written = _quote(text)
            if not text.isprintable():
                written = _UNPRINTABLE.sub(_escape, written)
        self._texts[text] = written
        return written


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xD800 <= code < 0xE000:
        raise fail("yaml-encoding", f"half of a surrogate pair (U+{code:04X}) cannot be written as UTF-8")
    return f"\\u{code:04x}"


def _block(text: str, indent: str) -> str:
    """The string as literal block scalar, '' where some reader would see something else."""
    if _BLOCK_UNSAFE.search(text) or not text.replace("\n", "").isprintable():
        return ""
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    header = "|-" if ends == 0 else "|" if ends == 1 else "|+"
    lines = body.split("\n")
    return "\n".join((header, *(indent + line if line else "" for line in lines))) + "\n" * max(0, ends - 1)


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise fail("yaml-number", f"{value} is not a number that JSON can hold")
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    text = repr(float(value))
    return text if "." in text or "e" not in text else text.replace("e", ".0e")
