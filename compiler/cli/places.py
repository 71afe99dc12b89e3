"""Pack directories named on the command line, and the pipeline that compiles them without writing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from compiler import files as tree
from compiler.app.pipeline import Request, compile_clusters
from compiler.app.session import Session
from compiler.authoring.workbench import Compile
from compiler.cli.console import Console
from compiler.cli.context import show_lines_of
from compiler.codes import Code
from compiler.diagnostics import Diagnostic, Problems, fail
from compiler.host.disk import DirectoryFiles
from compiler.load.pack import find_packs, read_pack
from compiler.model import Pack
from compiler.palette.identity import NATIVE, PALETTE

DIRECTORY = click.Path(path_type=Path, exists=True, file_okay=False)


@dataclass(frozen=True, slots=True)
class PackDirectory:
    """A directory as the command line names it: problems show paths from the working directory where it is below that."""

    files: DirectoryFiles
    directory: str

    @classmethod
    def of(cls, path: Path) -> PackDirectory:
        absolute = Path(os.path.abspath(path))
        here = Path.cwd()
        if absolute != here and absolute.is_relative_to(here):
            return cls(DirectoryFiles(here), absolute.relative_to(here).as_posix())
        return cls(DirectoryFiles(absolute.parent), absolute.name)

    def packs(self) -> tuple[list[Pack], list[Diagnostic]]:
        """The pack in the directory, or all packs below it; and directories that should be packs but are not."""
        if any(self.files.entry(f"{self.directory}/{name}") for name in (NATIVE, PALETTE)):
            return [read_pack(self.files, self.directory)], []
        problems = Problems()
        by_name = find_packs(self.files, [self.directory], problems)
        packs = [pack for versions in by_name.values() for pack in versions.values()]
        if not packs and not problems.diagnostics:
            raise fail(Code.PACK_MISSING, f"no pack in {self.directory}", hint=f"a pack has a {PALETTE} or a {NATIVE}")
        return packs, [Diagnostic(d.code, d.message, d.at, d.hint, d.related) for d in problems.diagnostics]

    def pack(self) -> Pack:
        """The one pack in the directory. Raises CompileError."""
        if tree.is_directory(self.files, self.directory) and len(packs := self.packs()[0]) == 1:
            return packs[0]
        raise fail(Code.PACK_MISSING, f"{self.directory} is not the directory of one pack")


def compiler_of(session: Session) -> Compile:
    """The whole pipeline except writing."""
    return lambda files: compile_clusters(files, Request(), session, existing=lambda _: None)


def show_packs(console: Console, places: Sequence[PackDirectory]) -> None:
    """From now on problems are shown with their lines in the directories, and nothing with a secret of theirs."""
    show_lines_of(console, *(place.files for place in places), packs=[place.directory for place in places])
