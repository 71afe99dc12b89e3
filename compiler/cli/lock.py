"""`lamella lock`: pin what profiles ask of registries."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from compiler.app import locking
from compiler.cli.console import Console
from compiler.cli.context import show_lines_of
from compiler.cli.helm import open_session
from compiler.cli.repository import registries, repo_option, with_locked
from compiler.codes import Code
from compiler.diagnostics import fail
from compiler.host import additions
from compiler.host.disk import DirectoryFiles
from compiler.host.store import Store, default_directory
from compiler.host.threads import each
from compiler.lock.update import Upgrade
from compiler.model.lock import LOCK_PATH


@click.command("lock")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@repo_option()
@click.option("--upgrade", is_flag=True, help="Take the newest version in each range: of NAMEs, or of all.")
@click.option("--allow-downgrade", is_flag=True, help="With --upgrade: older versions than the locked ones too.")
@click.option(
    "--check", is_flag=True, help="Write nothing; exit 1 if lamella.lock is not up to date; asks for no versions."
)
@click.pass_obj
def lock_command(
    console: Console, names: tuple[str, ...], repo: Path, upgrade: bool, allow_downgrade: bool, check: bool
) -> int:
    """Pin the charts and packs that profiles take from registries, and images.

    Adds what is missing to lamella.lock, with exact versions and digests, and removes what nobody asks for. What is
    locked keeps its version until --upgrade. With `images: {pin: digest}` it renders, and
    pins what each image means at its registry.

    \b
    Examples:
      lamella lock                     after a layer or its range changed
      lamella lock --upgrade           the newest version in every range
      lamella lock --upgrade podinfo   of this chart or pack only
      lamella lock --check             in CI: is lamella.lock complete?
    """
    if (names or allow_downgrade) and not upgrade:
        raise click.UsageError("NAME and --allow-downgrade need --upgrade")
    if check and upgrade:
        raise click.UsageError("--check changes nothing: leave out --upgrade")
    files = DirectoryFiles(repo.absolute())
    show_lines_of(console, files)
    chosen = Upgrade(names, everything=upgrade and not names, downgrade=allow_downgrade)
    cache = Store(default_directory())
    if check:
        locked = with_locked(files)
        show_lines_of(console, locked)
        stale = locking.stale(locked, partial(open_session, console))
        for line in stale:
            console.say(line)
        if stale:
            raise fail(Code.LOCK_STALE, f"{LOCK_PATH} is not up to date", hint="run `lamella lock`, and commit it")
        console.say(f"{LOCK_PATH} is up to date")
        return 0
    result = locking.relock(files, registries(), cache, partial(open_session, console), chosen, each=each)
    console.problems(result.warnings)
    for line in result.changes:
        console.say(line)
    if result.text != result.before:
        additions.add(repo.absolute(), {LOCK_PATH: result.text.encode()}, replace=[LOCK_PATH])
    console.say(result.summary)
    return 0
