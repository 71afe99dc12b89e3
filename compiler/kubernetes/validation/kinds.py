"""Rules about kinds other than pods. Part of the table in `rules.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from compiler.kubernetes.validation import syntax
from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.pods import Fault, Value, given, items

Rule = Callable[[Value], Iterator[Fault]]


def needs(*fields: str) -> Rule:
    """A rule: these fields have values."""

    def rule(value: Value) -> Iterator[Fault]:
        yield from (((field,), REQUIRED) for field in fields if value.get(field) in (None, "", [], {}))

    return rule


def selects_template(*, restart: tuple[str, ...] = ("Always",)) -> Rule:
    """A rule: the selector is not empty and selects the template's pods, which restart as the kind wants."""

    def rule(value: Value) -> Iterator[Fault]:
        selector, template = value.get("selector") or {}, value.get("template") or {}
        labels = (template.get("metadata") or {}).get("labels") or {}
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            yield ("selector",), "it is empty"
        elif not _selects(selector, labels):
            yield ("template", "metadata", "labels"), "the selector does not select them"
        policy = (template.get("spec") or {}).get("restartPolicy")
        if policy and policy not in restart:
            yield ("template", "spec", "restartPolicy"), f"expected {' or '.join(restart)}, found '{policy}'"

    return rule


def _selects(selector: Value, labels: Mapping[str, Any]) -> bool:
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


def job(value: Value) -> Iterator[Fault]:
    """A job's pods end."""
    policy = ((value.get("template") or {}).get("spec") or {}).get("restartPolicy")
    if policy not in ("OnFailure", "Never"):
        yield ("template", "spec", "restartPolicy"), f"expected OnFailure or Never, found {policy or 'nothing'}"
    if value.get("podFailurePolicy") is not None and policy == "OnFailure":
        yield ("template", "spec", "restartPolicy"), "podFailurePolicy wants Never"


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


def autoscaler(value: Value) -> Iterator[Fault]:
    """At least one, and no more than the largest number."""
    largest, least = value.get("maxReplicas") or 0, value.get("minReplicas")
    if largest < 1:
        yield ("maxReplicas",), f"{largest} is less than 1"
    elif (1 if least is None else least) > largest:
        yield ("maxReplicas",), f"{largest} is less than minReplicas"


_METRICS = {"ContainerResource": "containerResource", "External": "external", "Object": "object", "Pods": "pods"}


def metric(value: Value) -> Iterator[Fault]:
    """A metric is described by the field of its type."""
    field = _METRICS.get(value["type"], str(value["type"]).lower())
    if value.get(field) is None:
        yield (field,), f"a metric of type {value['type']} needs it"


def metric_target(value: Value) -> Iterator[Fault]:
    """A number to reach."""
    if not given(value, ("averageUtilization", "averageValue", "value")):
        yield (), "expected averageUtilization, averageValue or value"


def policy(value: Value) -> Iterator[Fault]:
    """What an admission policy is about, and what it checks."""
    if not (value.get("matchConstraints") or {}).get("resourceRules"):
        yield ("matchConstraints", "resourceRules"), REQUIRED
    if not value.get("validations") and not value.get("auditAnnotations"):
        yield ("validations",), REQUIRED


def webhook(value: Value) -> Iterator[Fault]:
    """Where a webhook is called, and what for."""
    client = value.get("clientConfig") or {}
    targets = given(client, ("service", "url"))
    if len(targets) != 1:
        yield ("clientConfig",), f"expected a service or a url, found {'both' if targets else 'none'}"
    name = value.get("name") or ""
    if name.count(".") < 2 or syntax.subdomain(name):
        yield ("name",), "expected a domain with at least three parts"
    if not {"v1", "v1beta1"} & set(value.get("admissionReviewVersions") or ()):
        yield ("admissionReviewVersions",), "expected v1 or v1beta1 among them"


def rule_with_operations(value: Value) -> Iterator[Fault]:
    """A webhook's rule names what it is about."""
    yield from needs("apiGroups", "apiVersions", "operations", "resources")(value)
    for field in ("operations", "apiGroups", "apiVersions"):
        if "*" in (value.get(field) or ()) and len(value[field]) > 1:
            yield (field,), "'*' must be the only one"


def policy_rule(value: Value, *, namespaced: bool) -> Iterator[Fault]:
    """A role's rule names resources or URLs."""
    if value.get("nonResourceURLs"):
        if namespaced:
            yield ("nonResourceURLs",), "a Role has none; a ClusterRole may"
        elif value.get("apiGroups") or value.get("resources") or value.get("resourceNames"):
            yield ("nonResourceURLs",), "a rule is about resources or about URLs, not both"
        return
    yield from needs("apiGroups", "resources")(value)


def role(value: Value, *, namespaced: bool) -> Iterator[Fault]:
    """The rules of a Role or ClusterRole."""
    for index, each in items(value, "rules"):
        yield from ((("rules", index, *where), message) for where, message in policy_rule(each, namespaced=namespaced))


def binding(value: Value, *, kinds: tuple[str, ...]) -> Iterator[Fault]:
    """A binding names a role and its subjects."""
    if (kind := value["roleRef"].get("kind")) not in kinds:
        yield ("roleRef", "kind"), f"expected {' or '.join(kinds)}, found '{kind}'"
    for index, each in items(value, "subjects"):
        if each.get("kind") == "ServiceAccount" and (message := syntax.subdomain(each.get("name"))):
            yield ("subjects", index, "name"), message
        if each.get("kind") == "ServiceAccount" and not each.get("namespace") and kinds == ("ClusterRole",):
            yield ("subjects", index, "namespace"), REQUIRED


def claim(value: Value) -> Iterator[Fault]:
    """A claim says how much, and how it is used."""
    yield from needs("accessModes")(value)
    storage = ((value.get("resources") or {}).get("requests") or {}).get("storage")
    if storage in (None, "", 0, "0"):
        yield ("resources", "requests", "storage"), REQUIRED
    elif syntax.positive(storage):
        yield ("resources", "requests", "storage"), f"{storage} is negative"
    if "ReadWriteOncePod" in (value.get("accessModes") or ()) and len(value["accessModes"]) > 1:
        yield ("accessModes",), "ReadWriteOncePod excludes the others"


_SECURITY_VERSION = re.compile(r"latest|v1\.(0|[1-9][0-9]*)")


def namespace(value: Value) -> Iterator[Fault]:
    """The labels of pod security are of its words."""
    labels = (value.get("metadata") or {}).get("labels") or {}
    for mode in ("enforce", "audit", "warn"):
        label = f"pod-security.kubernetes.io/{mode}"
        level, version = labels.get(label), labels.get(f"{label}-version")
        if level not in (None, "privileged", "baseline", "restricted"):
            yield ("metadata", "labels", label), f"expected privileged, baseline or restricted, found '{level}'"
        if version is not None and not _SECURITY_VERSION.fullmatch(version):
            yield (
                ("metadata", "labels", f"{label}-version"),
                f"expected latest or v1.30 and the like, found '{version}'",
            )


_SECRET_KEYS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def secret(value: Value) -> Iterator[Fault]:
    """What a Secret of its type must hold."""
    have = {*(value.get("data") or ()), *(value.get("stringData") or ())}
    for key in _SECRET_KEYS.get(value.get("type") or "", ()):
        if key not in have:
            yield ("data", key), f"a Secret of type {value['type']} needs it"


def config_map(value: Value) -> Iterator[Fault]:
    """A key is in data or in binaryData."""
    for key in sorted({*(value.get("data") or ())} & {*(value.get("binaryData") or ())}):
        yield ("data", key), "the key is in binaryData too"


def disruption_budget(value: Value) -> Iterator[Fault]:
    """One of the two bounds."""
    if len(given(value, ("minAvailable", "maxUnavailable"))) > 1:
        yield ("maxUnavailable",), "it excludes minAvailable"


def crd(value: Value) -> Iterator[Fault]:
    """Exactly one version is stored; each has a schema."""
    if (stored := sum(1 for _, each in items(value, "versions") if each.get("storage"))) != 1:
        yield ("versions",), f"exactly one has storage: true, found {stored}"
    for index, each in items(value, "versions"):
        if not (each.get("schema") or {}).get("openAPIV3Schema") and not value.get("preserveUnknownFields"):
            yield ("versions", index, "schema", "openAPIV3Schema"), REQUIRED
