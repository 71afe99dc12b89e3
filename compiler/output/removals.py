"""A run that would delete much is refused until somebody says that it is meant: the controller deletes what is gone.

An empty `profiles/`, a selector with a typo or a folder that was not checked out would otherwise take a fleet down with
exit status 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from compiler.codes import Code
from compiler.diagnostics import Position, Problems
from compiler.kubernetes import ObjectId
from compiler.model import layout

Objects = Mapping[str, Collection[tuple[str, ObjectId]]]
"""By cluster its objects, each with its tree: the cluster itself, or its management cluster."""

_LISTED = 5


def objects_by_cluster(files: Iterable[tuple[str, str, ObjectId | None]]) -> dict[str, set[tuple[str, ObjectId]]]:
    """Of (cluster, path, object) what the clusters run. What delivers it is not in it."""
    by_cluster: dict[str, set[tuple[str, ObjectId]]] = {}
    for cluster, path, identity in files:
        if cluster:
            objects = by_cluster.setdefault(cluster, set())
            if identity is not None and layout.tree_of(path) in (layout.CLUSTERS, layout.MANAGEMENT):
                objects.add((layout.tree_of(path), identity))
    return by_cluster


def check_removals(before: Objects, after: Objects, output: str, problems: Problems) -> None:
    """Records `output-removal` where a cluster is gone, or more than a quarter of the objects. An object that moves to
    another layer of its cluster is not gone. `output` is the output directory's name, for the message."""
    gone = sorted(before.keys() - after.keys())
    total = sum(map(len, before.values()))
    removed = sum(len(set(objects) - set(after.get(cluster, ()))) for cluster, objects in before.items())
    if not gone and removed * 4 <= total:
        return
    listed = ", ".join(gone[:_LISTED]) + (f" and {len(gone) - _LISTED} more" if len(gone) > _LISTED else "")
    clusters = f"{'clusters' if len(gone) > 1 else 'cluster'} {listed} and " if gone else ""
    problems.error(
        Code.OUTPUT_REMOVAL,
        f"this removes {clusters}{removed} of {total} objects, which the controller then deletes",
        Position(output),
        hint="if that is what you want: --allow-removal; else look for clusters, templates or files that are missing",
    )
