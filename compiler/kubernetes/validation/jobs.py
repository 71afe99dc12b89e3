"""Rules about Jobs and CronJobs. Part of the table in `rules.py`."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.pods import Fault, Value, given, items
from compiler.kubernetes.validation.workloads import selects


def job(value: Value) -> Iterator[Fault]:
    """A Job's pods end, and its policies go with its mode."""
    template = value.get("template") or {}
    policy = (template.get("spec") or {}).get("restartPolicy")
    if policy not in ("OnFailure", "Never"):
        yield ("template", "spec", "restartPolicy"), f"expected OnFailure or Never, found {policy or 'nothing'}"
    if value.get("podFailurePolicy") is not None:
        if policy == "OnFailure":
            yield ("template", "spec", "restartPolicy"), "podFailurePolicy wants Never"
        if value.get("podReplacementPolicy") not in (None, "Failed"):
            yield ("podReplacementPolicy",), "podFailurePolicy wants Failed"
        yield from _failure_rules(value)
    if value.get("completionMode") == "Indexed":
        if value.get("completions") is None:
            yield ("completions",), "completionMode Indexed needs it"
        if (value.get("parallelism") or 0) > 100000:
            yield ("parallelism",), "completionMode Indexed takes at most 100000"
    else:
        for field in given(value, ("backoffLimitPerIndex", "successPolicy")):
            yield (field,), "it needs completionMode Indexed"
    if value.get("maxFailedIndexes") is not None and value.get("backoffLimitPerIndex") is None:
        yield ("backoffLimitPerIndex",), "maxFailedIndexes needs it"
    selector = value.get("selector")
    if selector is None and value.get("manualSelector"):
        yield ("selector",), REQUIRED
    elif selector and not selects(selector, (template.get("metadata") or {}).get("labels") or {}):
        yield ("template", "metadata", "labels"), "the selector does not select them"


def _failure_rules(value: Value) -> Iterator[Fault]:
    rules = items(value["podFailurePolicy"], "rules")
    if len(rules) > 20:
        yield ("podFailurePolicy", "rules"), f"expected at most 20, found {len(rules)}"
    for index, rule in rules:
        kinds = [field for field in given(rule, ("onExitCodes", "onPodConditions")) if rule[field]]
        if len(kinds) != 1:
            yield (
                ("podFailurePolicy", "rules", index),
                f"expected onExitCodes or onPodConditions, found {'both' if kinds else 'none'}",
            )
        if rule.get("action") == "FailIndex" and value.get("backoffLimitPerIndex") is None:
            yield ("podFailurePolicy", "rules", index, "action"), "FailIndex needs backoffLimitPerIndex"


def exit_codes(value: Value) -> Iterator[Fault]:
    """Codes are in order, and 0 is not a failure."""
    codes = value.get("values") or []
    if not codes:
        yield ("values",), REQUIRED
    elif len(codes) > 255:
        yield ("values",), f"expected at most 255, found {len(codes)}"
    elif value.get("operator") == "In" and 0 in codes:
        yield ("values",), "0 is not a failure"
    elif sorted(set(codes)) != codes:
        yield ("values",), "expected numbers in order, each once"


def cron_job(value: Value) -> Iterator[Fault]:
    """The server selects the pods of a CronJob's Jobs."""
    spec = (value.get("jobTemplate") or {}).get("spec") or {}
    if spec.get("manualSelector"):
        yield ("jobTemplate", "spec", "manualSelector"), "a CronJob's Jobs have none"
    if spec.get("selector") is not None:
        yield ("jobTemplate", "spec", "selector"), "a CronJob's Jobs have none"
    if value.get("timeZone") and "TZ" in str(value.get("schedule")):
        yield ("timeZone",), "the schedule has a TZ too"
