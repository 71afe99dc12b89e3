"""The functions of CEL that the API server offers, by name.

Some are known by name only (`authorizer`, formats, semantic versions), so a rule that calls them is not evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from compiler.kubernetes.cel.network import NETWORK
from compiler.kubernetes.cel.standard import STANDARD

Call = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Overload:
    """One form of a function. `T` in types is any type; `item` as result is what the list has in it."""

    args: tuple[str, ...]
    result: str
    call: Call


_NAMESPACES = frozenset(("sets", "math", "base64", "optional", "strings", "lists", "cel", "format", "net", "ip"))
UNKNOWN = frozenset(
    (
        "authorizer",
        "check",
        "semver",
        "isSemver",
        "named",
        "validate",
        "format",
        "quote",
        "slice",
        "sort",
        "sortBy",
        "distinct",
        "flatten",
        "transformList",
        "transformMap",
        "transformMapEntry",
        "serviceAccount",
        "group",
        "resource",
        "subresource",
        "namespace",
        "name",
        "path",
        "allowed",
        "errored",
        "error",
        "reason",
        "fieldSelector",
        "labelSelector",
        "first",
        "last",
        "isGreaterThan",
        "isLessThan",
        "compareTo",
        "major",
        "minor",
        "patch",
        "range",
        "decode",
        "block",
        "jsonpatch",
        "JSONPatch",
        "encode",
        "bitAnd",
        "bitOr",
        "abs",
        "ceil",
        "floor",
        "round",
        "trunc",
        "sign",
        "escapeKey",
        "unescapeKey",
        "isNaN",
        "isInf",
        "isFinite",
        "greatest",
        "least",
        "getMonth",
        "isFQDN",
    )
)
"""Names of functions that servers have, in forms that the table does not tell."""


def _overloads() -> Iterator[tuple[tuple[str, bool], Overload]]:
    for signature, call in {**STANDARD, **NETWORK}.items():
        match = re.fullmatch(r"(?:(\w+)\.)?(\w+)\((.*?)\) (.+)", signature)
        assert match is not None
        owner, name, listed, result = match.groups()
        args = tuple(each.strip() for each in listed.split(",") if each.strip())
        namespaced = owner in _NAMESPACES and not (owner in ("ip", "optional") and not _is_namespaced(owner, name))
        if owner is None or namespaced:
            yield (f"{owner}.{name}" if owner else name, False), Overload(args, result, call)
        else:
            yield (name, True), Overload((owner, *args), result, call)


def _is_namespaced(owner: str, name: str) -> bool:
    return (owner, name) in {("ip", "isCanonical")} or (
        owner == "optional" and name in ("of", "none", "ofNonZeroValue")
    )


FUNCTIONS: dict[tuple[str, bool], list[Overload]] = {}
"""{(name, whether it is a method): its forms}."""
for _key, _overload in _overloads():
    FUNCTIONS.setdefault(_key, []).append(_overload)


def is_namespace(name: str) -> bool:
    """Whether `name.f()` can be a function and not a method of a variable."""
    return name in _NAMESPACES
