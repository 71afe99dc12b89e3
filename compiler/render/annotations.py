"""Annotations that delivery controllers need on objects; what an object already has is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compiler import kubernetes
from compiler.charts import hooks
from compiler.model.rendering import Annotation

_RESOURCE_POLICY = "helm.sh/resource-policy"
_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
_HOOKS = (hooks.ANNOTATION, "argocd.argoproj.io/hook")


def annotated(body: Mapping[str, Any], annotations: Sequence[Annotation]) -> Mapping[str, Any]:
    """The object with the annotations that are for it; the very same where there are none."""
    metadata = body["metadata"]
    own = metadata.get("annotations") or {}
    if not isinstance(own, dict):
        return body
    said = dict(own)
    for annotation in annotations:
        if _concerns(annotation, body, said):
            said[annotation.key] = _joined(annotation, said.get(annotation.key))
    return body if said == own else {**body, "metadata": {**metadata, "annotations": said}}


def _concerns(annotation: Annotation, body: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    match annotation.objects:
        case "kept":
            # Source: helm pkg/action/resource_policy.go, which takes it in any case.
            return str(own.get(_RESOURCE_POLICY, "")).strip().lower() == "keep"
        case "unpruned":
            return "Prune=false" in str(own.get(_SYNC_OPTIONS, ""))
        case "plain job":
            return _kind(body) == ("batch", "Job") and not any(own.get(key) for key in _HOOKS)
        case "having":
            return isinstance(own.get(annotation.key), str)
        case kind:
            return kind == _kind(body)


def _kind(body: Mapping[str, Any]) -> tuple[str, str]:
    return kubernetes.split_api_version(body["apiVersion"])[0], body["kind"]


def _joined(annotation: Annotation, own: Any) -> Any:
    """The annotation's value beside the object's own. An option that the object sets is its own business, and so are
    those that come with it (`Prune=confirm` is an answer to `Delete=false` too)."""
    if annotation.objects == "having":
        return own.lower()
    if own is None or own == "":
        return annotation.value
    if "=" not in annotation.value or not isinstance(own, str):
        return own
    given, wanted = (
        {option.partition("=")[0].strip() for option in text.split(",")} for text in (own, annotation.value)
    )
    return own if given & wanted else f"{own},{annotation.value}"
