"""Moving objects to another namespace, with the references to them, as kustomize's namespace transformer does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from compiler.kubernetes import is_cluster_scoped, split_api_version
from compiler.overlay.fieldpaths import edit
from compiler.overlay.select import metadata_of

Object = Mapping[str, Any]
Reference = tuple[str, str, str]  # kind, namespace, name


def custom_cluster_scoped(objects: Sequence[Object]) -> frozenset[tuple[str, str]]:
    """(group, kind) of the cluster-scoped kinds that CustomResourceDefinitions among the objects define."""
    kinds = set()
    for candidate in objects:
        match candidate:
            case {
                "kind": "CustomResourceDefinition",
                "spec": {"group": str(group), "scope": "Cluster", "names": {"kind": str(kind)}},
            }:
                kinds.add((group, kind))
    return frozenset(kinds)


def move(
    objects: Sequence[Object], chosen: Collection[int], namespace: str, cluster_scoped: Collection[tuple[str, str]]
) -> list[Object]:
    """The objects, with those at the chosen positions moved to the namespace; untouched objects are returned as they are.

    A chosen Namespace object takes the name. Subjects of role bindings, and services of webhooks and API services,
    follow the objects that moved.
    """
    scoped = frozenset(cluster_scoped) | custom_cluster_scoped(objects)
    moved: set[Reference] = set()
    result = list(objects)
    for position in chosen:
        candidate = objects[position]
        metadata = metadata_of(candidate)
        moved.add((str(candidate.get("kind")), str(metadata.get("namespace") or "default"), str(metadata.get("name"))))
        result[position] = _moved(candidate, namespace, scoped)
    return [_follow(each, position in chosen, moved, namespace) for position, each in enumerate(result)]


def _moved(candidate: Object, namespace: str, cluster_scoped: Collection[tuple[str, str]]) -> Object:
    group, _ = split_api_version(str(candidate.get("apiVersion", "")))
    kind = str(candidate.get("kind", ""))
    if (group, kind) == ("", "Namespace"):
        return _set(candidate, "metadata/name", namespace)
    if is_cluster_scoped(group, kind) or (group, kind) in cluster_scoped:
        return candidate
    return _set(candidate, "metadata/namespace", namespace)


def _follow(candidate: Object, chosen: bool, moved: Collection[Reference], namespace: str) -> Object:
    match candidate.get("kind"):
        case "RoleBinding" | "ClusterRoleBinding":
            return _each(candidate, "subjects", lambda each: _subject(each, chosen, moved, namespace))
        case "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration":
            return _each(candidate, "webhooks", lambda each: _service(each, ("clientConfig",), moved, namespace))
        case "APIService":
            return _service(candidate, ("spec",), moved, namespace)
        case "CustomResourceDefinition":
            return _service(candidate, ("spec", "conversion", "webhook", "clientConfig"), moved, namespace)
    return candidate


def _subject(subject: Object, chosen: bool, moved: Collection[Reference], namespace: str) -> Object:
    key = (str(subject.get("kind")), str(subject.get("namespace") or "default"), str(subject.get("name")))
    # The service account "default" exists in every namespace without an object that could have moved.
    if key in moved or (chosen and subject.get("name") == "default"):
        return {**subject, "namespace": namespace}
    return subject


def _service(holder: Object, path: tuple[str, ...], moved: Collection[Reference], namespace: str) -> Object:
    service: Any = holder
    for key in (*path, "service"):
        service = service.get(key) if isinstance(service, Mapping) else None
    if not isinstance(service, Mapping):
        return holder
    if ("Service", str(service.get("namespace") or "default"), str(service.get("name"))) not in moved:
        return holder
    return _set(holder, "/".join((*path, "service", "namespace")), namespace)


def _each(holder: Object, key: str, change: Callable[[Object], Object]) -> Object:
    items = holder.get(key)
    if not isinstance(items, list):
        return holder
    changed = [change(item) if isinstance(item, Mapping) else item for item in items]
    same = all(new is old for new, old in zip(changed, items, strict=True))
    return holder if same else {**holder, key: changed}


def _set(candidate: Object, path: str, value: str) -> Object:
    return edit(candidate, path, lambda _: value, create=True)  # type: ignore[no-any-return]
