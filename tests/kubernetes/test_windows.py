"""From which to which Kubernetes an API is there, and which kinds share a shape."""

from __future__ import annotations

import pytest

from compiler.kubernetes import MINORS, api_versions, shape_of


@pytest.mark.parametrize(
    ("api", "first"),
    [
        ("flowcontrol.apiserver.k8s.io/v1", 29),
        ("admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy", 30),
        ("resource.k8s.io/v1", 34),
    ],
)
def test_an_api_is_there_from_its_first_minor_on(api: str, first: int) -> None:
    assert [minor for minor in MINORS if api in api_versions(minor)] == list(range(first, MINORS[-1] + 1))


@pytest.mark.parametrize(
    ("api", "last"),
    [
        ("autoscaling/v2beta2", 25),
        ("flowcontrol.apiserver.k8s.io/v1beta2/FlowSchema", 28),
        ("flowcontrol.apiserver.k8s.io/v1beta3", 31),
    ],
)
def test_an_api_is_gone_after_its_last_minor(api: str, last: int) -> None:
    assert api in api_versions(last)
    assert [minor for minor in MINORS if minor > last and api in api_versions(minor)] == []


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "ReplicaSet"])
def test_kinds_of_the_group_extensions_have_the_shape_of_their_successors(kind: str) -> None:
    assert shape_of("extensions/v1beta1", kind) == shape_of("apps/v1", kind)
    assert shape_of("apps/v1", kind) is not None
