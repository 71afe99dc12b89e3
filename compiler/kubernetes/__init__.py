"""What Kubernetes itself defines: which APIs each minor serves, which kinds are cluster-scoped, how lists merge.

Data of Kubernetes 1.25 to 1.37 in small JSON files, read on first use; `tests/kubernetes/generate*.py` make them.
`validation/` says what an API server would answer.
"""

from __future__ import annotations

from compiler.kubernetes.apis import MINORS, api_versions, is_builtin_group, minor_of, serves, split_api_version
from compiler.kubernetes.identity import ObjectId
from compiler.kubernetes.installers import installer
from compiler.kubernetes.lists import ListRule, Shape, shape_of
from compiler.kubernetes.scope import CLUSTER_SCOPED, Scope, is_cluster_scoped, looks_cluster_scoped, scope_of

__all__ = [
    "CLUSTER_SCOPED",
    "MINORS",
    "ListRule",
    "ObjectId",
    "Scope",
    "Shape",
    "api_versions",
    "installer",
    "is_builtin_group",
    "is_cluster_scoped",
    "looks_cluster_scoped",
    "minor_of",
    "scope_of",
    "serves",
    "shape_of",
    "split_api_version",
]
