"""`lamella cache`: what this machine keeps of registries."""

from __future__ import annotations

import time

import click

from compiler.cli.console import Console
from compiler.host.store import Store, default_directory

_DAY_S = 24 * 60 * 60


@click.command("cache")
@click.option("--prune", is_flag=True, help="Delete what was not used lately: see --days.")
@click.option(
    "--days",
    type=click.IntRange(min=0),
    default=30,
    metavar="N",
    help="With --prune: not used for N days (default: 30; 0: everything).",
)
@click.option("-o", "--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def cache_command(console: Console, prune: bool, days: int, form: str) -> int:
    """Show the cache of fetched archives, or delete the old ones.

    Everything in it can be fetched again by what lamella.lock pins. Its place is LAMELLA_CACHE, else the user's cache
    directory.

    \b
    Examples:
      lamella cache                      where it is, and how large
      lamella cache --prune              delete what was not used for 30 days
      lamella cache --prune --days 0     delete everything
    """
    store = Store(default_directory())
    entries = store.entries()
    old = [entry for entry in entries if entry.used <= time.time() - days * _DAY_S] if prune else []
    for entry in old:
        store.remove(entry.key)
    kept = entries[len(old) :]
    if form == "json":
        data = {
            "directory": str(store.root),
            "archives": len(kept),
            "bytes": sum(entry.size for entry in kept),
            "deleted": len(old),
        }
        console.json(data)
        return 0
    if prune:
        console.say(f"{len(old)} archives deleted ({sum(entry.size for entry in old) / 1e6:.1f} MB)")
    console.text(f"{store.root}: {len(kept)} archives, {sum(entry.size for entry in kept) / 1e6:.1f} MB\n")
    return 0
