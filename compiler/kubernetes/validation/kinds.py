"""Rules about kinds other than pods. Part of the table in `rules.py`."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from compiler.kubernetes.validation import syntax
from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.pods import Fault, Value, items
from compiler.kubernetes.validation.workloads import Rule


def needs(*fields: str) -> Rule:
    """A rule: these fields have values."""

    def rule(value: Value) -> Iterator[Fault]:
        yield from (((field,), REQUIRED) for field in fields if value.get(field) in (None, "", [], {}))

    return rule


def policy_rule(value: Value, *, namespaced: bool) -> Iterator[Fault]:
    """A role's rule names resources or URLs."""
    if value.get("nonResourceURLs"):
        if namespaced:
            yield ("nonResourceURLs",), "a Role has none; a ClusterRole may"
        elif value.get("apiGroups") or value.get("resources") or value.get("resourceNames"):
            yield ("nonResourceURLs",), "a rule is about resources or about URLs, not both"
        return
    yield from needs("apiGroups", "resources")(value)


def role(value: Value, *, namespaced: bool) -> Iterator[Fault]:
    """The rules of a Role or ClusterRole."""
    for index, each in items(value, "rules"):
        yield from ((("rules", index, *where), message) for where, message in policy_rule(each, namespaced=namespaced))


_RBAC = "rbac.authorization.k8s.io"


def aggregation(value: Value) -> Iterator[Fault]:
    """A role that gathers others says which."""
    if not value.get("clusterRoleSelectors"):
        yield ("clusterRoleSelectors",), REQUIRED


def binding(value: Value, *, kinds: tuple[str, ...]) -> Iterator[Fault]:
    """A binding names a role and its subjects."""
    if (kind := value["roleRef"].get("kind")) not in kinds:
        yield ("roleRef", "kind"), f"expected {' or '.join(kinds)}, found '{kind}'"
    for index, each in items(value, "subjects"):
        groups = ("", None) if each.get("kind") == "ServiceAccount" else ("", None, _RBAC)
        if each.get("apiGroup") not in groups:
            yield ("subjects", index, "apiGroup"), f"expected {groups[-1] or 'nothing'}, found '{each['apiGroup']}'"
        if each.get("kind") == "ServiceAccount" and (message := syntax.subdomain(each.get("name"))):
            yield ("subjects", index, "name"), message
        if each.get("kind") == "ServiceAccount" and not each.get("namespace") and kinds == ("ClusterRole",):
            yield ("subjects", index, "namespace"), REQUIRED


_SECURITY_VERSION = re.compile(r"latest|v1\.(0|[1-9][0-9]*)")


def namespace(value: Value) -> Iterator[Fault]:
    """The labels of pod security are of its words."""
    labels = (value.get("metadata") or {}).get("labels") or {}
    for mode in ("enforce", "audit", "warn"):
        label = f"pod-security.kubernetes.io/{mode}"
        level, version = labels.get(label), labels.get(f"{label}-version")
        if level not in (None, "privileged", "baseline", "restricted"):
            yield ("metadata", "labels", label), f"expected privileged, baseline or restricted, found '{level}'"
        if version is not None and not _SECURITY_VERSION.fullmatch(version):
            yield (
                ("metadata", "labels", f"{label}-version"),
                f"expected latest or v1.30 and the like, found '{version}'",
            )


_SECRET_KEYS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
_JSON_KEYS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
_LARGEST = 1024 * 1024


def secret(value: Value) -> Iterator[Fault]:
    """What a Secret of its type must hold, and no more than fits."""
    kind = value.get("type") or ""
    have = {**_decoded(value.get("data") or {}), **{key: str(text or "") for key, text in _pairs(value, "stringData")}}
    for key in _SECRET_KEYS.get(kind, ()):
        if key not in have:
            yield ("data", key), f"a Secret of type {kind} needs it"
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & have.keys():
        yield ("data", "username"), f"a Secret of type {kind} needs it, or a password"
    annotations = (value.get("metadata") or {}).get("annotations") or {}
    if kind == "kubernetes.io/service-account-token" and not annotations.get("kubernetes.io/service-account.name"):
        yield ("metadata", "annotations", "kubernetes.io/service-account.name"), REQUIRED
    key = _JSON_KEYS.get(kind, "")
    if key in have and not _is_json(have[key]):
        yield ("data", key), "it is not JSON"
    if sum(map(len, have.values())) > _LARGEST:
        yield ("data",), f"it has more than {_LARGEST} bytes"


def _pairs(value: Value, field: str) -> Iterator[tuple[str, Any]]:
    yield from (value.get(field) or {}).items()


def _decoded(texts: Value) -> dict[str, str]:
    return {key: base64.b64decode(str(text or "")).decode("latin-1") for key, text in texts.items()}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def config_map(value: Value) -> Iterator[Fault]:
    """A key is in data or in binaryData."""
    for key in sorted({*(value.get("data") or ())} & {*(value.get("binaryData") or ())}):
        yield ("data", key), "the key is in binaryData too"
    size = sum(len(str(text or "").encode("utf-8", "replace")) for _, text in _pairs(value, "data"))
    if size + sum(map(len, _decoded(value.get("binaryData") or {}).values())) > _LARGEST:
        yield (), f"its values have more than {_LARGEST} bytes"


_HIGHEST = 1_000_000_000


def priority_class(value: Value) -> Iterator[Fault]:
    """Numbers above a thousand million, and names that begin with `system-`, are the cluster's own."""
    name = str((value.get("metadata") or {}).get("name"))
    if name in ("system-cluster-critical", "system-node-critical"):
        return
    if name.startswith("system-"):
        yield ("metadata", "name"), "names that begin with 'system-' are the cluster's own"
    if (value.get("value") or 0) > _HIGHEST:
        yield ("value",), f"{value['value']} is more than {_HIGHEST}"


def owners(value: Value) -> Iterator[Fault]:
    """One owner at most controls an object."""
    controllers = [index for index, each in items(value, "ownerReferences") if each.get("controller")]
    for index in controllers[1:]:
        yield ("ownerReferences", index, "controller"), f"[{controllers[0]}] is the controller already"
