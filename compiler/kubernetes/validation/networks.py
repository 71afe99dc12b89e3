"""Rules about Services, Ingresses and NetworkPolicies. Part of the table in `rules.py`."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.kubernetes.validation import pods
from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.pods import Fault, Value, given, items


def service(value: Value) -> Iterator[Fault]:
    """A Service's ports, and what only some types have."""
    kind = value.get("type") or "ClusterIP"
    if kind == "ExternalName":
        if not value.get("externalName"):
            yield ("externalName",), REQUIRED
    elif not value.get("ports") and value.get("clusterIP") != "None":
        yield ("ports",), REQUIRED
    ports = items(value, "ports")
    yield from pods.repeated(value, "ports", "name")
    if len(ports) > 1:
        yield from (
            (("ports", index, "name"), "of several ports each has a name")
            for index, each in ports
            if not each.get("name")
        )
    if kind != "LoadBalancer":
        for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if value.get(field) is not None:
                yield (field,), f"only type LoadBalancer has one, this is {kind}"
        if kind == "ClusterIP" and not value.get("externalIPs") and value.get("externalTrafficPolicy"):
            yield ("externalTrafficPolicy",), "type ClusterIP has none"
    if kind in ("NodePort", "LoadBalancer") and value.get("clusterIP") == "None":
        yield ("clusterIP",), f"type {kind} cannot be headless"


def ingress(value: Value) -> Iterator[Fault]:
    """An Ingress routes something."""
    if not value.get("rules") and value.get("defaultBackend") is None:
        yield (), "expected rules or a defaultBackend"


def ingress_backend(value: Value) -> Iterator[Fault]:
    """One target, with one port."""
    targets = given(value, ("resource", "service"))
    if len(targets) != 1:
        yield (), f"expected a service or a resource, found {'both' if targets else 'none'}"
    if "service" in targets:
        port = value["service"].get("port") or {}
        if bool(port.get("name")) == bool(port.get("number")):
            yield ("service", "port"), "expected a name or a number"


def ingress_path(value: Value) -> Iterator[Fault]:
    """Exact paths and prefixes are absolute."""
    path = value.get("path") or ""
    if value.get("pathType") in ("Exact", "Prefix"):
        if not path.startswith("/"):
            yield ("path",), "it is not absolute"
        for part in ("//", "/./", "/../", "%2f", "%2F"):
            if part in path:
                yield ("path",), f"it must not contain {part}"
    elif path and not path.startswith("/"):
        yield ("path",), "it is not absolute"


def network_peer(value: Value) -> Iterator[Fault]:
    """A peer is given by address or by selectors."""
    fields = given(value, ("ipBlock", "namespaceSelector", "podSelector"))
    if not fields:
        yield (), "expected a podSelector, a namespaceSelector or an ipBlock"
    if "ipBlock" in fields and len(fields) > 1:
        yield ("ipBlock",), "it excludes selectors"


def network_port(value: Value) -> Iterator[Fault]:
    """A range goes from a number to a number."""
    first, last = value.get("port"), value.get("endPort")
    if last is not None and not isinstance(first, int):
        yield ("endPort",), "it needs a port that is a number"
    elif isinstance(first, int) and last is not None and last < first:
        yield ("endPort",), "it is less than port"
