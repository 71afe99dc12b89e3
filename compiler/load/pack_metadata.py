"""The fields of pack.json and pack.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler import files as tree
from compiler.codes import Code
from compiler.diagnostics import CompileError
from compiler.fields.reader import Reader
from compiler.model import Dependency, ResourceComponent, ResourceNeed
from compiler.ports import Files

# Palette's fields, then ours. pack.json may have unknown ones, as in Palette; in pack.yaml they are errors.
KNOWN_KEYS = (
    "name", "version", "layer", "displayName", "addonType", "addonSubType", "cloudTypes", "cloudType", "group", "eol",
    "annotations", "charts", "kubeManifests", "ansibleRoles", "constraints",
    "templates", "overlays",
)  # fmt: skip
_SCHEDULES = {"all": "all", "worker": "worker", "master": "control-plane", "control-plane": "control-plane"}


def read_file_list(reader: Reader, key: str, directory: str, files: Files) -> tuple[str, ...]:
    """The files that the pack lists, relative to it, in order. Missing files and paths outside the pack are recorded."""
    paths = []
    for index, name in enumerate(reader.strings(key)):
        at = reader.at(key, index)
        try:
            path = tree.normalise(reader.document.path, name, at)
            exists = files.entry(tree.resolve_links(files, path, at)) is not None
        except CompileError as error:
            reader.problems.add(error)
            continue
        if not path.startswith(f"{directory}/"):
            reader.problems.error(Code.PACK_FILE_OUTSIDE, f"{key}: '{name}' is outside the pack", at)
        elif not exists:
            reader.problems.error(
                Code.PACK_FILE_MISSING,
                f"{key}: no file '{name}' in the pack",
                at,
                hint="the pack is incomplete: download it again, or add the file from its source",
            )
        else:
            paths.append(path.removeprefix(f"{directory}/"))
    return tuple(paths)


def read_texts(annotations: Mapping[str, Any]) -> dict[str, str]:
    """Annotations as text: packs also have numbers and booleans there."""
    return {key: str(value) for key, value in annotations.items() if isinstance(value, str | int | float)}


def read_dependencies(reader: Reader) -> tuple[Dependency, ...]:
    """`constraints.dependencies`; `type` is as written, empty if it is missing (some packs omit it)."""
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
    needs = []
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
            needs.append(ResourceNeed(kind, minimum, components, item.here))  # type: ignore[arg-type]
    return tuple(needs)
