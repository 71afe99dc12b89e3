"""`readinessCheck:` of a pack's values: when a layer is ready, so that the next priority may start.

The form is `readinessCheck: {v1beta1: [{name, kind, group, version, keysToCheck: [{keyToCheck, expectedValue}]}]}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.codes import Code
from compiler.palette.values import PackValues
from compiler.yamldoc import text_of

_KEY = "readinessCheck"


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """The layer is ready when in the object `name` (every one of the kind, where empty) each key has its value."""

    name: str
    group: str
    version: str
    kind: str
    keys: tuple[tuple[str, str], ...]  # ("status.conditions[0].status", "True")


def readiness_checks(values: PackValues) -> tuple[ReadinessCheck, ...]:
    """The checks of a pack layer. Wrong ones are recorded and left out."""
    given = values.data.get(_KEY)
    checks = given.get("v1beta1") if isinstance(given, Mapping) else given
    if checks is None:
        return ()
    if not isinstance(checks, list):
        values.problems.error(Code.PACK_SETTING, f"{_KEY}.v1beta1: expected a list", values.locate(_KEY))
        return ()
    usable = []
    for index, item in enumerate(checks):
        check = _read(item)
        if check is None:
            values.problems.error(
                Code.PACK_SETTING,
                f"{_KEY}.v1beta1[{index}]: needs kind, version and keysToCheck [{{keyToCheck, expectedValue}}]",
                values.locate(_KEY, "v1beta1", index),
            )
        else:
            usable.append(check)
    return tuple(usable)


def _read(item: Any) -> ReadinessCheck | None:
    if not isinstance(item, Mapping):
        return None
    texts = {field: item.get(field) or "" for field in ("name", "group", "version", "kind")}
    keys = tuple(_keys(item.get("keysToCheck")))
    usable = all(isinstance(text, str) for text in texts.values()) and texts["kind"] and texts["version"]
    return ReadinessCheck(**texts, keys=keys) if usable and keys else None


def _keys(given: Any) -> Iterator[tuple[str, str]]:
    for pair in given if isinstance(given, list) else ():
        key = pair.get("keyToCheck") if isinstance(pair, Mapping) else None
        if isinstance(key, str) and key:
            yield key, text_of(pair.get("expectedValue")) or ""
