"""Where something is wrong, what, and what to do about it: values that every stage returns and one module prints.

A problem is data until `cli` prints it, so one run reports all problems of all files.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from compiler.codes import Code

_CLUSTERS_SHOWN = 5
_MOST_COMPARED, _MOST_APART, _LONGEST_NAME = 1_000, 3, 253  # names; characters; a DNS name has at most 253


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in an input file. `path` is relative to the repository; `line` and `column` count from 1, 0 = unknown."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}" if self.column else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Where a text is in a file: `at` is its first character. With `lines` False its lines are not lines of the file (a
    quoted scalar, a text made from the file), and everything in it is at `at`."""

    at: Position
    lines: bool = True

    def of(self, inside: Position) -> Position:
        """The position in the file for a position in the text, whose lines and columns count from 1."""
        if not self.lines or not inside.line:
            return self.at
        column = inside.column and inside.column + max(self.at.column, 1) - 1
        return Position(self.at.path, max(self.at.line, 1) + inside.line - 1, column)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem. `code` is stable and documented (docs/errors.md); `hint` says what to do; `related` names other ends.

    `clusters` are those that have it, for a problem that shows when a cluster is compiled: `message` does not name them.
    """

    code: Code
    message: str
    at: Position | None = None
    hint: str = ""
    related: tuple[tuple[Position, str], ...] = ()
    severity: Literal["error", "warning"] = "error"
    clusters: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The message with the clusters, at the end of its first line: a few names stand for many."""
        if not self.clusters:
            return self.message
        shown = ", ".join(self.clusters[:_CLUSTERS_SHOWN])
        more = ", …" if len(self.clusters) > _CLUSTERS_SHOWN else ""
        number = "cluster" if len(self.clusters) == 1 else f"{len(self.clusters)} clusters:"
        first, newline, rest = self.message.partition("\n")
        return f"{first.rstrip()} (in {number} {shown}{more}){newline}{rest}"

    def within(self, cluster: str) -> Diagnostic:
        """This problem as one of a cluster."""
        return replace(self, clusters=(cluster,))

    def placed(self, path: str, place: TextPlace) -> Diagnostic:
        """This problem of a text called `path`, as a problem of the file that contains the text."""

        def moved(at: Position) -> Position:
            return place.of(at) if at.path == path else at

        related = tuple((moved(at), text) for at, text in self.related)
        return replace(self, at=moved(self.at or Position(path)), related=related)

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Total order for printing: by place, then code, then text."""
        at = self.at or Position("")
        return (at.path, at.line, at.column, self.code, self.message)


def told_once(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The problems without repetitions, in the order in which they first come: those that differ in their clusters only
    are one, with all of these clusters, sorted."""
    clusters: dict[Diagnostic, set[str]] = {}
    for diagnostic in diagnostics:
        bare = replace(diagnostic, clusters=()) if diagnostic.clusters else diagnostic
        clusters.setdefault(bare, set()).update(diagnostic.clusters)
    return tuple(replace(bare, clusters=tuple(sorted(names))) if names else bare for bare, names in clusters.items())


class CompileError(Exception):
    """Raised with all problems so far, each once; the CLI prints them and exits 1 (input), or 3 where `environment` is
    set."""

    def __init__(self, diagnostics: Iterable[Diagnostic], *, environment: bool = False) -> None:
        self.diagnostics = told_once(diagnostics)
        self.environment = environment
        super().__init__("; ".join(f"{d.at or ''}: {d.code}: {d.text}" for d in self.diagnostics))


def fail(code: Code, message: str, at: Position | None = None, *, hint: str = "") -> CompileError:
    """A CompileError of one problem, for `raise fail(...)` where nothing else can be checked."""
    return CompileError([Diagnostic(code, message, at, hint)])


@dataclass(slots=True)
class Problems:
    """Collects diagnostics through a stage; `raise_if_any` ends the stage with all errors (and the warnings so far)."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    _environmental: int = 0  # errors that are not of the input

    def error(
        self,
        code: Code,
        message: str,
        at: Position | None = None,
        *,
        hint: str = "",
        related: Iterable[tuple[Position, str]] = (),
    ) -> None:
        self.diagnostics.append(Diagnostic(code, message, at, hint, tuple(related)))

    def warning(self, code: Code, message: str, at: Position | None = None, *, hint: str = "") -> None:
        self.diagnostics.append(Diagnostic(code, message, at, hint, severity="warning"))

    def add(self, error: CompileError) -> None:
        """Adds the problems of an error that was caught."""
        self.diagnostics.extend(error.diagnostics)
        if error.environment:
            self._environmental += sum(d.severity == "error" for d in error.diagnostics)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity == "warning")

    def raise_if_any(self) -> None:
        """Raises CompileError; of the environment where the input is to blame for none of the errors."""
        if self.errors:
            raise CompileError(self.diagnostics, environment=self._environmental == len(self.errors))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest of `known`, or lists them all where there are at most 9; else empty.

    Of many names only those that begin alike are compared, and of very long ones none: comparing takes the product of
    their lengths.
    """
    names = set(known)
    for alike in (1, 3):
        if len(names) > _MOST_COMPARED:
            names = {
                name for name in names if name[:alike] == word[:alike] and abs(len(name) - len(word)) <= _MOST_APART
            }
    options = sorted(name for name in names if len(name) <= _LONGEST_NAME)[:_MOST_COMPARED]
    if len(word) > _LONGEST_NAME:
        return ""
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    if 0 < len(names) == len(options) <= 9:
        return "expected one of: " + ", ".join(options)
    return ""
