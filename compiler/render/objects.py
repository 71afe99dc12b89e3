"""Rendered text to Kubernetes objects: lists unwrapped, shape checked, namespace put in, emitted in the one form.

The same text comes again and again in a fleet (CRDs, RBAC, dashboards): what is made of a text alone is remembered per
process, so a document is parsed and emitted once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from compiler import kubernetes, yamldoc
from compiler.diagnostics import Diagnostic
from compiler.model import CrdInfo, RenderedObject

# Custom kinds whose scope is known without their CRD: the API groups that an infra layer or a delivery writes.
_NAMESPACED_GROUPS = ("cluster.x-k8s.io", "argoproj.io", "toolkit.fluxcd.io")
_CONTAINER_LISTS = frozenset({"containers", "initContainers", "ephemeralContainers"})
_CACHED_TEXTS = 8192
MAX_TEXT_BYTES = 32 * 1024 * 1024  # what one template may render to (hardening.md 5)


@dataclass(frozen=True, eq=False)
class Draft:
    """An object on its way: `body` is shared and never changed in place. `guessed` = a namespace was put into an object
    whose kind may turn out to be cluster-scoped. Drafts are equal only to themselves, which makes them cheap keys."""

    body: Mapping[str, Any]
    template: str
    guessed: bool


@lru_cache(maxsize=_CACHED_TEXTS)
def drafts_of(
    text: str, template: str, namespace: str, tolerant: bool
) -> tuple[tuple[Draft, ...], tuple[Diagnostic, ...]]:
    """The objects in rendered text, with `namespace` where a namespaced object has none, and what is wrong.

    `tolerant`: of duplicate keys the last counts, with a warning, as in Helm; else they are refused. Raises CompileError
    where the text is no YAML.
    """
    documents = yamldoc.load(
        text, template, positions=False, duplicates="warn" if tolerant else "refuse", max_bytes=MAX_TEXT_BYTES
    )
    diagnostics = [found for document in documents for found in document.duplicates]
    drafts: list[Draft] = []
    for document in documents:
        for body in _unwrapped(document.value):
            problem = _shape_problem(body)
            if problem:
                diagnostics.append(Diagnostic("object-invalid", problem, document.at()))
                continue
            if is_encrypted(body) and not body["metadata"].get("namespace"):
                diagnostics.append(
                    Diagnostic(
                        "sops-namespace",
                        f"{body['kind']} {body['metadata']['name']} is encrypted by SOPS and has no namespace; it cannot be"
                        " given one without breaking its MAC",
                        document.at(),
                        hint="add metadata.namespace and encrypt it again",
                    )
                )
            else:
                drafts.append(_placed(body, template, namespace))
    return tuple(drafts), tuple(diagnostics)


def _unwrapped(value: Any) -> Iterator[Any]:
    """The object, or the items of a List (kubectl applies `kind: List` and typed lists item by item)."""
    if value is None:
        return
    if isinstance(value, dict) and str(value.get("kind", "")).endswith("List") and isinstance(value.get("items"), list):
        for item in value["items"]:
            yield from _unwrapped(item)
        return
    yield value


def _shape_problem(body: Any) -> str:
    """What keeps this from being a Kubernetes object; '' where it is one."""
    if not isinstance(body, dict):
        return f"expected a Kubernetes object, found a {'list' if isinstance(body, list) else 'scalar'}"
    for key in ("apiVersion", "kind"):
        if not isinstance(body.get(key), str) or not body[key]:
            return f"the object has no {key}"
    metadata = body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name:
        generated = isinstance(metadata, dict) and metadata.get("generateName")
        why = "only generateName, which no GitOps controller can apply" if generated else "no metadata.name"
        return f"{body['kind']} has {why}"
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    if namespace is not None and not isinstance(namespace, str):
        return f"{body['kind']} {name}: metadata.namespace is not a string"
    return ""


def is_encrypted(body: Mapping[str, Any]) -> bool:
    """Whether SOPS has encrypted the object. Its MAC is over the values in their order: it must stay as it is."""
    sops = body.get("sops")
    return isinstance(sops, dict) and bool(sops.get("mac"))


def _placed(body: dict[str, Any], template: str, namespace: str) -> Draft:
    """The draft with its namespace: put in where a namespaced object lacks one, taken out of a cluster-scoped one."""
    if is_encrypted(body):
        return Draft(body, template, False)
    group, _ = kubernetes.split_api_version(body["apiVersion"])
    metadata = body["metadata"]
    given = metadata.get("namespace")
    builtin = kubernetes.is_builtin_group(group)
    if builtin and kubernetes.is_cluster_scoped(group, body["kind"]):
        if given is not None:
            kept = {key: value for key, value in metadata.items() if key != "namespace"}
            return Draft({**body, "metadata": kept}, template, False)
        return Draft(body, template, False)
    if given or not namespace:
        return Draft(body, template, False)
    known = builtin or any(group == suffix or group.endswith(f".{suffix}") for suffix in _NAMESPACED_GROUPS)
    return Draft({**body, "metadata": {**metadata, "namespace": namespace}}, template, not known)


def identity_of(draft: Draft) -> tuple[str, str, str, str]:
    """(group, kind, namespace, name), as `RenderedObject.id`."""
    metadata = draft.body["metadata"]
    group, _ = kubernetes.split_api_version(str(draft.body["apiVersion"]))
    return (group, str(draft.body["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"]))


@lru_cache(maxsize=_CACHED_TEXTS)
def finished(draft: Draft) -> RenderedObject:
    """The draft emitted, with all that the later stages need to know of it."""
    body = draft.body
    api_version, kind = str(body["apiVersion"]), str(body["kind"])
    group, version = kubernetes.split_api_version(api_version)
    metadata = body["metadata"]
    content = yamldoc.dump(body, keep_order=is_encrypted(body)).encode()
    unscoped = b""
    if draft.guessed:
        kept = {key: value for key, value in metadata.items() if key != "namespace"}
        unscoped = yamldoc.dump({**body, "metadata": kept}).encode()
    annotations = metadata.get("annotations")
    crd = _crd_info(body) if (group, kind) == ("apiextensions.k8s.io", "CustomResourceDefinition") else None
    return RenderedObject(
        group=group,
        version=version,
        kind=kind,
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata["name"]),
        content=content,
        template=draft.template,
        sha256=hashlib.sha256(content).hexdigest(),
        images=() if crd else tuple(sorted(set(_images(body)))),
        plaintext_secret=api_version == "v1" and kind == "Secret" and _holds_plaintext(body),
        hook=str(annotations.get("helm.sh/hook", "")) if isinstance(annotations, dict) else "",
        crd=crd,
        cluster_scoped_content=unscoped,
    )


def _holds_plaintext(body: Mapping[str, Any]) -> bool:
    """Whether a Secret carries values in clear: not where SOPS has encrypted them, nor where all of them are empty."""
    if is_encrypted(body):
        return False
    return any(
        value not in (None, "") for key in ("data", "stringData") for value in (body.get(key) or {}).values()
        if isinstance(body.get(key), dict)
    )  # fmt: skip


def _images(value: Any) -> Iterator[str]:
    """Every container image below `value`, wherever a pod template hides (also in custom resources)."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in _CONTAINER_LISTS and isinstance(item, list):
                for container in item:
                    image = container.get("image") if isinstance(container, dict) else None
                    if isinstance(image, str) and image:
                        yield str(image)
            elif isinstance(item, dict | list):
                yield from _images(item)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list):
                yield from _images(item)


def _crd_info(body: Mapping[str, Any]) -> CrdInfo | None:
    spec = body.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(names, dict):
        return None
    versions = spec.get("versions") or [{"name": spec.get("version"), "served": True}]
    served = tuple(str(v.get("name")) for v in versions if isinstance(v, dict) and v.get("served", True))
    return CrdInfo(str(spec.get("group", "")), str(names.get("kind", "")), str(spec.get("scope", "Namespaced")), served)
