"""Which kinds are cluster-scoped, as far as that is known without their CRD.

Kubernetes' schemas do not contain the scope, so both tables are kept by hand: the built-in kinds here, the kinds of
well-known projects in custom_scopes.json, `{group: {scope: kinds}}`, where the kind `*` is every other one of the group
and the group `*.x` every other one below x. A CRD outranks that table.
"""

from __future__ import annotations

import functools
from typing import Literal

from compiler.kubernetes import data
from compiler.kubernetes.apis import is_builtin_group

Scope = Literal["Namespaced", "Cluster", ""]
"""As a CRD has it; "" where it is not known."""

CLUSTER_SCOPED: frozenset[tuple[str, str]] = frozenset(
    (group, kind)
    for group, kinds in {
        "": "ComponentStatus Namespace Node PersistentVolume",
        "admissionregistration.k8s.io": (
            "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration"
            " ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration"
        ),
        "apiextensions.k8s.io": "CustomResourceDefinition",
        "apiregistration.k8s.io": "APIService",
        "authentication.k8s.io": "SelfSubjectReview TokenReview",
        "authorization.k8s.io": "SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
        "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle",
        "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
        "internal.apiserver.k8s.io": "StorageVersion",
        "networking.k8s.io": "ClusterCIDR IPAddress IngressClass ServiceCIDR",
        "node.k8s.io": "RuntimeClass",
        "policy": "PodSecurityPolicy",
        "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding",
        "resource.k8s.io": "DeviceClass DeviceTaintRule ResourceClass ResourcePoolStatusRequest ResourceSlice",
        "scheduling.k8s.io": "PriorityClass",
        "storage.k8s.io": "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
        "storagemigration.k8s.io": "StorageVersionMigration",
    }.items()
    for kind in kinds.split()
)
"""(group, kind) of every cluster-scoped built-in API, including those that Kubernetes has removed."""


def scope_of(group: str, kind: str) -> Scope:
    """The scope of a kind that is built in or of a well-known project."""
    if is_builtin_group(group):
        return "Cluster" if (group, kind) in CLUSTER_SCOPED else "Namespaced"
    known = _custom()
    parents = [f"*.{group[i + 1 :]}" for i, character in enumerate(group) if character == "."]
    for place in (group, *parents):
        for name in (kind, "*"):
            if scope := known.get((place, name)):
                return scope
    return ""


def is_cluster_scoped(group: str, kind: str) -> bool:
    """Whether the kind is known to be cluster-scoped."""
    return scope_of(group, kind) == "Cluster"


def looks_cluster_scoped(kind: str) -> bool:
    """A guess at a kind of which nothing is known, by its name: `ClusterWidget`, but not `Cluster`."""
    return kind.startswith("Cluster") and kind[7:8].isupper()


@functools.cache
def _custom() -> dict[tuple[str, str], Scope]:
    return {
        (group, kind): scope
        for group, scopes in data.read("custom_scopes.json").items()
        for scope, kinds in scopes.items()
        for kind in kinds.split()
    }
