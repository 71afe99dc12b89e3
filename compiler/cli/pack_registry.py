"""`lamella pack push`, `pull` and `search`: packs to and from registries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

from compiler.authoring.lint import lint
from compiler.authoring.publishing import pull, push, refuse_left_over, search
from compiler.cli.console import Console
from compiler.cli.helm import open_session
from compiler.cli.inspect import table
from compiler.cli.places import DIRECTORY, PackDirectory, compiler_of, show_packs
from compiler.cli.repository import registries, repo_option
from compiler.codes import Code
from compiler.diagnostics import Problems, did_you_mean, fail
from compiler.host import additions
from compiler.host.disk import DirectoryFiles
from compiler.host.threads import each
from compiler.load.registries import URLS, check_url
from compiler.load.settings import PATH, read_settings_file
from compiler.model import Registry

Layout = Literal["lamella", "palette"]
_LAYOUT = click.option(
    "--layout",
    type=click.Choice(["lamella", "palette"]),
    default="lamella",
    help="Where packs are below an oci:// URL (default: lamella). A declared registry has its own.",
)


@click.command("push")
@click.argument("directory", type=DIRECTORY, metavar="DIR")
@click.argument("registry", metavar="REGISTRY")
@repo_option("The repository whose lamella.yaml declares REGISTRY (default: .).")
@_LAYOUT
@click.option("--force", is_flag=True, help="Overwrite the version if the registry has it with other content.")
@click.pass_obj
def push_command(console: Console, directory: Path, registry: str, repo: Path, layout: Layout, force: bool) -> int:
    """Check a pack as `lamella pack lint` does, and put it into an OCI registry.

    REGISTRY is a name from lamella.yaml or an oci:// URL. A version that is there with
    the same files is left alone; with others it is an error.

    \b
    Examples:
      lamella pack push packs/web corp
      lamella pack push packs/web oci://registry.example.com/packs
    """
    place = PackDirectory.of(directory)
    show_packs(console, [place])
    target = _registry(registry, layout, repo)
    pack = place.pack()
    with open_session(console) as session:
        findings = lint(place.files, pack, compiler_of(session))
    console.problems(findings)
    if any(finding.severity == "error" for finding in findings):
        return 1
    result = push(pack, place.files, target, registries(), force=force)
    console.text(f"{result.revision}\n")
    console.say(f"{result.outcome}: pack {pack.name} {pack.version}, {target.source}")
    return 0


@click.command("pull")
@click.argument("pack", metavar="NAME[@VERSION]")
@click.option("--registry", required=True, metavar="REGISTRY", help="A name from lamella.yaml, or a URL.")
@repo_option("The repository to write to (default: .).")
@click.option("--to", "directory", default="", metavar="DIR", help="In the repository (default: packs/NAME-VERSION).")
@_LAYOUT
@click.option("--force", is_flag=True, help="Overwrite files of the pack that were changed.")
@click.pass_obj
def pull_command(
    console: Console, *, pack: str, registry: str, repo: Path, directory: str, layout: Layout, force: bool
) -> int:
    """Copy a pack from a registry into the repository, to change it or to keep it there.

    VERSION is exact, a range or a train (1.x); without it, the newest. A layer that
    names a pack of a registry needs no copy: see `lamella lock`.

    \b
    Examples:
      lamella pack pull web@1.2.x --registry corp
    """
    source = _registry(registry, layout, repo)
    name, _, version = pack.partition("@")
    pulled = pull(name, version or "*", source, registries())
    folder = (directory or f"packs/{pulled.name}-{pulled.version}").strip("/")
    refuse_left_over(DirectoryFiles(repo.absolute()), folder, pulled)
    files = {f"{folder}/{path}": content for path, content in pulled.files.items()}
    for path in additions.add(repo.absolute(), files, replace=files if force else ()):
        console.text(f"{path}\n")
    console.say(f"{folder}: pack {pulled.name} {pulled.version}, {source.source} {pulled.revision}".rstrip())
    return 0


@click.command("search")
@click.argument("text", default="", metavar="[TEXT]")
@click.option("--registry", default="", metavar="REGISTRY", help="A name from lamella.yaml, or a URL (default: all).")
@repo_option("The repository whose lamella.yaml declares the registries (default: .).")
@_LAYOUT
@click.option("-o", "--format", "form", type=click.Choice(["table", "json"]), default="table")
@click.pass_obj
def search_command(console: Console, *, text: str, registry: str, repo: Path, layout: Layout, form: str) -> int:
    """List the packs of registries whose name contains TEXT.

    An OCI registry is asked for its catalog; some do not give one.

    \b
    Examples:
      lamella pack search nginx
      lamella pack search --registry corp -o json   every version
    """
    places = [_registry(registry, layout, repo)] if registry else _pack_registries(repo)
    problems = Problems()
    matches = search(text, places, registries(), problems, each)
    plain = [match.plain() for match in matches]
    if form == "json":
        console.json(plain)
    elif plain:
        rows = [{"name": row["name"], "newest": row["versions"][0], "versions": len(row["versions"]),
                 "registry": row["registry"]} for row in plain]  # fmt: skip
        console.text(table(rows))
    problems.raise_if_any()
    if not plain:
        console.say(f"no pack {f'named like {text!r}' if text else ''} in {len(places)} registries".replace("  ", " "))
    return 0


def _registry(text: str, layout: Layout, repo: Path) -> Registry:
    """The registry that is named or addressed. Raises CompileError: `registry-*`."""
    declared = _declared(repo)
    if "://" not in text:
        known = {each_.name: each_ for each_ in declared if each_.kind == "pack"}
        if text not in known:
            hint = did_you_mean(text, known) or f"declare it under registries: in {PATH}, or name an oci:// URL"
            raise fail(Code.REGISTRY_UNKNOWN, f"no registry of packs named '{text}'", hint=hint)
        return known[text]
    problems = Problems()
    url = text.rstrip("/")
    check_url(url, URLS, problems.error)
    problems.raise_if_any()
    same = next((each_ for each_ in declared if each_.kind == "pack" and each_.url == url), None)
    return same or Registry("", None, url=url, layout=layout)


def _pack_registries(repo: Path) -> Sequence[Registry]:
    places = [registry for registry in _declared(repo) if registry.kind == "pack" and not registry.local]
    if not places:
        hint = f"declare one under registries: in {PATH}, or name one with --registry"
        raise fail(Code.REGISTRY_UNKNOWN, "no registry of packs is declared", hint=hint)
    return places


def _declared(repo: Path) -> Sequence[Registry]:
    problems = Problems()
    settings = read_settings_file(DirectoryFiles(repo.absolute()), problems)
    problems.raise_if_any()
    return settings.registries
