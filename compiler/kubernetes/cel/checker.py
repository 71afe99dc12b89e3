"""What an expression gives, found without values: undeclared names, fields that do not exist, operators that do not fit."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.kubernetes.cel import types
from compiler.kubernetes.cel.library import FUNCTIONS, UNKNOWN, is_namespace
from compiler.kubernetes.cel.parser import Node
from compiler.kubernetes.cel.types import BOOL, DOUBLE, DURATION, DYN, INT, NULL, STRING, TIMESTAMP, UINT, Type, list_of
from compiler.kubernetes.cel.values import type_name

Names = Mapping[str, Type]

_NUMBERS = (INT, UINT, DOUBLE)
_TYPE_NAMES = frozenset(
    (
        "bool",
        "bytes",
        "double",
        "duration",
        "dyn",
        "int",
        "list",
        "map",
        "null_type",
        "string",
        "timestamp",
        "type",
        "uint",
    )
)
_ARITHMETIC: Mapping[str, tuple[tuple[Type, Type, Type], ...]] = {
    "+": (
        *((each, each, each) for each in (*_NUMBERS, STRING, types.BYTES, DURATION)),
        (TIMESTAMP, DURATION, TIMESTAMP),
        (DURATION, TIMESTAMP, TIMESTAMP),
    ),
    "-": (
        *((each, each, each) for each in (*_NUMBERS, DURATION)),
        (TIMESTAMP, DURATION, TIMESTAMP),
        (TIMESTAMP, TIMESTAMP, DURATION),
    ),
    "*": tuple((each, each, each) for each in _NUMBERS),
    "/": tuple((each, each, each) for each in _NUMBERS),
    "%": tuple((each, each, each) for each in (INT, UINT)),
}
_COMPARED = (BOOL, STRING, types.BYTES, DURATION, TIMESTAMP)


class CelTypeError(ValueError):
    """The expression does not compile: the API server refuses it."""


def check(node: Node, names: Names) -> Type:
    """The type of what the expression gives; `dyn` where only values tell. Raises CelTypeError."""
    match node.kind:
        case "literal":
            return Type(type_name(node.value))
        case "name":
            return _name(node.value, names)
        case "select":
            return _select(check(node.args[0], names), node)
        case "has":
            _select(check(node.args[0], names), node)
            return BOOL
        case "list":
            return list_of(_common([check(each, names) for each in node.args]))
        case "map":
            kinds = [check(each, names) for each in node.args]
            return types.map_of(_common(kinds[1::2]))
        case "bind":
            return check(node.args[1], {**names, node.variables[0]: check(node.args[0], names)})
        case "macro":
            return _macro(node, names)
        case "method":
            return _method(node, names)
    return _call(node, names)


def _name(name: str, names: Names) -> Type:
    if name in names:
        return names[name]
    if name in _TYPE_NAMES:
        return Type("type")
    raise CelTypeError(f"undeclared reference to '{name}'")


def _common(kinds: list[Type]) -> Type:
    return kinds[0] if kinds and all(each == kinds[0] and each.schema is None for each in kinds) else DYN


def _select(owner: Type, node: Node) -> Type:
    result = DYN
    if owner.name == "object":
        if node.value not in owner.fields:
            raise CelTypeError(f"undefined field '{node.value}'")
        result = owner.fields[node.value]
    elif owner.name == "map":
        result = owner.item or DYN
    elif owner.name not in ("dyn", "optional"):
        raise CelTypeError(f"type '{owner}' does not support field selection ('{node.value}')")
    if node.optional or owner.name == "optional":
        return Type("optional")
    return result


def _macro(node: Node, names: Names) -> Type:
    owner = check(node.args[0], names)
    if owner.name == "optional":
        check(node.args[1], {**names, node.variables[0]: owner.item or DYN})
        return Type("optional") if node.value in ("optMap", "optFlatMap") else BOOL
    if owner.name not in ("dyn", "list", "map"):
        raise CelTypeError(f"'{node.value}' cannot range over type '{owner}'")
    item = owner.item or DYN if owner.name == "list" else STRING if owner.name == "map" else DYN
    bound = {node.variables[-1]: item}
    if len(node.variables) > 1:
        first, second = (INT, item) if owner.name == "list" else (STRING, owner.item or DYN)
        bound = {node.variables[0]: DYN if owner == DYN else first, node.variables[1]: DYN if owner == DYN else second}
    result = check(node.args[1], {**names, **bound})
    if node.value == "map":
        return list_of(result)
    if result not in (BOOL, DYN):
        raise CelTypeError(f"'{node.value}' wants bool, found '{result}'")
    return list_of(item) if node.value == "filter" else BOOL


def _method(node: Node, names: Names) -> Type:
    owner, *rest = node.args
    if owner.kind == "name" and owner.value not in names and is_namespace(owner.value):
        kinds = [check(each, names) for each in rest]
        name = f"{owner.value}.{node.value}"
        return _overload(name, False, kinds) if (name, False) in FUNCTIONS else DYN
    kinds = [check(each, names) for each in node.args]
    if kinds[0].name == "optional" and node.value in ("or", "orValue"):
        return DYN if node.value == "orValue" else Type("optional")
    return _overload(node.value, True, kinds)


def _overload(name: str, method: bool, kinds: list[Type]) -> Type:
    forms = FUNCTIONS.get((name, method))
    if forms is None or (kinds and method and kinds[0] == DYN and name in UNKNOWN):
        if name in UNKNOWN or "." in name:
            return DYN
        raise CelTypeError(f"undeclared reference to '{name}'")
    fitting = [form for form in forms if len(form.args) == len(kinds) and all(map(_takes, form.args, kinds))]
    if not fitting:
        if name in UNKNOWN:
            return DYN
        shown = ", ".join(map(str, kinds))
        raise CelTypeError(f"found no matching overload for '{name}' applied to '({shown})'")
    results = {form.result for form in fitting}
    return _result(results.pop(), kinds) if len(results) == 1 else DYN


def _takes(wanted: str, kind: Type) -> bool:
    return wanted in ("T", "dyn", kind.name) or kind == DYN or (wanted == "map" and kind.name == "object")


def _result(name: str, kinds: list[Type]) -> Type:
    if name == "item":
        return kinds[0].item or DYN
    if name.startswith("list<"):
        return list_of(Type(name[5:-1]))
    return types.map_of(list_of(STRING)) if name == "map" else Type(name)


def _call(node: Node, names: Names) -> Type:
    sign, kinds = node.value, [check(each, names) for each in node.args]
    match sign:
        case "&&" | "||" | "!_":
            if any(kind not in (BOOL, DYN) for kind in kinds):
                raise _mismatch(sign, kinds)
            return BOOL
        case "?:":
            if kinds[0] not in (BOOL, DYN):
                raise _mismatch("?:", kinds)
            return kinds[1] if kinds[1] == kinds[2] and kinds[1].schema is kinds[2].schema else DYN
        case "==" | "!=":
            if not _comparable(*kinds):
                raise _mismatch(sign, kinds)
            return BOOL
        case "<" | "<=" | ">" | ">=":
            one, other = kinds
            same = one == other and one in _COMPARED
            if DYN not in kinds and not same and not (one in _NUMBERS and other in _NUMBERS):
                raise _mismatch(sign, kinds)
            return BOOL
        case "in":
            if kinds[1].name not in ("dyn", "list", "map"):
                raise _mismatch("in", kinds)
            item = kinds[1].item if kinds[1].name == "list" else STRING if kinds[1].name == "map" else None
            if item is not None and not _comparable(kinds[0], item):
                raise _mismatch("in", kinds)
            return BOOL
        case "[]":
            return _index(kinds, node.optional)
        case "-_":
            if kinds[0] not in (INT, DOUBLE, DURATION, DYN):
                raise _mismatch("-", kinds)
            return kinds[0]
        case "optional element":
            return DYN
    if sign in _ARITHMETIC:
        return _arithmetic(sign, kinds)
    return _overload(sign, False, kinds)


def _index(kinds: list[Type], optional: bool) -> Type:
    owner, key = kinds
    if owner.name not in ("dyn", "list", "map", "object", "optional"):
        raise _mismatch("[]", kinds)
    if owner.name == "list" and key not in (INT, DYN, UINT, DOUBLE):
        raise _mismatch("[]", kinds)
    return Type("optional") if optional or owner.name == "optional" else owner.item or DYN


def _arithmetic(sign: str, kinds: list[Type]) -> Type:
    one, other = kinds
    if sign == "+" and one.name == other.name == "list":
        return one if one == other else list_of(DYN)
    if DYN in kinds:
        return DYN
    for first, second, result in _ARITHMETIC[sign]:
        if (one, other) == (first, second):
            return result
    raise _mismatch(sign, kinds)


def _comparable(one: Type, other: Type) -> bool:
    """Whether `==` takes the two; only what certainly does not fit is False."""
    plain = ("bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint")
    if NULL in (one, other):
        return not {one.name, other.name} & {"bool", "bytes", "double", "int", "string", "uint"}
    if one.name in plain and other.name in plain:
        return one == other
    if "list" in (one.name, other.name):
        return one.name == other.name or "dyn" in (one.name, other.name)
    return True


def _mismatch(sign: str, kinds: list[Type]) -> CelTypeError:
    shown = ", ".join(map(str, kinds))
    return CelTypeError(f"found no matching overload for '{sign.strip('_')}' applied to '({shown})'")
