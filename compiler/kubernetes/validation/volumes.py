"""Rules about volumes, their mounts and persistent storage. Part of the table in `rules.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.kubernetes.validation import syntax
from compiler.kubernetes.validation.findings import REQUIRED
from compiler.kubernetes.validation.pods import Fault, Value, given, items, repeated

_PROJECTIONS = ("clusterTrustBundle", "configMap", "downwardAPI", "podCertificate", "secret", "serviceAccountToken")
_NAMED = (("secret", "secretName"), ("configMap", "name"))


def one_volume_source(value: Value) -> Iterator[Fault]:
    """At most one place that a volume comes from; without any it is an emptyDir."""
    types = [field for field in given(value, value) if field != "name"]
    if len(types) > 1:
        yield (), f"a volume is of one type, found {' and '.join(sorted(types))}"
    for field, name in _NAMED:
        if value.get(field) is not None and not value[field].get(name):
            yield (field, name), REQUIRED
    if value.get("ephemeral") is not None and value["ephemeral"].get("volumeClaimTemplate") is None:
        yield ("ephemeral", "volumeClaimTemplate"), REQUIRED
    if value.get("image") is not None and not value["image"].get("reference"):
        yield ("image", "reference"), REQUIRED


def projection(value: Value) -> Iterator[Fault]:
    """One source of a projected volume."""
    types = given(value, _PROJECTIONS)
    if len(types) > 1:
        yield (), f"a source is of one type, found {' and '.join(types)}"
    for field in ("configMap", "secret"):
        if value.get(field) is not None and not value[field].get("name"):
            yield (field, "name"), REQUIRED


def projected(value: Value) -> Iterator[Fault]:
    """Two sources do not write one file."""
    seen: dict[Any, int] = {}
    for index, source in items(value, "sources"):
        for field in ("configMap", "downwardAPI", "secret"):
            for number, item in items(source.get(field) or {}, "items"):
                if item.get("path") and seen.setdefault(item["path"], index) != index:
                    yield (
                        ("sources", index, field, "items", number, "path"),
                        f"'{item['path']}' is of source [{seen[item['path']]}] too",
                    )


def downward_file(value: Value) -> Iterator[Fault]:
    """A file of a downwardAPI volume has one source."""
    sources = given(value, ("fieldRef", "resourceFieldRef"))
    if len(sources) != 1:
        yield (), f"expected fieldRef or resourceFieldRef, found {' and '.join(sources) or 'none'}"
    elif "resourceFieldRef" in sources and not value["resourceFieldRef"].get("containerName"):
        yield ("resourceFieldRef", "containerName"), REQUIRED
    elif "fieldRef" in sources and not str(value["fieldRef"].get("fieldPath")).startswith("metadata."):
        yield ("fieldRef", "fieldPath"), "expected metadata.name, metadata.labels or the like"


def mounts(value: Value) -> Iterator[Fault]:
    """The containers of a pod mount volumes that it has, or that a StatefulSet's claims give it."""
    claims = {(item.get("metadata") or {}).get("name") for _, item in items(value, "volumeClaimTemplates")}
    inside: tuple[str, ...] = ("template", "spec") if "template" in value else ("spec",)
    spec = value.get("template") or {} if "template" in value else value
    yield from (((*inside, *where), message) for where, message in _mounts(spec.get("spec") or {}, claims))


def _mounts(value: Value, claims: set[Any]) -> Iterator[Fault]:
    volumes = {item.get("name"): item for _, item in items(value, "volumes")}
    for field in ("containers", "initContainers"):
        for index, container in items(value, field):
            for kind in ("volumeMounts", "volumeDevices"):
                for number, mount in items(container, kind):
                    name = mount.get("name")
                    if name and name not in volumes and name not in claims:
                        yield (field, index, kind, number, "name"), f"the pod has no volume '{name}'"
                    elif kind == "volumeDevices" and name in volumes and not _is_claim(volumes[name]):
                        yield (field, index, kind, number, "name"), f"the volume '{name}' is not a claim"
            # The trailing slash counts: the server compares texts.
            yield from (
                ((field, index, *where), message)
                for rule in (_distinct, _mount_options)
                for where, message in rule(container)
            )


def _is_claim(volume: Value) -> bool:
    return bool(given(volume, ("ephemeral", "persistentVolumeClaim")))


def _distinct(container: Value) -> Iterator[Fault]:
    yield from repeated(container, "volumeMounts", "mountPath")
    yield from repeated(container, "volumeDevices", "devicePath")
    mounted = {mount.get("mountPath") for _, mount in items(container, "volumeMounts")}
    for number, device in items(container, "volumeDevices"):
        if device.get("devicePath") in mounted:
            yield ("volumeDevices", number, "devicePath"), "it is a mountPath too"


def _mount_options(container: Value) -> Iterator[Fault]:
    privileged = (container.get("securityContext") or {}).get("privileged")
    for number, mount in items(container, "volumeMounts"):
        if mount.get("subPath") and mount.get("subPathExpr"):
            yield ("volumeMounts", number, "subPathExpr"), "subPath and subPathExpr exclude each other"
        if mount.get("mountPropagation") == "Bidirectional" and not privileged:
            yield ("volumeMounts", number, "mountPropagation"), "Bidirectional is for privileged containers only"


def claim(value: Value) -> Iterator[Fault]:
    """A claim says how much, and how it is used."""
    if not value.get("accessModes"):
        yield ("accessModes",), REQUIRED
    storage = ((value.get("resources") or {}).get("requests") or {}).get("storage")
    if storage in (None, "", 0, "0"):
        yield ("resources", "requests", "storage"), REQUIRED
    elif syntax.positive(storage):
        yield ("resources", "requests", "storage"), f"{storage} is negative"
    if "ReadWriteOncePod" in (value.get("accessModes") or ()) and len(value["accessModes"]) > 1:
        yield ("accessModes",), "ReadWriteOncePod excludes the others"


_NO_SOURCE = frozenset(
    (
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    )
)


def persistent_volume(value: Value) -> Iterator[Fault]:
    """A PersistentVolume is in one place."""
    sources = sorted(set(given(value, value)) - _NO_SOURCE)
    if len(sources) != 1:
        yield (), f"a volume is of one type, found {' and '.join(sources) or 'none'}"
    if (value.get("nodeAffinity") or {"required": 1}).get("required") is None:
        yield ("nodeAffinity", "required"), REQUIRED
    if value.get("local") is not None and value.get("nodeAffinity") is None:
        yield ("nodeAffinity",), "a local volume needs one"
    if value.get("persistentVolumeReclaimPolicy") == "Recycle" and (value.get("hostPath") or {}).get("path") == "/":
        yield ("persistentVolumeReclaimPolicy",), "it may not be Recycle for a hostPath of /"


def storage_class(value: Value) -> Iterator[Fault]:
    """The parameters that a provisioner gets have names, and are not too many."""
    parameters = value.get("parameters") or {}
    if "" in parameters:
        yield ("parameters",), "a key is empty"
    if len(parameters) > 512:
        yield ("parameters",), f"expected at most 512, found {len(parameters)}"
    elif sum(len(key) + len(str(text)) for key, text in parameters.items()) > 256 * 1024:
        yield ("parameters",), "they have more than 262144 bytes"
    for index, term in items(value, "allowedTopologies"):
        seen = set()
        for number, each in items(term, "matchLabelExpressions"):
            if each.get("key") in seen:
                yield (
                    ("allowedTopologies", index, "matchLabelExpressions", number, "key"),
                    f"'{each.get('key')}' is in the list twice",
                )
            seen.add(each.get("key"))


def csi_driver(value: Value) -> Iterator[Fault]:
    """Each audience has one token."""
    yield from repeated(value, "tokenRequests", "audience")
