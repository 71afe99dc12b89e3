"""Rules about admission webhooks and policies. Part of the table in `rules.py`."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from compiler.kubernetes.validation import syntax
from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.kinds import needs
from compiler.kubernetes.validation.pods import Fault, Value, given, repeated


def webhook(value: Value) -> Iterator[Fault]:
    """Where a webhook is called, and what for."""
    yield from _client(value.get("clientConfig") or {}, ("clientConfig",))
    name = value.get("name") or ""
    if name.count(".") < 2 or syntax.subdomain(name):
        yield ("name",), "expected a domain with at least three parts"
    if not {"v1", "v1beta1"} & set(value.get("admissionReviewVersions") or ()):
        yield ("admissionReviewVersions",), "expected v1 or v1beta1 among them"
    yield from repeated(value, "matchConditions", "name")


def _client(client: Value, path: tuple[str, ...]) -> Iterator[Fault]:
    targets = given(client, ("service", "url"))
    if len(targets) != 1:
        yield path, f"expected a service or a url, found {'both' if targets else 'none'}"


def conversion(value: Value) -> Iterator[Fault]:
    """A webhook that converts is told where it is."""
    webhook_of = value.get("webhook")
    if value.get("strategy") == "Webhook":
        if webhook_of is None or webhook_of.get("clientConfig") is None:
            yield ("webhook", "clientConfig"), REQUIRED
            return
        yield from _client(webhook_of["clientConfig"], ("webhook", "clientConfig"))
        if not {"v1", "v1beta1"} & set(webhook_of.get("conversionReviewVersions") or ()):
            yield ("webhook", "conversionReviewVersions"), "expected v1 or v1beta1 among them"
    elif webhook_of is not None:
        yield ("webhook",), f"strategy {value.get('strategy')} has none"


def rule_with_operations(value: Value) -> Iterator[Fault]:
    """A rule names what it is about."""
    yield from needs("apiGroups", "apiVersions", "operations", "resources")(value)
    for field in ("operations", "apiGroups", "apiVersions"):
        if "*" in (value.get(field) or ()) and len(value[field]) > 1:
            yield (field,), "'*' must be the only one"
    if "" in (value.get("apiVersions") or ()):
        yield ("apiVersions",), "a version is empty"
    yield from _resources([each for each in value.get("resources") or () if isinstance(each, str)])
    seen: set[Any] = set()
    for index, name in enumerate(value.get("resourceNames") or ()):
        if name in seen:
            yield ("resourceNames", index), f"'{name}' is in the list twice"
        seen.add(name)


def _resources(resources: list[str]) -> Iterator[Fault]:
    wild: set[str] = set()
    wild_subresources: set[str] = set()
    for index, each in enumerate(resources):
        resource, slash, subresource = each.partition("/")
        if not each:
            yield ("resources", index), REQUIRED
        if not slash:
            continue
        if resource in wild:
            yield ("resources", index), f"'{resource}/*' includes it"
        if subresource in wild_subresources:
            yield ("resources", index), f"'*/{subresource}' includes it"
        if subresource == "*":
            wild.add(resource)
        if resource == "*":
            wild_subresources.add(subresource)
    if "*/*" in resources and len(resources) > 1:
        yield ("resources",), "'*/*' must be the only one"
    if "*" in resources and any(each != "*" and "/" not in each for each in resources):
        yield ("resources",), "'*' includes the others that have no subresource"


def policy(value: Value) -> Iterator[Fault]:
    """What an admission policy is about, and what it checks."""
    if not (value.get("matchConstraints") or {}).get("resourceRules"):
        yield ("matchConstraints", "resourceRules"), REQUIRED
    if not value.get("validations") and not value.get("auditAnnotations"):
        yield ("validations",), REQUIRED
    kind = value.get("paramKind")
    if kind is not None:
        yield from ((("paramKind", *where), message) for where, message in needs("apiVersion", "kind")(kind))
        if str(kind.get("apiVersion")).count("/") > 1:
            yield ("paramKind", "apiVersion"), "expected a version or group/version"
    for field, key in (("auditAnnotations", "key"), ("matchConditions", "name"), ("variables", "name")):
        yield from repeated(value, field, key)


def policy_binding(value: Value) -> Iterator[Fault]:
    """A binding says what happens, and by which parameters."""
    yield from needs("policyName", "validationActions")(value)
    if {"Deny", "Warn"} <= set(value.get("validationActions") or ()):
        yield ("validationActions",), "Deny warns too: Warn must not be beside it"
    reference = value.get("paramRef")
    if reference is not None:
        if not reference.get("parameterNotFoundAction"):
            yield ("paramRef", "parameterNotFoundAction"), REQUIRED
        if bool(reference.get("name")) == (reference.get("selector") is not None):
            yield ("paramRef",), "expected a name or a selector"


def api_service(value: Value) -> Iterator[Fault]:
    """An API that is served elsewhere names a Service; one that is not takes no certificates."""
    service = value.get("service")
    if service is not None:
        yield from ((("service", *where), message) for where, message in needs("name", "namespace")(service))
        if value.get("insecureSkipTLSVerify") and value.get("caBundle"):
            yield ("insecureSkipTLSVerify",), "it excludes caBundle"
    else:
        for field in ("caBundle", "insecureSkipTLSVerify"):
            if value.get(field):
                yield (field,), "it needs a service"
    if not value.get("version"):
        yield ("version",), REQUIRED


def certificate_request(value: Value) -> Iterator[Fault]:
    """A request is PEM, for at least ten minutes, and for usages that are known."""
    request = base64.b64decode(str(value.get("request") or "")).decode("latin-1")
    if (
        "-----BEGIN CERTIFICATE REQUEST-----" not in request
        and "-----BEGIN NEW CERTIFICATE REQUEST-----" not in request
    ):
        yield ("request",), "expected a PEM block CERTIFICATE REQUEST"
    seconds = value.get("expirationSeconds")
    if seconds is not None and seconds < 600:
        yield ("expirationSeconds",), f"{seconds} is less than 600"
    yield from needs("usages")(value)
