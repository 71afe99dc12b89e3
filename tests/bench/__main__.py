"""Lamella against a loop of `helm template`, and against Kapitan, on generated fleets: ratios in one run.

`python -m tests.bench [fleet] [kapitan]`; see README.md here for what is measured and what the figures were.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from tests.bench.fleet import KUBERNETES, Fleet
from tests.bench.measure import Cost, command, cost_of
from tests.support import oracles

CHARTS = oracles.ROOT.parent / "shared" / "corpus" / "charts"
# In memory where the machine has that: creating 13,000 files on a disk costs anything from 1 to 6 s of kernel time.
SCRATCH = "/dev/shm" if Path("/dev/shm").is_dir() else None
LAMELLA = [sys.executable, "-m", "compiler"]


def charts(*names: str) -> tuple[Path, ...]:
    found = [next(CHARTS.glob(f"{name}-[0-9]*.tgz")) for name in names]
    return tuple(found)


def helm_loop(fleet: Fleet, root: Path) -> Cost:
    """One `helm template` process for each release, one after the other, output thrown away."""
    helm = oracles.find("helm")
    if helm is None:
        raise SystemExit("no helm in .oracles: python -m tests.support.oracles")
    home = root / "helm-home"
    home.mkdir()
    lines = []
    for index, release in enumerate(fleet.releases()):
        values = root / f"values-{index}.json"
        values.write_text(json.dumps(release.values))
        lines.append(
            f"{helm} template {release.name} {release.chart} --namespace {release.namespace} --kube-version {KUBERNETES}"
            f" --include-crds --skip-tests -f {values} > /dev/null"
        )
    script = root / "loop.sh"
    script.write_text("set -e\n" + "\n".join(lines) + "\n")
    return cost_of(command(["sh", str(script)], root, HOME=str(home), KUBECONFIG="/dev/null"))


def lamella(fleet: Fleet, root: Path) -> Cost:
    """`lamella render` from nothing to a written output directory."""
    repository = root / "repository"
    fleet.write_repository(repository)
    return cost_of(command([*LAMELLA, "render"], repository, PYTHONPATH=str(oracles.ROOT)))


def compare_fleets() -> None:
    names = (
        "argo-rollouts", "argo-workflows", "ingress-nginx", "kube-state-metrics", "metallb", "prometheus-adapter",
        "prometheus-node-exporter", "kube-prometheus-stack",
    )  # fmt: skip
    for differing, label in ((0, "all layers equal"), (4, "half of them equal"), (8, "none equal")):
        fleet = Fleet(charts(*names), clusters=50, differing=differing)
        with tempfile.TemporaryDirectory(dir=SCRATCH) as one, tempfile.TemporaryDirectory(dir=SCRATCH) as two:
            ours = lamella(fleet, Path(one))
            loop = helm_loop(fleet, Path(two))
        print(f"50 clusters x 8 layers, {label}")
        print(f"  lamella render     {ours}")
        print(f"  helm template loop {loop}")
        print(
            f"  ratio              {loop.wall_s / ours.wall_s:7.1f} x wall {loop.cpu_s / ours.cpu_s:6.1f} x CPU",
            flush=True,
        )


def kapitan_binary() -> Path:
    """Kapitan of PyPI in an environment of its own under .oracles/."""
    place = oracles.DIRECTORY / "kapitan"
    binary = place / "bin" / "kapitan"
    if not binary.exists():
        venv.create(place, with_pip=True)
        subprocess.run([place / "bin" / "python", "-m", "pip", "install", "--quiet", "kapitan==0.36.3"], check=True)
    return binary


def kapitan(fleet: Fleet, root: Path) -> Cost:
    """`kapitan compile` of the same releases, charts unpacked beforehand as it wants them."""
    binary = kapitan_binary()
    targets = root / "inventory" / "targets"
    targets.mkdir(parents=True)
    (root / "inventory" / "classes").mkdir()
    for chart in fleet.charts:
        (root / "charts").mkdir(exist_ok=True)
        subprocess.run(["tar", "xzf", chart, "-C", root / "charts"], check=True)
    releases: dict[str, list[object]] = {}
    for release in fleet.releases():
        folder = release.chart.name.rpartition("-")[0]
        releases.setdefault(release.cluster, []).append(
            {"input_type": "helm", "input_paths": [f"charts/{folder}"], "output_path": release.name,
             "helm_values": release.values or {"fleet": "same"},
             "helm_params": {"name": release.name, "namespace": release.namespace}}
        )  # fmt: skip
    for name, compile_items in releases.items():
        target = {"parameters": {"target_name": name, "kapitan": {"vars": {"target": name}, "compile": compile_items}}}
        (targets / f"{name}.yml").write_text(json.dumps(target))
    path = f"{oracles.DIRECTORY}:/usr/local/bin:/usr/bin:/bin"
    return cost_of(command([str(binary), "compile"], root, PATH=path, HOME=str(root)))


def compare_kapitan() -> None:
    small = ("kube-state-metrics", "metallb", "prometheus-adapter", "prometheus-node-exporter", "ingress-nginx")
    for names, clusters, label in (
        (small, 20, "20 clusters x 5 small charts"),
        (("kube-prometheus-stack", *small[:4]), 5, "5 clusters x kube-prometheus-stack and 4 small charts"),
    ):
        fleet = Fleet(charts(*names), clusters=clusters, differing=len(names))
        with tempfile.TemporaryDirectory(dir=SCRATCH) as one, tempfile.TemporaryDirectory(dir=SCRATCH) as two:
            ours = lamella(fleet, Path(one))
            theirs = kapitan(fleet, Path(two))
        print(f"{label}, every release differs")
        print(f"  lamella render     {ours}")
        print(f"  kapitan compile    {theirs}")
        print(
            f"  ratio              {theirs.wall_s / ours.wall_s:7.1f} x wall {theirs.cpu_s / ours.cpu_s:6.1f} x CPU",
            flush=True,
        )


def main(wanted: Sequence[str]) -> None:
    if not CHARTS.is_dir():
        raise SystemExit("no corpus beside this checkout (../shared/corpus)")
    for name, run in (("fleet", compare_fleets), ("kapitan", compare_kapitan)):
        if not wanted or name in wanted:
            run()


main(sys.argv[1:])
