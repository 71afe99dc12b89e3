"""The merged values of one pack layer, as every rule of this package sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from compiler.diagnostics import Position, Problems
from compiler.model import Pack


class Locate(Protocol):
    """Where the value at these keys of the merged values was written: the place in the level that won."""

    def __call__(self, *keys: str | int) -> Position: ...


@dataclass(frozen=True, slots=True)
class PackValues:
    """Merged values of a layer of this pack with their macros put in, the way back to who wrote them, and where what is
    wrong with them is recorded."""

    pack: Pack
    data: Mapping[str, Any]
    locate: Locate
    problems: Problems

    def is_own(self, *keys: str | int) -> bool:
        """Whether the pack's own values.yaml wrote what stands at these keys."""
        return self.locate(*keys).path == self.pack.values.document.path

    def section(self, name: str) -> Mapping[str, Any]:
        """The mapping at a top-level key; an empty one where it is absent or no mapping (recorded)."""
        return self._mapping(self.data.get(name), name)

    def block(self, section: str, name: str) -> Mapping[str, Any]:
        """The values of one chart or manifest; null counts as an empty mapping, anything else is recorded."""
        return self._mapping(self.section(section).get(name), section, name)

    def _mapping(self, found: Any, *keys: str) -> Mapping[str, Any]:
        if found is None or isinstance(found, Mapping):
            return found or {}
        self.problems.error("pack-values", f"{'.'.join(keys)}: expected a mapping", self.locate(*keys))
        return {}
