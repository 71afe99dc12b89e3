"""The one total order of layers and objects, and the waves cut from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from compiler.kubernetes import ObjectId
from compiler.model import LAYER_TYPES, LayerType

T = TypeVar("T")

# Kinds that others need first, then everything else, then kinds that intercept or scale others.
# Source: Helm's InstallOrder (pkg/release/util/kind_sorter.go), with Namespaces and CRDs before all else.
INSTALL_ORDER = (
    "Namespace", "CustomResourceDefinition", "PriorityClass", "NetworkPolicy", "ResourceQuota", "LimitRange",
    "PodSecurityPolicy", "PodDisruptionBudget", "ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass",
    "PersistentVolume", "PersistentVolumeClaim", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding",
    "ClusterRoleBindingList", "Role", "RoleList", "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod",
    "ReplicationController", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob",
    "IngressClass", "Ingress", "APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
)  # fmt: skip
_RANK = {kind: rank for rank, kind in enumerate(INSTALL_ORDER)}


def object_key(identity: ObjectId) -> tuple[int, str, str, str, str]:
    """Sort key of (group, kind, namespace, name). Total: two different objects never compare equal."""
    group, kind, namespace, name = identity
    return (_RANK.get(kind, len(_RANK)), group, kind, namespace, name)


LayerKey = tuple[int, int, int, int]


def layer_key(layer_type: LayerType, priority: int, order: int, *, inside: bool = False) -> LayerKey:
    """os, k8s, cni, csi, then add-ons by priority, then as written. A cluster has one infra layer of each type, so
    their priorities decide nothing.

    `inside`: what an os or k8s layer has for the cluster that it makes. That cluster is there only after the k8s layer,
    and pods run in it only with cni: so these objects are in the wave of cni, and before it in order.
    """
    index = LAYER_TYPES.index(layer_type)
    wave = max(index, LAYER_TYPES.index("cni")) if inside else index
    return (wave, priority if layer_type == "addon" else 0, index, order)


def waves(layers: Sequence[tuple[str, LayerKey]]) -> Mapping[str, int]:
    """Layer name -> wave: dense ranks from 0; layers of equal type and priority share one."""
    ranks = sorted({key[:2] for _, key in layers})
    return {name: ranks.index(key[:2]) for name, key in layers}
