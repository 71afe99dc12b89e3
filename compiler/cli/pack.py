"""`lamella pack`: commands for authors of packs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import click

from compiler import versions
from compiler.authoring.cases import Case, Result, differences, read_cases, run_case
from compiler.authoring.describe import as_text, describe
from compiler.authoring.images import images
from compiler.authoring.lint import lint
from compiler.cli.completion import names
from compiler.cli.console import Console
from compiler.cli.context import show_lines_of
from compiler.cli.helm import open_session
from compiler.cli.pack_new import new_command
from compiler.cli.pack_registry import pull_command, push_command, search_command
from compiler.cli.places import DIRECTORY, PackDirectory, compiler_of, show_packs
from compiler.cli.repository import Input, repository_options
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Problems, did_you_mean, fail
from compiler.host.write import publish
from compiler.load.repository import load
from compiler.model import Pack
from compiler.model.packs import newest
from compiler.ports import Files


@click.group("pack")
def pack_command() -> None:
    """Make, check and test packs.

    \b
    Examples:
      lamella pack new web --chart ~/web-1.2.3.tgz
      lamella pack lint packs
      lamella pack test packs/web
    """


@pack_command.command("lint")
@click.argument("directories", type=DIRECTORY, nargs=-1, required=True, metavar="DIR...")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.pass_obj
def lint_command(console: Console, directories: Sequence[Path], strict: bool) -> int:
    """Check packs by Palette's rules and ours, and compile each alone with its own values.

    DIR is a pack or a directory with packs below it. Exit status 1 where there are errors.

    \b
    Examples:
      lamella pack lint packs/web
      lamella pack lint packs --strict   all packs; warnings fail too
    """
    places = [PackDirectory.of(directory) for directory in directories]
    show_packs(console, places)
    diagnostics: list[Diagnostic] = []
    count = 0
    with open_session(console) as session:
        for place in places:
            packs, problems = place.packs()
            diagnostics.extend(problems)
            for pack in packs:
                diagnostics.extend(lint(place.files, pack, compiler_of(session)))
                count += 1
                console.progress(count, count, "checking packs")
    console.problems(diagnostics)
    console.say(f"{count} pack{'' if count == 1 else 's'} checked")
    return 1 if any(strict or problem.severity == "error" for problem in diagnostics) else 0


@pack_command.command("test")
@click.argument("directories", type=DIRECTORY, nargs=-1, required=True, metavar="DIR...")
@click.option("--update", is_flag=True, help="Write what is rendered now to expected/; the review is the diff.")
@click.pass_obj
def test_command(console: Console, directories: Sequence[Path], update: bool) -> int:
    """Render the cases in tests/ of packs and compare with what they expect.

    A case is a folder: tests/CASE/values.yaml (a layer's values), cluster.yaml (a
    Cluster) and expected/ (the objects, a file each). Both inputs may be missing.

    \b
    Examples:
      lamella pack test packs/web
      lamella pack test packs/web --update   what is rendered is right
    """
    places = [PackDirectory.of(directory) for directory in directories]
    show_packs(console, places)
    problems = Problems()
    failed = total = 0
    with open_session(console) as session:
        for place in places:
            packs, broken = place.packs()
            problems.diagnostics.extend(broken)
            for pack in packs:
                for case in _cases(pack, place, problems):
                    result = run_case(pack, case, place.files, compiler_of(session))
                    problems.diagnostics.extend(problem for problem in result.problems if problem.severity == "error")
                    ok = _update(result, place, console) if update else _compare(result, console)
                    failed, total = failed + (not ok), total + 1
    console.problems(problems.diagnostics)
    console.say(f"{total} case{'' if total == 1 else 's'}, {failed} failed")
    return 1 if failed or problems.errors else 0


def _cases(pack: Pack, place: PackDirectory, problems: Problems) -> Sequence[Case]:
    """The cases of a pack; none if the pack or a case is invalid (recorded)."""
    problems.diagnostics.extend(defect for defect in pack.defects if defect.severity == "error")
    if any(defect.severity == "error" for defect in pack.defects):
        return ()
    try:
        return read_cases(pack, place.files)
    except CompileError as error:
        problems.add(error)
        return ()


def _compare(result: Result, console: Console) -> bool:
    """Prints whether a case is as expected, and a diff where it is not."""
    lines = [] if result.failed else list(differences(result))
    ok = not lines and not result.failed
    console.text(f"{'ok' if ok else 'FAIL':<4}  {result.case.directory}\n")
    console.text("".join(f"{line}\n" for line in lines))
    return ok


def _update(result: Result, place: PackDirectory, console: Console) -> bool:
    """Makes the rendered files the expected ones, all or none."""
    case = result.case
    if result.failed:
        console.text(f"FAIL  {case.directory}\n")
        return False
    owned = {name: hashlib.sha256(content).hexdigest() for name, content in case.expected.items()}
    changes = publish(place.files.root / case.expected_directory, result.actual, owned)
    parts = [("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)]
    counts = ", ".join(f"{len(paths)} {word}" for word, paths in parts if paths)
    console.text(f"ok    {case.directory}{f': {counts}' if counts else ''}\n")
    return True


@pack_command.command("images")
@click.argument("directory", type=DIRECTORY, metavar="DIR")
@click.option("--check", is_flag=True, help="Exit 1 where pack.content.images lacks an image that is rendered.")
@click.option("--strict", is_flag=True, help="With --check: also where it lists one that nothing names.")
@click.pass_obj
def images_command(console: Console, directory: Path, check: bool, strict: bool) -> int:
    """Print the images that a pack renders with its own values, and compare them with its pack.content.images.

    A listed image that is not used may be right: operators run images that no manifest
    names.

    \b
    Examples:
      lamella pack images packs/web
      lamella pack images packs/web --check   in CI
    """
    place = PackDirectory.of(directory)
    show_packs(console, [place])
    pack = place.pack()
    with open_session(console) as session:
        result = images(pack, place.files, compiler_of(session))
    if result.failed:
        console.problems(result.problems)
        return 1
    console.text("".join(f"{image}\n" for image in result.rendered))
    problems = Problems()
    at = pack.values.at("pack", "content", "images")
    for image in result.unlisted:
        report = problems.error if check else problems.warning
        report(Code.PACK_IMAGE_UNLISTED, f"{image} is rendered but not in pack.content.images", at)
    for image in result.unused:
        report = problems.error if check and strict else problems.warning
        entry = pack.values.at("pack", "content", "images", result.listed.index(image))
        report(Code.PACK_IMAGE_UNUSED, f"{image} is listed but not rendered", entry)
    console.problems(problems.diagnostics)
    console.say(
        f"{len(result.rendered)} rendered, {len(result.unlisted)} not listed, {len(result.unused)} listed and not used"
    )
    return 1 if problems.errors else 0


@pack_command.command("show")
@click.argument("pack", metavar="DIR|NAME[@VERSION]", shell_complete=names("packs"))
@repository_options
@click.option("-o", "--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def show_command(console: Console, pack: str, repo: Path, ref: str, form: str) -> int:
    """Show everything in a pack: fields, charts, presets, schema, constraints, what a profile may set.

    Without VERSION: the highest that the repository has.

    \b
    Examples:
      lamella pack show web@1.2.0
      lamella pack show packs/web -o json
    """
    if not ref and Path(pack).is_dir():
        place = PackDirectory.of(Path(pack))
        show_packs(console, [place])
        description = describe(place.pack(), place.files)
    else:
        with Input.of(repo, ref).files() as files:
            show_lines_of(console, files)
            description = describe(_named(pack, files), files)
    if form == "json":
        console.json(description)
    else:
        console.text(as_text(description))
    for problem in description.get("problems", ()):
        console.say(f"{problem['at']}: {problem['severity']}[{problem['code']}]: {problem['message']}")
    return 0


def _named(asked: str, files: Files) -> Pack:
    """A pack of a repository. Raises CompileError."""
    name, _, version = asked.partition("@")
    source, _ = load(files)
    known = source.packs.get(name)
    if not known:
        hint = did_you_mean(name, source.packs) or "name a pack of the repository, or its directory"
        raise fail(Code.PACK_MISSING, f"no pack and no directory named '{name}'", hint=hint)
    chosen = version if version in known else newest(known, version or "*") or ("" if version else max(known))
    if not chosen:
        hint = versions.hint(known, versions.Version.of_pack)
        raise fail(Code.PACK_VERSION, f"pack '{name}' has no version {version}", hint=hint)
    return known[chosen]


for _command in (new_command, push_command, pull_command, search_command):
    pack_command.add_command(_command)
