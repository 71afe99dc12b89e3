"""Assembled clusters for tests: objects as YAML text, through the same stages as real ones."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.diagnostics import Position, Problems
from compiler.model import (
    ArgocdOptions,
    Cluster,
    Destination,
    FluxOptions,
    LayerSource,
    LayerType,
    OutputFile,
    PlannedCluster,
    PlannedLayer,
    Policy,
    Settings,
)
from compiler.model import Assignment as _Assignment
from compiler.model.assembled import AssembledCluster
from compiler.model.rendering import LayerResult
from compiler.output.assemble import assemble
from compiler.output.scopes import with_scopes
from compiler.render.objects import drafts_of, finished

REPO_URL = "https://git.example.com/platform/fleet.git"


@dataclass(frozen=True, slots=True)
class L:
    """A layer of a test cluster."""

    name: str
    wave: int
    objects: str
    type: LayerType = "addon"
    prune: str = "enabled"
    management: bool = False
    namespace: str = "default"
    readiness: tuple[dict[str, object], ...] = ()


def settings(
    *delivery: str, argocd: ArgocdOptions | None = None, flux: FluxOptions | None = None, output: str = "output"
) -> Settings:
    return Settings(
        output=output,
        delivery=delivery,  # type: ignore[arg-type]
        argocd=argocd or ArgocdOptions(repo_url=REPO_URL),
        flux=flux or FluxOptions(),
    )


def cluster(name: str, *layers: L, destination: Destination | None = None) -> AssembledCluster:
    written = Cluster(name, Position("c.yaml", 1), {}, "aws", _Assignment(), destination=destination or Destination())
    planned = PlannedCluster(written, "1.33.4", tuple(_planned(name, layer) for layer in layers))
    results = [_result(layer) for layer in layers]
    problems = Problems()
    assembled = assemble(planned, with_scopes(planned, results, {}, problems), problems, unknown_minors={})
    assert not problems.errors
    return assembled


def _planned(cluster_name: str, layer: L) -> PlannedLayer:
    return PlannedLayer(
        cluster=cluster_name,
        name=layer.name,
        type=layer.type,
        wave=layer.wave,
        profile="p",
        profile_version="1.0.0",
        source=LayerSource("manifests"),
        namespace=layer.namespace,
        parts=(),
        overlays=(),
        policy=Policy(secrets="allow", apis="allow", prune=layer.prune),
        at=Position("profiles/p.yaml", 7),
        management=layer.management,
        readiness=layer.readiness,
    )


def _result(layer: L) -> LayerResult:
    drafts, diagnostics = drafts_of(layer.objects, f"{layer.name}.yaml", layer.namespace, False)
    assert not diagnostics
    return LayerResult(tuple(finished(draft) for draft in drafts))


def tree(files: list[OutputFile]) -> dict[str, str]:
    """{path: text}; fails where two files have one path."""
    found = {file.path: file.content.decode() for file in files}
    assert len(found) == len(files)
    return found


def config_map(name: str, **data: str) -> str:
    lines = "".join(f'\n  {key}: "{value}"' for key, value in data.items()) or " {}"
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:{lines}\n"


WIDGET_CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets}
  scope: Cluster
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
"""
WIDGET = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: one}\n"
CLUSTER_API = """\
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: eu, namespace: fleet-eu}
---
apiVersion: cluster.x-k8s.io/v1beta2
kind: MachineDeployment
metadata: {name: workers, namespace: fleet-eu}
"""
CNI = """\
apiVersion: v1
kind: Namespace
metadata: {name: cni}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: cni}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: registry.example.com/agent:1.2.3}]}
"""


def full_stack(name: str, destination: Destination | None = None) -> AssembledCluster:
    """os and k8s for the management cluster, cni, two add-ons of one wave, and one after them."""
    return cluster(
        name,
        L("os", 0, config_map("image"), "os", management=True, namespace="fleet-eu"),
        L("k8s", 1, CLUSTER_API, "k8s", management=True, namespace="fleet-eu"),
        L("cni", 2, CNI, "cni", namespace="cni"),
        L("operator", 3, WIDGET_CRD, prune="disabled"),
        L("logging", 3, config_map("logging", level="info")),
        L("widgets", 4, WIDGET),
        destination=destination,
    )
