"""Expressions with values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compiler.kubernetes.cel.library import FUNCTIONS, is_namespace
from compiler.kubernetes.cel.literals import CelUnknown, UInt
from compiler.kubernetes.cel.parser import Node
from compiler.kubernetes.cel.values import (
    CelError,
    Duration,
    Optional,
    SetList,
    Special,
    Timestamp,
    equal,
    is_number,
    type_name,
    whole,
)

Names = Mapping[str, Any]
_MOST_STEPS = 2_000_000


class Evaluator:
    """One evaluation. The steps are counted: what takes too long is not certain, since servers have limits too."""

    def __init__(self) -> None:
        self._steps = 0

    def value(self, node: Node, names: Names) -> Any:
        """What the expression gives. Raises CelError where it fails, and CelUnknown where that is not certain."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise CelUnknown("too many steps")
        match node.kind:
            case "literal":
                return node.value
            case "name":
                if node.value in names:
                    return names[node.value]
                return Special("type", node.value)
            case "select":
                return _selected(self.value(node.args[0], names), node.value, node.optional)
            case "has":
                return _has(self.value(node.args[0], names), node.value)
            case "list":
                return list(self.elements(node.args, names))
            case "map":
                return self.map(node, names)
            case "bind":
                return self.value(node.args[1], {**names, node.variables[0]: self.value(node.args[0], names)})
            case "macro":
                return self.macro(node, names)
            case "method":
                return self.method(node, names)
        return self.call(node, names)

    def elements(self, nodes: tuple[Node, ...], names: Names) -> Iterator[Any]:
        for each in nodes:
            if each.kind == "call" and each.value == "optional element":
                item = self.value(each.args[0], names)
                if item.present:
                    yield item.content
            else:
                yield self.value(each, names)

    def map(self, node: Node, names: Names) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key, each in zip(node.args[::2], node.args[1::2], strict=True):
            content = list(self.elements((each,), names))
            if content:
                result[self.value(key, names)] = content[0]
        return result

    def truth(self, node: Node, names: Names) -> bool:
        result = self.value(node, names)
        if not isinstance(result, bool):
            raise CelError(f"expected bool, found {type_name(result)}")
        return result

    def either(self, tests: Iterator[Callable[[], bool]], decisive: bool) -> bool:
        """`&&` and `||`: one decisive operand counts more than a failure of another."""
        failure: CelError | None = None
        for test in tests:
            try:
                if test() == decisive:
                    return decisive
            except CelError as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return not decisive

    def macro(self, node: Node, names: Names) -> Any:
        owner = self.value(node.args[0], names)
        if isinstance(owner, Optional):
            if not owner.present:
                return owner
            result = self.value(node.args[1], {**names, node.variables[0]: owner.content})
            return result if node.value == "optFlatMap" else Optional(True, result)
        if not isinstance(owner, list | Mapping):
            raise CelError(f"cannot range over {type_name(owner)}")
        scopes = [{**names, **bound} for bound in _bound(owner, node.variables)]
        body = node.args[1]
        match node.value:
            case "all":
                return self.either((lambda scope=scope: self.truth(body, scope) for scope in scopes), False)  # type: ignore[misc]
            case "exists":
                return self.either((lambda scope=scope: self.truth(body, scope) for scope in scopes), True)  # type: ignore[misc]
            case "exists_one" | "existsOne":
                return sum(self.truth(body, scope) for scope in scopes) == 1
            case "filter":
                return [scope[node.variables[0]] for scope in scopes if self.truth(body, scope)]
        return [self.value(body, scope) for scope in scopes]

    def method(self, node: Node, names: Names) -> Any:
        owner, *rest = node.args
        if owner.kind == "name" and owner.value not in names and is_namespace(owner.value):
            return _apply(f"{owner.value}.{node.value}", False, [self.value(each, names) for each in rest])
        values = [self.value(owner, names)]
        if isinstance(values[0], Optional) and node.value in ("or", "orValue"):
            first = values[0]
            if first.present:
                return first if node.value == "or" else first.content
            return self.value(rest[0], names)
        values += [self.value(each, names) for each in rest]
        return _apply(node.value, True, values)

    def call(self, node: Node, names: Names) -> Any:
        sign = node.value
        if sign in ("&&", "||"):
            return self.either(((lambda each=each: self.truth(each, names)) for each in node.args), sign == "||")  # type: ignore[misc]
        if sign == "?:":
            return self.value(node.args[1 if self.truth(node.args[0], names) else 2], names)
        values = [self.value(each, names) for each in node.args]
        if sign == "[]":
            return _item(values[0], values[1], node.optional)
        if sign in _OPERATORS:
            return _OPERATORS[sign](*values)
        return _apply(sign, False, values)


def _bound(owner: Any, variables: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    if len(variables) == 1:
        return ({variables[0]: each} for each in owner)
    pairs = owner.items() if isinstance(owner, Mapping) else enumerate(owner)
    return ({variables[0]: key, variables[1]: each} for key, each in pairs)


def _selected(owner: Any, name: str, optional: bool) -> Any:
    if isinstance(owner, Optional):
        return _selected(owner.content, name, True) if owner.present else owner
    if not isinstance(owner, Mapping):
        raise CelError(f"no such key: {name}")
    if optional:
        return Optional(name in owner, owner.get(name))
    if name not in owner:
        raise CelError(f"no such key: {name}")
    return owner[name]


def _has(owner: Any, name: str) -> bool:
    if isinstance(owner, Optional):
        return owner.present and _has(owner.content, name)
    if not isinstance(owner, Mapping):
        raise CelError(f"no such key: {name}")
    return name in owner


def _item(owner: Any, key: Any, optional: bool) -> Any:
    if isinstance(owner, Optional):
        return _item(owner.content, key, True) if owner.present else owner
    present = key in owner if isinstance(owner, Mapping) else False
    if isinstance(owner, list):
        if isinstance(key, bool) or not is_number(key) or key != int(key):
            raise CelError("the index of a list must be a number")
        key = int(key)
        present = 0 <= key < len(owner)
    if optional:
        return Optional(present, owner[key] if present else None)
    if not present:
        raise CelError(f"no such key: {key}" if isinstance(owner, Mapping) else f"index out of bounds: {key}")
    return owner[key]


def _apply(name: str, method: bool, values: list[Any]) -> Any:
    forms = FUNCTIONS.get((name, method))
    if forms is None:
        raise CelUnknown(name)
    kinds = [type_name(each) for each in values]
    for form in forms:
        if len(form.args) == len(kinds) and all(
            wanted in ("T", "dyn", kind) for wanted, kind in zip(form.args, kinds, strict=True)
        ):
            try:
                return form.call(*values)
            except (TypeError, OverflowError, ValueError):
                raise CelUnknown(name) from None
    raise CelError(f"no such overload: {name}({', '.join(kinds)})")


def _add(one: Any, other: Any) -> Any:
    if isinstance(one, SetList):
        return SetList([*one, *(each for each in other if not any(equal(each, item) for item in one))])
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *other]
    if isinstance(one, Timestamp) and isinstance(other, Duration):
        return Timestamp(one.nanoseconds + other.nanoseconds)
    if isinstance(one, Duration) and isinstance(other, Duration | Timestamp):
        return type(other)(one.nanoseconds + other.nanoseconds)
    if type_name(one) == type_name(other) and isinstance(one, str | bytes):
        return one + other
    return _number("+", one, other, lambda a, b: a + b)


def _subtract(one: Any, other: Any) -> Any:
    if isinstance(one, Timestamp) and isinstance(other, Timestamp):
        return Duration(one.nanoseconds - other.nanoseconds)
    if isinstance(one, Timestamp | Duration) and isinstance(other, Duration):
        return type(one)(one.nanoseconds - other.nanoseconds)
    return _number("-", one, other, lambda a, b: a - b)


def _divide(one: Any, other: Any) -> Any:
    if isinstance(other, float):
        return _number("/", one, other, lambda a, b: a / b if b else math.nan if not a else math.copysign(math.inf, a))
    if other == 0:
        raise CelError("division by zero")
    return _number("/", one, other, lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1))


def _modulo(one: Any, other: Any) -> Any:
    if other == 0:
        raise CelError("modulus by zero")
    return _number("%", one, other, lambda a, b: abs(a) % abs(b) * (1 if a >= 0 else -1))


def _number(sign: str, one: Any, other: Any, operate: Callable[[Any, Any], Any]) -> Any:
    if not is_number(one) or type_name(one) != type_name(other):
        raise CelError(f"no such overload: {type_name(one)} {sign} {type_name(other)}")
    result = operate(one, other)
    if isinstance(one, float):
        return float(result)
    return whole(UInt(result) if isinstance(one, UInt) else int(result))


def _less(one: Any, other: Any) -> bool:
    if not (is_number(one) and is_number(other)) and type_name(one) != type_name(other):
        raise CelError(f"no such overload: {type_name(one)} < {type_name(other)}")
    if not isinstance(one, str | bytes | int | float | Duration | Timestamp):
        raise CelError(f"no such overload: {type_name(one)} < {type_name(other)}")
    return bool(one < other)


def _in(one: Any, other: Any) -> bool:
    if isinstance(other, Mapping):
        return one in other if not isinstance(one, list | dict) else False
    if not isinstance(other, list):
        raise CelError(f"no such overload: in {type_name(other)}")
    return any(equal(one, each) for each in other)


def _negative(one: Any) -> Any:
    if isinstance(one, Duration):
        return Duration(-one.nanoseconds)
    if not is_number(one) or isinstance(one, UInt):
        raise CelError(f"no such overload: -{type_name(one)}")
    return -one if isinstance(one, float) else whole(-one)


def _not(one: Any) -> bool:
    if not isinstance(one, bool):
        raise CelError(f"no such overload: !{type_name(one)}")
    return not one


_OPERATORS: Mapping[str, Callable[..., Any]] = {
    "!=": lambda one, other: not equal(one, other),
    "!_": _not,
    "%": _modulo,
    "*": lambda one, other: _number("*", one, other, lambda a, b: a * b),
    "+": _add,
    "-": _subtract,
    "-_": _negative,
    "/": _divide,
    "<": _less,
    "<=": lambda one, other: not _less(other, one),
    "==": equal,
    ">": lambda one, other: _less(other, one),
    ">=": lambda one, other: not _less(one, other),
    "in": _in,
}
