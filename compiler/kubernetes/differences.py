"""Fields that differ between two renders of the same input, and restoring the values of an earlier render.

Objects are bodies as parsed; a field is a path as text: `data.password`, `metadata.annotations["checksum/config"]`,
`webhooks[0].clientConfig.caBundle`; `""` is the whole object, if only one of the renders has it.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from compiler import digest
from compiler.kubernetes import keypath
from compiler.kubernetes.identity import ObjectId

Keys = tuple[str | int, ...]

_ABSENT = object()
_PEM = re.compile(r"-----(BEGIN|END) ([A-Z ]+)-----")


def differences(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]
) -> tuple[tuple[ObjectId, str], ...]:
    """(object, field) of everything that differs, sorted. Objects of one identity are compared in order.

    Lists of different length differ as a whole, because their items cannot be matched.
    """
    ours, theirs = _by_identity(first), _by_identity(second)
    differing: set[tuple[ObjectId, str]] = set()
    for identity in ours.keys() | theirs.keys():
        bodies, others = ours.get(identity, []), theirs.get(identity, [])
        if len(bodies) != len(others):
            differing.add((identity, ""))
        for body, other in zip(bodies, others, strict=False):
            differing.update((identity, keypath.show(keys)) for keys in _fields(body, other, ()))
    return tuple(sorted(differing))


def keep(committed: Mapping[str, Any], rendered: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """The rendered body with the committed values of these fields; the arguments are not changed.

    A field that the committed body does not have keeps its rendered value: it is new.
    """
    result: Any = dict(rendered)
    for field in fields:
        steps = keypath.read(field)
        value = _value(committed, steps)
        if steps and value is not _ABSENT and _value(result, steps) is not _ABSENT:
            result = _replaced(result, steps, value)
    return dict(result)


def constant(first: Mapping[str, Any], second: Mapping[str, Any], field: str) -> str:
    """A digest of what a field that differs has in common in both bodies: its lines that are equal, how many there are, and
    that keys and certificates are there. "" where it is not a text in both. Base64 is read.
    """
    texts = [_value(body, keypath.read(field)) for body in (first, second)] if field else []
    if not texts or not all(isinstance(text, str) for text in texts):
        return ""
    ours, theirs = (Counter(_without_pems(_decoded(text)).splitlines()) for text in texts)
    return digest.of(str(ours.total()), *sorted((ours & theirs).elements()))


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return text


def _without_pems(text: str) -> str:
    """The text with "PEM" for each key or certificate: from a beginning to the next end of the same kind."""
    marks = list(_PEM.finditer(text))
    ends = {mark[2]: mark.start() for mark in marks if mark[1] == "END"}  # the last of each kind
    parts: list[str] = []
    position, begun = 0, None
    for mark in marks:
        if begun is None and mark[1] == "BEGIN" and ends.get(mark[2], 0) > mark.start():
            begun = mark
        elif begun is not None and mark[1] == "END" and mark[2] == begun[2]:
            parts += text[position : begun.start()], "PEM"
            position, begun = mark.end(), None
    return "".join((*parts, text[position:]))


def _by_identity(bodies: Sequence[Mapping[str, Any]]) -> dict[ObjectId, list[Mapping[str, Any]]]:
    by_identity: dict[ObjectId, list[Mapping[str, Any]]] = {}
    for body in bodies:
        by_identity.setdefault(ObjectId.of(body), []).append(body)
    return by_identity


def _fields(one: Any, other: Any, path: Keys) -> Iterator[Keys]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in one.keys() | other.keys():
            yield from _fields(one.get(key, _ABSENT), other.get(key, _ABSENT), (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (ours, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _fields(ours, theirs, (*path, index))
    elif one != other or type(one) is not type(other):  # 1 and True and 1.0 are equal in Python
        yield path


def _value(body: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        if isinstance(step, int):
            body = body[step] if isinstance(body, list) and step < len(body) else _ABSENT
        else:
            body = body.get(step, _ABSENT) if isinstance(body, Mapping) else _ABSENT
    return body


def _replaced(body: Any, steps: Sequence[str | int], value: Any) -> Any:
    """A copy of `body` along the path, with `value` at its end."""
    if not steps:
        return value
    copy: Any = list(body) if isinstance(body, list) else dict(body)
    copy[steps[0]] = _replaced(copy[steps[0]], steps[1:], value)
    return copy
