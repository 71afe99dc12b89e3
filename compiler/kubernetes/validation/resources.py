"""Rules about amounts of resources: of containers, quotas, limit ranges. Part of the table in `rules.py`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from compiler.kubernetes import names
from compiler.kubernetes.quantity import quantity_of
from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.pods import Fault, Value, given, items

_STANDARD = frozenset(("cpu", "memory", "ephemeral-storage"))
_COUNTED = frozenset(
    (
        "configmaps",
        "persistentvolumeclaims",
        "pods",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "services",
        "services.loadbalancers",
        "services.nodeports",
    )
)
_QUOTA = (
    _STANDARD
    | _COUNTED
    | {"storage"}
    | {f"{kind}.{name}" for kind in ("limits", "requests") for name in _STANDARD}
    | {"requests.storage"}
)


def _amount(value: Any) -> Decimal | None:
    return None if value in (None, "") else quantity_of(value)


def _is_extended(name: str) -> bool:
    """A resource of a device plugin: with a domain that is not Kubernetes' own."""
    return "/" in name and "kubernetes.io/" not in name


def _requests(value: Value) -> Iterator[Fault]:
    """Requests are no more than limits, whole where they must be, and not negative."""
    limits = value.get("limits") or {}
    for field in ("limits", "requests"):
        for name, given_amount in (value.get(field) or {}).items():
            amount = _amount(given_amount)
            if amount is not None and amount < 0:
                yield (field, name), f"{given_amount} is negative"
            elif amount is not None and _is_extended(name) and amount % 1:
                yield (field, name), f"{given_amount} is not a whole number"
    for name, given_amount in (value.get("requests") or {}).items():
        amount, limit = _amount(given_amount), _amount(limits.get(name))
        shared = not _is_extended(name) and not name.startswith("hugepages-")
        if amount is None:
            continue
        if limit is None:
            if not shared and name not in limits:
                yield ("limits", name), "a request for it needs an equal limit"
        elif not shared and amount != limit:
            yield ("requests", name), f"{given_amount} is not the limit of {limits[name]}"
        elif amount > limit:
            yield ("requests", name), f"{given_amount} is more than the limit of {limits[name]}"


def of_container(value: Value) -> Iterator[Fault]:
    """A container asks for resources that containers have, and for no more than its limits."""
    amounts = value.get("resources") or {}
    listed = {name for field in ("limits", "requests") for name in amounts.get(field) or ()}
    for field in ("limits", "requests"):
        for name in amounts.get(field) or ():
            if "/" not in name and name not in _STANDARD and not name.startswith("hugepages-"):
                yield (
                    ("resources", field, name),
                    "is not a resource: cpu, memory, ephemeral-storage, or a name with a domain",
                )
            elif not names.is_label_key(name) or (_is_extended(name) and name.startswith("requests.")):
                yield ("resources", field, name), "is not the name of a resource"
    if any(name.startswith("hugepages-") for name in listed) and not listed & {"cpu", "memory"}:
        yield ("resources",), "huge pages need cpu or memory too"
    yield from ((("resources", *where), message) for where, message in _requests(amounts))


def quota(value: Value) -> Iterator[Fault]:
    """What a ResourceQuota limits can be limited."""
    for name, given_amount in (value.get("hard") or {}).items():
        amount = _amount(given_amount)
        bare = "/" not in name
        if not names.is_label_key(name) or (
            bare and name not in _QUOTA and not name.removeprefix("requests.").startswith("hugepages-")
        ):
            yield (
                ("hard", name),
                "is not a resource that a quota limits: requests.cpu, pods, count/jobs.batch or the like",
            )
        elif amount is not None and amount < 0:
            yield ("hard", name), f"{given_amount} is negative"
        elif amount is not None and name in _COUNTED and amount % 1:
            yield ("hard", name), f"{given_amount} is not a whole number"
    scopes = set(value.get("scopes") or ())
    for one, other in (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")):
        if {one, other} <= scopes:
            yield ("scopes",), f"{one} excludes {other}"


def scope_requirement(value: Value) -> Iterator[Fault]:
    """Values go with In and NotIn, and only priorities and volume classes have any."""
    operator, values = value.get("operator"), value.get("values")
    if operator in ("In", "NotIn") and not values:
        yield ("values",), f"operator {operator} needs one"
    if operator in ("Exists", "DoesNotExist") and values:
        yield ("values",), f"operator {operator} has none"
    if value.get("scopeName") not in ("PriorityClass", "VolumeAttributesClass") and operator not in (None, "Exists"):
        yield ("operator",), f"scope {value.get('scopeName')} takes Exists only"


_LEVELS = ("min", "defaultRequest", "default", "max")


def limit(value: Value) -> Iterator[Fault]:
    """A LimitRange's amounts are in order: min, defaultRequest, default, max."""
    kind = value.get("type")
    if kind == "Pod":
        for field in given(value, ("default", "defaultRequest")):
            if value[field]:
                yield (field,), "type Pod has none"
    if kind == "PersistentVolumeClaim" and not any("storage" in (value.get(field) or {}) for field in ("min", "max")):
        yield ("min",), "type PersistentVolumeClaim needs a min or a max of storage"
    every = {name for field in (*_LEVELS, "maxLimitRequestRatio") for name in value.get(field) or ()}
    for name in sorted(every):
        amounts = [(field, _amount((value.get(field) or {}).get(name))) for field in _LEVELS]
        known = [(field, amount) for field, amount in amounts if amount is not None]
        for index, (field, amount) in enumerate(known):
            for larger, other in known[index + 1 :]:
                if amount > other:
                    yield (field, name), f"it is more than the {larger}"
        ratio = _amount((value.get("maxLimitRequestRatio") or {}).get(name))
        if ratio is not None and ratio < 1:
            yield ("maxLimitRequestRatio", name), "it is less than 1"


def limits(value: Value) -> Iterator[Fault]:
    """One item a type."""
    seen: dict[Any, int] = {}
    for index, item in items(value, "limits"):
        first = seen.setdefault(item.get("type"), index)
        if first != index:
            yield ("limits", index, "type"), f"{item.get('type')} is in the list twice (first at [{first}])"


def overhead(value: Value) -> Iterator[Fault]:
    """A RuntimeClass' overhead is given in resources of pods."""
    for name, given_amount in (value.get("podFixed") or {}).items():
        if "/" not in name and name not in _STANDARD:
            yield ("podFixed", name), "is not a resource: cpu, memory, ephemeral-storage, or a name with a domain"
        elif (amount := _amount(given_amount)) is not None and amount < 0:
            yield ("podFixed", name), f"{given_amount} is negative"


def capacity(value: Value) -> Iterator[Fault]:
    """A PersistentVolume's capacity is its storage."""
    for field in ("accessModes", "capacity"):
        if not value.get(field):
            yield (field,), REQUIRED
    amounts = value.get("capacity") or {}
    if amounts and set(amounts) != {"storage"}:
        yield ("capacity",), f"expected storage alone, found {' and '.join(sorted(amounts))}"
    elif (amount := _amount(amounts.get("storage"))) is not None and amount < 0:
        yield ("capacity", "storage"), f"{amounts['storage']} is negative"
