"""`lamella list` and `lamella show`: the contents of a repository, without rendering it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import click

from compiler.app.pipeline import prepare
from compiler.cli.completion import names
from compiler.cli.console import Console
from compiler.cli.context import Options, compile_options, show_lines_of
from compiler.cli.repository import Input, repository_options
from compiler.codes import Code
from compiler.diagnostics import Position, Problems, did_you_mean, fail
from compiler.load.repository import load
from compiler.model import PlannedCluster, ProfileRef, Source
from compiler.resolve.stack import profiles_of, stack_of, templates_of
from compiler.versions import Version, age

KINDS = ("clusters", "profiles", "templates", "packs")


@click.command("list")
@click.argument("kind", type=click.Choice(KINDS), default="clusters")
@repository_options
@click.option("-o", "--format", "form", type=click.Choice(["table", "json", "name"]), default="table")
@click.pass_obj
def list_command(console: Console, kind: str, repo: Any, ref: str, form: str) -> None:
    """List clusters (the default), profiles, templates or packs.

    \b
    Examples:
      lamella list                    clusters, with their labels and profiles
      lamella list packs -o json
      lamella list profiles -o name
    """
    with Input.of(repo, ref).files() as files:
        show_lines_of(console, files)
        source, warnings = load(files)
    console.problems(warnings)
    rows = _rows(source, kind)
    if form == "json":
        console.json(rows)
    elif form == "name":
        console.text("".join(f"{row['name']}\n" for row in rows))
    else:
        console.text(table(rows) if rows else f"no {kind}\n")


def _rows(source: Source, kind: str) -> list[dict[str, Any]]:
    """The rows of a kind, sorted: strings, lists of strings, labels."""
    clusters = [cluster for _, cluster in sorted(source.clusters.items())]
    if kind == "profiles":
        used = {cluster.name: {(ref.name, ref.version) for ref in profiles_of(cluster, source)} for cluster in clusters}
        return [
            {
                "name": p.name,
                "version": p.version,
                "type": p.type,
                "cloud": p.cloud,
                **_origin(p.at, source),
                "layers": [layer.name for layer in p.layers],
                "clusters": [name for name, profiles in used.items() if (p.name, p.version) in profiles],
            }
            for _, p in sorted(source.profiles.items(), key=lambda item: (item[0][0], age(item[0][1])))
        ]
    if kind == "packs":
        return [
            {"name": name, "version": version, "layer": pack.layer, "path": pack.directory}
            for name, versions in sorted(source.packs.items())
            for version, pack in sorted(versions.items(), key=lambda item: age(item[0], Version.of_pack))
        ]
    if kind == "templates":
        return [
            {
                "name": t.name,
                "profiles": _named(t.assignment.profiles),
                "clusters": [c.name for c in clusters if t in templates_of(c, source.templates)],
            }
            for _, t in sorted(source.templates.items())
        ]
    return [
        {
            "name": c.name,
            "cloud": stack_of(c, source, Problems()).cloud,
            "labels": dict(c.labels),
            "profiles": _named(profiles_of(c, source)),
        }
        for c in clusters
    ]


def _origin(at: Position, source: Source) -> dict[str, str]:
    """The scope of a document, and where it is from."""
    imported = source.settings.import_of(at.path)
    return {
        "scope": imported.scope if imported else "project",
        "origin": f"import {imported.name}" if imported else "this repository",
    }


def _named(refs: Iterable[ProfileRef]) -> list[str]:
    return [f"{ref.name} {ref.version}" for ref in refs]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Columns padded to their widest cell, headings in capitals, as kubectl prints them."""
    cells = [
        {key: key.upper() for key in rows[0]},
        *({key: _cell(value) for key, value in row.items()} for row in rows),
    ]
    widths = {key: max(len(row[key]) for row in cells) for key in rows[0]}
    return "".join("   ".join(row[key].ljust(widths[key]) for key in row).rstrip() + "\n" for row in cells)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{key}={item}" for key, item in sorted(value.items()))
    return ", ".join(value) if isinstance(value, list) else str(value)


@click.command("show")
@compile_options
@click.option("--layer", default="", metavar="NAME", shell_complete=names("layers"), help="This layer only.")
@click.option("-o", "--format", "form", type=click.Choice(["tree", "json"]), default="tree")
@click.pass_obj
def show_command(console: Console, options: Options, layer: str, form: str) -> None:
    """Show the stack of clusters: layers in order, with waves, versions and sources.

    \b
    Examples:
      lamella show prod-eu
      lamella show -l env=prod -o json
      lamella show --layer monitoring    this layer in every cluster that has it
    """
    with options.repository.files() as files, options.session(console) as session:
        show_lines_of(console, files)
        options.refuse_stale(files, session)
        _, planned, warnings = prepare(files, options.request, session, files.archives)
    console.problems(warnings)
    clusters = [_with_layer(cluster, layer) for cluster in planned.clusters] if layer else planned.clusters
    if layer and not any(cluster.layers for cluster in clusters):
        known = {each.name for cluster in planned.clusters for each in cluster.layers}
        hint = did_you_mean(layer, known)
        raise fail(Code.LAYER_UNKNOWN, f"no layer named '{layer}' in these clusters", hint=hint)
    if form == "json":
        console.json([_described(cluster) for cluster in clusters])
    else:
        console.text("\n".join(_tree(cluster) for cluster in clusters))


def _with_layer(cluster: PlannedCluster, name: str) -> PlannedCluster:
    return replace(cluster, layers=tuple(layer for layer in cluster.layers if layer.name == name))


def _described(cluster: PlannedCluster) -> dict[str, Any]:
    return {
        "cluster": cluster.name,
        "kubernetesVersion": cluster.kubernetes_version,
        "layers": [
            {
                "name": layer.name,
                "type": layer.type,
                "wave": layer.wave,
                "profile": layer.profile,
                "profileVersion": layer.profile_version,
                "source": str(layer.source),
                "path": layer.source_path,
                "namespace": layer.namespace,
                "output": layer.directory,
                "destination": "management" if layer.management else "workload",
            }
            for layer in cluster.layers
        ],
    }


def _tree(cluster: PlannedCluster) -> str:
    labels = ", ".join(f"{key}={value}" for key, value in sorted(cluster.written.labels.items()))
    lines = [f"{cluster.name}  Kubernetes {cluster.kubernetes_version}" + (f"  ({labels})" if labels else "")]
    for index, layer in enumerate(cluster.layers):
        last = index == len(cluster.layers) - 1
        place = f"  [{layer.source_path}]" if layer.source_path else ""
        where = "  -> management cluster" if layer.management else f"  namespace {layer.namespace}"
        lines.append(
            f"{'└──' if last else '├──'} {layer.wave:02d} {layer.type:<5} {layer.name}  {layer.source}{place}"
            f"  from {layer.profile} {layer.profile_version}{where}"
        )
    return "\n".join(lines) + "\n"
