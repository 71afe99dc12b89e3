"""How lists of built-in kinds merge. That patches do it right is tests/overlay's business."""

from __future__ import annotations

import importlib.resources
import subprocess
import sys

import pytest

from compiler.kubernetes import Shape, data, shape_of


def rule(api_version: str, kind: str, path: str) -> tuple[str, ...] | None:
    """The merge keys of the list at the path, through maps and lists; None where the list is replaced."""
    shape = shape_of(api_version, kind)
    *inner, last = path.split(".")
    for field in inner:
        assert shape is not None, field
        found = shape.list_rule(field)
        shape = found.item if found else shape.map_shape(field)
    found = shape.list_rule(last) if shape else None
    return found.keys if found else None


POD = "spec.template.spec"
RULES = {
    ("apps/v1", "Deployment", f"{POD}.containers"): ("name",),
    ("apps/v1", "Deployment", f"{POD}.containers.ports"): ("containerPort", "protocol"),
    ("apps/v1", "Deployment", f"{POD}.containers.env"): ("name",),
    ("apps/v1", "Deployment", f"{POD}.containers.envFrom"): None,
    ("apps/v1", "Deployment", f"{POD}.containers.args"): None,
    ("apps/v1", "Deployment", f"{POD}.initContainers.volumeMounts"): ("mountPath",),
    ("apps/v1", "Deployment", f"{POD}.volumes"): ("name",),
    ("apps/v1", "Deployment", f"{POD}.tolerations"): None,
    ("apps/v1", "Deployment", "metadata.finalizers"): (),
    ("apps/v1", "StatefulSet", "spec.volumeClaimTemplates"): None,
    ("batch/v1", "CronJob", f"spec.jobTemplate.{POD}.containers"): ("name",),
    ("batch/v1beta1", "CronJob", f"spec.jobTemplate.{POD}.containers"): ("name",),
    ("extensions/v1beta1", "Deployment", f"{POD}.containers"): ("name",),
    ("v1", "Service", "spec.ports"): ("port", "protocol"),
    ("v1", "ServiceAccount", "secrets"): ("name",),
    ("v1", "ConfigMap", "metadata.ownerReferences"): ("uid",),
    ("rbac.authorization.k8s.io/v1", "Role", "rules"): None,
}


@pytest.mark.parametrize(("place", "keys"), RULES.items(), ids=str)
def test_rules(place: tuple[str, str, str], keys: tuple[str, ...] | None) -> None:
    assert rule(*place) == keys


@pytest.mark.parametrize(
    ("api_version", "kind"), [("example.com/v1", "Deployment"), ("v1", "Deployment"), ("", "Pod"), ("", "")]
)
def test_unknown_kinds_have_no_shape(api_version: str, kind: str) -> None:
    assert shape_of(api_version, kind) is None or (api_version, kind) == ("", "Pod")


def test_shapes_are_values() -> None:
    assert shape_of("apps/v1", "Deployment") == shape_of("apps/v1", "Deployment") != shape_of("v1", "Pod")
    assert isinstance(shape_of("v1", "Pod"), Shape)


def test_every_reference_leads_to_a_type() -> None:
    content = data.read("lists.json")
    types = content["types"]
    found = [index for kinds in content["kinds"].values() for index in kinds.values()]
    for fields in types:
        found += [each[0] if isinstance(each, list) else each for each in fields.values()]
    assert len(found) > 300
    assert {index for index in found if index is not None} == set(range(len(types)))


def test_the_data_is_small_and_the_schemas_are_not_needed() -> None:
    files = [each for each in importlib.resources.files("compiler.kubernetes").iterdir() if each.name.endswith(".json")]
    sizes = {each.name: len(each.read_bytes()) for each in files}
    assert sizes.pop("schemas.json") < 300_000
    assert sum(sizes.values()) < 80_000
    code = "import sys; from compiler.kubernetes import serves; serves(33, '', 'v1', 'Pod'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert {"kubernetes_validate", "importlib.resources"}.isdisjoint(done.stdout.split())
