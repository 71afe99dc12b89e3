"""`lamella import palette` and `lamella export palette`: profiles from and to Palette's exchange format."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Literal

import click

from compiler import files as tree
from compiler import versions
from compiler.app.secrets import secret_texts_of
from compiler.cli.completion import names
from compiler.cli.console import Console, SourceLine
from compiler.cli.context import show_lines_of
from compiler.cli.repository import Input, repo_option, repository_options
from compiler.codes import Code
from compiler.diagnostics import CompileError, did_you_mean, fail
from compiler.exchange.exporting import export_profile
from compiler.exchange.importing import import_profile
from compiler.host import additions
from compiler.host.disk import DirectoryFiles
from compiler.load.repository import PROFILES, load
from compiler.load.settings import PATH as SETTINGS
from compiler.model import INFRA_TYPES, Profile, Source


@click.group("import")
def import_command() -> None:
    """Import from other tools into this repository.

    \b
    Examples:
      lamella import palette profile.json
    """


@click.group("export")
def export_command() -> None:
    """Export from this repository to other tools.

    \b
    Examples:
      lamella export palette web@1.2.0 --output web.json
    """


@import_command.command("palette")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE")
@repo_option("The repository to write to (default: .).", exists=True)
@click.option(
    "--output",
    "folder",
    default=PROFILES,
    metavar="FOLDER",
    help="Where profiles go, in the repository (default: profiles).",
)
@click.option(
    "--builtin",
    multiple=True,
    type=click.Choice(INFRA_TYPES),
    help="The layer of this type is in the clusters already: builtin: true in place of its pack. Repeatable.",
)
@click.option("--force", is_flag=True, help="Overwrite existing files that differ.")
@click.pass_obj
def import_palette(console: Console, file: Path, repo: Path, folder: str, builtin: tuple[str, ...], force: bool) -> int:
    """Write a profile that Palette exported (JSON or YAML) as files of this repository.

    Values keep their comments, attached manifests become files, registries go into
    lamella.yaml. The paths of what was written go to stdout, what could not be carried
    over to stderr. All files are written, or none.

    \b
    Examples:
      lamella import palette profile.json
      lamella import palette profile.json --output profiles/infra
    """
    content, source = file.read_bytes(), file.as_posix()
    form: Literal["json", "yaml"] = "json" if file.suffix == ".json" else "yaml"
    files = DirectoryFiles(repo.absolute())
    show_lines_of(console, files)
    console.secrets |= secret_texts_of(content, source)
    if form == "yaml":
        console.source_line = _lines_of(content, source)
    folder = tree.normalise("", folder)
    if folder != PROFILES and not folder.startswith(f"{PROFILES}/"):
        raise click.BadParameter(f"profiles are read from {PROFILES}/ only", param_hint="--output")
    imported = import_profile(content, source, form, repository=files, folder=folder, builtin=builtin)
    path, *_ = imported.files
    name, version = PurePosixPath(path).parent.name, path.rpartition("/")[2].removesuffix(".yaml")
    _refuse_twin(files, name, version, path)
    # Whole profiles only: after a crash in between the profile itself, which comes last, is not there.
    new = {path: text.encode() for path, text in reversed(list(imported.files.items()))}
    written = additions.add(files.root, new, replace=new if force else {SETTINGS})
    console.text("".join(f"{path}\n" for path in written))
    console.problems(imported.notes)
    count = f"{len(written)} file{'' if len(written) == 1 else 's'} written" if written else "files are up to date"
    console.say(f"profile {name} {version}: {count}")
    return 0


def _lines_of(content: bytes, source: str) -> SourceLine:
    lines = content.decode("utf-8", "replace").splitlines()
    return lambda at: lines[at.line - 1] if at.path == source and 0 < at.line <= len(lines) else ""


def _refuse_twin(files: DirectoryFiles, name: str, version: str, path: str) -> None:
    """As in Palette, a profile is imported once: another file must not define the same version."""
    try:
        source, _ = load(files)
    except CompileError:
        return  # `lamella check` reports what is wrong with the repository
    twin = source.profiles.get((name, version))
    if twin is not None and twin.at.path != path:
        hint = "delete it, or change spec.version of the export"
        raise fail(Code.DUPLICATE_NAME, f"profile {name} {version} already exists", twin.at, hint=hint)


@export_command.command("palette")
@click.argument("profile", metavar="PROFILE[@VERSION]", shell_complete=names("profiles"))
@repository_options
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write here instead of to stdout."
)
@click.pass_obj
def export_palette(console: Console, profile: str, repo: Path, ref: str, output: Path | None) -> int:
    """Print a profile as the JSON that Palette imports. Without VERSION: the highest one.

    \b
    Examples:
      lamella export palette web --output web.json
      lamella export palette web@1.2.0 --ref main
    """
    with Input.of(repo, ref).files() as files:
        show_lines_of(console, files)
        source, warnings = load(files)
        exported = export_profile(_profile(source, profile), source, files)
    console.problems([*warnings, *exported.notes])
    if output is None:
        console.data(exported.text)
    else:
        target = output.absolute()
        additions.add(target.parent, {target.name: exported.text.encode()}, replace={target.name})
    return 0


def _profile(source: Source, asked: str) -> Profile:
    name, _, version = asked.partition("@")
    known = {number: profile for (owner, number), profile in source.profiles.items() if owner == name}
    if not known:
        hint = did_you_mean(name, [owner for owner, _ in source.profiles])
        raise fail(Code.PROFILE_MISSING, f"no profile named '{name}'", hint=hint)
    if version and version not in known:
        hint = versions.hint(known)
        raise fail(Code.PROFILE_VERSION_MISSING, f"profile '{name}' has no version {version}", hint=hint)
    return known[version or max(known, key=versions.age)]
