"""`lamella check`: everything that render does, short of writing."""

from __future__ import annotations

import click

from compiler.cli.console import Console
from compiler.cli.context import Options, compile_options
from compiler.cli.render import _n


@click.command("check")
@compile_options
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.pass_obj
def check_command(console: Console, options: Options, strict: bool) -> int:
    """Read, resolve, render and check everything; write nothing."""
    with options.repository.files() as files, options.session() as session:
        compiled = options.compile(files, session, console)
    console.problems(compiled.warnings)
    if strict and compiled.warnings:
        return 1
    console.say(f"{_n(len(compiled.clusters), 'cluster')}, {_n(compiled.progress.layers, 'layer')}: no errors")
    return 0
