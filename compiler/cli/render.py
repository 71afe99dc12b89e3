"""`lamella render`: compile and write the output directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from compiler.app.pipeline import Compilation
from compiler.cli.console import Console
from compiler.cli.context import Options, compile_options, places_of
from compiler.cli.printable import json_text, printable
from compiler.codes import Code
from compiler.delivery import consequences
from compiler.delivery.handover import handovers
from compiler.diagnostics import Diagnostic, Position, Problems
from compiler.host import write
from compiler.host.disk import existing_output
from compiler.model import RenderedObject, layout
from compiler.model.tree import TreeFile
from compiler.output import committed
from compiler.output.removals import check_removals, objects_by_cluster


@click.command("render")
@compile_options
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="Write here (default: `output` of lamella.yaml).",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if output would change.")
@click.option("--force", is_flag=True, help="Overwrite output files that were edited by hand.")
@click.option("--allow-removal", is_flag=True, help="Remove clusters, or more than a quarter of the objects.")
@click.option(
    "-o",
    "--format",
    "form",
    type=click.Choice(["yaml", "json", "name"]),
    default=None,
    help="Print the objects instead of writing files.",
)
@click.pass_obj
def render_command(
    console: Console,
    options: Options,
    output: Path | None,
    check: bool,
    force: bool,
    allow_removal: bool,
    form: str | None,
) -> int:
    """Compile clusters (all, or those named) and write their manifests.

    \b
    Examples:
      lamella render                   all clusters of this repository
      lamella render -l env=prod       those with this label
      lamella render --check           in CI: fails if output/ is not up to date
      lamella render prod-eu -o yaml   to stdout
    """
    if options.repository.ref and not (output or check or form):
        raise click.UsageError(
            "--ref and a URL read a commit: say where to write with --output DIR (or use --check, -o)"
        )
    with options.repository.files() as files, options.session(console) as session:
        compiled = options.compile(files, session, console, output)
    root = options.output_root(compiled, output)
    handed_over = () if form else _handed_over(root, compiled, options)
    console.problems((*compiled.warnings, *handed_over))
    if form:
        text = printed(compiled, form, for_runner=console.annotate)
        (console.text if form == "name" else console.data)(text)
        return 0
    new = {file.path: file.content for file in compiled.files}

    def owned() -> dict[str, str]:
        return owned_by(root, compiled, options, force=force)

    if not (check or allow_removal):
        _refuse_removals(root, compiled, options)
    former = committed.moved_since_0_1(existing_output(root), clusters_of(root, compiled, options))
    changes = write.compare(root, new, owned(), force=force) if check else write.publish(root, new, owned, force=force)
    console.say(summary(compiled, changes, check=check))
    added, removed = set(changes.added), set(changes.removed)
    if moved := sum(old in removed and path in added for old, path in former.items()):
        console.say(f"paths no longer carry the wave: {_n(moved, 'file')} moved{' (not written)' if check else ''}")
    if check and changes:
        for sign, paths in (("+", changes.added), ("~", changes.changed), ("-", changes.removed)):
            for path in paths:
                console.say(f"  {sign} {path}")
        return 1
    return 0


def _handed_over(root: Path, compiled: Compilation, options: Options) -> tuple[Diagnostic, ...]:
    """What the controllers will do to objects that something else delivers from now on."""
    existing = existing_output(root)
    names = clusters_of(root, compiled, options)
    inventories = {file.cluster: file.content for file in compiled.files if file.path == layout.inventory(file.cluster)}
    changed = committed.changed(existing, {name: inventories.get(name, b"") for name in names})
    after = (file for file in compiled.files if file.cluster in changed)
    return consequences.warnings(
        handovers(committed.listed(existing, changed), map(TreeFile.of, after)), places_of(compiled)
    )


def _refuse_removals(root: Path, compiled: Compilation, options: Options) -> None:
    problems = Problems()
    if not compiled.source.clusters:
        problems.error(
            Code.NO_CLUSTERS,
            "no Cluster in profiles/: there is nothing to render",
            Position("profiles"),
            hint="add a Cluster document, or look for what was not checked out; --allow-removal renders for none",
        )
    before = committed.object_ids(existing_output(root), clusters_of(root, compiled, options))
    after = objects_by_cluster((file.cluster, file.path, file.object) for file in compiled.files)
    check_removals(before, after, root.name, problems)
    problems.raise_if_any()


def owned_by(root: Path, compiled: Compilation, options: Options, *, force: bool) -> dict[str, str]:
    """The files of the last run that this run may replace."""
    names = clusters_of(root, compiled, options)
    return committed.owned(existing_output(root), names, root=root.name, force=force)


def clusters_of(root: Path, compiled: Compilation, options: Options) -> list[str]:
    """The clusters that this run may replace: those that it compiled and, where it compiled all, those that are gone."""
    names = {cluster.name for cluster in compiled.clusters}
    if options.request.everything:
        names |= set(committed.clusters(existing_output(root)))
    return sorted(names)


def summary(compiled: Compilation, changes: write.Changes, *, check: bool) -> str:
    """One line: the number of clusters and the changes."""
    objects = sum(len(layer.objects) for cluster in compiled.clusters for layer in cluster.layers)
    progress = compiled.progress
    shared = f" ({progress.tasks} rendered, the others are equal)" if progress.tasks < progress.layers else ""
    what = f"{_n(len(compiled.clusters), 'cluster')}, {_n(progress.layers, 'layer')}{shared}, {_n(objects, 'object')}"
    if not changes:
        return f"{what}: output is up to date"
    counts = [
        f"{len(paths)} {word}"
        for word, paths in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed))
        if paths
    ]
    return f"{what}: {', '.join(counts)}{' (not written)' if check else ''}"


def _n(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def printed(compiled: Compilation, form: str, *, for_runner: bool = False) -> str:
    """All objects as one YAML stream, a JSON List, or names. `for_runner`: a YAML document with a line that GitHub's runner
    would obey is written in JSON, which is YAML too and begins no line with a text of its own."""
    objects = [o for cluster in compiled.clusters for layer in cluster.layers for _, o in layer.objects]
    if form == "name":
        return "".join(f"{cluster}\t{layer}\t{name}\n" for cluster, layer, name in _names(compiled))
    if form == "yaml":
        return "".join(f"---\n{_document(o, for_runner=for_runner)}" for o in objects)
    return json_text({"apiVersion": "v1", "kind": "List", "items": [_body(o) for o in objects]})


def _document(item: RenderedObject, *, for_runner: bool) -> str:
    text = item.content.decode()
    return json_text(_body(item)) if for_runner and printable(text) != text else text


def _body(item: RenderedObject) -> Any:
    from compiler import yamldoc

    return yamldoc.load_rendered(item.content.decode(), item.template).value


def _names(compiled: Compilation) -> Iterator[tuple[str, str, str]]:
    for cluster in compiled.clusters:
        for layer in cluster.layers:
            for _, item in layer.objects:
                yield cluster.name, layer.layer.name, str(item)
