"""The hand-kept list of cluster-scoped kinds, with kustomize's namespace transformer as oracle."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from compiler.kubernetes import CLUSTER_SCOPED, data, is_cluster_scoped, split_api_version

# Kustomize knows the kinds of Kubernetes 1.21 that can be listed; the others it takes for namespaced. These are as
# client-go's typed clients have them: without a namespace parameter.
UNKNOWN = {
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("authentication.k8s.io", "SelfSubjectReview"),
    ("authentication.k8s.io", "TokenReview"),
    ("authorization.k8s.io", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "SelfSubjectRulesReview"),
    ("authorization.k8s.io", "SubjectAccessReview"),
    ("internal.apiserver.k8s.io", "StorageVersion"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("networking.k8s.io", "ClusterCIDR"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "DeviceTaintRule"),
    ("resource.k8s.io", "ResourceClass"),
    ("resource.k8s.io", "ResourcePoolStatusRequest"),
    ("resource.k8s.io", "ResourceSlice"),
    ("storage.k8s.io", "VolumeAttributesClass"),
    ("storagemigration.k8s.io", "StorageVersionMigration"),
}


@pytest.mark.oracle
def test_every_builtin_kind_against_the_namespace_transformer(kubectl: Path, tmp_path: Path) -> None:
    apis = [(each, kind) for each, kinds in data.read("apis.json").items() for kind in kinds]
    objects = [
        {"apiVersion": each, "kind": kind, "metadata": {"name": f"x{number}"}}
        for number, (each, kind) in enumerate(apis)
    ]
    (tmp_path / "objects.yaml").write_text(yaml.safe_dump_all(objects), "utf-8")
    kustomization = {"resources": ["objects.yaml"], "namespace": "somewhere"}
    (tmp_path / "kustomization.yaml").write_text(json.dumps(kustomization), "utf-8")
    done = subprocess.run([str(kubectl), "kustomize", str(tmp_path)], check=True, capture_output=True, text=True)
    cluster_scoped: dict[tuple[str, str], bool] = {}
    for each in yaml.safe_load_all(done.stdout):
        key = (split_api_version(each["apiVersion"])[0], each["kind"])
        # One version that kustomize knows is enough: it knows FlowSchema in v1beta1, not in v1.
        cluster_scoped[key] = cluster_scoped.get(key, False) or "namespace" not in each["metadata"]
    assert len(cluster_scoped) > 80
    assert {key for key, answer in cluster_scoped.items() if is_cluster_scoped(*key) != answer} == UNKNOWN


def test_every_listed_kind_exists() -> None:
    served = {(split_api_version(each)[0], kind) for each, kinds in data.read("apis.json").items() for kind in kinds}
    assert CLUSTER_SCOPED - served == {("policy", "PodSecurityPolicy")}


@pytest.mark.parametrize(("group", "kind"), [("", "Pod"), ("example.com", "Namespace"), ("apps", "Node"), ("", "")])
def test_everything_else_is_namespaced(group: str, kind: str) -> None:
    assert not is_cluster_scoped(group, kind)
