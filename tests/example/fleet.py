"""The committed output of this repository as objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support import oracles

OUTPUT = oracles.ROOT / "output"
CLUSTERS = {"dev-1": "1.33", "prod-eu-1": "1.33", "prod-us-1": "1.32"}


@dataclass(frozen=True, slots=True)
class Found:
    """An object and its file."""

    path: Path
    body: dict[str, Any]

    @property
    def group(self) -> str:
        return str(self.body["apiVersion"].rpartition("/")[0])

    @property
    def kind(self) -> str:
        return str(self.body["kind"])

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    def __str__(self) -> str:
        return str(self.path.relative_to(OUTPUT))


def objects(root: str) -> list[Found]:
    """The objects of the layers below `root` (`clusters`, `management/prod-eu-1`, …), sorted by path; at least one."""
    paths = [path for path in sorted((OUTPUT / root).rglob("*.yaml")) if path.name != "kustomization.yaml"]
    assert paths, f"no objects below {root}"
    return [Found(path, yaml.load(path.read_text(), yaml.CSafeLoader)) for path in paths]


def one(root: str, kind: str, name: str) -> dict[str, Any]:
    """The only object of that kind and name below `root`."""
    bodies = [found.body for found in objects(root) if (found.kind, found.name) == (kind, name)]
    assert len(bodies) == 1, f"{len(bodies)} objects {kind} {name} below {root}"
    return bodies[0]


def containers(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The containers of a workload."""
    template = body.get("spec", {}).get("template", {}).get("spec", {})
    yield from template.get("containers", [])
    yield from template.get("initContainers", [])
