"""The `pack:` block: every key, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compiler.palette.namespaces import namespaces
from compiler.palette.readiness import ReadinessCheck, readiness_checks
from compiler.palette.settings import PackSettings, read_settings
from tests.palette.support import pack_values, told

SECRETS = frozenset({"hunter2", "hun ter2"})


def settings(text: str) -> PackSettings:
    values = pack_values(text)
    found = read_settings(values)
    assert told(values.problems) == []
    return found


def refused(text: str) -> list[str]:
    values = pack_values(text)
    read_settings(values)
    return told(values.problems)


def test_every_key_of_the_block_is_read() -> None:
    assert settings(
        """
        pack:
          namespace: web
          additionalNamespaces: web-db
          namespaceLabels: {web: "a.io/b=c, d=e"}
          namespaceAnnotations: {web: "note=two words"}
          spectrocloud.com/install-priority: "-10"
          spectrocloud.com/display-name: web-1
          releaseNameOverride: {nginx: front}
          podCIDR: 192.168.0.0/16
          serviceClusterIpRange: 10.96.0.0/12
          serviceDomain: cluster.local
          content: {images: [{image: a/b:1}, {image: c/d:2}], charts: []}
          k8sHardening: true
        """
    ) == PackSettings(
        namespace="web",
        additional_namespaces=("web-db",),
        namespace_labels={"web": {"a.io/b": "c", "d": "e"}},
        namespace_annotations={"web": {"note": "two words"}},
        install_priority=-10,
        display_name="web-1",
        release_names={"nginx": "front"},
        pod_cidr="192.168.0.0/16",
        service_cidr="10.96.0.0/12",
        service_domain="cluster.local",
        images=("a/b:1", "c/d:2"),
    )


def test_no_block_says_nothing() -> None:
    assert settings("") == settings("pack:") == PackSettings()


@pytest.mark.parametrize("given", ["a, b", "[a, b]", "{a: , b: x}"])
def test_additional_namespaces_are_text_list_or_mapping(given: str) -> None:
    text = f'"{given}"' if given == "a, b" else given
    assert settings(f"pack: {{additionalNamespaces: {text}}}").additional_namespaces == ("a", "b")


@pytest.mark.parametrize(("given", "expected"), [('"30"', 30), ("30", 30), ('"-5"', -5), ('" 7 "', 7), ('""', None)])
def test_install_priority_is_text_or_integer(given: str, expected: int | None) -> None:
    assert settings(f"pack: {{spectrocloud.com/install-priority: {given}}}").install_priority == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("namespace: Web", "pack.namespace: 'Web' is not a namespace name"),
        ("namespace: 12", "pack.namespace: 12 is not a namespace name"),
        (f"namespace: {'a' * 64}", f"pack.namespace: '{'a' * 56}… is not a namespace name"),
        ("additionalNamespaces: [ok, _no]", "pack.additionalNamespaces: '_no' is not a namespace name"),
        ("additionalNamespaces: 3", "pack.additionalNamespaces: expected string, list or mapping, found integer 3"),
        (
            "namespaceLabels: text",
            "pack.namespaceLabels: expected mapping {NAMESPACE: \"key=value,key=value\"}, found string 'text'",
        ),
        ("namespaceLabels: {web: novalue}", "pack.namespaceLabels.web: 'novalue' is not key=value"),
        ("namespaceLabels: {web: 'a=b c'}", "pack.namespaceLabels.web: 'a=b c' is not a valid label"),
        ("namespaceLabels: {web: {a: true}}", "pack.namespaceLabels.web: 'a' is not key=value"),
        ("namespaceAnnotations: {web: '-a=b'}", "pack.namespaceAnnotations.web: '-a=b' is not a valid annotation"),
        (
            "spectrocloud.com/install-priority: high",
            "pack[\"spectrocloud.com/install-priority\"]: expected integer, found string 'high'",
        ),
        (
            "spectrocloud.com/install-priority: 1.5",
            'pack["spectrocloud.com/install-priority"]: expected integer, found number 1.5',
        ),
        ("spectrocloud.com/display-name: 1", 'pack["spectrocloud.com/display-name"]: expected string, found integer 1'),
        ("releaseNameOverride: x", "pack.releaseNameOverride: expected mapping {CHART: RELEASE}, found string 'x'"),
        ("releaseNameOverride: {a: 1}", "pack.releaseNameOverride.a: expected string, found integer 1"),
        ("podCIDR: 300.1.1.0/16", "pack.podCIDR: '300.1.1.0/16' is not a CIDR"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(line: str, message: str) -> None:
    assert refused(f"pack:\n  {line}\n") == [f"error pack-setting 2: {message}"]


def test_values_of_sensitive_variables_are_masked() -> None:
    text = "pack: {podCIDR: hunter2, namespaceLabels: {web: 'a=hun ter2'}, releaseNameOverride: hunter2}"
    values = replace(pack_values(text), secrets=SECRETS)
    read_settings(values)
    assert [message.partition(": ")[2] for message in told(values.problems)] == [
        "pack.podCIDR: '***' is not a CIDR",
        "pack.namespaceLabels.web: 'a=***' is not a valid label",
        "pack.releaseNameOverride: expected mapping {CHART: RELEASE}, found string '***'",
    ]


def test_overlapping_networks_are_refused_with_both_places() -> None:
    values = pack_values("pack:\n  podCIDR: 10.0.0.0/8\n  serviceClusterIpRange: 10.96.0.0/12\n")
    read_settings(values)
    (problem,) = values.problems.diagnostics
    assert problem.code == "cidr-overlap"
    assert (problem.at and problem.at.line, problem.related[0][0].line) == (2, 3)


def test_dual_stack_networks_are_compared_by_family() -> None:
    found = settings("pack: {podCIDR: '10.0.0.0/16,fd00::/48', serviceClusterIpRange: '10.1.0.0/16,fd01::/108'}")
    assert found.pod_cidr == "10.0.0.0/16,fd00::/48"


def test_a_known_key_in_the_wrong_place_or_case_is_warned_about() -> None:
    assert refused("pack:\n  content:\n    namespace: web\n  Namespace: web\n") == [
        "warning pack-setting-misplaced 3: pack.content.namespace has no effect",
        "warning pack-setting-misplaced 4: pack.Namespace has no effect",
    ]


def test_namespaces_are_the_own_one_additional_ones_and_labelled_ones() -> None:
    found = settings(
        """
        pack:
          namespace: web
          additionalNamespaces: [db]
          namespaceLabels: {web: "b=2,a=1", kube-system: x=y}
          namespaceAnnotations: {db: k=v}
        """
    )
    assert namespaces(found) == (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web", "labels": {"a": "1", "b": "2"}}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "db", "annotations": {"k": "v"}}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "labels": {"x": "y"}}},
    )


def test_labels_of_the_packs_namespace_follow_the_layers() -> None:
    found = settings("pack: {namespace: web, namespaceLabels: {web: a=b}}")
    assert namespaces(found, "shop") == (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"a": "b"}}},
    )


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public", "kube-node-lease"])
def test_namespaces_that_every_cluster_has_are_not_owned_without_need(name: str) -> None:
    assert namespaces(settings(f"pack: {{namespace: {name}}}")) == ()


def test_readiness_checks_keep_keys_and_expected_values_as_text() -> None:
    values = pack_values(
        """
        readinessCheck:
          v1beta1:
            - name: linstor
              kind: LinstorCluster
              group: piraeus.io
              version: v1
              keysToCheck:
                - {keyToCheck: "status.conditions[0].status", expectedValue: "True"}
                - {keyToCheck: status.ready, expectedValue: true}
        """
    )
    keys = (("status.conditions[0].status", "True"), ("status.ready", "true"))
    assert readiness_checks(values) == (ReadinessCheck("linstor", "piraeus.io", "v1", "LinstorCluster", keys),)
    assert told(values.problems) == []


@pytest.mark.parametrize("check", ["{kind: A}", "{kind: A, version: v1, keysToCheck: []}", "text"])
def test_an_incomplete_readiness_check_is_refused(check: str) -> None:
    values = pack_values(f"readinessCheck: {{v1beta1: [{check}]}}")
    assert readiness_checks(values) == ()
    assert [d.code for d in values.problems.errors] == ["pack-setting"]
