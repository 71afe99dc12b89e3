"""Writes `schemas.json` from the schemas in the PyPI package kubernetes-validate: what fields the built-in kinds have.

For maintainers, when a new Kubernetes minor is out: `python -m tests.kubernetes.generate_schemas`, then review the diff.
No part of Lamella: it needs the development dependency. What the file means is said in
`compiler/kubernetes/validation/definitions.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import compiler.kubernetes
from tests.kubernetes.generate import Definitions, kinds, read_definitions

_REF = "#/$defs/"
_PREFIXES = (
    ("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.", "apiextensions."),
    ("io.k8s.kube-aggregator.pkg.apis.apiregistration.", "apiregistration."),
    ("io.k8s.apimachinery.pkg.apis.meta.", "meta."),
    ("io.k8s.api.", ""),
)
_SCALARS = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intOrString",
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "microTime",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "object",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "object",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": "object",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "any",
}
_SCHEMA = "apiextensions.v1.JSONSchemaProps"
# The description of these three is empty: their Go types decode themselves (apiextensions/v1/marshal.go).
_EITHER: dict[str, list[Any]] = {
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": ["or", "boolean", f"@{_SCHEMA}"],
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": [
        "or",
        f"@{_SCHEMA}",
        ["list", f"@{_SCHEMA}"],
    ],
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": [
        "or",
        f"@{_SCHEMA}",
        ["list", "string"],
    ],
}
# OpenAPI calls much required that the API server takes without: what its Go types cannot tell from the zero value. Held
# against a real server's answers (tests/schemas), these remain: texts, but for those that may be empty or are defaulted …
_EMPTY_TEXTS = {
    ("apps.v1.StatefulSetSpec", "serviceName"),
    ("core.v1.HTTPHeader", "value"),
    ("core.v1.Sysctl", "value"),
    ("core.v1.TypedLocalObjectReference", "kind"),
    ("core.v1.TypedLocalObjectReference", "name"),
    ("core.v1.TypedObjectReference", "kind"),
    ("core.v1.TypedObjectReference", "name"),
    ("meta.v1.GroupResource", "group"),
    ("rbac.v1.RoleRef", "apiGroup"),
    ("storage.v1.TokenRequest", "audience"),
}
# … and of the rest what is named here. What only the server writes (status) is left out.
_REQUIRED = {
    "admissionregistration.v1.MutatingWebhook": {"admissionReviewVersions", "clientConfig"},
    "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec": {"validationActions"},
    "admissionregistration.v1.ValidatingWebhook": {"admissionReviewVersions", "clientConfig"},
    "apiextensions.v1.CustomResourceDefinition": {"spec"},
    "apiextensions.v1.CustomResourceDefinitionSpec": {"names", "versions"},
    "apiregistration.v1.APIServiceSpec": {"groupPriorityMinimum", "versionPriority"},
    "apps.v1.DaemonSetSpec": {"selector", "template"},
    "apps.v1.DeploymentSpec": {"selector", "template"},
    "apps.v1.ReplicaSetSpec": {"selector"},
    "apps.v1.StatefulSetSpec": {"selector", "template"},
    "autoscaling.v1.HorizontalPodAutoscalerSpec": {"maxReplicas", "scaleTargetRef"},
    "autoscaling.v2.ContainerResourceMetricSource": {"target"},
    "autoscaling.v2.ExternalMetricSource": {"metric", "target"},
    "autoscaling.v2.HorizontalPodAutoscalerSpec": {"maxReplicas", "scaleTargetRef"},
    "autoscaling.v2.ObjectMetricSource": {"describedObject", "metric", "target"},
    "autoscaling.v2.PodsMetricSource": {"metric", "target"},
    "autoscaling.v2.ResourceMetricSource": {"target"},
    "batch.v1.CronJobSpec": {"jobTemplate"},
    "batch.v1.JobSpec": {"template"},
    "core.v1.ContainerPort": {"containerPort"},
    "core.v1.GRPCAction": {"port"},
    "core.v1.HTTPGetAction": {"port"},
    "core.v1.NodeSelector": {"nodeSelectorTerms"},
    "core.v1.PodSpec": {"containers"},
    "core.v1.PreferredSchedulingTerm": {"weight"},
    "core.v1.ServicePort": {"port"},
    "core.v1.TCPSocketAction": {"port"},
    "core.v1.TopologySelectorLabelRequirement": {"values"},
    "core.v1.TopologySpreadConstraint": {"maxSkew"},
    "core.v1.WeightedPodAffinityTerm": {"podAffinityTerm", "weight"},
    "discovery.v1.Endpoint": {"addresses"},
    "flowcontrol.v1.FlowSchemaSpec": {"priorityLevelConfiguration"},
    "networking.v1.HTTPIngressPath": {"backend"},
    "networking.v1.HTTPIngressRuleValue": {"paths"},
    "rbac.v1.ClusterRoleBinding": {"roleRef"},
    "rbac.v1.PolicyRule": {"verbs"},
    "rbac.v1.RoleBinding": {"roleRef"},
}
_WRITTEN_BY_THE_SERVER = ("Status", "Condition", "State", "NodeSystemInfo", "Event", "Warning", "Attached", "Review")


def short(name: str) -> str:
    """`core.v1.Container` for `io.k8s.api.core.v1.Container`."""
    for prefix, replacement in _PREFIXES:
        if name.startswith(prefix):
            return replacement + name.removeprefix(prefix)
    return name


def keys_of(schema: Mapping[str, Any]) -> list[str] | None:
    """The keys by which server-side apply tells a list's items apart: [] in a set; None in an atomic list.

    Source: kube-openapi, pkg/schemaconv (parseList): `x-kubernetes-list-type` counts, and where there is none the merge
    strategy of patches.
    """
    kind = schema.get("x-kubernetes-list-type")
    if kind == "map":
        return list(schema["x-kubernetes-list-map-keys"])
    if kind == "set":
        return []
    if kind is None and "merge" in str(schema.get("x-kubernetes-patch-strategy", "")).split(","):
        key = schema.get("x-kubernetes-patch-merge-key")
        return [key] if key else []
    return None


def node(schema: Mapping[str, Any]) -> Any:
    """A field's type in the file's short form."""
    if "$ref" in schema:
        target = schema["$ref"].removeprefix(_REF)
        return _EITHER.get(target) or _SCALARS.get(target) or f"@{short(target)}"
    types = schema.get("type")
    [kind] = [each for each in ([types] if isinstance(types, str) else types or ["any"]) if each != "null"]
    if kind == "array":
        keys = keys_of(schema)
        return ["list", node(schema["items"]), *([] if keys is None else [keys])]
    if kind == "object":
        values = schema.get("additionalProperties")
        return ["map", node(values)] if isinstance(values, Mapping) else "object"
    if kind == "string":
        return {"byte": "bytes", "date-time": "time"}.get(schema.get("format", ""), "string")
    if kind == "integer":
        return schema.get("format", "int64")
    return kind


def types(definitions: Definitions) -> dict[str, dict[str, Any]]:
    """{definition: its fields and which of them are required}."""
    found = {}
    for name, definition in definitions.items():
        if name in _SCALARS or name in _EITHER:
            continue
        fields = {key: node(schema) for key, schema in sorted(definition.get("properties", {}).items())}
        needed = [key for key in sorted(definition.get("required", ())) if is_needed(short(name), key, fields[key])]
        found[short(name)] = {"fields": fields, **({"required": needed} if needed else {})}
    return found


def is_needed(definition: str, field: str, form: Any) -> bool:
    """Whether the API server refuses an object without the field, which OpenAPI calls required."""
    _, version, kind = definition.rsplit(".", 2)
    if not version.lstrip("v").isdigit():
        return False  # alpha and beta: nothing was asked
    if form != "string":
        return field in _REQUIRED.get(definition, ())
    return (definition, field) not in _EMPTY_TEXTS and not any(part in kind for part in _WRITTEN_BY_THE_SERVER)


def reached(found: Mapping[str, Any], roots: set[str]) -> set[str]:
    """The definitions that the roots name, and those that they name."""
    seen: set[str] = set()
    waiting = sorted(roots)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(part.split('"')[0] for part in json.dumps(found[name]).split('"@')[1:])
    return seen


def content(by_minor: Mapping[int, Definitions]) -> dict[str, Any]:
    """What the file holds: `kinds` ({apiVersion: {kind: definition}}), `types` ({definition: [[first minor, form], …]})."""
    roots: dict[str, dict[str, str]] = {}
    forms: dict[str, list[list[Any]]] = {}
    for minor, definitions in by_minor.items():
        found = types(definitions)
        named = {(api_version, kind): short(name) for api_version, kind, name in kinds(definitions)}
        for (api_version, kind), name in named.items():
            roots.setdefault(api_version, {})[kind] = name
        for name in reached(found, set(named.values())):
            known = forms.setdefault(name, [])
            if not known or known[-1][1] != found[name]:
                known.append([minor, found[name]])
    by_api = {api: dict(sorted(by_kind.items())) for api, by_kind in sorted(roots.items())}
    return {"kinds": by_api, "types": dict(sorted(forms.items()))}


def text() -> str:
    """The file, one definition a line."""
    data = content(read_definitions())
    lines = [f"{json.dumps(name)}:{json.dumps(forms, separators=(',', ':'))}" for name, forms in data["types"].items()]
    kind_lines = [f"{json.dumps(api)}:{json.dumps(by, separators=(',', ':'))}" for api, by in data["kinds"].items()]
    return '{"kinds":{\n' + ",\n".join(kind_lines) + '\n},\n"types":{\n' + ",\n".join(lines) + "\n}}\n"


def main() -> None:
    """Writes the file into the package."""
    (Path(compiler.kubernetes.__file__).parent / "schemas.json").write_text(text(), "utf-8")


if __name__ == "__main__":
    main()
