"""What makes two objects the same one to an API server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

# How Lamella 0.1 wrote an object into its inventories. A kind has no dot, and a name or namespace no blank.
_TEXT = re.compile(r"(?P<kind>[^ .]+)(?:\.(?P<group>[^ ]+))? (?:(?P<namespace>[^/]+)/)?(?P<name>.+)")


class ObjectId(NamedTuple):
    """An object without its version: the API server serves one object under all versions of its group."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> ObjectId:
        """The identity of a parsed object; what is missing in it is empty."""
        metadata = body.get("metadata") or {}
        group, slash, _ = str(body.get("apiVersion", "")).rpartition("/")
        namespace, name = metadata.get("namespace"), metadata.get("name")
        return cls(group if slash else "", str(body.get("kind", "")), str(namespace or ""), str(name or ""))

    @classmethod
    def read(cls, value: object) -> ObjectId:
        """The identity that `plain` wrote, or Lamella 0.1 as text. Raises ValueError."""
        if isinstance(value, str) and (match := _TEXT.fullmatch(value)):
            return cls(match["group"] or "", match["kind"], match["namespace"] or "", match["name"])
        if not isinstance(value, dict) or not value.keys() <= set(cls._fields):
            raise ValueError(f"{value!r} is not an object")
        identity = cls(*(value.get(field, "") for field in cls._fields))
        if not all(isinstance(part, str) for part in identity) or not (identity.kind and identity.name):
            raise ValueError(f"{value!r} is not an object")
        return identity

    def plain(self) -> dict[str, str]:
        """As JSON, without what is empty."""
        return {field: part for field, part in zip(self._fields, self, strict=True) if part}

    def __str__(self) -> str:
        """For people: `Deployment.apps shop/web`."""
        group = f".{self.group}" if self.group else ""
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind}{group} {place}{self.name}"
