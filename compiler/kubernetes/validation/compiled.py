"""CEL expressions that an object brings, compiled as the API server does: of CRDs, admission policies and webhooks.

Only what certainly does not compile is told; how much an expression may cost is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.kubernetes import cel
from compiler.kubernetes.cel import types
from compiler.kubernetes.cel.types import BOOL, DYN, NULL, STRING, Type, list_of, map_of
from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.pods import Fault, Value, items

Schema = Mapping[str, Any]

_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")


def fault(text: Any, names: Mapping[str, Type], wanted: tuple[Type, ...] = (BOOL,)) -> str:
    """Why an expression does not compile, or gives another type; "" where nothing is wrong with it."""
    if not isinstance(text, str) or not text.strip():
        return REQUIRED
    try:
        kind = cel.check(cel.parse(text), names)
    except (cel.CelSyntaxError, cel.CelTypeError) as error:
        return f"'{text[:160]}' does not compile: {error}"
    except (cel.CelUnknown, RecursionError):
        return ""
    if wanted and kind != DYN and kind not in wanted:
        return f"'{text[:160]}' gives {kind}, expected {' or '.join(map(str, wanted))}"
    return ""


def _type(text: str, names: Mapping[str, Type]) -> Type:
    try:
        return cel.check(cel.parse(text), names)
    except (cel.CelUnknown, RecursionError):
        return DYN


def schema_rules(schema: Schema, path: tuple[str | int, ...] = (), *, correlated: bool = True) -> Iterator[Fault]:
    """The rules of an `openAPIV3Schema` that do not compile."""
    rules = schema.get("x-kubernetes-validations") or ()
    if rules and (kind := types.of_schema(schema, root=not path)) is not None:
        for index, rule in enumerate(rules):
            if isinstance(rule, Mapping):
                where = (*path, "x-kubernetes-validations", index)
                yield from (((*where, *inner), message) for inner, message in _rule(rule, kind, schema, correlated))
    atomic = schema.get("x-kubernetes-map-type") == "atomic"
    for name, child in (schema.get("properties") or {}).items():
        if isinstance(child, Mapping):
            yield from schema_rules(child, (*path, "properties", name), correlated=correlated and not atomic)
    for field in ("additionalProperties", "items"):
        child = schema.get(field)
        if isinstance(child, Mapping):
            kept = field == "additionalProperties" or schema.get("x-kubernetes-list-type") == "map"
            yield from schema_rules(child, (*path, field), correlated=correlated and kept and not atomic)


def _rule(rule: Value, kind: Type, schema: Schema, correlated: bool) -> Iterator[Fault]:
    names = {"self": kind, "oldSelf": Type("optional", kind) if rule.get("optionalOldSelf") else kind}
    if message := fault(rule.get("rule"), names):
        yield ("rule",), message
        return
    try:
        transition = cel.uses(cel.parse(rule["rule"]), "oldSelf")
    except (cel.CelUnknown, RecursionError):
        return
    if transition and not correlated:
        yield ("rule",), "oldSelf is not known inside of lists that are not of type map, and of atomic maps"
    if rule.get("optionalOldSelf") is not None and not transition:
        yield ("optionalOldSelf",), "the rule does not use oldSelf"
    if rule.get("messageExpression") and (message := fault(rule["messageExpression"], names, (STRING,))):
        yield ("messageExpression",), message
    if "\n" in str(rule.get("message") or ""):
        yield ("message",), "expected one line of text"
    if rule.get("reason") is not None and rule["reason"] not in _REASONS:
        yield ("reason",), f"expected {' or '.join(_REASONS)}, found '{rule['reason']}'"
    if rule.get("fieldPath") and not _exists(str(rule["fieldPath"]), schema):
        yield ("fieldPath",), f"the schema has no field {rule['fieldPath']}"


def _exists(path: str, schema: Any) -> bool:
    for name in path.replace("['", ".").replace("']", "").split(".")[1:]:
        properties = schema.get("properties") or {}
        schema = properties.get(name) or schema.get("additionalProperties")
        if not isinstance(schema, Mapping):
            return "['" in path  # a key with dots in it
    return path.startswith((".", "['"))


_KIND = Type("object", named=(("group", STRING), ("version", STRING), ("kind", STRING)))
_RESOURCE = Type("object", named=(("group", STRING), ("version", STRING), ("resource", STRING)))
_USER = Type(
    "object",
    named=(("username", STRING), ("uid", STRING), ("groups", list_of(STRING)), ("extra", map_of(list_of(STRING)))),
)
_REQUEST = Type(
    "object",
    named=(
        ("uid", STRING),
        ("kind", _KIND),
        ("resource", _RESOURCE),
        ("subResource", STRING),
        ("requestKind", _KIND),
        ("requestResource", _RESOURCE),
        ("requestSubResource", STRING),
        ("name", STRING),
        ("namespace", STRING),
        ("operation", STRING),
        ("userInfo", _USER),
        ("dryRun", BOOL),
        ("options", DYN),
    ),
)
_ADMISSION: Mapping[str, Type] = {
    "object": DYN,
    "oldObject": DYN,
    "request": _REQUEST,
    "namespaceObject": DYN,
    "authorizer": DYN,
}


def conditions(value: Value, names: Mapping[str, Type] = _ADMISSION) -> Iterator[Fault]:
    """The `matchConditions` of a webhook or policy that do not compile."""
    for index, each in items(value, "matchConditions"):
        if message := fault(each.get("expression"), names):
            yield ("matchConditions", index, "expression"), message


def policy(value: Value) -> Iterator[Fault]:
    """The expressions of a ValidatingAdmissionPolicy that do not compile."""
    names = {**_ADMISSION, **({"params": DYN} if value.get("paramKind") is not None else {})}
    yield from conditions(value, names)
    known: list[tuple[str, Type]] = []
    for index, each in items(value, "variables"):
        scope = {**names, "variables": Type("object", named=tuple(known))}
        if message := fault(each.get("expression"), scope, ()):
            yield ("variables", index, "expression"), message
            return
        known.append((str(each.get("name")), _type(each["expression"], scope)))
    names["variables"] = Type("object", named=tuple(known))
    for field, key, wanted, needed in (
        ("validations", "expression", (BOOL,), True),
        ("validations", "messageExpression", (STRING,), False),
        ("auditAnnotations", "valueExpression", (STRING, NULL), True),
    ):
        for index, each in items(value, field):
            if (needed or each.get(key)) and (message := fault(each.get(key), names, wanted)):
                yield (field, index, key), message
