"""What goes to terminals and to the logs of runners, as text that is only text.

A terminal obeys escapes and turns its writing direction; GitHub's runner obeys lines. Text for people has both written out.
Data for machines is escaped by its format, so that it stays the same data.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

# Source: github.com/actions/runner, ActionCommand.cs: `::` begins a command after white space, `##[` anywhere in a line.
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\[)", re.MULTILINE)
# Control and format characters, separators of lines, lone surrogates, private use.
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def printable(text: str) -> str:
    """The text with everything written out that moves a cursor, turns the writing direction, or is a command to a
    runner. Line breaks and tabs stay."""
    if not text.isascii() or not text.replace("\n", "").isprintable():
        text = "".join(c if c in "\n\t" or unicodedata.category(c) not in _UNSEEN else _written_out(c) for c in text)
    if "::" in text or "##[" in text:
        text = _COMMAND.sub(lambda command: f"{command[1] or ''}{_written_out(command[0][-1])}", text)
    return text


def one_line(text: str) -> str:
    """The same on one line: a name, a path, a cell of a table."""
    return printable(text.replace("\n", "\\n"))


def _written_out(character: str) -> str:
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


def json_text(value: Any) -> str:
    """The value as indented JSON, with escapes where `printable` would write something out."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if not text.isascii() or "\x7f" in text:
        text = "".join(c if c == "\n" or unicodedata.category(c) not in _UNSEEN else json.dumps(c)[1:-1] for c in text)
    return text.replace("##[", "\\u0023#[") + "\n"
