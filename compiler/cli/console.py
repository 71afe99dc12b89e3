"""Output for people: data on stdout, messages on stderr. Diagnostics with their source line, one summary line, progress."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

from compiler.cli.printable import json_text, one_line, printable
from compiler.diagnostics import Diagnostic, Position, told_once
from compiler.kubernetes.credentials import redacted
from compiler.limits import PROBLEMS
from compiler.mask import MASK, masked

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
    """Text for people has no secrets (`secrets`) and is only text (`printable`).

    `quiet` leaves out everything but errors; colours are decided once, by `wants_color`."""

    quiet: bool = False
    color: bool = False  # of messages
    color_data: bool = False  # of data that is for people
    annotate: bool = False  # GitHub Actions annotations
    source_line: SourceLine = field(default=lambda _: "")
    secrets: frozenset[str] = frozenset()  # shown in nothing but data for machines
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    _progress: int = 0

    def data(self, text: str) -> None:
        """Writes data for machines to stdout, exactly; at once, so that a log of both streams has them in order."""
        self.out.write(text)
        self.out.flush()

    def text(self, text: str, style: Callable[[str], str] = lambda _: "") -> None:
        """Writes text for people to stdout; `style` gives the style of a line."""
        lines = self.shown(text).split("\n")
        self.data("\n".join(self._painted(line, style(line)) for line in lines))

    def json(self, value: Any) -> None:
        """Writes JSON to stdout, without secrets."""
        self.data(json_text(self._masked(value)))

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, Mapping):
            return {key: self._masked(item) for key, item in value.items()}
        return [self._masked(item) for item in value] if isinstance(value, list | tuple) else value

    def mask(self, text: str) -> str:
        """The text without secrets: those of the repository, and what is one by its form."""
        return redacted(masked(text, self.secrets))

    def shown(self, text: str) -> str:
        """Text for people: without secrets, and only text."""
        return printable(self.mask(text))

    def say(self, text: str) -> None:
        """A line of messages on stderr, unless quiet."""
        if not self.quiet:
            self._clear()
            self.err.write(f"{self.shown(text)}\n")

    def failure(self, text: str) -> None:
        """What ends the command, on stderr."""
        self._clear()
        self.err.write(f"{self.shown(text)}\n")

    def paint(self, text: str, style: str) -> str:
        """Text for stderr, in its colour."""
        return _painted(text, style) if self.color else text

    def _painted(self, line: str, style: str) -> str:
        return _painted(line, style) if style and self.color_data else line

    def problems(self, diagnostics: Iterable[Diagnostic], *, strict: bool = False) -> None:
        """Every problem once, sorted by place, warnings before errors; then their number. Of one file not more than
        `limits.PROBLEMS` of each kind, and how many more there are. `strict`: warnings make the
        command fail, so they are shown where it is quiet too."""
        ordered = sorted(told_once(diagnostics), key=lambda d: (d.severity == "error", d.sort_key()))
        if self.quiet and not strict:
            ordered = [d for d in ordered if d.severity == "error"]
        self._clear()
        shown: Counter[tuple[str, str]] = Counter()
        for diagnostic in ordered:
            file = (diagnostic.severity, diagnostic.at.path if diagnostic.at else "")
            shown[file] += 1
            if shown[file] <= PROBLEMS:
                self._problem(diagnostic)
        for (severity, path), count in shown.items():
            if count > PROBLEMS:
                where = f" in {one_line(path)}" if path else ""
                self.err.write(f"and {count - PROBLEMS:,} more {severity}s{where}\n")
        errors = sum(d.severity == "error" for d in ordered)
        warnings = len(ordered) - errors
        if ordered and not self.quiet:
            counts = [
                f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((errors, "error"), (warnings, "warning")) if n
            ]
            self.err.write(f"{', '.join(counts)}\n")

    def _problem(self, diagnostic: Diagnostic) -> None:
        def shown(text: str) -> str:
            return _indented(self.shown(text))

        place = f"{one_line(self.mask(str(diagnostic.at)))}: " if diagnostic.at else ""
        kind = self.paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
        self.err.write(f"{place}{kind}: {shown(diagnostic.text)}\n")
        if diagnostic.at and diagnostic.at.line:
            line = self.mask(self.source_line(diagnostic.at))
            if line and len(line) <= _SHOWN_COLUMNS:
                self.err.write(self.paint(f"{diagnostic.at.line:6} | {one_line(line)}", "dim") + "\n")
                if diagnostic.at.column and MASK not in line[: diagnostic.at.column]:  # else the column has moved
                    self.err.write(" " * (8 + diagnostic.at.column) + "^\n")
        for at, text in diagnostic.related:
            self.err.write(f"       = {one_line(self.mask(str(at)))}: {shown(text)}\n")
        if diagnostic.hint:
            self.err.write(f"       = {self.paint('hint:', 'hint')} {shown(diagnostic.hint)}\n")
        if self.annotate:
            self.err.write(_annotation(diagnostic, self.mask) + "\n")

    def progress(self, done: int, total: int, what: str) -> None:
        """A line that overwrites itself; on a terminal only."""
        if not self.quiet and self.err.isatty():
            text = one_line(f"{what} {done}/{total}")
            self.err.write("\r" + text + " " * max(0, self._progress - len(text)))
            self.err.flush()
            self._progress = len(text)

    def _clear(self) -> None:
        if self._progress:
            self.err.write("\r" + " " * self._progress + "\r")
            self._progress = 0


def _painted(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def _indented(text: str) -> str:
    """Lines after the first, marked: none can pass for a line of Lamella's own, or for a command to GitHub's runner."""
    return text.rstrip("\n").replace("\n", "\n       | ")


def _annotation(diagnostic: Diagnostic, mask: Callable[[str], str]) -> str:
    """A GitHub Actions workflow command. Properties and message are escaped as the runner's toolkit does."""
    properties: dict[str, str] = {"title": diagnostic.code}
    if diagnostic.at:
        properties |= {"file": mask(diagnostic.at.path)}
        if diagnostic.at.line:
            properties |= {"line": str(diagnostic.at.line)}
        if diagnostic.at.column:
            properties |= {"col": str(diagnostic.at.column)}
    listed = ",".join(
        f"{key}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in properties.items()
    )
    text = diagnostic.text + (f"\nhint: {diagnostic.hint}" if diagnostic.hint else "")
    return f"::{diagnostic.severity} {listed}::{_escaped(mask(text))}"


def _escaped(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def wants_color(choice: str, stream: TextIO) -> bool:
    """`--color` over the environment (NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, TERM) over the terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
