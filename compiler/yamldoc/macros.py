"""Palette's expressions `{{ … .spectro. … }}` in YAML, which may be unquoted where plain YAML would read a flow map.

Before the parser sees the text, every expression is replaced by a placeholder of the same length, framed by characters
that the text does not contain. Afterwards the expression is put back into its scalar.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import Position, fail

_MARK = ".spectro."
_EXPRESSION = re.compile(r"\{\{(?!\{)((?:(?!\{\{|\}\}).)*+)\}\}", re.DOTALL)
_FOLD = re.compile(r"(?<![ \t])[ \t]*(?:\r\n?|\n)[ \t\r\n]*")  # from the start of its blanks only: linear
_PRIVATE_USE = (*range(0xE000, 0xF900), *range(0xF0000, 0xF1000), *range(0x100000, 0x10FFFE))
# The backslash may be escaped itself: then it is no escape, and one character less can be the frame.
_ESCAPES = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")


class Macro(str):
    """A plain scalar with a macro in it. After substitution it is read with `scalar`: it may be a number or the like."""

    __slots__ = ()


def holds_macro(value: Any) -> bool:
    """Whether a string in the data, keys included, contains `.spectro.`."""
    if isinstance(value, str):
        return _MARK in value
    if isinstance(value, dict):
        return any(holds_macro(key) or holds_macro(item) for key, item in value.items())
    return isinstance(value, list) and any(map(holds_macro, value))


def find_macros(text: str) -> list[tuple[int, int, str]]:
    """(start, end, text inside the braces, stripped) of every expression with `.spectro.`, in order.

    An expression never spans `{{` or `}}`; it may span lines, but not from a comment line into the next one.
    """
    if _MARK not in text:
        return []
    macros = []
    for match in _EXPRESSION.finditer(text):
        inner = match[1]
        if _MARK in inner and not ("\n" in inner and _on_comment_line(text, match.start())):
            macros.append((match.start(), match.end(), inner.strip()))
    return macros


def _on_comment_line(text: str, at: int) -> bool:
    return text[text.rfind("\n", 0, at) + 1 : at].lstrip().startswith("#")


@dataclass(frozen=True, slots=True)
class Mask:
    """A text with its macros hidden from the YAML parser, and what is needed to put them back."""

    text: str  # as long as the original
    expressions: tuple[str, ...]
    frame: str  # the character before and after a placeholder's number
    folded: tuple[int, ...]  # lines (from 0) of the masked text that lost a line break, once for each break

    def line(self, masked: int) -> int:
        """The line (from 0) of the original text for a line of the masked one."""
        return masked + bisect_left(self.folded, masked)

    def restore(self, value: str, style: str, unescape: Callable[[str], str]) -> str:
        """The scalar with its expressions put back; a `Macro` where the scalar is plain.

        `style` is YAML's indicator (`"`, `'`, `|`, `>`, or nothing for plain); `unescape` reads the inside of a
        double-quoted scalar. Inside quotes an expression is unescaped as the rest of the scalar was.
        """
        if self.frame not in value:
            return value

        def expression(match: re.Match[str]) -> str:
            raw = self.expressions[int(match[1].lstrip("0") or "0")]  # int() refuses thousands of digits
            if style == '"':
                return unescape(raw)
            if style in ("|", ">"):
                return raw.replace("\r\n", "\n")
            folded = _FOLD.sub(" ", raw)
            return folded.replace("''", "'") if style == "'" else folded

        restored = re.sub(f"{self.frame}([0-9]+){self.frame}", expression, value)
        return restored if style else Macro(restored)


def mask(text: str, path: str) -> Mask | None:
    """The text with its macros hidden; None where it has none (the usual case, which costs one substring search).

    Raises `yaml-encoding` where the text contains every character of the private use areas: none is left to frame with.
    """
    macros = find_macros(text)
    if not macros:
        return None
    frame = _unused(text, path)
    parts: list[str] = []
    expressions: list[str] = []
    folded: list[int] = []
    position = line = 0
    for number, (start, end, _) in enumerate(macros):
        raw = text[start:end]
        before = text[position:start]
        parts += before, frame + str(number).rjust(end - start - 2, "0") + frame
        expressions.append(raw)
        line += before.count("\n")
        folded += [line] * raw.count("\n")
        position = end
    return Mask("".join((*parts, text[position:])), tuple(expressions), frame, tuple(folded))


def _unused(text: str, path: str) -> str:
    """A private use character that is neither in the text nor written in it as an escape."""
    if text.isascii() and "\\" not in text:
        return chr(_PRIVATE_USE[0])
    used = {ord(character) for character in set(text)}
    used |= {int(match[1] or match[2], 16) for match in _ESCAPES.finditer(text)}
    free = next((code for code in _PRIVATE_USE if code not in used), None)
    if free is None:
        message = "the file contains macros, and every character of Unicode's private use areas"
        raise fail(Code.YAML_ENCODING, message, Position(path), hint="move the macros to a file of their own")
    return chr(free)
