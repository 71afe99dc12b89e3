"""The objections of a minor version's API server to a whole object: schema, name and metadata, rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from compiler.kubernetes.apis import MINORS, is_builtin_group, serves, split_api_version
from compiler.kubernetes.names import is_label_key, is_namespace, is_subdomain
from compiler.kubernetes.sops import is_encrypted
from compiler.kubernetes.validation import custom, definitions, expressions, syntax
from compiler.kubernetes.validation.findings import REQUIRED, Finding, described

_META = "meta.v1.ObjectMeta"
_LABELLED_SERVICES = 34  # the first minor that looks at the serviceName of a StatefulSet
_RBAC = "rbac.authorization.k8s.io"
# Kinds that the API server writes itself or whose names are free beyond what every path segment must be.
_FREE_NAMES = frozenset({"CertificateSigningRequest", "ComponentStatus", "Event", "IPAddress", "PodDisruptionBudget"})
# Job names are values of a label of their pods; those of CronJobs get a suffix.
_LONGEST = {("batch", "CronJob"): 52, ("batch", "Job"): 63, ("storage.k8s.io", "CSIDriver"): 63}
_PATH = re.compile(r"(?!\.{1,2}$)[^/%]+")


def check_builtin(body: Mapping[str, Any], minor: int) -> tuple[Finding, ...]:
    """What is wrong with an object of a built-in kind; of another one, with its labels and annotations, which have the
    same rules whatever the kind.

    () also if the object cannot be checked: the minor does not serve the kind or is outside the data, or SOPS encrypted it.
    """
    api_version, kind = body["apiVersion"], body["kind"]
    if minor in MINORS and not is_builtin_group(split_api_version(api_version)[0]) and not is_encrypted(body):
        told = definitions.check(body["metadata"], _META, minor, ("metadata",))
        return tuple(each for each in told if each.path[1:2] in (("labels",), ("annotations",)))
    definition = definitions.definition_of(api_version, kind)
    served = minor in MINORS and serves(minor, *split_api_version(api_version), kind)
    if not definition or not served or is_encrypted(body):
        return ()
    findings = definitions.check(body, definition, minor)
    if kind == "Secret":
        findings = [
            _discreet(each) if each.path[:1] in (("data",), ("stringData",)) and "found" in each.message else each
            for each in findings
        ]
    return (*filter(_counts, findings), *_metadata(body, minor))


def _discreet(finding: Finding) -> Finding:
    """The finding without the value, which is secret."""
    return replace(finding, message="expected a string in base64" if finding.path[0] == "data" else "expected a string")


def _counts(finding: Finding) -> bool:
    """Whether a request without status would fail too: the server ignores the status of a request."""
    return finding.path[:1] != ("status",) or finding.message != REQUIRED


def check_custom(body: Mapping[str, Any], version: Mapping[str, Any], minor: int) -> tuple[Finding, ...]:
    """What is wrong with an object of a custom kind. `version`: the entry of its version in the CRD's `spec.versions`."""
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if is_encrypted(body) or not isinstance(schema, Mapping):
        return ()
    findings = custom.check(body, schema) + custom.check_scale(body, version.get("subresources") or {})
    if not any(each.kind == "refused" for each in findings):  # as the server: rules are for objects that fit the schema
        findings += expressions.check(body, schema)
    return (
        *filter(_counts, findings),
        *definitions.check(body.get("metadata"), _META, minor, ("metadata",)),
        *_metadata(body, minor),
    )


def _metadata(body: Mapping[str, Any], minor: int) -> list[Finding]:
    metadata = body["metadata"]
    findings = []
    if message := _name(body, minor):
        findings.append(Finding(("metadata", "name"), message))
    if body["kind"] == "StatefulSet" and minor >= _LABELLED_SERVICES and (message := _service_name(body)):
        findings.append(Finding(("spec", "serviceName"), message))
    namespace = metadata.get("namespace")
    if isinstance(namespace, str) and namespace and not is_namespace(namespace):
        findings.append(Finding(("metadata", "namespace"), f"{described(namespace)} is not a valid namespace"))
    findings.extend(_written_by_the_server(metadata))
    prefix = metadata.get("generateName")
    if isinstance(prefix, str) and prefix and (message := _prefix(body, prefix)):
        findings.append(Finding(("metadata", "generateName"), message))
    elif prefix and not metadata.get("name"):
        findings.append(Finding(("metadata", "name"), "server-side apply needs one beside generateName", "apply"))
    for index, item in enumerate(metadata.get("finalizers") or ()):
        if isinstance(item, str) and not is_label_key(item):
            findings.append(
                Finding(("metadata", "finalizers", index), f"{described(item)} is not a valid finalizer name")
            )
    return findings


def _service_name(body: Mapping[str, Any]) -> str:
    spec = body.get("spec")
    return syntax.label(spec.get("serviceName")) if isinstance(spec, dict) else ""


def _written_by_the_server(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    """Of what the server writes, server-side apply refuses these."""
    if metadata.get("managedFields") is not None:
        yield Finding(("metadata", "managedFields"), "only the server writes it", "apply")
    if metadata.get("uid"):
        yield Finding(("metadata", "uid"), "only the server writes it", "apply")
    version = metadata.get("resourceVersion")
    if isinstance(version, str) and version and not (version.isascii() and version.isdigit()):
        yield Finding(("metadata", "resourceVersion"), "only the server writes it, as a number", "apply")


def _prefix(body: Mapping[str, Any], prefix: str) -> str:
    """What is wrong with a `generateName`: it is judged as a name, but for the last `-`, which more follows."""
    name = prefix[:-1] + "a" if prefix.endswith("-") else prefix
    if body["kind"] in _FREE_NAMES or split_api_version(body["apiVersion"])[0] == _RBAC:
        return "" if _PATH.fullmatch(name) else f"{described(prefix)} is not a name: no '/' and no '%'"
    return (
        "" if is_subdomain(name) else f"{described(prefix)} does not begin a name of lower-case letters, digits and '-'"
    )


def _name(body: Mapping[str, Any], minor: int) -> str:
    name, kind = body["metadata"].get("name"), body["kind"]
    group, _ = split_api_version(body["apiVersion"])
    if name is None and not body["metadata"].get("generateName"):
        return REQUIRED
    if not isinstance(name, str):
        return ""
    if not name:
        return REQUIRED
    if group == _RBAC or kind in _FREE_NAMES:
        return "" if _PATH.fullmatch(name) else f"{described(name)} is not a name: no '/' and no '%'"
    if (group, kind) == ("", "Namespace") or (minor >= 34 and (group, kind) == ("apps", "StatefulSet")):
        return syntax.label(name)
    if (group, kind) == ("", "Service"):
        return syntax.label_1035(name) if minor <= 34 else syntax.label(name)
    if not is_subdomain(name):
        return f"{described(name)} is not a name: lower-case letters, digits, '-' and '.', at most 253"
    if (group, kind) in _LONGEST and len(name) > _LONGEST[group, kind]:
        return f"{described(name)} has more than {_LONGEST[group, kind]} characters"
    spec = body.get("spec")
    if isinstance(spec, dict):
        names = spec.get("names")
        if kind == "CustomResourceDefinition" and group == "apiextensions.k8s.io" and isinstance(names, dict):
            wanted = f"{names.get('plural')}.{spec.get('group')}"
            return "" if name == wanted else f"expected '{wanted}' (plural and group), found {described(name)}"
        if kind == "APIService" and group == "apiregistration.k8s.io":
            wanted = f"{spec.get('version')}.{spec.get('group')}"
            return "" if name == wanted else f"expected '{wanted}' (version and group), found {described(name)}"
    return ""
