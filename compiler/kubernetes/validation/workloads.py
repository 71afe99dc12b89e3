"""Rules about Deployments, StatefulSets, DaemonSets and ReplicaSets. Part of the table in `rules.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.pods import Fault, Value, items

Rule = Callable[[Value], Iterator[Fault]]


def selects_template(value: Value) -> Iterator[Fault]:
    """The selector is not empty and selects the template's pods, which run for ever."""
    selector, template = value.get("selector") or {}, value.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield ("selector",), "it is empty"
    elif not selects(selector, labels):
        yield ("template", "metadata", "labels"), "the selector does not select them"
    spec = template.get("spec") or {}
    policy = spec.get("restartPolicy")
    if policy not in (None, "", "Always"):
        yield ("template", "spec", "restartPolicy"), f"expected Always, found '{policy}'"
    if spec.get("activeDeadlineSeconds") is not None:
        yield ("template", "spec", "activeDeadlineSeconds"), "only pods and Jobs have one"


def selects(selector: Value, labels: Mapping[str, Any]) -> bool:
    """Whether a label selector selects the labels; what is not understood counts as selected."""
    for key, text in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != text:
            return False
    for _, each in items(selector, "matchExpressions"):
        value, values = labels.get(each.get("key")), each.get("values") or ()
        operator = each.get("operator")
        if (operator == "In" and value not in values) or (
            operator == "NotIn" and value in values and value is not None
        ):
            return False
        if (operator == "Exists" and value is None) or (operator == "DoesNotExist" and value is not None):
            return False
    return True


def selector_requirement(value: Value) -> Iterator[Fault]:
    """Values go with In and NotIn, and with nothing else."""
    operator, values = value.get("operator"), value.get("values")
    if operator in ("In", "NotIn") and not values:
        yield ("values",), f"operator {operator} needs one"
    if operator in ("Exists", "DoesNotExist") and values:
        yield ("values",), f"operator {operator} has none"


def node_requirement(value: Value) -> Iterator[Fault]:
    """As selectors, and Gt and Lt with one value."""
    yield from selector_requirement(value)
    if value.get("operator") in ("Gt", "Lt") and len(value.get("values") or ()) != 1:
        yield ("values",), f"operator {value['operator']} needs exactly one"


def deployment(value: Value) -> Iterator[Fault]:
    """The strategy can make progress."""
    strategy = value.get("strategy") or {}
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate" and rolling is not None:
        yield ("strategy", "rollingUpdate"), "strategy Recreate has none"
    if rolling and rolling.get("maxUnavailable") in (0, "0%") and rolling.get("maxSurge") in (0, "0%"):
        yield ("strategy", "rollingUpdate", "maxUnavailable"), "it may not be 0 where maxSurge is 0"
    deadline = value.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= (value.get("minReadySeconds") or 0):
        yield ("progressDeadlineSeconds",), "it must be more than minReadySeconds"


def daemon_set(value: Value) -> Iterator[Fault]:
    """The strategy replaces pods in one of two ways; by default one pod is unavailable."""
    strategy = value.get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate")
    if rolling is None or strategy.get("type") == "OnDelete":
        return
    surge, unavailable = rolling.get("maxSurge"), rolling.get("maxUnavailable")
    surges, stops = surge not in (None, 0, "0%"), unavailable not in (0, "0%")
    if surges and stops:
        yield ("updateStrategy", "rollingUpdate", "maxSurge"), "it needs maxUnavailable: 0"
    if not surges and not stops:
        yield ("updateStrategy", "rollingUpdate", "maxUnavailable"), "it may not be 0 where maxSurge is 0"


def stateful_set(value: Value) -> Iterator[Fault]:
    """The strategy's fields are those of its type; each claim has a name."""
    strategy = value.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete" and strategy.get("rollingUpdate") is not None:
        yield ("updateStrategy", "rollingUpdate"), "strategy OnDelete has none"
    for index, item in items(value, "volumeClaimTemplates"):
        if not (item.get("metadata") or {}).get("name"):
            yield ("volumeClaimTemplates", index, "metadata", "name"), REQUIRED
