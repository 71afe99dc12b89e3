"""A cluster's rendered layers to its output files: what only all layers together can tell is decided here.

Namespaces that two layers ask for, the same object twice, Secrets in clear, APIs that the cluster
does not serve, overlays of wide levels that matched nowhere, fields that change from render to render.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from compiler import kubernetes, yamldoc
from compiler.codes import Code
from compiler.diagnostics import Position, Problems
from compiler.model import CrdInfo, PlannedCluster, PlannedLayer, RenderedObject, layout
from compiler.model.assembled import AssembledCluster, AssembledLayer
from compiler.model.order import object_key
from compiler.model.rendering import LayerResult
from compiler.output.namespaces import Layers, with_one_namespace_each
from compiler.output.schemas import check_schemas
from compiler.output.secrets import check_secrets


def assemble(
    cluster: PlannedCluster,
    results: Sequence[LayerResult],
    problems: Problems,
    *,
    unknown_minors: dict[int, Position],
    server_side: bool = False,
) -> AssembledCluster:
    """The cluster's files. `results` are those of its layers, in order, each object in its kind's scope (`with_scopes`);
    `unknown_minors` has the first cluster of each Kubernetes minor that no table knows, of all clusters of a run.
    `server_side`: see `check_schemas`."""
    crds = {
        (crd.group, crd.kind): crd for result in results for item in result.objects if (crd := item.crd) is not None
    }
    layers = []
    for layer, result in zip(cluster.layers, results, strict=True):
        objects = list(result.objects)
        check_secrets(layer, objects, problems)
        _check_macros(layer, objects, problems)
        _check_apis(cluster, layer, objects, crds, problems, unknown_minors)
        layers.append((layer, objects))
    layers = with_one_namespace_each(layers, problems)
    _check_duplicates(layers, problems)
    check_schemas(cluster, layers, problems, server_side=server_side)
    return AssembledCluster(
        cluster, tuple(AssembledLayer(layer, _with_paths(layer, objects)) for layer, objects in layers)
    )


def _check_macros(layer: PlannedLayer, objects: Sequence[RenderedObject], problems: Problems) -> None:
    """No macro reaches the output: one is left where a chart or a template writes it. Packs leave some in comments of
    scripts, where they do no harm."""
    for item in objects:
        if b".spectro." not in item.content:
            continue
        text = item.content.decode()
        for start, end, _ in yamldoc.find_macros(text):
            line = text[text.rfind("\n", 0, start) + 1 : start].lstrip()
            if not line.startswith("#"):
                problems.error(
                    Code.MACRO_LEFT,
                    f"layer '{layer.name}': {item} (from {item.template}) still contains {text[start:end][:80]}",
                    layer.at,
                    hint="macros are replaced in values, manifests and overlays, not in what a chart or template renders",
                )
                break


def _check_apis(
    cluster: PlannedCluster,
    layer: PlannedLayer,
    objects: Sequence[RenderedObject],
    crds: Mapping[tuple[str, str], CrdInfo],
    problems: Problems,
    unknown_minors: dict[int, Position],
) -> None:
    """Built-in APIs that the version does not serve are errors; custom kinds without a CRD in the stack are warnings."""
    if layer.policy.apis == "allow" or layer.management:
        return
    minor = kubernetes.minor_of(cluster.kubernetes_version)
    declared = set(cluster.written.api_versions)
    for item in objects:
        api = f"{item.group}/{item.version}" if item.group else item.version
        if api in declared or f"{api}/{item.kind}" in declared:
            continue
        what = f"layer '{layer.name}': {item} (from {item.template})"
        if kubernetes.is_builtin_group(item.group):
            if minor is not None and minor not in kubernetes.MINORS:
                at = unknown_minors.setdefault(minor, cluster.written.at)
                _warn_of_unknown_version(minor, at, problems)
            elif minor is not None and not kubernetes.serves(minor, item.group, item.version, item.kind):
                report = problems.warning if layer.policy.apis == "warn" else problems.error
                report(
                    Code.API_NOT_SERVED,
                    f"{what} is of {api}, which Kubernetes {cluster.kubernetes_version} does not serve",
                    layer.at,
                    hint="use a version of the chart or manifest made for this Kubernetes, or policy: {apis: warn}",
                )
            continue
        crd = crds.get((item.group, item.kind))
        if crd is not None and item.version not in crd.versions:
            report = problems.warning if layer.policy.apis == "warn" else problems.error
            report(
                Code.API_NOT_SERVED,
                f"{what} is of version {item.version}; its CRD serves {', '.join(crd.versions)}",
                layer.at,
            )
        elif crd is None:
            installed = kubernetes.installer(item.group, item.kind)
            problems.warning(
                Code.API_UNKNOWN,
                f"layer '{layer.name}' has objects of {api} {item.kind}, and no layer brings its CRD"
                f"{f' ({installed[0]}, in the cluster)' if installed else ''}",
                layer.at,
                hint=f"if something else installs it: apiVersions: [{api}/{item.kind}] in the cluster"
                f"{f'; {installed[1]}' if installed else ''}",
            )


def _warn_of_unknown_version(minor: int, at: Position, problems: Problems) -> None:
    first, last = kubernetes.MINORS[0], kubernetes.MINORS[-1]
    told = f"those of 1.{last}" if minor > last else "what Helm itself lists"
    problems.warning(
        Code.KUBERNETES_UNKNOWN,
        f"this is Kubernetes 1.{minor}; which APIs a version serves is known of"
        f" 1.{first} to 1.{last}: objects are not held against it, and charts that ask for APIs are told {told}",
        at,
        hint="policy: {apis: allow} says that this is known",
    )


def _check_duplicates(layers: Layers, problems: Problems) -> None:
    first: dict[tuple[bool, tuple[str, str, str, str]], tuple[PlannedLayer, RenderedObject]] = {}
    for layer, objects in layers:
        for item in objects:
            key = (layer.management, item.id)
            if key not in first:
                first[key] = (layer, item)
                continue
            other, same = first[key], first[key][0] is layer
            where = other[1].template if same else f"{other[1].template} of layer '{other[0].name}'"
            problems.error(
                Code.DUPLICATE_OBJECT,
                f"{item} comes from {item.template} of layer '{layer.name}' and from"
                f" {'it again' if same and other[1].template == item.template else where}",
                layer.at,
                hint="the layer names a file twice, or two files hold the object"
                if same
                else "switch it off in the values of one, drop it by an overlay (transform: {drop: true}), or patch it",
                related=[] if same else [(other[0].at, f"layer '{other[0].name}'")],
            )


def _with_paths(layer: PlannedLayer, objects: list[RenderedObject]) -> tuple[tuple[str, RenderedObject], ...]:
    ordered = sorted(objects, key=lambda item: object_key(item.id))
    names = [layout.object_file(*item.id) for item in ordered]
    if len(set(names)) < len(names):
        counts = Counter(names)
        names = [layout.object_file(*o.id, ambiguous=counts[name] > 1) for name, o in zip(names, ordered, strict=True)]
    return tuple((f"{layer.directory}/{name}", item) for name, item in zip(names, ordered, strict=True))
