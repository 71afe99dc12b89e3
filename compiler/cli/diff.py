"""`lamella diff`: what a render would change, object by object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from compiler.app.changes import SIGN, Change, compare
from compiler.app.pipeline import Compilation, check_names
from compiler.cli.console import Console
from compiler.cli.context import Options, compile_options, places_of
from compiler.delivery import consequences
from compiler.delivery.handover import handovers
from compiler.diagnostics import Diagnostic
from compiler.host.disk import existing_output
from compiler.model import OutputFile, layout
from compiler.model.tree import TreeFile
from compiler.output import committed
from compiler.ports import Files

_MARKDOWN_LIMIT = 60_000  # GitHub cuts comments at 65,536 characters
_WARNINGS = 10
_STYLE = {"+": "added", "-": "removed"}


@click.command("diff")
@compile_options
@click.option("--against", default="", metavar="REF", help="Compare with what this commit or branch compiles to.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="The output directory to compare with.",
)
@click.option("--stat", is_flag=True, help="Names of changed objects only.")
@click.option("-o", "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text")
@click.pass_obj
def diff_command(console: Console, options: Options, against: str, output: Path | None, stat: bool, form: str) -> int:
    """Compare a fresh render with the committed output, or with what another commit compiles to.

    Exit status as kubectl diff: 0 nothing differs, 1 something does, more than 1 an
    error.

    \b
    Examples:
      lamella diff                  against the committed output
      lamella diff --against main   against what main compiles to
      lamella diff prod-eu --stat   one cluster; names of objects only
      lamella diff -o markdown      for the comment of a pull request
    """
    if against:
        options = replace(options, request=replace(options.request, lenient=True))
    with options.session(console) as session:
        with options.repository.files() as files:
            compiled = options.compile(files, session, console, output)
        if against:
            with options.repository.files(against) as files:
                before = replace(options, locked=False).compile(files, session, console, output)
            check_names(options.request, compiled.source.clusters.keys() | before.source.clusters.keys())
            old = _tree(before.files)
        else:
            root = options.output_root(compiled, output)
            old = committed_tree(existing_output(root), compiled, everything=options.request.everything)
    new = _tree(compiled.files)
    moved = handovers(old, new)
    told = consequences.warnings(moved, places_of(compiled))
    console.problems((*compiled.warnings, *told))
    changes = compare(old, new, moved)
    if form == "json":
        console.json(_json(changes, stat))
    else:
        console.text(_FORMATS[form](changes, told, stat), _style if form == "text" else lambda _: "")
    return 1 if changes else 0


def _tree(files: Iterable[OutputFile]) -> list[TreeFile]:
    """The tree without inventories: they differ only where other files do."""
    return [TreeFile.of(file) for file in files if not layout.is_inventory(file.path)]


def committed_tree(now: Files | None, compiled: Compilation, *, everything: bool) -> list[TreeFile]:
    """The committed files of the compiled clusters, and of all others where everything was compiled."""
    names = {cluster.name for cluster in compiled.clusters}
    if everything:
        names |= set(committed.clusters(now))
    return list(committed.tree(now, sorted(names)))


def _text(changes: Sequence[Change], _: Sequence[Diagnostic], stat: bool) -> str:
    lines = []
    for change in changes:
        place = f"{change.cluster}/{change.layer}: " if change.layer else ""
        lines.append(f"{SIGN[change.action]} {place}{change.object}{_moved(change)}\n")
        if not stat:
            lines.append(change.diff)
    if changes:
        lines.append(f"{_counts(changes)}\n")
    return "".join(lines)


def _moved(change: Change) -> str:
    if change.handover:
        return f" ({consequences.short(change.handover)})"
    return f" (was {change.old_path})" if change.action == "moved" else ""


def _style(line: str) -> str:
    return _STYLE.get(line[:1], "")


def _counts(changes: Sequence[Change]) -> str:
    clusters = {change.cluster for change in changes if change.cluster}
    counts = [f"{n} {action}" for action in SIGN if (n := sum(c.action == action for c in changes))]
    where = f" in {len(clusters)} cluster{'s' if len(clusters) != 1 else ''}" if clusters else ""
    return f"{', '.join(counts)}{where}"


def _json(changes: Sequence[Change], stat: bool) -> dict[str, Any]:
    rows = [
        {
            "action": c.action,
            "cluster": c.cluster,
            "layer": c.layer,
            "object": c.object,
            "path": c.path,
            "oldPath": c.old_path,
            **({"handover": [asdict(effect) for effect in c.handover.effects]} if c.handover else {}),
            **({} if stat else {"diff": c.diff}),
        }
        for c in changes
    ]
    return {"apiVersion": "lamella/v1", "kind": "Diff", "changes": rows}


def _markdown(changes: Sequence[Change], told: Sequence[Diagnostic], stat: bool) -> str:
    """For a pull request: what controllers will do, counts per cluster, then folded diffs, cut at what GitHub shows."""
    if not changes:
        return "No rendered manifest changes.\n"
    lines = [
        f"**Rendered manifests: {_counts(changes)}**\n\n",
        "| cluster | added | changed | removed | moved | recreated |\n",
        "|---|---|---|---|---|---|\n",
    ]
    lines[1:1] = [_quoted(each) for each in told[:_WARNINGS]]
    if len(told) > _WARNINGS:
        lines.insert(1 + _WARNINGS, f"> and {len(told) - _WARNINGS} more such warnings\n\n")
    by_cluster: dict[str, list[Change]] = {}
    for change in changes:
        by_cluster.setdefault(change.cluster or "(fleet)", []).append(change)
    for cluster, own in sorted(by_cluster.items()):
        counts = " | ".join(str(sum(c.action == action for c in own)) for action in SIGN)
        lines.append(f"| {cluster} | {counts} |\n")
    size = sum(map(len, lines))
    for cluster, own in sorted(by_cluster.items()):
        body = "".join(
            f"{SIGN[c.action]} {c.layer + ': ' if c.layer else ''}{c.object}{_moved(c)}\n" + ("" if stat else c.diff)
            for c in own
        )
        fence = "~" * max(6, 1 + max(map(len, re.findall("~+", body)), default=0))
        block = f"\n<details><summary>{cluster}</summary>\n\n{fence}diff\n{body}{fence}\n\n</details>\n"
        if size + len(block) > _MARKDOWN_LIMIT:
            lines.append(
                f"\n{cluster}: too long to show here; run `lamella diff {cluster if cluster != '(fleet)' else ''}`\n"
            )
            continue
        size += len(block)
        lines.append(block)
    return "".join(lines)


def _quoted(warning: Diagnostic) -> str:
    """A warning as a block that GitHub marks as one."""
    lines = ("[!WARNING]", *warning.message.splitlines(), *([f"hint: {warning.hint}"] if warning.hint else []))
    return "".join(f"> {line}\n" for line in lines) + "\n"


_FORMATS = {"text": _text, "markdown": _markdown}
