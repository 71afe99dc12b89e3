"""How the lists of built-in objects merge under a strategic merge patch."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from compiler.kubernetes import data
from compiler.kubernetes.apis import split_api_version


@dataclass(frozen=True, slots=True)
class ListRule:
    """A list that merges. `keys` identify an item, () in a list of scalars; `item` is the shape of its items."""

    keys: tuple[str, ...]
    item: Shape | None


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a map with merging lists at or below them. A patch replaces the lists of all other fields."""

    index: int

    def list_rule(self, field: str) -> ListRule | None:
        """How the list at `field` merges; None if a patch replaces it."""
        rule = _fields(self.index).get(field)
        if not isinstance(rule, list):
            return None
        item, *keys = rule
        return ListRule(tuple(map(str, keys)), Shape(item) if isinstance(item, int) else None)

    def map_shape(self, field: str) -> Shape | None:
        """The shape of the map at `field`; None if no list below it merges."""
        fields = _fields(self.index)
        rule = fields.get(field, fields.get("*"))
        return Shape(rule) if isinstance(rule, int) else None


def shape_of(api_version: str, kind: str) -> Shape | None:
    """The shape of a built-in kind's objects; None for custom kinds, whose lists are always replaced.

    A version that Kubernetes has removed (`batch/v1beta1` CronJob) has the shape of the kind's newest version: merge
    keys have never changed from one version of a kind to the next.
    """
    kinds = data.read("lists.json")["kinds"]
    index = kinds.get(api_version, {}).get(kind)
    if index is None:
        index = _by_group().get((split_api_version(api_version)[0], kind))
    return None if index is None else Shape(index)


def _fields(index: int) -> dict[str, int | list[str | int | None]]:
    fields: dict[str, int | list[str | int | None]] = data.read("lists.json")["types"][index]
    return fields


@functools.cache
def _by_group() -> dict[tuple[str, str], int]:
    """Shapes by (group, kind); versions sort so that v1 wins over v1beta1, and both over v1alpha1."""
    indices: dict[tuple[str, str], int] = {}
    kinds = data.read("lists.json")["kinds"]
    for api_version in sorted(kinds, key=lambda each: ("alpha" not in each, "beta" not in each, each)):
        for kind, index in kinds[api_version].items():
            indices[split_api_version(api_version)[0], kind] = index
    # These kinds began in the group `extensions`, and old packs still have them there.
    for kind in ("Deployment", "DaemonSet", "ReplicaSet"):
        indices["extensions", kind] = indices["apps", kind]
    return indices
