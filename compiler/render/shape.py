"""What keeps a document from being a Kubernetes object, and what it probably is instead; lists unwrapped as kubectl does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.codes import Code
from compiler.fields.reader import in_quotes, mismatch
from compiler.kubernetes import keypath, kustomization
from compiler.kubernetes.names import is_namespace

Keys = tuple[str | int, ...]

# What every API server asks of an object. Sources: apimachinery's ValidatePathSegmentName (of names, whatever the kind),
# RFC 1123 labels (namespaces), RFC 1035 labels (kinds and versions of CustomResourceDefinitions).
_API_VERSION = re.compile(r"(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[a-z](?:[-a-z0-9]*[a-z0-9])?")
_KIND = re.compile(r"[A-Za-z](?:[-A-Za-z0-9]*[A-Za-z0-9])?")
_ARGOCD_HOOK = "argocd.argoproj.io/hook"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a document is not an object; `keys` lead to the field, where there is one."""

    message: str
    keys: Keys = ()
    hint: str = ""
    code: Code = Code.OBJECT_INVALID


def items_of(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """The objects of a document, with the keys that lead to each: itself, or the items of a list. None for no object.

    As in kubectl: `items: null` is a list of nothing, and an item of a typed list (`ConfigMapList`) that has neither
    apiVersion nor kind gets those of the list. Source: apimachinery's unstructuredJSONScheme.decodeToList.
    """
    if not is_list(value):
        if value is not None or keys:
            yield keys, value
        return
    typed = {"apiVersion": value.get("apiVersion"), "kind": value["kind"].removesuffix("List")}
    for index, item in enumerate(value["items"] or ()):
        bare = isinstance(item, dict) and not (item.get("apiVersion") or item.get("kind"))
        yield from items_of({**item, **typed} if bare and typed["kind"] else item, (*keys, "items", index))


def is_list(value: Any) -> bool:
    """Whether the value is a list of objects (`kind: List`, `kind: ConfigMapList`)."""
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str) or "items" not in value:
        return False
    return value["kind"].endswith("List") and (value["items"] is None or isinstance(value["items"], list))


def fault_of(body: Any, path: str) -> Fault | None:
    """What keeps the value from being a Kubernetes object, None where it is one. `path` is that of its file."""
    if not isinstance(body, dict):
        return Fault(f"expected a Kubernetes object, found {_kind_of(body)}")
    if kustomization.is_kustomization(body, path):
        message = f"expected a Kubernetes object, found a kustomization ({body.get('kind') or 'no kind'})"
        return Fault(message, hint=kustomization.HINT, code=Code.MANIFEST_KUSTOMIZATION)
    for key, pattern in (("apiVersion", _API_VERSION), ("kind", _KIND)):
        if body.get(key) in (None, ""):
            return Fault(f"the object has no {key}")
        if not isinstance(body[key], str):
            return _not_a_string("", (key,), body[key])
        if not pattern.fullmatch(body[key]):
            return Fault(f"{body[key][:80]!r} is no {key}", (key,))
    if body["kind"] == "List":
        items = f"items: {mismatch('list', body['items'])}" if "items" in body else "no items"
        return Fault(f"List: {items}", ("items",), "write `items: []` for an empty list")
    return _metadata_fault(body["kind"], body.get("metadata"))


def _metadata_fault(kind: str, metadata: Any) -> Fault | None:
    if metadata is not None and not isinstance(metadata, dict):
        return Fault(f"{kind}: metadata: {mismatch('mapping', metadata)}", ("metadata",))
    metadata = metadata or {}
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if name in (None, ""):
        return _unnamed(kind, metadata)
    if not isinstance(name, str):
        return _not_a_string(kind, ("metadata", "name"), name)
    if name in (".", "..") or any(c in "/%" or not c.isprintable() for c in name):
        message = f"{kind} {name[:80]!r}: no API server takes this name ('/', '%', '.', '..', control characters)"
        return Fault(message, ("metadata", "name"))
    if namespace is not None and not isinstance(namespace, str):
        return _not_a_string(f"{kind} {name}", ("metadata", "namespace"), namespace)
    if namespace and not is_namespace(namespace):
        allowed = "lower-case letters, digits and '-', at most 63"
        message = f"{kind} {name}: {namespace[:80]!r} is not a valid namespace ({allowed})"
        return Fault(message, ("metadata", "namespace"))
    for key in ("labels", "annotations"):
        if metadata.get(key) is not None and not isinstance(metadata[key], dict):
            return Fault(f"{kind} {name}: metadata.{key}: {mismatch('mapping', metadata[key])}", ("metadata", key))
    return None


def _unnamed(kind: str, metadata: Mapping[str, Any]) -> Fault:
    if not metadata.get("generateName"):
        return Fault(f"{kind} has no metadata.name", ("metadata",))
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and annotations.get(_ARGOCD_HOOK):
        reason = (
            "Argo CD would create this hook under a new name on each sync, but Flux cannot, and Lamella knows objects by"
            " their names"
        )
        hint = "set metadata.name: Argo CD deletes a hook before it creates it again (BeforeHookCreation, its default)"
        return Fault(f"{kind} has generateName and no name: {reason}", ("metadata", "generateName"), hint)
    reason = "Flux and Argo CD apply objects by name (only hooks of Argo CD go without one)"
    message = f"{kind} has generateName and no name: {reason}"
    return Fault(message, ("metadata", "generateName"), "set metadata.name")


def _not_a_string(what: str, keys: Keys, value: object) -> Fault:
    place = f"{what}: {keypath.show(keys)}" if what else keypath.show(keys)
    return Fault(f"{place}: {mismatch('string', value)}", keys, in_quotes(keys[-1], value))


def _kind_of(value: object) -> str:
    return "null" if value is None else f"a {'list' if isinstance(value, list) else 'scalar'}"
