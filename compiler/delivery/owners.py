"""Which Application or Kustomization delivers each object of a tree of output files.

Told from what the inventories list; a file is read only where a layer is delivered in stages, or on request.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from compiler import yamldoc
from compiler.diagnostics import CompileError
from compiler.kubernetes import ObjectId
from compiler.model import layout
from compiler.model.layout import Controller
from compiler.model.tree import TreeFile

Key = tuple[str, str, ObjectId]
"""An object where it runs: ("management", "", id) or ("clusters", cluster, id). Clusters share their management cluster."""
_UNITS: Mapping[Controller, tuple[str, str]] = {
    "argocd": ("argoproj.io", "Application"),
    "flux": ("kustomize.toolkit.fluxcd.io", "Kustomization"),
}


@dataclass(slots=True)
class Owners:
    """One tree: its objects, and by controller what delivers each layer (several, where it is delivered in stages)."""

    objects: dict[Key, TreeFile] = field(default_factory=dict)
    layers: dict[str, set[str]] = field(default_factory=dict)  # by cluster those with objects
    units: dict[tuple[Controller, str, str], list[TreeFile]] = field(default_factory=dict)
    units_by_id: dict[ObjectId, TreeFile] = field(default_factory=dict)
    files: dict[str, TreeFile] = field(default_factory=dict)
    _bodies: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # by digest
    _resources: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: Iterable[TreeFile]) -> Owners:
        """The owners in this tree."""
        owners = cls()
        for file in tree:
            owners.files[file.path] = file
            top = layout.tree_of(file.path)
            if file.object and file.layer and top in (layout.CLUSTERS, layout.MANAGEMENT):
                cluster = file.cluster if top == layout.CLUSTERS else ""
                owners.objects[top, cluster, file.object] = file
                owners.layers.setdefault(file.cluster, set()).add(file.layer)
            for controller, kind in _UNITS.items():
                if file.object and file.layer and top == controller and (file.object.group, file.object.kind) == kind:
                    owners.units.setdefault((controller, file.cluster, file.layer), []).append(file)
                    owners.units_by_id[file.object] = file
        return owners

    def body(self, file: TreeFile) -> Mapping[str, Any]:
        """The parsed object or kustomization.yaml, {} where it cannot be read."""
        if file.sha256 not in self._bodies:
            value = None
            with suppress(CompileError, UnicodeDecodeError):
                value = yamldoc.load_rendered(file.read().decode(), file.path).value
            self._bodies[file.sha256] = value if isinstance(value, dict) else {}
        return self._bodies[file.sha256]

    def candidates(self, controller: Controller, file: TreeFile) -> list[TreeFile]:
        """What delivers the layer that the object is in."""
        return self.units.get((controller, file.cluster, file.layer), [])

    def owner(self, controller: Controller, file: TreeFile) -> TreeFile | None:
        """What delivers the object; None where nothing does (Flux is not given what Helm runs on deletion)."""
        units = self.candidates(controller, file)
        if controller == "argocd":
            return units[0] if units else None
        return next((unit for unit in units if file.path in self._applied(unit, file, staged=len(units) > 1)), None)

    def indexes(self, units: Iterable[TreeFile]) -> list[tuple[str, str]]:
        """(path, digest) of the lists of what each stage delivers."""
        return sorted((path, self.files[path].sha256) for path in map(_stage_index, units) if path in self.files)

    def dependencies(self, unit: TreeFile) -> set[str]:
        """The names of all Kustomizations that this one waits for, and those for which they wait."""
        reached: set[str] = set()
        waiting = [unit]
        while waiting:
            last = waiting.pop()
            for item in (self.body(last).get("spec") or {}).get("dependsOn") or ():
                name = item["name"]
                if name not in reached and last.object:
                    reached.add(name)
                    sibling = self.units_by_id.get(last.object._replace(name=name))
                    waiting += [sibling] if sibling else []
        return reached

    def _applied(self, unit: TreeFile, file: TreeFile, *, staged: bool) -> frozenset[str]:
        path = _stage_index(unit) if staged else layout.kustomization(posixpath.dirname(file.path))
        if path not in self._resources:
            listed = self.body(self.files[path]).get("resources") if path in self.files else None
            folder = posixpath.dirname(path)
            self._resources[path] = frozenset(posixpath.normpath(f"{folder}/{item}") for item in listed or ())
        return self._resources[path]


def _stage_index(unit: TreeFile) -> str:
    return layout.kustomization(layout.stage_of(unit.path, unit.layer))
