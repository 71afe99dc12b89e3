"""`lamella outdated`: what is locked, and what its registry has by now."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.app.locking import outdated
from compiler.cli.console import Console
from compiler.cli.context import show_lines_of
from compiler.cli.inspect import table
from compiler.cli.repository import registries, repo_option, with_locked
from compiler.host.disk import DirectoryFiles
from compiler.host.threads import each


@click.command("outdated")
@repo_option()
@click.option("--all", "everything", is_flag=True, help="List what is up to date too.")
@click.option("--exit-code", is_flag=True, help="Exit 1 if anything is outdated.")
@click.option("-o", "--format", "form", type=click.Choice(["table", "json"]), default="table")
@click.pass_obj
def outdated_command(console: Console, repo: Path, everything: bool, exit_code: bool, form: str) -> int:
    """Compare lamella.lock with what the registries have: current, newest in range, newest.

    \b
    Examples:
      lamella outdated           what `lamella lock --upgrade` would change
      lamella outdated -o json   for a bot
    """
    files = with_locked(DirectoryFiles(repo.absolute()))
    show_lines_of(console, files)
    rows, warnings = outdated(files, registries(), each=each)
    console.problems(warnings)
    old = [row for row in rows if row.current != row.newest]
    shown = [row.plain() for row in (rows if everything else old)]
    if form == "json":
        console.json(shown)
    elif shown:
        console.text(table([{key: value for key, value in row.items() if key != "askedBy"} for row in shown]))
    else:
        console.say("everything that is locked is the newest version")
    return 1 if exit_code and old else 0
