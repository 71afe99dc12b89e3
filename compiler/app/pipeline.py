"""The compiler as a list of steps: files → source → plan → rendered layers → assembled clusters → output files.

Read this file first. Everything here is a function of its arguments; files, worker processes and committed output are
passed in.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from compiler import __version__, delivery
from compiler.app.schedule import Progress, Rendered, render_layers
from compiler.app.unused import unused_values
from compiler.codes import Code
from compiler.diagnostics import Diagnostic, Position, Problems, did_you_mean, fail, told_once
from compiler.files.record import NOTHING, Reads, Recorder
from compiler.load.repository import load
from compiler.mask import masked
from compiler.model import Cluster, OutputFile, Plan, PlannedCluster, Selector, Source, layout
from compiler.model.assembled import AssembledCluster
from compiler.model.lock import Archives
from compiler.model.overlays import Overlay
from compiler.model.rendered import text_file
from compiler.model.rendering import Engine, LayerResult, Renderer
from compiler.output import committed, inventory
from compiler.output.assemble import assemble
from compiler.output.policy import apply_policies
from compiler.output.scopes import with_scopes
from compiler.output.shared import Servers, owned_once
from compiler.output.upgrades import check_upgrades
from compiler.overlay.select import nearest
from compiler.ports import Files
from compiler.resolve.plan import plan
from compiler.resolve.registries import needed


@dataclass(frozen=True, slots=True)
class Request:
    """The clusters to compile: by name, by label selector, or all. `today` is for warnings only (end of life of packs).

    With `lenient`, names and selections without a cluster are not errors: one of two commits may lack the cluster.
    """

    names: tuple[str, ...] = ()
    selector: Selector = Selector()
    today: datetime.date | None = None
    lenient: bool = False

    @property
    def everything(self) -> bool:
        return not self.names and not self.selector.requirements


@dataclass(frozen=True, slots=True)
class Compilation:
    """The result: the files of the selected clusters, and of the fleet if all were selected, and all that was read."""

    source: Source
    plan: Plan
    clusters: tuple[AssembledCluster, ...]
    files: tuple[OutputFile, ...]
    warnings: tuple[Diagnostic, ...]
    progress: Progress = field(default_factory=Progress)
    reads: Reads = NOTHING


def select(source: Source, request: Request) -> tuple[Cluster, ...]:
    """The selected clusters, sorted by name. Raises CompileError for unknown names and an empty selection."""
    if not request.lenient:
        check_names(request, source.clusters)
    clusters = [
        source.clusters[name]
        for name in sorted(source.clusters)
        if (not request.names or name in request.names) and request.selector.matches(source.clusters[name].labels)
    ]
    if not clusters and not request.everything and not request.lenient:
        raise fail(
            Code.CLUSTER_UNKNOWN, "no cluster matches the selector", hint="`lamella list` shows clusters and labels"
        )
    return tuple(clusters)


def check_names(request: Request, known: Collection[str]) -> None:
    """Raises CompileError for unknown names of clusters."""
    problems = Problems()
    for name in request.names:
        if name not in known:
            problems.error(Code.CLUSTER_UNKNOWN, f"no cluster named '{name}'", hint=did_you_mean(name, known))
    problems.raise_if_any()


def prepare(
    files: Files, request: Request, renderer: Renderer, archives: Archives | None = None
) -> tuple[Source, Plan, tuple[Diagnostic, ...]]:
    """Reads and plans, without rendering: source, plan and warnings. Raises CompileError with all problems."""
    recorder = Recorder.over(files)
    source, loading = load(recorder)
    planned, problems = _planned(source, recorder, select(source, request), renderer, archives, request.today)
    problems.raise_if_any()
    return source, planned, told_once((*loading, *problems.warnings))


def compile_clusters(
    files: Files,
    request: Request,
    renderer: Renderer,
    *,
    existing: Callable[[str], Files | None],
    archives: Archives | None = None,
    progress: Progress | None = None,
    selected_are: Callable[[int], object] = lambda _: None,
) -> Compilation:
    """The output files of the selected clusters. Raises CompileError with every problem found; then nothing is written.

    `existing` gives the output directory (by its name in the settings) as it is now, for `policy: {random: keep}`. What
    the lock pins is fetched from `archives` before anything is planned; it is None for files without a lock.
    `selected_are` is told how many clusters are selected, as soon as that is known.
    """
    progress = progress or Progress()
    recorder = Recorder.over(files)
    source, loading = load(recorder)
    selected = select(source, request)
    selected_are(len(selected))
    planned, problems = _planned(source, recorder, selected, renderer, archives, request.today)
    problems.diagnostics.extend(loading)
    rendered = _rendered(planned, source, renderer, progress)
    results = rendered.results
    collect(planned.clusters, results, problems)
    _collect_unmatched(planned.clusters, results, problems)
    problems.diagnostics.extend(unused_values(planned, rendered, renderer, progress))
    now = existing(planned.settings.output)
    assembled = _assembled(planned, results, now, source, problems)
    servers = Servers.of(source.clusters.values())
    others = _beside(servers, planned, source, recorder, renderer, now, archives, problems)
    clusters = owned_once([*assembled, *others], servers, problems)[: len(assembled)]
    problems.raise_if_any()
    output = _files(planned, clusters, source, request, _versions(renderer.engine), now, problems)
    problems.raise_if_any()
    return Compilation(source, planned, tuple(clusters), output, told_once(problems.warnings), progress, recorder.reads)


def _planned(
    source: Source,
    recorder: Recorder,
    clusters: Sequence[Cluster],
    renderer: Renderer,
    archives: Archives | None,
    today: datetime.date | None = None,
) -> tuple[Plan, Problems]:
    """The plan of the clusters and its problems; what the lock pins for them is fetched before."""
    if archives:
        archives.prefetch(needed(source, clusters))
    return plan(source, recorder, clusters, renderer.evaluate, today)


def _rendered(planned: Plan, source: Source, renderer: Renderer, progress: Progress) -> Rendered:
    """All layers of the plan, with what deliveries add and with the images that the lock pins."""
    annotations = delivery.annotations_for(planned.settings.delivery)
    return render_layers(planned, renderer, progress, annotations=annotations, pins=source.lock.digests)


def _assembled(
    planned: Plan, results: Sequence[Sequence[LayerResult]], now: Files | None, source: Source, problems: Problems
) -> list[AssembledCluster]:
    """The clusters whose layers were all rendered; the problems of all of them."""
    unknown_minors: dict[int, Position] = {}
    clusters = []
    for cluster, layers in zip(planned.clusters, results, strict=True):
        with _problems_of(cluster.name, problems) as own:
            check_upgrades(cluster, partial(committed.layer_sources, now, cluster.name), source.packs, own)
            if any(d.severity == "error" for result in layers for d in result.diagnostics):
                continue  # the others are still checked: all problems in one run
            scoped = with_scopes(cluster, layers, planned.settings.scopes, own)
            kept = apply_policies(cluster, scoped, committed.objects(now, cluster.name), own)
            server_side = "flux" in planned.settings.delivery
            clusters.append(assemble(cluster, kept, own, unknown_minors=unknown_minors, server_side=server_side))
    return clusters


def _beside(
    servers: Servers,
    planned: Plan,
    source: Source,
    recorder: Recorder,
    renderer: Renderer,
    now: Files | None,
    archives: Archives | None,
    problems: Problems,
) -> list[AssembledCluster]:
    """The clusters that were not selected and bring objects to the same API servers, with these layers alone: who owns an
    object must not depend on what is selected. Their errors count, for a render of all would end with them."""
    names = servers.beside(planned.clusters)
    if not names:
        return []
    beside, own = _planned(source, recorder, [source.clusters[name] for name in names], renderer, archives)
    beside = replace(beside, clusters=tuple(servers.reduced(beside.clusters, planned.clusters)))
    results = _rendered(beside, source, renderer, Progress()).results
    collect(beside.clusters, results, own)
    assembled = _assembled(beside, results, now, source, own)
    problems.diagnostics.extend(own.errors)
    return assembled


@contextmanager
def _problems_of(cluster: str, problems: Problems) -> Iterator[Problems]:
    """For `with`: the list for problems of one cluster."""
    own = Problems()
    yield own
    problems.diagnostics.extend(each.within(cluster) for each in own.diagnostics)


def collect(clusters: Sequence[PlannedCluster], results: Sequence[Sequence[LayerResult]], problems: Problems) -> None:
    """Problems of the layers."""
    for cluster, layers in zip(clusters, results, strict=True):
        for layer, result in zip(cluster.layers, layers, strict=True):
            for diagnostic in result.diagnostics:
                bare = _masked(diagnostic, layer.secrets)
                placed = bare if bare.at else replace(bare, at=layer.at)
                problems.diagnostics.append(placed.within(cluster.name))


def _collect_unmatched(
    clusters: Sequence[PlannedCluster], results: Sequence[Sequence[LayerResult]], problems: Problems
) -> None:
    """Wide overlays that matched nowhere, of the clusters whose layers were all rendered."""
    for cluster, layers in zip(clusters, results, strict=True):
        if any(d.severity == "error" for result in layers for d in result.diagnostics):
            continue
        matched: dict[Position, bool] = {}
        wide = {}
        for layer, result in zip(cluster.layers, layers, strict=True):
            for index, scoped in enumerate(layer.overlays):
                if scoped.wide and not scoped.overlay.optional:
                    place = scoped.overlay.at  # the overlay as written: macros may make another one for each layer
                    wide[place] = scoped.overlay
                    matched[place] = matched.get(place, False) or index in result.matched
        for place, overlay in wide.items():
            if not matched[place]:
                unmatched = Diagnostic(
                    Code.OVERLAY_NO_MATCH,
                    "the overlay's target matches no object of any layer",
                    overlay.at,
                    hint=f"{_nearest(overlay, layers)}correct the target, or mark the overlay optional: true",
                )
                problems.diagnostics.append(unmatched.within(cluster.name))


def _nearest(overlay: Overlay, layers: Sequence[LayerResult]) -> str:
    """The objects of the cluster that the overlay's target probably means, for a hint that goes on."""
    objects = [
        {
            "apiVersion": f"{each.group}/{each.version}" if each.group else each.version,
            "kind": each.kind,
            "metadata": {"namespace": each.namespace, "name": each.name},
        }
        for result in layers
        for each in result.objects
    ]
    return f"{nearest(overlay.target, objects)}; " if overlay.target else ""


def _masked(diagnostic: Diagnostic, secrets: frozenset[str]) -> Diagnostic:
    """The diagnostic without the texts that no message may show: templates fail with values in their messages."""
    message, hint = masked(diagnostic.message, secrets), masked(diagnostic.hint, secrets)
    same = (message, hint) == (diagnostic.message, diagnostic.hint)
    return diagnostic if same else replace(diagnostic, message=message, hint=hint)


def _versions(engine: Engine) -> dict[str, str]:
    """What output depends on besides the repository; recorded in inventories."""
    return {"lamella": __version__, "helm": engine.version}


def _files(
    planned: Plan,
    clusters: Sequence[AssembledCluster],
    source: Source,
    request: Request,
    versions: Mapping[str, str],
    now: Files | None,
    problems: Problems,
) -> tuple[OutputFile, ...]:
    """Objects, delivery, images and inventories of the clusters, and the root's own files."""
    files: list[OutputFile] = []
    for cluster in clusters:
        name = cluster.name
        with _problems_of(name, problems) as of_cluster:
            delivered = delivery.cluster_files(cluster, planned.settings, of_cluster)
        own = [*cluster.files(), *delivered]
        images = "".join(f"{image}\n" for image in cluster.images())
        own.append(text_file(layout.images(name), images, name))
        files += [*own, inventory.cluster_inventory(cluster.planned, own, versions)]
    fleet = set(source.clusters) if request.everything else {*committed.clusters(now), *(c.name for c in clusters)}
    delivery.check_names(files, problems)
    shared = [inventory.git_attributes(), *delivery.fleet_files(sorted(fleet), planned.settings, problems)]
    return (*files, *shared, inventory.root_inventory(shared, fleet, versions))
