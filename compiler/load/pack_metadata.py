"""The fields of pack.json and pack.yaml (palette.md 2.2, 2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler import files as tree
from compiler.diagnostics import CompileError
from compiler.fields.reader import Reader
from compiler.model import Dependency, ResourceComponent, ResourceNeed
from compiler.ports import Files

# Palette's fields, then ours. Unknown ones are tolerated in pack.json, as Palette does, and refused in pack.yaml.
KNOWN_KEYS = (
    "name", "version", "layer", "displayName", "addonType", "addonSubType", "cloudTypes", "cloudType", "group", "eol",
    "annotations", "charts", "kubeManifests", "ansibleRoles", "constraints",
    "templates", "overlays",
)  # fmt: skip
_SCHEDULES = {"all": "all", "worker": "worker", "master": "control-plane", "control-plane": "control-plane"}


def read_file_list(reader: Reader, key: str, directory: str, files: Files) -> tuple[str, ...]:
    """The files that the pack names, relative to it, in order. Missing ones and paths out of the pack are recorded."""
    found = []
    for index, name in enumerate(reader.strings(key)):
        at = reader.at(key, index)
        try:
            path = tree.normalise(reader.document.path, name, at)
            there = files.entry(tree.resolve_links(files, path, at)) is not None
        except CompileError as error:
            reader.problems.add(error)
            continue
        if not path.startswith(f"{directory}/"):
            reader.problems.error("pack-file-outside", f"{key}: '{name}' is outside the pack", at)
        elif not there:
            reader.problems.error(
                "pack-file-missing",
                f"{key}: '{name}' is not in the pack",
                at,
                hint="the pack is incomplete: get it anew, or take the file from where the pack comes from",
            )
        else:
            found.append(path.removeprefix(f"{directory}/"))
    return tuple(found)


def read_texts(given: Mapping[str, Any]) -> dict[str, str]:
    """Annotations: other scalars than text occur and are meant as text."""
    return {key: str(value) for key, value in given.items() if isinstance(value, str | int | float)}


def read_dependencies(reader: Reader) -> tuple[Dependency, ...]:
    """`constraints.dependencies`; `type` stays as written, empty where it is missing (which occurs)."""
    constraints = reader.child("constraints")
    return tuple(
        Dependency(
            pack=item.string("packName", required=True),
            layer=item.string("layer"),
            type=item.string("type"),
            min_version=item.version_text("minVersion"),
            max_version=item.version_text("maxVersion"),
            at=item.here,
        )
        for item in constraints.children("dependencies")
    )


def read_resources(reader: Reader) -> tuple[ResourceNeed, ...]:
    """`constraints.resources`."""
    found = []
    for item in reader.child("constraints").children("resources"):
        kind = item.choice("type", ("cpu", "memory", "diskSize"), required=True)
        minimum = item.data.get("minLimit") or 0
        if isinstance(minimum, bool) or not isinstance(minimum, int | float):
            item.wrong_type("minLimit", "number")
            minimum = 0
        components = tuple(
            ResourceComponent(
                request=component.string("resourceRequestParamRef"),
                replicas=component.string("replicaCountParamRef"),
                schedule=_SCHEDULES[component.choice("scheduleType", tuple(_SCHEDULES), "all") or "all"],  # type: ignore[arg-type]
            )
            for component in item.children("components")
        )
        if kind:
            found.append(ResourceNeed(kind, minimum, components, item.here))  # type: ignore[arg-type]
    return tuple(found)
