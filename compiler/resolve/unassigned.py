"""Profiles that no cluster has, checked for what is wrong whatever cluster gets them.

Each is planned for a stand-in of a cluster, of which nothing is known: not its name, region or user macros, nor variables
without a default. Text that needs one of these stays as it is, and what is made of it is not judged; nothing is rendered.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace

from compiler.charts.catalogue import Charts
from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.files.paths import root_of
from compiler.files.record import Recorder
from compiler.kubernetes import MINORS
from compiler.model import Assignment, Cluster, Profile, ProfileRef, Source
from compiler.model.rendering import Evaluator
from compiler.ports import Files
from compiler.resolve.lookalikes import Lookalikes
from compiler.resolve.plan import ClusterPlanner
from compiler.resolve.scope import SYSTEM_NAMES
from compiler.resolve.stack import profiles_of, stack_of
from compiler.resolve.undeclared import Undeclared

# What a cluster, its templates or its other profiles may still bring.
_OF_CLUSTERS = frozenset({
    Code.VARIABLE_REQUIRED, Code.SCHEMA_REQUIRED, Code.DEPENDENCY_MISSING, Code.DEPENDENCY_UNCHECKED,
    Code.RESOURCES_INSUFFICIENT, Code.KUBERNETES_VERSION,
})  # fmt: skip


def check_unassigned(
    source: Source, files: Files, evaluate: Evaluator, today: datetime.date | None, problems: Problems
) -> None:
    """Reports problems of profiles that no cluster has: missing packs and charts, versions, constraints, values against
    schema.yaml, macros that nothing defines, overlays, manifests. `today` as for `plan`."""
    used = {(ref.name, ref.version) for cluster in source.clusters.values() for ref in profiles_of(cluster, source)}
    recorder = Recorder.over(files)
    charts, lookalikes = Charts.over(recorder), Lookalikes()
    alone = replace(source, clusters={}, templates={})
    for key, profile in source.profiles.items():
        if key in used or root_of(profile.at.path):  # those of imports are checked where they are written
            continue
        own = Problems()
        stack = stack_of(_stand_in(profile), alone, own)
        unknown = frozenset(_unknown(profile, source))
        ClusterPlanner(
            stack, alone, recorder, charts, evaluate, own, today, lookalikes, Undeclared(charts), unknown
        ).check()
        problems.diagnostics.extend(each for each in own.diagnostics if each.code not in _OF_CLUSTERS)


def _stand_in(profile: Profile) -> Cluster:
    sets_version = any(layer.type == "k8s" and layer.source is not None for layer in profile.layers)
    return Cluster(
        name=profile.name,
        at=profile.at,
        labels={},
        cloud="" if profile.cloud == "all" else profile.cloud,
        assignment=Assignment((ProfileRef(profile.name, profile.version, profile.at),)),
        kubernetes_version="" if sets_version else f"1.{MINORS[-1]}.0",
    )


def _unknown(profile: Profile, source: Source) -> Iterator[str]:
    """References whose values a cluster gives."""
    yield from (f"var.{variable.name}" for variable in profile.variables if variable.default is None)
    facts = {name for cluster in source.clusters.values() for name in cluster.facts}
    yield from (f"system.{name}" for name in {*SYSTEM_NAMES, *facts})
    if not source.clusters and not source.macros:
        yield "macro.*"  # they come with the first cluster
    yield from (f"macro.{name}" for macros in source.macros for name in macros.values)
