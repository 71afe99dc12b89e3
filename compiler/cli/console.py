"""Output for people: data on stdout, messages on stderr. Diagnostics with their source line, one summary line, progress."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TextIO

from compiler.diagnostics import MASK, Diagnostic, Position, told_once

SourceLine = Callable[[Position], str]
_STYLES = {
    "error": "31;1",
    "warning": "33;1",
    "hint": "36",
    "dim": "2",
    "added": "32",
    "removed": "31",
    "changed": "33",
}
_SHOWN_COLUMNS = 160


@dataclass(slots=True)
class Console:
    """`quiet` leaves out everything but errors; colours are decided once, by `wants_color`."""

    quiet: bool = False
    color: bool = False  # of messages
    color_data: bool = False  # of data that is for people
    annotate: bool = False  # GitHub Actions annotations
    source_line: SourceLine = field(default=lambda _: "")
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    _progress: int = 0

    def data(self, text: str) -> None:
        """Writes to stdout, exactly; at once, so that a log of both streams has them in order."""
        self.out.write(text)
        self.out.flush()

    def say(self, text: str) -> None:
        """A line of messages on stderr, unless quiet."""
        if not self.quiet:
            self._clear()
            self.err.write(f"{text}\n")

    def paint(self, text: str, style: str) -> str:
        """Text for `say`, in its colour."""
        return _painted(text, style) if self.color else text

    def paint_data(self, text: str, style: str) -> str:
        """Text for `data`, in its colour."""
        return _painted(text, style) if self.color_data else text

    def problems(self, diagnostics: Iterable[Diagnostic], *, strict: bool = False) -> None:
        """Every problem once, sorted by place, warnings before errors; then their number. `strict`: warnings make the
        command fail, so they are shown where it is quiet too."""
        ordered = sorted(told_once(diagnostics), key=lambda d: (d.severity == "error", d.sort_key()))
        if self.quiet and not strict:
            ordered = [d for d in ordered if d.severity == "error"]
        self._clear()
        for diagnostic in ordered:
            self._problem(diagnostic)
        errors = sum(d.severity == "error" for d in ordered)
        warnings = len(ordered) - errors
        if ordered and not self.quiet:
            counts = [
                f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((errors, "error"), (warnings, "warning")) if n
            ]
            self.err.write(f"{', '.join(counts)}\n")

    def _problem(self, diagnostic: Diagnostic) -> None:
        place = f"{diagnostic.at}: " if diagnostic.at else ""
        kind = self.paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
        self.err.write(f"{printable(place)}{kind}: {_indented(printable(diagnostic.text))}\n")
        if diagnostic.at and diagnostic.at.line:
            line = self.source_line(diagnostic.at)
            if line and len(line) <= _SHOWN_COLUMNS:
                self.err.write(self.paint(f"{diagnostic.at.line:6} | {printable(line)}", "dim") + "\n")
                if diagnostic.at.column and MASK not in line[: diagnostic.at.column]:  # else the column has moved
                    self.err.write(" " * (8 + diagnostic.at.column) + "^\n")
        for at, text in diagnostic.related:
            self.err.write(f"       = {printable(f'{at}: {text}')}\n")
        if diagnostic.hint:
            self.err.write(f"       = {self.paint('hint:', 'hint')} {printable(diagnostic.hint)}\n")
        if self.annotate:
            self.err.write(_annotation(diagnostic) + "\n")

    def progress(self, done: int, total: int, what: str) -> None:
        """A line that overwrites itself; on a terminal only."""
        if not self.quiet and self.err.isatty():
            text = f"{what} {done}/{total}"
            self.err.write("\r" + text + " " * max(0, self._progress - len(text)))
            self.err.flush()
            self._progress = len(text)

    def _clear(self) -> None:
        if self._progress:
            self.err.write("\r" + " " * self._progress + "\r")
            self._progress = 0


def _painted(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def printable(text: str) -> str:
    """The text without characters that move a terminal's cursor or change its writing direction."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co") else f"\\u{ord(c):04x}"
        for c in text
    )


def _indented(text: str) -> str:
    """Lines after the first, marked: none can pass for a line of Lamella's own, or for a command to GitHub's runner."""
    return text.rstrip("\n").replace("\n", "\n       | ")


def _annotation(diagnostic: Diagnostic) -> str:
    """A GitHub Actions workflow command. Properties and message are escaped as the runner's toolkit does."""
    properties: dict[str, str] = {"title": diagnostic.code}
    if diagnostic.at:
        properties |= {"file": diagnostic.at.path}
        if diagnostic.at.line:
            properties |= {"line": str(diagnostic.at.line)}
        if diagnostic.at.column:
            properties |= {"col": str(diagnostic.at.column)}
    listed = ",".join(
        f"{key}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in properties.items()
    )
    text = diagnostic.text + (f"\nhint: {diagnostic.hint}" if diagnostic.hint else "")
    return f"::{diagnostic.severity} {listed}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def wants_color(choice: str, stream: TextIO) -> bool:
    """`--color` over the environment (NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, TERM) over the terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
