"""Which built-in APIs each Kubernetes minor serves."""

from __future__ import annotations

import functools
import re

from compiler.kubernetes import data

MINORS = range(25, 38)
"""The minors of Kubernetes 1 that the data covers."""

# Since 1.24 new beta APIs are off by default and older ones stay on, with their later beta versions (KEP-3136).
_BETAS_ON_BY_DEFAULT = frozenset(
    {
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler"),
        ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration"),
        ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io/v1beta2", "PriorityLevelConfiguration"),
        ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io/v1beta3", "PriorityLevelConfiguration"),
        ("storage.k8s.io/v1beta1", "CSIStorageCapacity"),
    }
)

# Kinds of subresources only: {kind: the group versions of their resources, under which a server lists it}.
_SUBRESOURCES = {
    "authentication.k8s.io/v1/TokenRequest": ("v1",),
    "autoscaling/v1/Scale": ("apps/v1", "v1"),
    "policy/v1/Eviction": ("v1",),
}
# The same, for kinds without an OpenAPI schema.
_OPTIONS = tuple(
    f"v1/{kind}"
    for kind in ("NodeProxyOptions", "PodAttachOptions", "PodExecOptions", "PodPortForwardOptions", "PodProxyOptions",
                 "ServiceProxyOptions")
)  # fmt: skip

# Groups of Kubernetes that no minor in MINORS serves any more.
_FORMER_GROUPS = frozenset({"extensions", "auditregistration.k8s.io", "settings.k8s.io"})

_VERSION = re.compile(r"v?1\.(\d{1,4})(?:[.+-].*)?")


def minor_of(version: str) -> int | None:
    """33 for `1.33`, `v1.33.4`, `1.33.4-eks-1`, `1.33+`; None if the text is not a version of Kubernetes 1."""
    match = _VERSION.fullmatch(version)
    return int(match[1]) if match else None


def split_api_version(api_version: str) -> tuple[str, str]:
    """(group, version): `apps/v1` is ("apps", "v1"), `v1` is ("", "v1")."""
    group, _, version = api_version.rpartition("/")
    return group, version


def is_builtin_group(group: str) -> bool:
    """True for API groups that Kubernetes itself defines (now or formerly), "" being the core group."""
    return group in _groups() or group in _FORMER_GROUPS


def serves(minor: int, group: str, version: str, kind: str) -> bool:
    """True where Kubernetes 1.<minor> can serve this built-in API; alpha and beta ones count, as they can be enabled.

    `<Kind>List` is served where the kind is. Built-in groups only: False for everything else (see `is_builtin_group`).
    A minor outside MINORS counts as the nearest one.
    """
    kinds = data.read("apis.json").get(f"{group}/{version}" if group else version, {})
    first_last = kinds.get(kind) or kinds.get(kind.removesuffix("List"))
    return first_last is not None and first_last[0] <= _nearest(minor) <= first_last[1]


def api_versions(minor: int) -> tuple[str, ...]:
    """What a server of 1.<minor> with default settings gives charts as `.Capabilities.APIVersions`: sorted.

    Both `group/version` and `group/version/Kind` (`v1` and `v1/Pod` in the core group), as Helm gathers them from a
    live cluster (helm pkg/action, GetVersionSet): kinds of subresources are under the group version of their resource.
    Alpha APIs, and beta ones that are off by default, are left out. Minors above MINORS are taken for the last one, since
    stable APIs stay; of those below nothing is known, and () comes back.
    """
    return () if minor < MINORS[0] else _api_versions(_nearest(minor))


@functools.cache
def _api_versions(minor: int) -> tuple[str, ...]:
    names = set(_OPTIONS)
    for api_version, kinds in data.read("apis.json").items():
        for kind, (first, last) in kinds.items():
            if first <= minor <= last and _on_by_default(api_version, kind):
                name = f"{api_version}/{kind}"
                listed = _SUBRESOURCES.get(name)
                names |= {f"{under}/{kind}" for under in listed} if listed else {api_version, name}
    return tuple(sorted(names))


def _on_by_default(api_version: str, kind: str) -> bool:
    version = split_api_version(api_version)[1]
    return (
        version.isalnum()
        and "alpha" not in version
        and ("beta" not in version or (api_version, kind) in _BETAS_ON_BY_DEFAULT)
    )


def _nearest(minor: int) -> int:
    return min(max(minor, MINORS[0]), MINORS[-1])


@functools.cache
def _groups() -> frozenset[str]:
    return frozenset(split_api_version(api_version)[0] for api_version in data.read("apis.json"))
