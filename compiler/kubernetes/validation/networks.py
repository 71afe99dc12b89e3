"""Rules about Services, Ingresses and NetworkPolicies. Part of the table in `rules.py`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from compiler.kubernetes.validation import pods, syntax
from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.pods import Fault, Value, given, items


def service(value: Value) -> Iterator[Fault]:
    """A Service's ports, addresses, and what only some types have."""
    kind = value.get("type") or "ClusterIP"
    if kind == "ExternalName":
        if not value.get("externalName"):
            yield ("externalName",), REQUIRED
        for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if value.get(field):
                yield (field,), "type ExternalName has none"
        if value.get("clusterIP") == "None":
            yield ("clusterIP",), "type ExternalName has none"
    elif not value.get("ports") and value.get("clusterIP") != "None":
        yield ("ports",), REQUIRED
    yield from _ports(value)
    yield from _addresses(value)
    yield from _balancing(value, kind)


def _ports(value: Value) -> Iterator[Fault]:
    ports = items(value, "ports")
    yield from pods.repeated(value, "ports", "name")
    if len(ports) > 1:
        yield from (
            (("ports", index, "name"), "of several ports each has a name")
            for index, each in ports
            if not each.get("name")
        )
    seen: set[tuple[str, int]] = set()
    for index, each in ports:
        key = (each.get("protocol") or "TCP", each.get("nodePort") or 0)
        if key[1] and key in seen:
            yield ("ports", index, "nodePort"), f"{key[1]} is the nodePort of another port too"
        seen.add(key)


def _addresses(value: Value) -> Iterator[Fault]:
    own, listed = value.get("clusterIP"), [each for each in value.get("clusterIPs") or () if each]
    if own and listed and listed[0] != own:
        yield ("clusterIPs", 0), f"it must be the clusterIP, {own}"
    if len(listed) > 2:
        yield ("clusterIPs",), f"expected at most two, found {len(listed)}"
    families = value.get("ipFamilies") or []
    if len(set(families)) != len(families):
        yield ("ipFamilies",), "a family is in the list twice"
    if value.get("ipFamilyPolicy") == "SingleStack" and len(families) > 1:
        yield ("ipFamilies",), "ipFamilyPolicy SingleStack has one"


def _balancing(value: Value, kind: str) -> Iterator[Fault]:
    if kind != "LoadBalancer":
        for field in ("allocateLoadBalancerNodePorts", "loadBalancerClass"):
            if value.get(field) is not None:
                yield (field,), f"only type LoadBalancer has one, this is {kind}"
        if value.get("loadBalancerSourceRanges"):
            yield ("loadBalancerSourceRanges",), f"only type LoadBalancer has them, this is {kind}"
    reachable = kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and value.get("externalIPs"))
    if not reachable and value.get("externalTrafficPolicy"):
        yield ("externalTrafficPolicy",), f"type {kind} has none"
    if value.get("healthCheckNodePort") and (kind != "LoadBalancer" or value.get("externalTrafficPolicy") != "Local"):
        yield ("healthCheckNodePort",), "only type LoadBalancer with externalTrafficPolicy Local has one"
    if kind in ("NodePort", "LoadBalancer") and value.get("clusterIP") == "None":
        yield ("clusterIP",), f"type {kind} cannot be headless"


_CLASS = "kubernetes.io/ingress.class"


def ingress_class(value: Value) -> Iterator[Fault]:
    """An Ingress is of one class."""
    annotated = ((value.get("metadata") or {}).get("annotations") or {}).get(_CLASS)
    named = (value.get("spec") or {}).get("ingressClassName")
    if annotated is not None and named is not None and annotated != named:
        yield ("metadata", "annotations", _CLASS), f"it is not the ingressClassName, '{named}'"
    if value.get("spec") is None:
        yield ("spec",), REQUIRED


def class_parameters(value: Value) -> Iterator[Fault]:
    """Parameters have a namespace where they are namespaced."""
    scope, namespace = value.get("scope") or "Cluster", value.get("namespace")
    if scope == "Namespace" and not namespace:
        yield ("namespace",), REQUIRED
    if scope == "Cluster" and namespace is not None:
        yield ("namespace",), "scope Cluster has none"


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


def ip_block(value: Value) -> Iterator[Fault]:
    """What is left out of a range is a part of it."""
    try:
        whole = ipaddress.ip_network(value.get("cidr") or "", strict=False)
    except ValueError:
        return
    for index, each in enumerate(value.get("except") or ()):
        part = ipaddress.ip_network(each, strict=False)
        if part.version != whole.version or part == whole or part[0] not in whole or part[-1] not in whole:
            yield ("except", index), f"it is not a smaller part of {value['cidr']}"


def subset(value: Value) -> Iterator[Fault]:
    """Endpoints have addresses, and ports have names where there are several."""
    if not value.get("addresses") and not value.get("notReadyAddresses"):
        yield (), "expected addresses or notReadyAddresses"
    ports = items(value, "ports")
    if len(ports) > 1:
        yield from ((("ports", index, "name"), REQUIRED) for index, each in ports if not each.get("name"))


def endpoint_slice(value: Value) -> Iterator[Fault]:
    """Addresses are of the type that the slice has; no two ports have one name."""
    check = {"IPv4": syntax.endpoint_ip, "IPv6": syntax.endpoint_ip, "FQDN": syntax.subdomain}.get(
        str(value.get("addressType")), syntax.label
    )
    for index, endpoint in items(value, "endpoints"):
        for number, address in enumerate(endpoint.get("addresses") or ()):
            message = check(address)
            if not message and value.get("addressType") != "FQDN":
                version = f"IPv{ipaddress.ip_address(address).version}"
                message = "" if version == value.get("addressType") else f"it is of {version}"
            if message:
                yield ("endpoints", index, "addresses", number), message
        if len(endpoint.get("addresses") or ()) > 100:
            yield ("endpoints", index, "addresses"), "expected at most 100"
    seen: dict[str, int] = {}
    for index, each in items(value, "ports"):
        name = each.get("name") or ""
        if seen.setdefault(name, index) != index:
            yield ("ports", index, "name"), f"'{name}' is in the list twice (first at [{seen[name]}])"
