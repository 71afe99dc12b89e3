"""The data of the schemas, and what differs from minor to minor. Truth about 1.34 is in test_verdicts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compiler import yamldoc
from compiler.kubernetes import data
from compiler.kubernetes.keypath import show
from compiler.kubernetes.validation import Finding, check_builtin, check_custom
from compiler.kubernetes.validation.values import SCALARS
from tests.kubernetes import generate_schemas


def body(text: str) -> Any:
    return yamldoc.load(text, "test.yaml", positions=False)[0].value


def said(found: tuple[Finding, ...]) -> list[str]:
    return [f"{each.kind}: {show(each.path)}: {each.message}" for each in found]


POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: main
      image: web:1
"""


def test_the_file_is_what_the_generator_writes() -> None:
    assert data.read("schemas.json") == json.loads(generate_schemas.text())


def test_every_type_of_the_file_is_known() -> None:
    content = data.read("schemas.json")
    forms = [form for forms in content["types"].values() for _, form in forms]
    waiting = [kind for form in forms for kind in form["fields"].values()]
    assert len(waiting) > 4000
    unknown = set()
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, list):
            waiting += kind[1:2] if kind[0] in ("list", "map") else kind[1:]
        elif kind.startswith("@"):
            unknown |= {kind} - {f"@{name}" for name in content["types"]}
        else:
            unknown |= {kind} - SCALARS.keys()
    assert not unknown


@pytest.mark.parametrize(("minor", "known"), [(32, False), (33, True), (37, True)])
def test_a_field_is_known_from_its_minor_on(minor: int, known: bool) -> None:
    found = check_builtin(body(POD + "      lifecycle: {stopSignal: SIGTERM}\n"), minor)
    assert said(found) == ([] if known else ["unknown: spec.containers[0].lifecycle.stopSignal: no such field"])


def test_nothing_is_said_of_minors_without_data_and_of_apis_that_are_not_served() -> None:
    wrong = body("apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {nope: 1}\n")
    assert check_builtin(wrong, 34) == ()
    assert said(check_builtin(body(POD + "nope: 1\n"), 34)) == ["unknown: nope: no such field"]
    assert check_builtin(body(POD + "nope: 1\n"), 99) == check_builtin(body(POD + "nope: 1\n"), 16) == ()


def test_two_items_of_one_key_are_refused_by_server_side_apply_alone() -> None:
    found = check_builtin(body(POD + "      env: [{name: A, value: one}, {name: A, value: two}]\n"), 34)
    assert said(found) == ["apply: spec.containers[0].env[1]: name=A is in the list twice (first at [0])"]


def test_what_sops_has_encrypted_is_left_alone() -> None:
    value = "'ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]'"
    text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ndata: {{k: {value}}}\n"
    text += f"sops: {{pgp: [{{fp: A}}], mac: {value}}}\n"
    assert check_builtin(body(text), 34) == ()
    assert len(check_builtin(body(text.replace("mac", "no")), 34)) == 2


SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1, "default": 3},
                "port": {"x-kubernetes-int-or-string": True},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "mode": {"type": "string", "enum": ["a", "b"], "nullable": True},
                "keyed": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                },
            },
        }
    },
}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{}", []),
        ("{size: 0}", ["refused: spec.size: 0 is less than 1"]),
        ("{port: 1.5}", ["refused: spec.port: expected a whole number or a string, found the number 1.5"]),
        ("{port: web, free: {x: {y: 1}}, mode: null}", []),
        ("{port: null}", ["apply: spec.port: expected a whole number or a string, found null"]),
        ("{mode: c}", ["refused: spec.mode: expected a or b, found 'c'"]),
        ("{sise: 1}", ["unknown: spec.sise: no such field"]),
        ("{keyed: [{name: a}, {name: a}]}", ["refused: spec.keyed[1]: name=a is in the list twice (first at [0])"]),
        ("[]", ["refused: spec: expected a map, found a list"]),
    ],
)
def test_custom_objects_are_held_against_their_schema(spec: str, expected: list[str]) -> None:
    found = check_custom(
        body(f"apiVersion: e.com/v1\nkind: A\nmetadata: {{name: a}}\nspec: {spec}\n"),
        {"schema": {"openAPIV3Schema": SCHEMA}},
        34,
    )
    assert said(found) == expected


@pytest.mark.parametrize(
    ("root", "kind"),
    [
        ({"type": "object"}, "pruned"),  # a stub: it declares nothing, and is told as such
        ({"type": "object", "properties": {"metadata": {"type": "object"}, "kind": {"type": "string"}}}, "pruned"),
        ({"type": "object", "properties": {"status": {"type": "object"}}}, "unknown"),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, None),
    ],
)
def test_fields_of_a_kind_whose_crd_declares_none_are_dropped_rather_than_refused(
    root: dict[str, Any], kind: str | None
) -> None:
    found = check_custom(
        {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {}},
        {"schema": {"openAPIV3Schema": root}},
        33,
    )
    assert [each.kind for each in found] == ([kind] if kind else [])
