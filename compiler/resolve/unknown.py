"""Macros whose values only a cluster gives, where a profile is checked without one."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.digest import canonical_json
from compiler.resolve.expressions import Expression, find, references
from compiler.resolve.scope import Scope, Undefined, lookup


def is_unknown(name: str, scope: Scope) -> bool:
    """Whether the reference, or one in its value, is not known. Packs may be those of other profiles."""
    seen: set[str] = set()
    pending = [name]
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in scope.unknown or f"{name.partition('.')[0]}.*" in scope.unknown:
            return True
        try:
            text = canonical_json(lookup(scope, name))
        except Undefined:
            kind, pack, *_ = [*name.split("."), ""]
            if kind == "pack" and pack not in scope.packs:
                return True
            continue
        if ".spectro." in text:
            pending += references(text)
    return False


def stays(text: str, scope: Scope) -> bool:
    """Whether the text has a reference that is not known: then it stays as it is."""
    return bool(scope.unknown) and any(is_unknown(name, scope) for each in find(text) for name in each.references)


def known_references(text: str, scope: Scope) -> Iterator[tuple[Expression, str]]:
    """The other references of such a text: those that may be defined nowhere. Comments do not count."""
    for expression in find(text):
        if not expression.in_comment:
            yield from ((expression, name) for name in expression.references if not is_unknown(name, scope))
