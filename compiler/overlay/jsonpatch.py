"""JSON patch (RFC 6902) and the JSON pointers (RFC 6901) that it uses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from compiler import limits
from compiler.diagnostics import did_you_mean
from compiler.model.overlays import JsonOperation
from compiler.overlay.errors import PatchError

# RFC 6901, section 4: digits without leading zeros.
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_BAD_ESCAPE = re.compile(r"~(?![01])")


def parse_pointer(text: str) -> tuple[str, ...]:
    """The unescaped steps of a JSON pointer. Raises ValueError if it is not valid."""
    if not text:
        return ()
    if not text.startswith("/"):
        raise ValueError(f"expected a JSON pointer, which starts with '/', found '{text}'")
    if _BAD_ESCAPE.search(text):
        raise ValueError(f"expected a JSON pointer with '~0' for '~' and '~1' for '/' in a key, found '{text}'")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/"))


def json_patch(document: Any, operations: Sequence[JsonOperation]) -> Any:
    """The document with all operations applied in order; the inputs are not changed.

    Raises PatchError that names the operation by its number.
    """
    sizes = _Sizes()
    for number, operation in enumerate(operations, 1):
        try:
            document = _apply(document, operation, sizes)
        except PatchError as error:
            raise PatchError(
                f"operation {number} ({operation.op} {operation.path}): {error}", hint=error.hint
            ) from None
    return document


class _Sizes:
    """What the operations of one patch add: copies share their values, so a few of them can make a document that nobody
    can print."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, int, int]] = {}  # by id, with the value itself, so that the id stays its own
        self._copied = 0

    def put(self, value: Any, path: tuple[str, ...], *, copied: bool = False) -> Any:
        """The value. Raises PatchError where it goes too deep at the path, or where copies have become too many."""
        nodes, depth = self._of(value)
        self._copied += nodes if copied else 0
        if len(path) + depth > limits.DATA_DEPTH:
            raise PatchError(f"the object would have more than {limits.DATA_DEPTH} levels")
        if self._copied > limits.PATCHED_VALUES:
            raise PatchError(f"the operations copy more than {limits.PATCHED_VALUES:,} values")
        return value

    def _of(self, value: Any) -> tuple[int, int]:
        """How many values there are in this one, itself counted, and on how many levels."""
        if not isinstance(value, dict | list):
            return 1, 0
        if id(value) not in self._known:
            inner = [self._of(each) for each in (value.values() if isinstance(value, dict) else value)]
            nodes, depths = zip(*inner, strict=True) if inner else ((), ())
            self._known[id(value)] = value, 1 + sum(nodes), 1 + max(depths, default=0)
        return self._known[id(value)][1:]


def _apply(document: Any, operation: JsonOperation, sizes: _Sizes) -> Any:
    path = parse_pointer(operation.path)
    match operation.op:
        case "add":
            return _edit(document, path, sizes.put(operation.value, path), "add")
        case "remove":
            return _edit(document, path, None, "remove")
        case "replace":
            return _edit(document, path, sizes.put(operation.value, path), "replace")
        case "test":
            actual = _get(document, path)
            if not equal(actual, operation.value):
                raise PatchError(f"expected {_shown(operation.value)}, found {_shown(actual)}")
            return document
        case "copy":
            value = _get(document, parse_pointer(operation.source))
            return _edit(document, path, sizes.put(value, path, copied=True), "add")
        case "move":
            source = parse_pointer(operation.source)
            # RFC 6902, section 4.4: "The 'from' location MUST NOT be a proper prefix of the 'path' location".
            if path[: len(source)] == source and path != source:
                raise PatchError(f"cannot move {operation.source} into itself")
            value = sizes.put(_get(document, source), path)
            return document if path == source else _edit(_edit(document, source, None, "remove"), path, value, "add")


def _get(document: Any, path: tuple[str, ...]) -> Any:
    for depth, step in enumerate(path):
        document = _child(document, step, path[:depth])
    return document


def _child(parent: Any, step: str, above: tuple[str, ...]) -> Any:
    if isinstance(parent, dict):
        if step not in parent:
            raise PatchError(f"{_pointer(above)} has no '{step}'", hint=did_you_mean(step, map(str, parent)))
        return parent[step]
    if isinstance(parent, list):
        return parent[_index(parent, step, above, len(parent) - 1)]
    raise PatchError(f"{_pointer(above)}: expected mapping or list, found {_shown(parent)}")


def _edit(document: Any, path: tuple[str, ...], value: Any, op: str, depth: int = 0) -> Any:
    """A copy of the document with the change at the path; everything beside the path is shared."""
    if depth == len(path):
        if op == "remove":
            raise PatchError(
                "the whole object cannot be removed", hint="use `transform: {drop: true}` to remove an object"
            )
        return value
    step, above, last = path[depth], path[:depth], depth == len(path) - 1
    if isinstance(document, dict):
        if last and op == "add":
            return {**document, step: value}
        child = _child(document, step, above)
        if last and op == "remove":
            return {key: each for key, each in document.items() if key != step}
        return {**document, step: _edit(child, path, value, op, depth + 1)}
    if isinstance(document, list):
        copy = list(document)
        if last and op == "add":
            copy.insert(len(copy) if step == "-" else _index(copy, step, above, len(copy)), value)
            return copy
        index = _index(copy, step, above, len(copy) - 1)
        if last and op == "remove":
            del copy[index]
        else:
            copy[index] = _edit(copy[index], path, value, op, depth + 1)
        return copy
    return _child(document, step, above)


def _index(items: list[Any], step: str, above: tuple[str, ...], highest: int) -> int:
    if step == "-":
        raise PatchError(f"'-' is the end of {_pointer(above)}, where there is no item", hint="use '-' with add only")
    if not _INDEX.fullmatch(step):
        raise PatchError(f"{_pointer(above)} is a list: expected an index, found '{step}'")
    if int(step) > highest:
        raise PatchError(f"index {step} is out of range: {_pointer(above)} has length {len(items)}")
    return int(step)


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal (RFC 6902, section 4.6): numbers by value; a boolean is not a number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def _pointer(path: tuple[str, ...]) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path) or "the object"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"a {'mapping' if isinstance(value, dict) else 'list'} of {len(value)}"
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
