"""`lamella vendor`: what is locked, as files of the repository."""

from __future__ import annotations

from pathlib import Path

import click

from compiler.app.locking import vendored
from compiler.cli.console import Console
from compiler.cli.context import show_lines_of
from compiler.cli.repository import repo_option, with_locked
from compiler.host import additions
from compiler.host.disk import DirectoryFiles


@click.command("vendor")
@repo_option()
@click.option(
    "--to",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    metavar="DIR",
    help="Write below DIR instead of `vendor` of lamella.yaml.",
)
@click.option("--prune", is_flag=True, help="Delete archives of the folder that are not locked.")
@click.pass_obj
def vendor_command(console: Console, repo: Path, directory: Path | None, prune: bool) -> int:
    """Put every archive that lamella.lock pins into the repository.

    A render takes them from there, checked against the lock, and needs neither network nor cache: for sites without
    network, and for reviewers who want to see what is deployed.

    \b
    Examples:
      lamella vendor                     into vendor/, to be committed
      lamella vendor --prune             and delete what is no longer locked
      lamella vendor --to /media/usb     for a machine without network
    """
    files = with_locked(DirectoryFiles(repo.absolute()))
    show_lines_of(console, files)
    result = vendored(files)
    root = (directory or repo / result.folder).absolute()
    root.mkdir(parents=True, exist_ok=True)
    written = additions.add(root, result.files, replace=result.files)
    there = {path.relative_to(root).as_posix() for path in root.rglob("*.tgz")}
    left = sorted(there - result.files.keys())
    for path in left:
        if prune:
            (root / path).unlink()
        console.say(f"{'deleted' if prune else 'not locked (--prune deletes it)'}: {directory or result.folder}/{path}")
    total = sum(map(len, result.files.values()))
    console.say(
        f"{directory or result.folder}: {len(result.files)} archives, {total / 1e6:.1f} MB, {len(written)} written"
    )
    return 0
