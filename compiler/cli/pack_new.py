"""`lamella pack new`: a small pack that works, with a test of what it renders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import click

from compiler.authoring.cases import Result, read_cases, run_case
from compiler.authoring.images import images
from compiler.authoring.scaffold import Outline, name_fault, scaffold
from compiler.authoring.workbench import KUBERNETES, Compile
from compiler.charts.catalogue import Charts
from compiler.charts.chart import Chart
from compiler.cli.console import Console
from compiler.cli.helm import open_session
from compiler.cli.places import PackDirectory, compiler_of
from compiler.cli.repository import repo_option
from compiler.codes import Code
from compiler.diagnostics import Diagnostic, Position, fail
from compiler.files.mapping import MappingFiles
from compiler.host import additions
from compiler.host.disk import DirectoryFiles
from compiler.load.pack import read_pack
from compiler.model import LAYER_TYPES, Pack


@click.command("new")
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice(["palette", "native"]),
    default="native",
    help="pack.json or pack.yaml (default).",
)
@click.option(
    "--layer", type=click.Choice(LAYER_TYPES), default="addon", help="The layer that it is for (default: addon)."
)
@click.option(
    "--chart",
    type=click.Path(path_type=Path, exists=True),
    default=None,
    metavar="PATH",
    help="Wrap this chart: a folder or a .tgz.",
)
@click.option(
    "--version", "version", default="", metavar="VERSION", help="Its version (default: 0.1.0, or that of the chart)."
)
@repo_option("The repository to write to (default: .).", exists=True)
@click.pass_obj
def new_command(
    console: Console,
    *,
    name: str,
    form: Literal["palette", "native"],
    layer: str,
    chart: Path | None,
    version: str,
    repo: Path,
) -> int:
    """Write a small pack that works to packs/NAME, with a test. Nothing is overwritten.

    \b
    Examples:
      lamella pack new web                           templates in Jinja2
      lamella pack new web --chart ~/web-1.2.3.tgz   a chart in a pack
      lamella pack new web --format palette          for Palette's registry
    """
    if fault := name_fault(name):
        raise click.BadParameter(fault, param_hint="NAME")
    wrapped = _chart_at(chart) if chart else None
    default = wrapped.version if wrapped else KUBERNETES if layer == "k8s" else "0.1.0"
    outline = Outline(name, (version or default).removeprefix("v"), layer, form, wrapped)
    directory = f"packs/{name}"
    root = DirectoryFiles(repo.absolute())
    if root.entry(directory) is not None:
        raise fail(Code.FILE_EXISTS, "already exists", Position(directory), hint="choose another name, or move it away")
    with open_session(console) as session:
        files, result = _scaffolded(outline, directory, compiler_of(session))
    written = additions.add(root.root, files)
    console.text("".join(f"{path}\n" for path in written))
    console.problems(Diagnostic(d.code, d.message, d.at, d.hint, d.related, "warning") for d in result.problems)
    if result.failed:
        console.say(
            f"{directory}/tests/default expects nothing yet: set its values, then `lamella pack test {directory} --update`"
        )
    else:
        console.say(f"next: lamella pack lint {directory}; lamella pack test {directory}")
    return 0


def _chart_at(path: Path) -> Chart:
    place = PackDirectory.of(path)
    return Charts.over(place.files).at_path(place.directory, Position(place.directory))


def _scaffolded(outline: Outline, directory: str, compile_: Compile) -> tuple[dict[str, bytes], Result]:
    """The files of a new pack with what its test renders, and how that went."""

    def tried(files: Mapping[str, bytes]) -> tuple[dict[str, bytes], Pack, MappingFiles]:
        placed = {f"{directory}/{path}": content for path, content in files.items()}
        tree_ = MappingFiles(placed)
        return placed, read_pack(tree_, directory), tree_

    placed, pack, tree_ = tried(scaffold(outline))
    if outline.chart is not None:
        default = images(pack, tree_, compile_)
        placed, pack, tree_ = tried(scaffold(outline, default.rendered))
    (case,) = read_cases(pack, tree_)
    result = run_case(pack, case, tree_, compile_)
    return placed | {f"{case.expected_directory}/{name}": content for name, content in result.actual.items()}, result
