"""Rules about HorizontalPodAutoscalers and PodDisruptionBudgets. Part of the table in `rules.py`."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.pods import Fault, Value, given


def autoscaler(value: Value) -> Iterator[Fault]:
    """At least one, and no more than the largest number."""
    largest, least = value.get("maxReplicas") or 0, value.get("minReplicas")
    if largest < 1:
        yield ("maxReplicas",), f"{largest} is less than 1"
    elif (1 if least is None else least) > largest:
        yield ("maxReplicas",), f"{largest} is less than minReplicas"


_METRICS = {"ContainerResource": "containerResource", "External": "external", "Object": "object", "Pods": "pods"}
_TARGETS = {
    "containerResource": ("averageUtilization", "averageValue"),
    "external": ("averageValue", "value"),
    "object": ("averageValue", "value"),
    "pods": ("averageValue",),
    "resource": ("averageUtilization", "averageValue"),
}


def metric(value: Value) -> Iterator[Fault]:
    """A metric is described by the field of its type alone, with one target that the type has."""
    field = _METRICS.get(value["type"], str(value["type"]).lower())
    if value.get(field) is None:
        yield (field,), f"a metric of type {value['type']} needs it"
        return
    for other in given(value, _TARGETS):
        if other != field:
            yield (other,), f"a metric of type {value['type']} has none"
    target, usable = value[field].get("target") or {}, _TARGETS.get(field, ())
    targets = given(target, usable)
    if not targets:
        yield (field, "target"), f"expected {' or '.join(usable)}"
    elif len(targets) > 1 and field != "object":
        yield (field, "target"), f"{' and '.join(targets)} exclude each other"


def metric_target(value: Value) -> Iterator[Fault]:
    """A number to reach."""
    if not given(value, ("averageUtilization", "averageValue", "value")):
        yield (), "expected averageUtilization, averageValue or value"


def scaling_rules(value: Value) -> Iterator[Fault]:
    """A direction has policies, where its rules are given."""
    if value.get("policies") == []:
        yield ("policies",), REQUIRED


def disruption_budget(value: Value) -> Iterator[Fault]:
    """One of the two bounds."""
    if len(given(value, ("minAvailable", "maxUnavailable"))) > 1:
        yield ("maxUnavailable",), "it excludes minAvailable"
