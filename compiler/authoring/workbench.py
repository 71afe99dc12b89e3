"""A pack on its own as a whole repository: a profile of one layer, a cluster, and stand-ins for packs that it requires.

Only these documents are made up; the pack's files are read where they are, so that problems have their real places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from compiler import yamldoc
from compiler.authoring.virtual import PackFiles
from compiler.diagnostics import CompileError, Diagnostic, Position
from compiler.load.repository import PROFILES
from compiler.model import INFRA_TYPES, Dependency, Pack, RenderedObject
from compiler.model.assembled import AssembledCluster
from compiler.ports import Files
from compiler.resolve.scope import SYSTEM_NAMES
from compiler.versions import Version

KUBERNETES = "1.33.4"
CLUSTER = "test"  # the cluster's name where the case brings none
_CLOUD = "aws"
_PROFILE, _CLUSTER, _SETTINGS = f"{PROFILES}/pack.json.yaml", f"{PROFILES}/cluster.yaml", "lamella.yaml"
_STAND_INS = "stand-ins-of-packs"
_NETWORK = {"podCIDR": "192.168.0.0/16", "serviceClusterIpRange": "10.96.0.0/12", "serviceDomain": "cluster.local"}
_KNOWN_FACTS = ("cluster.name", "kubernetes.version", "cloud.type")  # Lamella knows them itself


@dataclass(frozen=True, slots=True)
class Setting:
    """What the pack is compiled with. The two files are of the repository; without them (''), the pack's own values and
    a made-up cluster do."""

    values: str = ""  # values of the layer
    cluster: str = ""  # a Cluster, and Macros if any
    presets: tuple[str, ...] = ()
    kubernetes: str = KUBERNETES
    policy: Mapping[str, str] | None = None
    schema: bool = True  # check values against schema.yaml


class Compiled(Protocol):
    """What the pipeline makes of a repository."""

    @property
    def clusters(self) -> Sequence[AssembledCluster]: ...
    @property
    def warnings(self) -> Sequence[Diagnostic]: ...


Compile = Callable[[Files], Compiled]
"""The pipeline, writing nothing. Raises CompileError."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pack renders on its own: its objects with their file names, in order; none where there are errors."""

    objects: tuple[tuple[str, RenderedObject], ...]
    problems: tuple[Diagnostic, ...]

    @property
    def failed(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Workpiece:
    """A repository with nothing in it but the pack."""

    files: Files
    pack: Pack
    setting: Setting
    layer: str

    def compile(self, compile_: Compile) -> Outcome:
        """Compiles the pack. Raises CompileError for problems of the environment only."""
        try:
            compiled = compile_(self.files)
        except CompileError as error:
            if error.environment:
                raise
            return Outcome((), tuple(self.placed(item) for item in error.diagnostics))
        layers = [layer for cluster in compiled.clusters for layer in cluster.layers if layer.layer.name == self.layer]
        objects = [(path.rpartition("/")[2], item) for layer in layers for path, item in layer.objects]
        return Outcome(tuple(objects), tuple(self.placed(item) for item in compiled.warnings))

    def placed(self, diagnostic: Diagnostic) -> Diagnostic:
        """The problem at a position that people know, and of no cluster: one in a made-up document is one of the pack."""
        related = tuple(
            (self._place(at), text) for at, text in diagnostic.related if not at.path.startswith(_STAND_INS)
        )
        return replace(diagnostic, at=self._place(diagnostic.at or self.pack.at), related=related, clusters=())

    def _place(self, at: Position) -> Position:
        if at.path == _CLUSTER and self.setting.cluster:
            return replace(at, path=self.setting.cluster)
        made_up = at.path in (_PROFILE, _CLUSTER, _SETTINGS) or at.path.startswith(_STAND_INS)
        return self.pack.at if made_up else at


def workpiece(files: Files, pack: Pack, setting: Setting) -> Workpiece:
    """The pack of a repository alone, ready to be compiled. Raises CompileError where the cluster cannot be read."""
    layer = _layer_name(pack.name)
    stand_ins = {_layer_name(d.pack): d for d in pack.dependencies if _is_needed(d, pack, layer)}
    made = {
        _SETTINGS: _settings(pack, setting),
        _PROFILE: _profile(pack, layer, setting, stand_ins, _cloud(files, pack, setting)),
        **({} if setting.cluster else {_CLUSTER: _cluster(pack, setting, stand_ins)}),
        **dict(_stand_in_files(stand_ins)),
    }
    documents = {path: _text(content).encode() for path, content in made.items()}
    links = {_CLUSTER: "../" + setting.cluster} if setting.cluster else {}
    hidden = "" if setting.schema else f"{pack.directory}/schema.yaml"
    return Workpiece(PackFiles(files, pack.directory, documents, links, hidden), pack, setting, layer)


def _text(content: Any) -> str:
    """JSON, which YAML is too; a list as a stream of documents."""
    return "\n---\n".join(
        json.dumps(document, ensure_ascii=False) for document in (content if isinstance(content, list) else [content])
    )


def _layer_name(pack: str) -> str:
    """The pack's own name, in the letters that layers may have."""
    return re.sub(r"[^a-z0-9.]+", "-", pack.lower()).strip("-.") or "pack"


def _is_needed(dependency: Dependency, pack: Pack, layer: str) -> bool:
    named = dependency.type == "required" and dependency.pack != pack.name and _layer_name(dependency.pack) != layer
    return named and (
        dependency.layer not in INFRA_TYPES or (pack.layer in INFRA_TYPES and dependency.layer != pack.layer)
    )


def _settings(pack: Pack, setting: Setting) -> Any:
    return {
        "apiVersion": "lamella/v1",
        "kind": "Settings",
        "registries": [{"name": "pack", "path": pack.directory}, {"name": "stand-ins", "path": _STAND_INS}],
        "policy": dict(setting.policy or {}),
    }


def _profile(pack: Pack, layer: str, setting: Setting, stand_ins: Mapping[str, Dependency], cloud: str) -> Any:
    """The profile, and a template that selects every cluster."""
    infra = pack.layer in INFRA_TYPES
    layers: list[dict[str, Any]] = []
    for name, dependency in stand_ins.items():
        reference = {"name": dependency.pack, "version": _version(dependency), "registry": "stand-ins"}
        layers.append({"name": name, "type": dependency.layer or "addon", "pack": reference})
    own = {"name": pack.name, "version": pack.version, "registry": "pack", "presets": list(setting.presets)}
    given = [f"../{setting.values}"] if setting.values else []
    layers.append({"name": layer, "type": pack.layer if infra else "addon", "pack": own, "valuesFiles": given})
    if infra:
        taken = {entry["type"] for entry in layers}
        layers += [{"name": f"{slot}-slot", "type": slot, "builtin": True} for slot in INFRA_TYPES if slot not in taken]
    spec = {"type": "full" if infra else "add-on", "cloud": cloud if infra else "all", "layers": layers}
    reference = {"name": "pack", "version": "1.0.0"}
    return [
        {"apiVersion": "lamella/v1", "kind": "ClusterProfile", "metadata": reference, "spec": spec},
        {
            "apiVersion": "lamella/v1",
            "kind": "ClusterTemplate",
            "metadata": {"name": "pack"},
            "spec": {"selector": {}, "profiles": [reference]},
        },
    ]


def _cluster(pack: Pack, setting: Setting, stand_ins: Mapping[str, Dependency]) -> Any:
    """A cluster that knows every system macro, in a Kubernetes version that the pack wants."""
    version = setting.kubernetes
    for dependency in pack.dependencies:
        if dependency.layer == "k8s" and dependency.type not in ("notSupported", "upgrade"):
            version = _within(version, dependency)
    gives_version = pack.layer == "k8s" or any(d.layer == "k8s" for d in stand_ins.values())
    facts = {name: name.replace(".", "-") for name in SYSTEM_NAMES if name not in _KNOWN_FACTS}
    spec = {
        "cloud": next((cloud for cloud in pack.cloud_types if cloud != "all"), _CLOUD),
        "system": {name: text for name, text in facts.items() if not name.startswith("clusterprofile.")},
        **({} if gives_version else {"kubernetesVersion": version}),
    }
    return {"apiVersion": "lamella/v1", "kind": "Cluster", "metadata": {"name": CLUSTER}, "spec": spec}


def _cloud(files: Files, pack: Pack, setting: Setting) -> str:
    if not setting.cluster:
        return next((cloud for cloud in pack.cloud_types if cloud != "all"), _CLOUD)
    for document in yamldoc.load(files.read(setting.cluster), setting.cluster):
        spec = document.value.get("spec") if isinstance(document.value, dict) else None
        if isinstance(spec, dict) and isinstance(spec.get("cloud"), str):
            return str(spec["cloud"])
    return _CLOUD


def _stand_in_files(stand_ins: Mapping[str, Dependency]) -> Iterator[tuple[str, Any]]:
    for name, dependency in stand_ins.items():
        yield f"{_STAND_INS}/{name}/values.yaml", {"pack": _NETWORK} if dependency.layer == "k8s" else {}
        yield (
            f"{_STAND_INS}/{name}/pack.json",
            {"name": dependency.pack, "version": _version(dependency), "layer": dependency.layer or "addon"},
        )


def _version(dependency: Dependency) -> str:
    return dependency.min_version or dependency.max_version or "1.0.0"


def _within(version: str, dependency: Dependency) -> str:
    """The version, or the nearest one inside the bounds, in full."""
    try:
        order = Version.of_pack(version).precedence
        for bound, outside in ((dependency.min_version, order.__lt__), (dependency.max_version, order.__gt__)):
            if bound and outside(Version.of_pack(bound).precedence):
                return str(Version.of_pack(bound))
    except ValueError:
        return version  # what cannot be compared is reported elsewhere
    return version
