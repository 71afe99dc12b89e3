"""Which APIs each minor serves: known milestones of the deprecation guide, and the source data itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.kubernetes import MINORS, api_versions, data, is_builtin_group, minor_of, serves
from tests.kubernetes import generate

# kubernetes.io/docs/reference/using-api/deprecation-guide: what went away with which minor.
REMOVED = [
    (26, "flowcontrol.apiserver.k8s.io", "v1beta1", "FlowSchema"),
    (26, "autoscaling", "v2beta2", "HorizontalPodAutoscaler"),
    (27, "storage.k8s.io", "v1beta1", "CSIStorageCapacity"),
    (29, "flowcontrol.apiserver.k8s.io", "v1beta2", "PriorityLevelConfiguration"),
    (32, "flowcontrol.apiserver.k8s.io", "v1beta3", "FlowSchema"),
]
ADDED = [
    (29, "flowcontrol.apiserver.k8s.io", "v1", "FlowSchema"),
    (30, "admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy"),
    (33, "networking.k8s.io", "v1", "ServiceCIDR"),
    (34, "resource.k8s.io", "v1", "ResourceClaim"),
]
ALWAYS = [
    ("", "v1", "Pod"),
    ("apps", "v1", "Deployment"),
    ("policy", "v1", "PodDisruptionBudget"),
    ("", "v1", "PodList"),
]
NEVER = [
    ("extensions", "v1beta1", "Ingress"),
    ("policy", "v1beta1", "PodSecurityPolicy"),
    ("batch", "v1beta1", "CronJob"),
    ("apps", "v1", "Pod"),
    ("", "v1", "List"),
    ("", "v1", ""),
    ("example.com", "v1", "Deployment"),
]


@pytest.mark.parametrize(("minor", "group", "version", "kind"), REMOVED)
def test_removed(minor: int, group: str, version: str, kind: str) -> None:
    assert [serves(each, group, version, kind) for each in (minor - 1, minor)] == [True, False]


@pytest.mark.parametrize(("minor", "group", "version", "kind"), ADDED)
def test_added(minor: int, group: str, version: str, kind: str) -> None:
    assert [serves(each, group, version, kind) for each in (minor - 1, minor)] == [False, True]


@pytest.mark.parametrize(("group", "version", "kind"), ALWAYS)
def test_always(group: str, version: str, kind: str) -> None:
    assert all(serves(minor, group, version, kind) for minor in MINORS)


@pytest.mark.parametrize(("group", "version", "kind"), NEVER)
def test_never(group: str, version: str, kind: str) -> None:
    assert not any(serves(minor, group, version, kind) for minor in MINORS)


def test_other_minors_are_answered_by_the_nearest() -> None:
    assert serves(99, "resource.k8s.io", "v1", "ResourceClaim")
    assert serves(1, "autoscaling", "v2beta2", "HorizontalPodAutoscaler")


def test_of_newer_minors_the_stable_apis_are_known_and_of_older_ones_nothing() -> None:
    assert api_versions(99) == api_versions(MINORS[-1])
    assert [api_versions(minor) for minor in (0, 16, 21, 24)] == [(), (), (), ()]


def test_api_versions_are_what_a_real_server_answers(corpus: Path) -> None:
    """Of 1.34.4, gathered as Helm does from a live cluster: group versions, and the kind of every resource under the
    group version that lists it, those of subresources (`deployments/scale`) too."""
    discovery = json.loads((corpus / "apiserver/discovery-1.34.4.json").read_text())["groupVersions"]
    served = {group["groupVersion"] for group in discovery}
    served |= {f"{group['groupVersion']}/{resource['kind']}" for group in discovery for resource in group["resources"]}
    assert {"apiregistration.k8s.io/v1", "apps/v1/Deployment", "apps/v1/Scale", "v1/Eviction"} <= served
    assert set(api_versions(34)) == served


def test_what_helms_own_list_lacks_is_there_and_what_it_has_too_much_is_not(corpus: Path) -> None:
    difference = json.loads((corpus / "apiserver/capabilities-diff-1.34.json").read_text())
    lacks, too_much = difference["servedNotInHelm"], difference["inHelmNotServed"]
    assert {*lacks["groupVersions"], *lacks["kinds"]} <= set(api_versions(34))
    assert set(too_much["groupVersions"]).isdisjoint(api_versions(34))
    assert len(lacks["kinds"]) > 60
    assert len(too_much["groupVersions"]) > 30


def test_api_versions_are_what_charts_ask_for() -> None:
    found = api_versions(29)
    assert list(found) == sorted(set(found))
    assert {"v1", "v1/Pod", "apps/v1", "apps/v1/Deployment", "policy/v1/PodDisruptionBudget"} <= set(found)
    assert {"flowcontrol.apiserver.k8s.io/v1beta3", "flowcontrol.apiserver.k8s.io/v1"} <= set(found)
    # Off by default: alpha, and beta that came after 1.24.
    assert {"resource.k8s.io/v1alpha2", "admissionregistration.k8s.io/v1beta1", "policy/v1beta1"}.isdisjoint(found)


def test_a_group_version_is_there_whenever_one_of_its_kinds_is() -> None:
    for minor in MINORS:
        found = set(api_versions(minor))
        assert {each.rpartition("/")[0] for each in found if each.rpartition("/")[2][0].isupper()} <= found
        assert len(found) > 80


@pytest.mark.parametrize("group", ["", "apps", "batch", "extensions", "networking.k8s.io", "internal.apiserver.k8s.io"])
def test_builtin_groups(group: str) -> None:
    assert is_builtin_group(group)


@pytest.mark.parametrize("group", ["example.com", "gateway.networking.k8s.io", "snapshot.storage.k8s.io", "k8s.io"])
def test_custom_groups(group: str) -> None:
    assert not is_builtin_group(group)


@pytest.mark.parametrize(
    ("version", "minor"),
    [("1.33", 33), ("v1.33.4", 33), ("1.33.4-eks-1a2b", 33), ("1.33+", 33), ("v1.7.0+k3s1", 7), ("1", None),
     ("2.1", None),     ("1.x", None), ("", None), ("1.33 ", None), ("1.33\n", None)],
)  # fmt: skip
def test_minor_of(version: str, minor: int | None) -> None:
    assert minor_of(version) == minor


def test_the_data_files_are_what_the_generator_makes() -> None:
    pytest.importorskip("kubernetes_validate", reason="70 MB of schemas, in the dev group")
    by_minor = generate.read_definitions()
    assert list(by_minor) == list(MINORS)
    assert data.read("apis.json") == generate.served(by_minor)
    assert data.read("lists.json") == generate.lists(by_minor)
