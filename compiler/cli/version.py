"""`lamella version`: of Lamella and of the tools that its output depends on."""

from __future__ import annotations

import json
import platform

import click

from compiler.cli.console import Console
from compiler.cli.context import engine_versions


@click.command("version")
@click.option("-o", "--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def version_command(console: Console, form: str) -> None:
    """Print the versions of Lamella, Helm and Python.

    \b
    Examples:
      lamella version -o json
    """
    versions = {**engine_versions(), "python": platform.python_version()}
    console.data(json.dumps(versions) + "\n" if form == "json" else "".join(f"{k} {v}\n" for k, v in versions.items()))
