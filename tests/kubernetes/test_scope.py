"""The tables of scopes: kustomize's namespace transformer is the oracle for built-in kinds, CRDs are for others."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from compiler.kubernetes import (
    CLUSTER_SCOPED,
    data,
    is_cluster_scoped,
    looks_cluster_scoped,
    scope_of,
    split_api_version,
)

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


def crds_of(path: Path) -> Iterator[str]:
    """The texts of CRDs in a file, of archives in it too."""
    if path.suffix in (".yaml", ".yml"):
        yield path.read_text("utf-8", "replace")
    elif path.suffix == ".tgz":
        yield from crds_in(path.read_bytes())


def crds_in(archive: bytes) -> Iterator[str]:
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as members:
            texts = {m.name: file.read() for m in members if (file := members.extractfile(m))}
    except tarfile.ReadError:
        return
    for name, content in texts.items():
        if name.endswith(".tgz"):
            yield from crds_in(content)
        elif name.endswith((".yaml", ".yml")):
            yield content.decode("utf-8", "replace")


def test_the_table_agrees_with_every_crd_of_the_corpus(corpus: Path) -> None:
    scopes: dict[tuple[str, str], str] = {}
    for path in filter(Path.is_file, sorted(corpus.rglob("*"))):
        for text in crds_of(path):
            for document in re.split(r"(?m)^---.*$", text):
                group = re.search(r'(?m)^  group: *"?([a-z0-9.-]+)', document)
                kind = re.search(r"(?ms)^  names:.*?^ +kind: *\"?(\w+)", document)
                scope = re.search(r'(?m)^  scope: *"?(\w+)', document)
                if "kind: CustomResourceDefinition" in document and group and kind and scope:
                    scopes[group[1], kind[1]] = scope[1]
    assert len(scopes) > 200
    assert {key for key, scope in scopes.items() if scope_of(*key) != scope} == set()


@pytest.mark.parametrize(
    ("group", "kind", "scope"),
    [
        ("gateway.networking.k8s.io", "GatewayClass", "Cluster"),
        ("gateway.networking.k8s.io", "Gateway", "Namespaced"),
        ("karpenter.sh", "NodePool", "Cluster"),
        ("karpenter.k8s.aws", "EC2NodeClass", "Cluster"),
        ("snapshot.storage.k8s.io", "VolumeSnapshotClass", "Cluster"),
        ("snapshot.storage.k8s.io", "VolumeSnapshot", "Namespaced"),
        ("cert-manager.io", "ClusterIssuer", "Cluster"),
        ("external-secrets.io", "ClusterSecretStore", "Cluster"),
        ("kyverno.io", "ClusterPolicy", "Cluster"),
        ("nvidia.com", "ClusterPolicy", "Cluster"),
        ("argoproj.io", "ClusterWorkflowTemplate", "Cluster"),
        ("argoproj.io", "Application", "Namespaced"),
        ("constraints.gatekeeper.sh", "AnythingAtAll", "Cluster"),
        ("s3.services.k8s.aws", "Bucket", "Namespaced"),
        ("infrastructure.cluster.x-k8s.io", "VSphereClusterIdentity", "Cluster"),
        ("infrastructure.cluster.x-k8s.io", "OfAProviderToCome", "Namespaced"),
        ("example.org", "GatewayClass", ""),
        ("notcluster.x-k8s.io", "Cluster", ""),
        ("karpenter.sh", "OfAVersionToCome", ""),
        ("apps", "Deployment", "Namespaced"),
        ("", "Node", "Cluster"),
    ],
)
def test_well_known_kinds(group: str, kind: str, scope: str) -> None:
    assert scope_of(group, kind) == scope


def test_no_kind_of_the_table_has_two_scopes() -> None:
    kinds = Counter(
        (group, kind)
        for group, scopes in data.read("custom_scopes.json").items()
        for scope, names in scopes.items()
        for kind in names.split()
        if scope in ("Cluster", "Namespaced")
    )
    assert kinds.total() > 1000
    assert [key for key, number in kinds.items() if number > 1] == []


def test_a_guess_is_by_name() -> None:
    names = ("ClusterWidget", "Cluster", "Clustered", "Widget", "WidgetCluster")
    assert [name for name in names if looks_cluster_scoped(name)] == ["ClusterWidget"]
