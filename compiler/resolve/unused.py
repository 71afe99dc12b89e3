"""Profiles that no cluster has: is what they name there? A mistake is told before somebody uses them."""

from __future__ import annotations

from compiler.diagnostics import CompileError, Problems
from compiler.model import ChartRef, Layer, Source
from compiler.ports import Files
from compiler.resolve.sources import Charts, find_chart, find_pack


def check_unused_profiles(source: Source, files: Files, problems: Problems) -> None:
    """Records every pack and chart that such a profile names and this repository does not have."""
    assignments = [cluster.assignment for cluster in source.clusters.values()]
    assignments += [template.assignment for template in source.templates.values()]
    used = {(ref.name, ref.version) for assignment in assignments for ref in assignment.profiles}
    charts = Charts.over(files)
    for key, profile in source.profiles.items():
        for layer in profile.layers if key not in used else ():
            try:
                _find(layer, source, charts, problems)
            except CompileError as error:
                problems.add(error)


def _find(layer: Layer, source: Source, charts: Charts, problems: Problems) -> None:
    reference = layer.source
    if isinstance(reference, ChartRef):
        find_chart(reference, layer.at.path, charts)
        reference = reference.linked_pack
    if reference is not None:
        find_pack(reference, reference.version, reference.at, source, problems)
