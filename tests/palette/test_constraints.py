"""Dependencies, clouds, lifecycle, names and resources: each rule with its negative."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import Position, Problems
from compiler.model import LayerType, NodePool, Pack
from compiler.palette.constraints import check, check_cloud, check_end_of_life, check_lifecycle, check_names
from compiler.palette.dependencies import check_dependencies, check_upgrade, is_between
from compiler.palette.members import Member
from compiler.palette.resources import check_resources
from tests.palette.support import pack, told

AT = Position("profiles/p.yaml", 5)


def of(owner: Pack, *, kind: LayerType = "addon", data: Mapping[str, Any] | None = None, layer: str = "") -> Member:
    return Member(layer or owner.name, kind, owner.name, owner.version, AT, owner, data)


def named(name: str, version: str, kind: LayerType = "addon") -> Member:
    return Member(name, kind, name, version, AT)


def needing(**dependency: str) -> Member:
    found = pack(json=f'"constraints": {{"dependencies": [{json.dumps(dependency)}]}}')
    assert found.defects == ()
    return of(found)


def codes(*members: Member, kubernetes: str = "") -> list[str]:
    problems = Problems()
    check_dependencies(members, kubernetes, problems)
    return [f"{d.severity} {d.code}" for d in problems.diagnostics]


def dependency(kind: str, low: str = "", high: str = "", layer: str = "addon") -> Member:
    return needing(packName="vault", layer=layer, type=kind, minVersion=low, maxVersion=high)


WRONG, MISSING = ["error dependency-version"], ["error dependency-missing"]


@pytest.mark.parametrize(
    ("kind", "low", "high", "version", "expected"),
    [
        ("required", "1.0", "2.0", "1.5.0", []),
        ("required", "1.0", "2.0", "1.0.0", []),
        ("required", "1.0", "2.0", "2.0.0", []),
        ("required", "1.0", "2.0", "0.9.9", WRONG),
        ("required", "1.0", "2.0", "2.0.1", WRONG),  # a maximum of 2.0 is 2.0.0
        ("required", "1.5.0", "", "1.5.0-rev2", []),  # a rebuild is newer than what it rebuilds
        ("required", "1.5.0-rev2", "", "1.5.0", WRONG),
        ("required", "1.5.0-rev2", "", "1.5.0-rev10", []),
        ("required", "", "1.5.0", "1.5.0-rev2", []),  # and within its maximum
        ("required", "", "1.5.0-rev1", "1.5.0-rev2", WRONG),
        ("notSupported", "1.5.0", "1.5.0", "1.5.0-rev2", WRONG),
        ("required", "1.5.0", "", "1.5.0-rc.2", WRONG),
        ("required", "", "", "0.0.1", []),
        ("optional", "1.0", "", "0.9", WRONG),
        ("optional", "", "1.21.49", "v1.21.10", []),
        ("notSupported", "1.0", "2.0", "1.5.0", WRONG),
        ("notSupported", "1.0", "2.0", "2.0.1", []),
        ("notSupported", "", "", "1.0.0", []),  # "if min and max are not mentioned, the validation is skipped"
        ("upgrade", "9", "", "1.0.0", []),
    ],
)
def test_a_dependency_that_is_there_is_compared(
    kind: str, low: str, high: str, version: str, expected: list[str]
) -> None:
    assert codes(dependency(kind, low, high), named("vault", version)) == expected


@pytest.mark.parametrize(
    ("kind", "expected"), [("required", MISSING), ("optional", []), ("notSupported", []), ("upgrade", [])]
)
def test_only_a_required_dependency_must_be_there(kind: str, expected: list[str]) -> None:
    assert codes(dependency(kind, "1.0"), named("other", "1.0.0")) == expected


def test_a_pack_of_the_name_in_another_layer_does_not_count() -> None:
    assert codes(dependency("required"), named("vault", "1.0.0", "csi")) == MISSING


def test_a_missing_pack_is_told_with_its_bounds_and_place() -> None:
    problems = Problems()
    check_dependencies([dependency("required", "1.0", "2.0")], "", problems)
    (problem,) = problems.diagnostics
    assert problem.message == "layer 'web': pack 'web' needs pack 'vault' >= 1.0, <= 2.0 in layer addon"
    assert problem.related[0][0].path == "packs/web/pack.json"


def test_a_dependency_without_type_is_read_as_optional() -> None:
    member = needing(packName="vault", layer="addon", minVersion="2")
    assert codes(member) == ["warning dependency-type"]
    assert codes(member, named("vault", "1.0.0")) == ["warning dependency-type", *WRONG]


def test_an_infra_layer_that_the_cluster_does_not_have_is_judged_by_its_kubernetes_version() -> None:
    assert codes(dependency("required", "1.29", layer="k8s"), kubernetes="1.33.4") == []
    assert codes(dependency("required", "1.34", layer="k8s"), kubernetes="1.33.4") == WRONG
    assert codes(dependency("required", "1.34", layer="cni"), kubernetes="1.33.4") == ["warning dependency-unchecked"]
    assert codes(dependency("required", layer="cni"), named("other", "1", "cni")) == MISSING


def test_what_is_no_version_is_not_compared() -> None:
    assert codes(dependency("required", "1.0"), named("vault", "latest")) == ["warning dependency-version"]


VERSIONS = st.tuples(*[st.integers(0, 3)] * 3).map(lambda parts: ".".join(map(str, parts)))


@given(VERSIONS, VERSIONS, VERSIONS)
def test_bounds_are_inclusive_and_by_number(version: str, low: str, high: str) -> None:
    parts = [tuple(map(int, text.split("."))) for text in (low, version, high)]
    assert is_between(version, low, high) == (parts[0] <= parts[1] <= parts[2])


def test_an_upgrade_constraint_of_the_live_version_bounds_the_next_one() -> None:
    bounds = '{"packName": "web", "layer": "addon", "maxVersion": "2.0.0", "type": "upgrade"}'
    live = pack(json=f'"constraints": {{"dependencies": [{bounds}]}}')
    for version, expected in (("2.0.0", []), ("2.1.0", ["upgrade-not-allowed"]), ("1.2.0", [])):
        target = pack(pack_json=f'{{"name": "web", "version": "{version}", "layer": "addon"}}')
        problems = Problems()
        check_upgrade(live, target, AT, problems)
        assert [d.code for d in problems.diagnostics] == expected


@pytest.mark.parametrize(
    ("clouds", "cloud", "fine"),
    [
        ('"cloudTypes": ["aws"]', "aws", True),
        ('"cloudTypes": ["aws", "all"]', "gcp", True),
        ('"cloudTypes": ["aws"]', "gcp", False),
        ('"cloudTypes": [], "cloudType": "aws"', "gcp", False),
        ('"cloudTypes": []', "gcp", True),
        ('"cloudTypes": ["aws"]', "", True),
        ('"cloudTypes": ["vsphere", "custom"]', "nutanix", True),  # registered as a custom cloud
        ('"cloudTypes": ["vsphere", "custom"]', "our-own", True),
        ('"cloudTypes": ["vsphere", "custom"]', "aws", False),
        ('"cloudTypes": ["vsphere", "custom"]', "apache-cloudstack", False),
        ('"cloudTypes": ["vsphere"]', "nutanix", False),
    ],
)
def test_a_pack_is_for_its_clouds(clouds: str, cloud: str, fine: bool) -> None:
    owner = pack(pack_json=f'{{"name": "web", "version": "1.0.0", "layer": "addon", {clouds}}}')
    problems = Problems()
    check_cloud(of(owner), cloud, problems)
    assert [d.code for d in problems.diagnostics] == ([] if fine else ["pack-cloud"])


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("", []),
        ("deprecated", ["warning pack-deprecated"]),
        ("disabled", ["error pack-disabled"]),
        ("deleted", ["error pack-deleted"]),
    ],
)
def test_the_lifecycle_of_a_pack(state: str, expected: list[str]) -> None:
    problems = Problems()
    check_lifecycle(of(pack(json=f'"annotations": {{"system_state": "{state}"}}')), problems)
    assert [f"{d.severity} {d.code}" for d in problems.diagnostics] == expected


@pytest.mark.parametrize(("eol", "warned"), [("2026-01-01", True), ("2026-01-02", False), ("", False), ("soon", True)])
def test_end_of_life_is_judged_by_the_date_that_is_given(eol: str, warned: bool) -> None:
    problems = Problems()
    check_end_of_life(of(pack(json=f'"eol": "{eol}"')), datetime.date(2026, 1, 2), problems)
    assert [d.code for d in problems.warnings] == (["pack-eol"] if warned else [])


def test_names_shown_in_a_cluster_are_unique() -> None:
    twice = [Member("dns-a", "addon", "dns", "1", AT, display_name="dns"), Member("dns", "addon", "dns", "1", AT)]
    problems = Problems()
    check_names(twice, problems)
    assert [d.code for d in problems.diagnostics] == ["display-name-duplicate"]
    problems = Problems()
    check_names([Member("dns-1", "addon", "dns", "1", AT), Member("dns-2", "addon", "dns", "1", AT)], problems)
    assert problems.diagnostics == []


def pools(cpu: int = 1000, memory: int = 1024, disk: int = 10, count: int = 2) -> list[NodePool]:
    return [
        NodePool("cp", "control-plane", 1, cpu, memory, disk),
        NodePool("md-0", "worker", count, cpu, memory, disk),
    ]


def resources(need: str, data: Mapping[str, Any], given_pools: list[NodePool]) -> list[str]:
    owner = pack(json=f'"constraints": {{"resources": [{need}]}}')
    assert owner.defects == ()
    problems = Problems()
    check_resources(of(owner, data=data), given_pools, problems)
    return [f"{d.code}: {d.message}" for d in problems.diagnostics]


@pytest.mark.parametrize(
    ("kind", "fits", "too_much", "has"),
    [("cpu", 2000, 2001, "2000m"), ("memory", 2048, 2049, "2048Mi"), ("diskSize", 20, 21, "20GB")],
)
def test_the_minimum_holds_for_each_worker_pool(kind: str, fits: int, too_much: int, has: str) -> None:
    assert resources(f'{{"type": "{kind}", "minLimit": {fits}}}', {}, pools()) == []
    (found,) = resources(f'{{"type": "{kind}", "minLimit": {too_much}}}', {}, pools())
    assert found.endswith(f"{kind} in each worker pool; 'md-0' has {has}")


def component(schedule: str) -> str:
    return (
        '{"type": "cpu", "minLimit": 99999999, "components": [{"resourceRequestParamRef": "charts.web.requests.cpu",'
        f' "replicaCountParamRef": "charts.web.replicas", "scheduleType": "{schedule}"}}]}}'
    )


def values(cpu: object, replicas: object) -> dict[str, Any]:
    return {"charts": {"web": {"requests": {"cpu": cpu}, "replicas": replicas}}}


@pytest.mark.parametrize(
    ("schedule", "cpu", "replicas", "short"),
    [
        ("worker", "500m", 4, []),
        ("worker", "501m", 4, ["worker"]),
        ("worker", 2, "", []),
        ("control-plane", "1", 1, []),
        ("control-plane", "1.5", 1, ["control-plane"]),
        ("master", "1.5", 1, ["control-plane"]),
        ("all", "1500m", 1, ["control-plane"]),
        ("all", "3", 1, ["control-plane", "worker"]),
        ("all", "", 5, []),
    ],
)
def test_components_replace_the_minimum(schedule: str, cpu: object, replicas: object, short: list[str]) -> None:
    found = resources(component(schedule), values(cpu, replicas), pools())
    assert [text.partition(" on ")[2].partition(" nodes")[0] for text in found] == short


def test_a_request_that_is_no_quantity_is_warned_about() -> None:
    assert [text.partition(":")[0] for text in resources(component("worker"), values("lots", 1), pools())] == [
        "resources-quantity"
    ]


def test_without_pools_no_resources_are_checked() -> None:
    assert resources('{"type": "cpu", "minLimit": 99999}', {}, []) == []


def test_check_goes_through_every_rule() -> None:
    owner = pack(
        json='"annotations": {"system_state": "deleted"},'
        ' "constraints": {"resources": [{"type": "cpu", "minLimit": 9999}],'
        ' "dependencies": [{"packName": "vault", "layer": "addon", "type": "required"}]}',
    )
    problems = Problems()
    check([of(owner, kind="csi"), of(owner, kind="csi")], "aws", "1.33.0", pools(), problems)
    assert sorted({d.code for d in problems.diagnostics}) == [
        "dependency-missing",
        "display-name-duplicate",
        "pack-deleted",
        "pack-layer",
        "resources-insufficient",
    ]
    assert told(problems)
