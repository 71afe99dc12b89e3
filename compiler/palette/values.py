"""The merged values of one pack layer, as every rule of this package sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from compiler.codes import Code
from compiler.diagnostics import Position, Problems
from compiler.fields.reader import mismatch
from compiler.mask import masked
from compiler.model import Pack


class Locate(Protocol):
    """Where the value at these keys of the merged values was written: the place in the level that won."""

    def __call__(self, *keys: str | int) -> Position: ...


@dataclass(frozen=True, slots=True)
class PackValues:
    """Merged values of a layer of this pack with their macros put in, where each was written, and the list for their
    problems. `secrets` are texts that no message may show (of sensitive variables)."""

    pack: Pack
    data: Mapping[str, Any]
    locate: Locate
    problems: Problems
    secrets: frozenset[str] = frozenset()
    below: tuple[str, ...] = ()  # a layer's values are at this path: see `model.Values`

    def shown(self, text: str) -> str:
        """A value for a message: at most 60 characters, secrets masked."""
        text = masked(text, self.secrets)
        return text if len(text) <= 60 else f"{text[:57]}…"

    def mismatch(self, expected: str, value: Any) -> str:
        """`expected mapping, found list`, as everywhere, with secrets masked."""
        text = str(value)
        return mismatch(
            expected, self.shown(text) if any(secret and secret in text for secret in self.secrets) else value
        )

    def is_own(self, *keys: str | int) -> bool:
        """Whether the value at these keys comes from the pack's own values.yaml."""
        return self.locate(*keys).path == self.pack.values.document.path

    def section(self, name: str) -> Mapping[str, Any]:
        """The mapping at a top-level key; an empty one where it is absent or not a mapping."""
        value = self.data.get(name)
        return value if isinstance(value, Mapping) else {}

    def expect_mapping(self, value: Any, *keys: str) -> Mapping[str, Any]:
        """`value` where it is a mapping; null counts as an empty one, anything else is recorded."""
        if value is None or isinstance(value, Mapping):
            return value or {}
        self.problems.error(
            Code.PACK_VALUES, f"{'.'.join(keys)}: {self.mismatch('mapping', value)}", self.locate(*keys)
        )
        return {}
