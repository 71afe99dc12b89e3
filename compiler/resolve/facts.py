"""The facts of a cluster when its layers are rendered: the scope of macros and the context of Jinja2 templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.model import Macros, Profile, ProfileRef, Source
from compiler.model.variables import Variable
from compiler.palette.settings import PackSettings
from compiler.resolve.layers import ChosenLayer, ResolvedLayer
from compiler.resolve.macros import Scope
from compiler.resolve.scope import PackValuesByName
from compiler.resolve.stack import Stack
from compiler.variables import typed, values_of
from compiler.versions import without_rebuild

_SCOPES = ("system", "tenant", "project")  # low to high: project wins


def kubernetes_version(stack: Stack, layers: Sequence[ChosenLayer], problems: Problems) -> str:
    """The cluster's Kubernetes version without `v`: the k8s layer's, else the cluster's own field; '' with a problem."""
    cluster = stack.cluster
    k8s = next((layer for layer in layers if layer.type == "k8s" and layer.version), None)
    if k8s is None:
        if not cluster.kubernetes_version:
            problems.error(
                Code.KUBERNETES_VERSION,
                "no Kubernetes version, and no k8s layer to set it",
                cluster.at,
                hint="add spec.kubernetesVersion: 1.33.4 to the cluster",
            )
        return cluster.kubernetes_version
    version = without_rebuild(k8s.version.removeprefix("v"))  # the pack is rebuilt, Kubernetes is not
    if cluster.kubernetes_version and cluster.kubernetes_version != version:
        problems.error(
            Code.KUBERNETES_VERSION,
            f"the cluster sets Kubernetes {cluster.kubernetes_version}, its layer '{k8s.name}' has {version}",
            cluster.at,
            hint=f"remove spec.kubernetesVersion, or override the layer: layers: {{{k8s.name}: {{version: …}}}}",
            related=[(k8s.at, "the k8s layer")],
        )
    return version


def variable_values(stack: Stack, profile: Profile, problems: Problems) -> dict[str, str]:
    """The profile's variables as text: defaults < templates < cluster. Invalid and unknown ones are reported."""
    written: dict[str, Any] = {}
    refs: tuple[ProfileRef, ...] = stack.variables.get(profile.name, ())
    where = {name: ref.variables_at[name] for ref in refs for name in ref.variables}
    for ref in refs:
        written.update(ref.variables)
    at = refs[-1].at if refs else profile.at
    return dict(values_of(profile.variables, written, where, at, problems))


def user_macros(stack: Stack, macros: Sequence[Macros]) -> dict[str, str]:
    """Name -> value of the user macros that apply to the cluster: system < tenant < project."""
    values: dict[str, str] = {}
    for scope in _SCOPES:
        for document in macros:
            if document.scope == scope and document.selector.matches(stack.cluster.labels):
                values.update(document.values)
    return values


def system_values(stack: Stack, profile: Profile, version: str) -> dict[str, str]:
    """`.spectro.system.*`: what the repository knows, then the cluster's `system:` (user, tenant, cloud account, …)."""
    cluster = stack.cluster
    infra = next((p for p in stack.profiles if p.type != "add-on"), None)
    known = {
        "cluster.name": cluster.name,
        "kubernetes.version": version,
        "cloud.type": stack.cloud,
        "clusterprofile.name": profile.name,
        "clusterprofile.version": profile.version,
        "clusterprofile.infra.name": infra.name if infra else "",
        "clusterprofile.infra.version": infra.version if infra else "",
        **cluster.facts,
    }
    return {name: value for name, value in known.items() if value}


def spectro(stack: Stack) -> dict[str, str]:
    """The data that a few old packs read as `.Spectro` in their manifests."""
    cluster = stack.cluster
    server = cluster.facts.get("apiServer", cluster.destination.server)
    return {"cluster": cluster.name, **({"apiServer": server} if server else {})}


def macro_scope(
    stack: Stack,
    profile: Profile,
    variables: Mapping[str, str],
    version: str,
    source: Source,
    layers: Sequence[ChosenLayer],
) -> Scope:
    """What macros in the layers of this profile may refer to. Pack values are of all layers, macros not replaced."""
    packs = PackValuesByName()
    for layer in layers:
        for name in (layer.name, layer.pack.name if layer.pack else ""):
            if name:
                packs.setdefault(name, layer.merged)
    return Scope(
        var=variables,
        system=system_values(stack, profile, version),
        macro=user_macros(stack, source.macros),
        packs=packs,
        sensitive=frozenset(v.name for v in profile.variables if v.sensitive),
    )


def template_context(
    stack: Stack,
    layer: ResolvedLayer,
    version: str,
    network: PackSettings,
    values: Mapping[str, Any],
) -> dict[str, Any]:
    """The context of templates in packs of our own format, without `capabilities` (docs/packs.md)."""
    profile, cluster, pack = layer.profile, stack.cluster, layer.pack
    definitions: Mapping[str, Variable] = {variable.name: variable for variable in profile.variables}
    major, minor = [*version.split("."), "", ""][:2]
    return {
        "values": values,
        "vars": {name: typed(definitions[name], text) for name, text in layer.scope.var.items()},
        "cluster": {
            "name": cluster.name,
            "labels": dict(cluster.labels),
            "cloud": stack.cloud,
            "kubernetes": {"version": version, "minor": f"{major}.{minor}"},
            "network": {
                "podCIDR": network.pod_cidr,
                "serviceCIDR": network.service_cidr,
                "serviceDomain": network.service_domain or "cluster.local",
            },
            "system": dict(cluster.facts),
        },
        "profile": {"name": profile.name, "version": profile.version, "type": profile.type},
        "layer": {"name": layer.name, "type": layer.type, "category": layer.written.category},
        "pack": {"name": pack.name, "version": pack.version} if pack else {},
    }
