"""`lamella check`: everything that render does except writing, and also profiles that no cluster uses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from compiler.app.archives import LockedFiles
from compiler.app.pipeline import Compilation
from compiler.app.session import Session
from compiler.cli.console import Console
from compiler.cli.context import Options, compile_options
from compiler.cli.render import _n
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, told_once
from compiler.load.repository import load
from compiler.model import Source
from compiler.ports import Files
from compiler.resolve.unassigned import check_unassigned


@click.command("check")
@compile_options
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "-o",
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="json: the problems on stdout too, each with all its clusters.",
)
@click.pass_obj
def check_command(console: Console, options: Options, strict: bool, form: str) -> int:
    """Read, resolve, render and check everything; write nothing.

    \b
    Examples:
      lamella check                    the whole repository
      lamella check prod-eu --strict   one cluster; warnings fail too
      lamella check --ref main         what is committed on main
    """
    with options.repository.files() as files, options.session(console) as session:
        compiled, problems = _checked(files, session, options, console)
    if form == "json":
        console.json(_as_json(problems.diagnostics))
    problems.raise_if_any()
    console.problems(problems.diagnostics, strict=strict)
    if strict and problems.diagnostics:
        return 1
    assert compiled is not None  # else there are errors
    console.say(f"{_n(len(compiled.clusters), 'cluster')}, {_n(compiled.progress.layers, 'layer')}: no errors")
    return 0


def _checked(
    files: LockedFiles, session: Session, options: Options, console: Console
) -> tuple[Compilation | None, Problems]:
    """The compilation (None if it failed) and all problems. Raises CompileError for problems of the environment."""
    problems = Problems()
    compiled = None
    try:
        compiled = options.compile(files, session, console)
        problems.diagnostics.extend(compiled.warnings)
    except CompileError as error:
        if error.environment:
            raise
        problems.add(error)
    source = compiled.source if compiled else _source(files)
    if source is not None and options.request.everything:
        check_unassigned(source, files, session.evaluate, options.request.today, problems)
    return compiled, problems


def _as_json(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """The problems for machines, by place."""
    rows = [
        {
            "severity": each.severity,
            "code": each.code,
            "message": each.message,
            "hint": each.hint,
            "at": _place(each.at) if each.at else None,
            "related": [{**_place(at), "text": text} for at, text in each.related],
            "clusters": list(each.clusters),
        }
        for each in sorted(told_once(diagnostics), key=Diagnostic.sort_key)
    ]
    return {"apiVersion": "lamella/v1", "kind": "Problems", "problems": rows}


def _place(at: Position) -> dict[str, Any]:
    return {"path": at.path, "line": at.line, "column": at.column}


def _source(files: Files) -> Source | None:
    """The repository's documents; None if they cannot be read (already reported)."""
    try:
        return load(files)[0]
    except CompileError:
        return None
