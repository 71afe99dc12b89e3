"""When which layer is rendered: equal tasks once, layers that read `.Capabilities.APIVersions` after those below them.

A chart that reads the cluster's APIs must see those that CRDs of the layers below it provide, so it waits
for them; all others render at once. Each round hands every task that is ready to the workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from compiler.codes import Code
from compiler.diagnostics import fail
from compiler.limits import OUTPUT_BYTES
from compiler.model import ManifestPart, Plan, PlannedCluster, PlannedLayer
from compiler.model.rendering import Annotation, Engine, LayerResult, LayerTask, Renderer


@dataclass(slots=True)
class Progress:
    """Counts of one run: layers of all clusters, tasks that were rendered. `shown` is called at each change."""

    shown: Callable[[Progress], None] = lambda _: None
    layers: int = 0
    tasks: int = 0
    done: int = 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """For each cluster the tasks and the results of its layers, in their order; and every result by the key of its task."""

    tasks: tuple[tuple[LayerTask, ...], ...]
    results: tuple[tuple[LayerResult, ...], ...]
    known: Mapping[str, LayerResult]


@dataclass(slots=True)
class _Pending:
    cluster: PlannedCluster
    tasks: list[LayerTask | None] = field(default_factory=list)
    results: list[LayerResult | None] = field(default_factory=list)


def render_layers(
    planned: Plan,
    renderer: Renderer,
    progress: Progress,
    *,
    annotations: tuple[Annotation, ...] = (),
    pins: Mapping[str, str] | None = None,
) -> Rendered:
    """All layers of all clusters, rendered. `annotations` are for the objects of all layers; `pins` are the digests of
    images, for the layers that pin them. Without these every image stays as it is."""
    clusters, engine = planned.clusters, renderer.engine
    known: dict[str, LayerResult] = {}
    written = 0
    pending = [_Pending(c, [None] * len(c.layers), [None] * len(c.layers)) for c in clusters]
    progress.layers = sum(len(cluster.layers) for cluster in clusters)
    while True:
        wanted: dict[str, LayerTask] = {}
        places: list[tuple[_Pending, int, str]] = []
        for item in pending:
            for index, bare in _ready(item, engine):
                task = replace(bare, annotations=annotations, image_fields=planned.settings.image_fields)
                policy = item.cluster.layers[index].policy
                if pins is not None and policy.pins_images:
                    task = replace(task, pins=pins, unpinned=policy.images_unpinned)
                item.tasks[index] = task
                key = task.key()
                places.append((item, index, key))
                if key not in known:
                    wanted.setdefault(key, task)
        if not places:
            break
        keys = list(wanted)
        progress.tasks += len(keys)
        for index, result in renderer.render([wanted[key] for key in keys], planned.spool):
            known[keys[index]] = result
            written += sum(len(each.content) for each in result.objects)
            if written > OUTPUT_BYTES:
                hint = "compile fewer clusters in one run"
                raise fail(
                    Code.LIMIT_EXCEEDED, f"the layers give more than {OUTPUT_BYTES:,} bytes of objects", hint=hint
                )
            progress.done += 1
            progress.shown(progress)
        for item, index, key in places:
            item.results[index] = known[key]
    return Rendered(
        tuple(tuple(filter(None, item.tasks)) for item in pending),
        tuple(tuple(result for result in item.results if result is not None) for item in pending),
        known,
    )


def _ready(item: _Pending, engine: Engine) -> Iterator[tuple[int, LayerTask]]:
    """The layers that can be rendered now and have not been."""
    below_done = True
    for index, layer in enumerate(item.cluster.layers):
        if item.results[index] is None:
            reads = any(not isinstance(part, ManifestPart) and part.reads_api_versions for part in layer.parts)
            if below_done or not reads:
                apis = _api_versions(item, index) if reads else ()
                yield index, _task(layer, item.cluster.kubernetes_version, apis, engine)
            below_done = False


def _api_versions(item: _Pending, index: int) -> tuple[str, ...]:
    """The APIs that the cluster declares, and those of CRDs in the layers below: `group/version`, `group/version/Kind`."""
    layers = item.cluster.layers
    versions = set(item.cluster.written.api_versions)
    for below, result in zip(layers[:index], item.results, strict=False):
        if result is None or below.management != layers[index].management:
            continue  # the cluster itself does not serve the APIs of its management cluster
        for crd in (o.crd for o in result.objects if o.crd):
            for version in crd.versions:
                versions |= {f"{crd.group}/{version}", f"{crd.group}/{version}/{crd.kind}"}
    return tuple(sorted(versions))


def _task(layer: PlannedLayer, kube_version: str, api_versions: tuple[str, ...], engine: Engine) -> LayerTask:
    return LayerTask(
        parts=layer.parts,
        namespace=layer.namespace,
        kube_version=kube_version,
        api_versions=api_versions,
        overlays=layer.overlays,
        drop_hooks=layer.policy.hooks == "drop",
        check_schemas=layer.policy.schema != "off",
        extra=layer.extra_objects,
        engine=engine,
    )
