"""Rendered text to Kubernetes objects: lists unwrapped, shape checked, namespace put in, emitted in the one form.

The same text comes again and again in a fleet (CRDs, RBAC, dashboards): what is made of a text alone is remembered per
process, so a document is parsed and emitted once.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from compiler import kubernetes, yamldoc
from compiler.charts import hooks
from compiler.codes import Code
from compiler.diagnostics import Diagnostic, Position
from compiler.kubernetes.credentials import credentials
from compiler.kubernetes.imagefields import ImageField
from compiler.kubernetes.images import images
from compiler.kubernetes.secret import last_applied
from compiler.kubernetes.sops import is_ciphertext, is_encrypted
from compiler.kubernetes.validation import check_builtin
from compiler.model import CrdInfo, RenderedObject
from compiler.render.shape import fault_of, items_of

_CACHED_TEXTS = 8192
MAX_TEXT_BYTES = 32 * 1024 * 1024  # what one template may render to


@dataclass(frozen=True, eq=False)
class Draft:
    """An object on its way: `body` is shared and never changed in place. `guessed`: the object names no namespace, and
    whether it gets one was decided by the name of its kind. Drafts are equal only to themselves, which makes them cheap
    keys."""

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
    diagnostics = [duplicate for document in documents for duplicate in document.duplicates]
    drafts: list[Draft] = []
    for document in documents:
        for keys, body in items_of(document.value):
            if fault := fault_of(body, template):
                at = _at(text, template, document, (*keys, *fault.keys))
                diagnostics.append(Diagnostic(fault.code, fault.message, at, fault.hint))
                continue
            if is_encrypted(body) and not body["metadata"].get("namespace") and _scope(body) != "Cluster":
                diagnostics.append(
                    Diagnostic(
                        Code.SOPS_NAMESPACE,
                        f"{body['kind']} {body['metadata']['name']} is encrypted by SOPS and has no namespace; it cannot be"
                        " given one without breaking its MAC",
                        document.at(),
                        hint="add metadata.namespace and encrypt it again",
                    )
                )
            else:
                drafts.append(_placed(body, template, namespace))
    return tuple(drafts), tuple(diagnostics)


def _at(text: str, path: str, document: yamldoc.Document, keys: tuple[str | int, ...]) -> Position:
    """The position of these keys in a document that was read without positions."""
    again = yamldoc.load(text, path, duplicates="warn", max_bytes=MAX_TEXT_BYTES)
    return next((other.at(*keys) for other in again if other.line == document.line), document.at())


def _scope(body: Mapping[str, Any]) -> kubernetes.Scope:
    """As far as it is known here: a CRD, which may come with any layer, has the last word in `output.scopes`."""
    group, _ = kubernetes.split_api_version(body["apiVersion"])
    return kubernetes.scope_of(group, body["kind"])


def _placed(body: dict[str, Any], template: str, namespace: str) -> Draft:
    """The draft with its namespace: put in where a namespaced object lacks one, taken out of a cluster-scoped one."""
    if is_encrypted(body):
        return Draft(body, template, False)
    group, _ = kubernetes.split_api_version(body["apiVersion"])
    metadata, scope = body["metadata"], _scope(body)
    given = metadata.get("namespace")
    if given is not None and scope == "Cluster" and kubernetes.is_builtin_group(group):
        kept = {key: value for key, value in metadata.items() if key != "namespace"}
        return Draft({**body, "metadata": kept}, template, False)
    if given or not namespace:
        return Draft(body, template, False)
    if scope == "Cluster" or (not scope and kubernetes.looks_cluster_scoped(body["kind"])):
        return Draft(body, template, not scope)
    return Draft({**body, "metadata": {**metadata, "namespace": namespace}}, template, not scope)


@lru_cache(maxsize=_CACHED_TEXTS)
def finished(draft: Draft, minor: int = 0, image_fields: tuple[ImageField, ...] = ()) -> RenderedObject:
    """The draft emitted, with all that the later stages need to know of it.

    `minor` is that of the Kubernetes whose API server is asked in thought about built-in kinds; 0 asks none.
    `image_fields` are the declared fields that name images.
    """
    body = draft.body
    api_version, kind = str(body["apiVersion"]), str(body["kind"])
    group, version = kubernetes.split_api_version(api_version)
    metadata = body["metadata"]
    content = yamldoc.dump(body, keep_order=is_encrypted(body)).encode()
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
        images=images(body, image_fields),
        plaintext_secret=api_version == "v1" and kind == "Secret" and _holds_plaintext(body),
        hook=str(annotations.get(hooks.ANNOTATION, "")) if isinstance(annotations, dict) else "",
        crd=crd,
        scope_guessed=draft.guessed,
        encrypted=is_encrypted(body),
        credentials=credentials(body),
        findings=check_builtin(body, minor),
    )


def _holds_plaintext(body: Mapping[str, Any]) -> bool:
    """Whether a Secret carries a value that is neither empty nor encrypted by SOPS (which may encrypt a part), itself or
    in the copy of it that kubectl keeps."""
    fields = [body[key] for key in ("data", "stringData") if body.get(key)]
    values = [value for field in fields for value in (field.values() if isinstance(field, dict) else [field])]
    encrypted = is_encrypted(body)
    if any(value not in (None, "") and not (encrypted and is_ciphertext(value)) for value in values):
        return True
    applied = last_applied(body)
    return applied is not None and (not isinstance(applied, dict) or _holds_plaintext(applied))


def _crd_info(body: Mapping[str, Any]) -> CrdInfo | None:
    spec = body.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(names, dict):
        return None
    versions = spec.get("versions")
    listed = versions if isinstance(versions, list) else [{"name": spec.get("version")}]
    served = tuple(str(v.get("name")) for v in listed if isinstance(v, dict) and v.get("served", True))
    kept = {v["name"]: _judged_by(v) for v in listed if isinstance(v, dict) and isinstance(_schema_of(v), dict)}
    packed = zlib.compress(json.dumps(kept).encode(), 1) if kept and not spec.get("preserveUnknownFields") else b""
    scope = str(spec.get("scope", "Namespaced"))
    return CrdInfo(str(spec.get("group", "")), str(names.get("kind", "")), scope, served, packed)


def _judged_by(version: Mapping[str, Any]) -> dict[str, Any]:
    """What of a CRD's version its objects are judged by (see `check_custom`)."""
    return {key: version[key] for key in ("schema", "subresources") if isinstance(version.get(key), dict)}


def _schema_of(version: Mapping[str, Any]) -> Any:
    schema = version.get("schema")
    return schema.get("openAPIV3Schema") if isinstance(schema, dict) else None
