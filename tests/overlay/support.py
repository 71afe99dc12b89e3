"""Case files, and the oracles that say what must come out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from compiler.diagnostics import Diagnostic, Problems
from compiler.fields.reader import Reader
from compiler.model.overlays import Overlay
from compiler.overlay import apply_one, parse_overlay
from compiler.yamldoc import Document

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """One case: `expected` is set where the file itself says it, `error` where it must fail."""

    file: str
    name: str
    objects: list[dict[str, Any]]
    overlays: list[dict[str, Any]]
    expected: list[dict[str, Any]] | None = None
    error: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"


def load(*files: str) -> list[Case]:
    """The cases of cases/<file>.yaml."""
    found = []
    for file in files:
        for raw in yaml.safe_load((HERE / "cases" / f"{file}.yaml").read_text("utf-8")):
            own = {key: raw.pop(key) for key in ("name", "objects", "overlays", "expected", "error") if key in raw}
            found.append(Case(file, **own, options=raw))
    return found


def parsed(raw: Mapping[str, Any]) -> Overlay:
    """The overlay; fails on any problem."""
    problems = Problems()
    overlay = parse_overlay(Reader(raw, Document(raw, "overlays.yaml", 1), problems))
    assert overlay is not None, problems.diagnostics
    assert not problems.diagnostics
    return overlay


def apply(
    objects: Sequence[Any], overlays: Sequence[Overlay], cluster_scoped: Collection[tuple[str, str]] = ()
) -> tuple[list[Any], list[Diagnostic]]:
    """(the objects after every overlay in order, the problems), as a layer has them."""
    current, problems = list(objects), []
    for overlay in overlays:
        changed, told = apply_one(current, overlay, cluster_scoped)
        current = [each for each in changed if each is not None]
        problems += told
    return current, problems


def ours(case: Case) -> tuple[list[Any], list[Diagnostic]]:
    """What our own apply makes of a case."""
    return apply(case.objects, [parsed(raw) for raw in case.overlays])


def kustomize(kubectl: Path, directory: Path, case: Case) -> list[dict[str, Any]] | None:
    """What `kubectl kustomize` makes of a case, None where it fails."""
    _write(directory, case, "")
    return _run(kubectl, directory)


def kustomize_all(kubectl: Path, directory: Path, cases: Sequence[Case]) -> list[list[dict[str, Any]]]:
    """The same for many cases in one run, which saves a process each: every case gets a prefix for its names.

    Not for cases about names, nor for kinds that kustomize never gives a prefix: these say `alone: true`.
    """
    if not cases:
        return []
    marks = [f"case{number}-" for number in range(len(cases))]
    for mark, case in zip(marks, cases, strict=True):
        (directory / mark).mkdir()
        _write(directory / mark, case, mark)
    parent = {"resources": marks, "sortOptions": {"order": "fifo"}}
    (directory / "kustomization.yaml").write_text(json.dumps(parent), "utf-8")
    found = _run(kubectl, directory)
    assert found is not None
    return [
        [_renamed(each, mark) for each in found if str(each["metadata"]["name"]).startswith(mark)] for mark in marks
    ]


def _renamed(node: Any, prefix: str) -> Any:
    if isinstance(node, dict):
        return {key: _renamed(value, prefix) for key, value in node.items()}
    if isinstance(node, list):
        return [_renamed(item, prefix) for item in node]
    return node.removeprefix(prefix) if isinstance(node, str) else node


def _write(directory: Path, case: Case, prefix: str) -> None:
    (directory / "resources.yaml").write_text(yaml.safe_dump_all(case.objects), "utf-8")
    fields = {"resources": ["resources.yaml"], "sortOptions": {"order": "fifo"}, "namePrefix": prefix}
    if prefix:
        del fields["sortOptions"]  # only the outermost kustomization may sort
    (directory / "kustomization.yaml").write_text(json.dumps(fields | _kustomization(case.overlays)), "utf-8")


def _run(kubectl: Path, directory: Path) -> list[dict[str, Any]] | None:
    done = subprocess.run([str(kubectl), "kustomize", str(directory)], check=False, capture_output=True, text=True)
    if done.returncode:
        return None
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def _kustomization(overlays: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {"patches": []}
    for overlay in overlays:
        if "transform" in overlay:
            fields |= _transformers(overlay["transform"])
            continue
        patch = overlay.get("json6902") or _complete(overlay["patch"])
        entry = {"patch": yaml.safe_dump(patch)}
        fields["patches"].append(entry | ({"target": overlay["target"]} if "target" in overlay else {}))
    return fields


def _complete(patch: Mapping[str, Any]) -> dict[str, Any]:
    """Kustomize wants apiVersion, kind and name in every patch, and ignores them where there is a target."""
    metadata = {"name": "ignored"} | patch.get("metadata", {})
    return {"apiVersion": "v1", "kind": "Ignored"} | dict(patch) | {"metadata": metadata}


def _transformers(transform: Mapping[str, Any]) -> dict[str, Any]:
    fields = {key: transform[key] for key in ("namespace", "images", "replicas") if key in transform}
    if "labels" in transform:
        flags = {
            "includeTemplates": transform.get("labelTemplates", False),
            "includeSelectors": transform.get("labelSelectors", False),
        }
        fields["labels"] = [{"pairs": transform["labels"], **flags}]
    if "annotations" in transform:
        fields["commonAnnotations"] = transform["annotations"]
    return fields


def kubectl_patch(kubectl: Path, directory: Path, target: Mapping[str, Any], kind: str, patch: Any) -> Any:
    """What `kubectl patch --local` makes of one object; `kind` is strategic, merge or json. None where it fails."""
    (directory / "object.json").write_text(json.dumps(target), "utf-8")
    command = [str(kubectl), "patch", "--local", "-f", str(directory / "object.json"), "--type", kind]
    done = subprocess.run(
        [*command, "-p", json.dumps(patch), "-o", "json"], check=False, capture_output=True, text=True
    )
    return None if done.returncode else json.loads(done.stdout)
