"""Rules beyond the schema, by what they refuse and what they let pass; tests/schemas/verdicts has a server's own answers."""

from __future__ import annotations

from typing import Any

import pytest

from compiler import yamldoc
from compiler.kubernetes.keypath import show
from compiler.kubernetes.validation import Finding, check_builtin, check_custom

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
MAIN = "  containers: [{name: main, image: 'web:1'%s}]\n"
JOB = """\
apiVersion: batch/v1
kind: %s
metadata: {name: web}
spec:
  %s
"""
PODS = "template: {spec: {restartPolicy: Never, containers: [{name: main, image: 'web:1'}]}}"
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: %s}}}}
"""


def body(text: str) -> Any:
    return yamldoc.load(text, "test.yaml", positions=False)[0].value


def places(found: tuple[Finding, ...]) -> list[str]:
    return [show(each.path) for each in found if each.kind == "refused"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (POD + MAIN % ", ports: [{containerPort: 80, hostPort: 80}, {containerPort: 81, hostPort: 80}]", "containers[0].ports[1].hostPort"),  # noqa: E501
        (POD + MAIN % ", ports: [{containerPort: 80, hostPort: 80}, {containerPort: 80, hostPort: 80, protocol: UDP}]", ""),
        (POD + MAIN % ", resources: {requests: {nvidia.com/gpu: 1}}", "containers[0].resources.limits[\"nvidia.com/gpu\"]"),
        (POD + MAIN % ", resources: {limits: {nvidia.com/gpu: 1}}", ""),
        (POD + MAIN % ", resources: {limits: {nvidia.com/gpu: 500m}}", "containers[0].resources.limits[\"nvidia.com/gpu\"]"),
        (POD + MAIN % ", env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.labels}}}]", "containers[0].env[0].valueFrom.fieldRef.fieldPath"),  # noqa: E501
        (POD + MAIN % ", env: [{name: A, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['a']\"}}}]", ""),
        (POD + MAIN % ", lifecycle: {preStop: {sleep: {seconds: 31}}}", "containers[0].lifecycle.preStop.sleep.seconds"),
        (POD + "  terminationGracePeriodSeconds: 60\n" + MAIN % ", lifecycle: {preStop: {sleep: {seconds: 31}}}", ""),
        (POD + "  priority: 5\n" + MAIN % "", "priority"),
        (POD + "  priority: 2000000000\n  priorityClassName: system-cluster-critical\n" + MAIN % "", ""),
        (POD + "  securityContext: {seccompProfile: {type: RuntimeDefault, localhostProfile: a}}\n" + MAIN % "", "securityContext.seccompProfile.localhostProfile"),  # noqa: E501
        (POD + "  volumes: [{name: a, projected: {sources: [{secret: {name: s}, configMap: {name: c}}]}}]\n" + MAIN % "", "volumes[0].projected.sources[0]"),  # noqa: E501
        (JOB % ("Job", PODS + "\n  completionMode: Indexed"), "completions"),
        (JOB % ("Job", PODS + "\n  completionMode: Indexed\n  completions: 3"), ""),
        (JOB % ("CronJob", f"schedule: '*/5 0-6 ? jan-mar mon,FRI'\n  jobTemplate: {{spec: {{{PODS}}}}}"), ""),
        (JOB % ("CronJob", f"schedule: '@every 1h30m'\n  jobTemplate: {{spec: {{{PODS}}}}}"), ""),
        (JOB % ("CronJob", f"schedule: '60 * * * *'\n  jobTemplate: {{spec: {{{PODS}}}}}"), "schedule"),
        (JOB % ("CronJob", f"schedule: '0 0 * * 7'\n  jobTemplate: {{spec: {{{PODS}}}}}"), "schedule"),
        (JOB % ("CronJob", f"schedule: '5-1 * * * *'\n  jobTemplate: {{spec: {{{PODS}}}}}"), "schedule"),
        (JOB % ("CronJob", f"schedule: '*/0 * * * *'\n  jobTemplate: {{spec: {{{PODS}}}}}"), "schedule"),
        (JOB % ("CronJob", f"schedule: '@often'\n  jobTemplate: {{spec: {{{PODS}}}}}"), "schedule"),
        (JOB % ("CronJob", f"schedule: '@daily'\n  timeZone: Mars/Olympus\n  jobTemplate: {{spec: {{{PODS}}}}}"), "timeZone"),  # noqa: E501
        (JOB % ("CronJob", f"schedule: '@daily'\n  timeZone: Europe/Berlin\n  jobTemplate: {{spec: {{{PODS}}}}}"), ""),
    ],
)  # fmt: skip
def test_rules_of_pods_and_jobs(text: str, expected: str) -> None:
    assert places(check_builtin(body(text), 34)) == ([f"spec.{expected}"] if expected else [])


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ("{type: object}", ""),
        ("{type: object, properties: {a: {type: string}}, additionalProperties: {type: string}}", "additionalProperties"),
        ("{properties: {a: {type: string}}}", "type"),
        ("{x-kubernetes-preserve-unknown-fields: true}", ""),
        ("{type: array}", "items"),
        ("{type: array, items: {type: object, properties: {a: {type: string}}}, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [a]}", "items.properties.a.default"),  # noqa: E501
        ("{type: string, pattern: '('}", "pattern"),
        ("{type: string, pattern: '(?=a)'}", "pattern"),
        ("{type: object, properties: {a: {type: string}}, oneOf: [{required: [a]}, {properties: {a: {enum: [b]}}}]}", ""),
        ("{type: object, oneOf: [{properties: {b: {minimum: 1}}}]}", "oneOf[0].properties.b"),
        ("{x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}", ""),
        ("{type: integer, default: a}", "default"),
        ("{type: integer, uniqueItems: true}", "uniqueItems"),
        ("{type: integer, x-kubernetes-validations: [{rule: self > 0}]}", ""),
        ("{type: integer, x-kubernetes-validations: [{rule: self + 1}]}", "x-kubernetes-validations[0].rule"),
        ("{type: integer, x-kubernetes-validations: [{rule: self > 0, messageExpression: self}]}", "x-kubernetes-validations[0].messageExpression"),  # noqa: E501
        ("{type: integer, x-kubernetes-validations: [{rule: self > 0, reason: Bad}]}", "x-kubernetes-validations[0].reason"),
        ("{type: integer, x-kubernetes-validations: [{rule: self >= oldSelf}]}", ""),
        ("{type: array, items: {type: integer, x-kubernetes-validations: [{rule: self >= oldSelf}]}}", "items.x-kubernetes-validations[0].rule"),  # noqa: E501
    ],
)  # fmt: skip
def test_rules_of_schemas_in_crds(schema: str, expected: str) -> None:
    inside = "spec.versions[0].schema.openAPIV3Schema.properties.spec."
    assert places(check_builtin(body(CRD % schema), 34)) == ([inside + expected] if expected else [])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kind: Widget", "kind: Widget, listKind: Widget", ["spec.names.listKind"]),
        ("kind: Widget", "kind: Widget, shortNames: [W]", ["spec.names.shortNames[0]"]),
        ("storage: true", "storage: false", ["spec.versions"]),
        ("name: v1", "name: v1, deprecationWarning: no", ["spec.versions[0].deprecationWarning"]),
        (
            "name: v1",
            "name: v1, selectableFields: [{jsonPath: .spec.a}]",
            ["spec.versions[0].selectableFields[0].jsonPath"],
        ),
        ("example.com", "widgets.k8s.io", ['metadata.annotations["api-approved.kubernetes.io"]']),
    ],
)
def test_rules_of_crds(old: str, new: str, expected: list[str]) -> None:
    assert places(check_builtin(body((CRD % "{type: object}").replace(old, new)), 34)) == expected


def version(spec: str, subresources: str = "{}") -> Any:
    return body(
        f"schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {spec}}}}}}}\nsubresources: {subresources}\n"
    )


@pytest.mark.parametrize(
    ("schema", "spec", "expected"),
    [
        ("rule: self.a <= self.b, message: a is more than b", "{a: 2, b: 1}", ["spec: a is more than b"]),
        ("rule: self.a <= self.b, messageExpression: \"'a is ' + string(self.a)\"", "{a: 2, b: 1}", ["spec: a is 2"]),
        ("rule: self.a <= self.b, fieldPath: .a, message: bad", "{a: 2, b: 1}", ["spec.a: bad"]),
        ("rule: self.a <= self.b, message: bad", "{a: 1, b: 2}", []),
        ("rule: self.c == 7, message: bad", "{}", []),
        ("rule: has(self.a), message: bad", "{a: null}", ["spec: bad"]),
        ("rule: self == oldSelf, message: bad", "{}", []),
        ("rule: '!oldSelf.hasValue()', optionalOldSelf: true, message: bad", "{}", []),
        ("rule: self.a == 1", "{}", ["spec: the rule 'self.a == 1' fails: no such key: a"]),
        ("rule: self.d < duration('1h'), message: bad", "{d: 90m}", ["spec: bad"]),
        ("rule: self.x__dash__y == 'z', message: bad", "{x-y: a}", ["spec: bad"]),
        ("rule: 'isSemver(self.d)'", "{d: 1m}", ["spec: isSemver(self.d)"]),
    ],
)
def test_cel_rules_of_custom_objects(schema: str, spec: str, expected: list[str]) -> None:
    fields = (
        "a: {type: integer}, b: {type: integer}, c: {type: integer, default: 7}, d: {type: string, format: duration}"
    )
    entry = version(
        f"{{type: object, properties: {{{fields}, x-y: {{type: string}}}}, x-kubernetes-validations: [{{{schema}}}]}}"
    )
    item = body(f"apiVersion: e.com/v1\nkind: A\nmetadata: {{name: a}}\nspec: {spec}\n")
    found = [each for each in check_custom(item, entry, 34) if each.kind != "apply"]
    assert [f"{show(each.path)}: {each.message}" for each in found] == expected


def test_replicas_of_the_scale_subresource_are_not_negative() -> None:
    scale = "{scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}"
    entry = version("{type: object, properties: {size: {type: integer}}}", scale)
    sizes = {
        size: places(
            check_custom(
                body(f"apiVersion: e.com/v1\nkind: A\nmetadata: {{name: a}}\nspec: {{size: {size}}}\n"), entry, 34
            )
        )
        for size in (-1, 0, 1)
    }
    assert sizes == {-1: ["spec.size"], 0: [], 1: []}
