"""Shell completion: the script that a shell loads, and the words it asks for. Fast, and silent where something is broken."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem, shell_complete

from compiler.cli.repository import root_of
from compiler.diagnostics import Problems
from compiler.host.disk import DirectoryFiles
from compiler.load.pack import find_packs
from compiler.load.repository import PACKS, layer_names, names_of
from compiler.ports import Files

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def run(main: click.Command, instruction: str, variable: str) -> int:
    """Answers a shell that has asked by this variable; the exit status. What goes wrong completes nothing: a traceback
    would be typed into the line."""
    with contextlib.suppress(Exception):
        return shell_complete(main, {}, "lamella", variable, instruction)
    return 1


def names(kind: str) -> Complete:
    """Completes the names of what is in the repository: "clusters", "profiles", "layers", "packs"."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        used = context.params.get(parameter.name or "") or ()
        root = Path(context.params.get("repo") or ".")
        try:
            known = _NAMES[kind](DirectoryFiles(root_of(root).absolute()))
        except Exception:
            return []
        return [CompletionItem(name) for name in sorted(set(known)) if name.startswith(incomplete) and name not in used]

    return complete


def _packs(files: Files) -> Iterable[str]:
    return find_packs(files, [PACKS], Problems())


_NAMES: dict[str, Callable[[Files], Iterable[str]]] = {
    "clusters": lambda files: names_of(files, "Cluster"),
    "profiles": lambda files: names_of(files, "ClusterProfile"),
    "layers": layer_names,
    "packs": _packs,
}
