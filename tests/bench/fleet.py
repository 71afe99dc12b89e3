"""Fleets for measurements: N clusters of the same charts, of which a share differs from cluster to cluster."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KUBERNETES = "1.33.4"


@dataclass(frozen=True)
class FleetRelease:
    """One release of one cluster: what both Lamella and `helm template` are told."""

    cluster: str
    chart: Path
    name: str
    namespace: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Fleet:
    """`differing` of each cluster's layers get a value of their own; the others are equal in all clusters."""

    charts: tuple[Path, ...]
    clusters: int
    differing: int

    def names(self) -> list[str]:
        return [f"cluster-{index:03d}" for index in range(self.clusters)]

    def releases(self) -> list[FleetRelease]:
        return [
            FleetRelease(name, chart, _layer(chart), f"ns-{index}", _values(name) if index < self.differing else {})
            for name in self.names()
            for index, chart in enumerate(self.charts)
        ]

    def write_repository(self, root: Path) -> None:
        """A repository of ours with this fleet; charts as archives in profiles/charts/."""
        charts = root / "profiles" / "charts"
        charts.mkdir(parents=True)
        layers = []
        for index, chart in enumerate(self.charts):
            shutil.copy(chart, charts / chart.name)
            layers.append(
                {"name": _layer(chart), "namespace": f"ns-{index}", "installPriority": index,
                 "chart": {"path": f"charts/{chart.name}"}}
            )  # fmt: skip
        profile = {
            "apiVersion": "lamella/v1", "kind": "ClusterProfile", "metadata": {"name": "fleet", "version": "1.0.0"},
            "spec": {"type": "add-on", "cloud": "all", "layers": layers,
                     "policy": {"secrets": "allow", "random": "allow", "apis": "allow"}},
        }  # fmt: skip
        (root / "profiles" / "fleet.yaml").write_text(json.dumps(profile))
        for name in self.names():
            overrides = {_layer(chart): {"values": _values(name)} for chart in self.charts[: self.differing]}
            cluster = {
                "apiVersion": "lamella/v1", "kind": "Cluster", "metadata": {"name": name},
                "spec": {"kubernetesVersion": KUBERNETES, "profiles": [{"name": "fleet", "version": "1.0.0"}],
                         "layers": overrides},
            }  # fmt: skip
            (root / "profiles" / f"{name}.yaml").write_text(json.dumps(cluster))


def _layer(chart: Path) -> str:
    return chart.name.rpartition("-")[0]


def _values(cluster: str) -> dict[str, Any]:
    """Values that charts use in many places: a name, and labels or annotations where charts know them."""
    return {
        "commonLabels": {"fleet/cluster": cluster},
        "customLabels": {"fleet/cluster": cluster},
        "podAnnotations": {"fleet/cluster": cluster},
        "global": {"fleetCluster": cluster},
    }
