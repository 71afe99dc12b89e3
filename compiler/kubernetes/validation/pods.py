"""Rules about pods: containers, volumes, probes. Part of the table in `rules.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler.kubernetes.quantity import quantity_of
from compiler.kubernetes.validation.findings import REQUIRED, described

Fault = tuple[tuple[str | int, ...], str]
Value = Mapping[str, Any]

_HANDLERS = ("exec", "grpc", "httpGet", "sleep", "tcpSocket")
_ENV_SOURCES = ("configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef")


def items(value: Value, field: str) -> list[Any]:
    """The maps of a list with their indices; null items are left out."""
    return [(index, item) for index, item in enumerate(value.get(field) or ()) if isinstance(item, dict)]


def given(value: Value, fields: Iterable[str]) -> list[str]:
    """Which of the fields have a value; an empty map is one."""
    return [field for field in fields if value.get(field) is not None]


def repeated(value: Value, field: str, key: str) -> Iterator[Fault]:
    """Items of a list that share what must be unique."""
    seen: dict[Any, int] = {}
    for index, item in items(value, field):
        if item.get(key) not in (None, ""):
            first = seen.setdefault(item[key], index)
            if first != index:
                yield (field, index, key), f"{described(item[key])} is in the list twice (first at [{first}])"


def pod_template(value: Value) -> Iterator[Fault]:
    """A template has a pod in it, without ephemeral containers."""
    if value.get("spec") is None:
        yield ("spec", "containers"), REQUIRED
    elif value["spec"].get("ephemeralContainers"):
        yield ("spec", "ephemeralContainers"), "a template cannot have ephemeral containers"


def pod(value: Value) -> Iterator[Fault]:
    """One pod's containers and volumes fit together."""
    names: dict[str, str] = {}
    for field in ("containers", "initContainers"):
        for index, item in items(value, field):
            if not item.get("image") and field == "containers":
                yield (field, index, "image"), REQUIRED
            name = item.get("name")
            if name in names and names[name] != field:
                yield (field, index, "name"), f"'{name}' is a container of {names[name]} too"
            names.setdefault(name, field)
    for index, item in items(value, "initContainers"):
        if item.get("restartPolicy") != "Always":
            for field in given(item, ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle")):
                yield ("initContainers", index, field), "an init container has none, unless its restartPolicy is Always"
    yield from repeated(value, "volumes", "name")
    if value.get("dnsPolicy") == "None" and not (value.get("dnsConfig") or {}).get("nameservers"):
        yield ("dnsConfig", "nameservers"), "dnsPolicy None needs one"
    if value.get("hostNetwork"):
        for index, item in items(value, "containers"):
            for number, port in items(item, "ports"):
                if port.get("hostPort") and port["hostPort"] != port.get("containerPort"):
                    yield (
                        ("containers", index, "ports", number, "hostPort"),
                        "with hostNetwork it must be the containerPort",
                    )


def mounts(value: Value) -> Iterator[Fault]:
    """The containers of a pod mount volumes that it has, or that a StatefulSet's claims give it."""
    claims = {(item.get("metadata") or {}).get("name") for _, item in items(value, "volumeClaimTemplates")}
    inside: tuple[str, ...] = ("template", "spec") if "template" in value else ("spec",)
    spec = value.get("template") or {} if "template" in value else value
    yield from (((*inside, *where), message) for where, message in _mounts(spec.get("spec") or {}, claims))


def _mounts(value: Value, claims: set[Any]) -> Iterator[Fault]:
    volumes = claims | {item.get("name") for _, item in items(value, "volumes")}
    for field in ("containers", "initContainers"):
        for index, item in items(value, field):
            for kind in ("volumeMounts", "volumeDevices"):
                for number, mount in items(item, kind):
                    if mount.get("name") and mount["name"] not in volumes:
                        yield (field, index, kind, number, "name"), f"the pod has no volume '{mount['name']}'"
            # The trailing slash counts: the server compares texts.
            yield from (
                ((field, index, *where), message) for where, message in repeated(item, "volumeMounts", "mountPath")
            )
            for number, mount in items(item, "volumeMounts"):
                if mount.get("subPath") and mount.get("subPathExpr"):
                    yield (
                        (field, index, "volumeMounts", number, "subPathExpr"),
                        "subPath and subPathExpr exclude each other",
                    )


def container(value: Value) -> Iterator[Fault]:
    """A container's ports, probes and privileges."""
    yield from repeated(value, "ports", "name")
    for field in ("livenessProbe", "startupProbe"):
        if (threshold := (value.get(field) or {}).get("successThreshold") or 1) != 1:
            yield (field, "successThreshold"), f"{threshold} is not 1"
    security = value.get("securityContext") or {}
    if security.get("allowPrivilegeEscalation") is False:
        added = (security.get("capabilities") or {}).get("add") or ()
        if security.get("privileged") or "CAP_SYS_ADMIN" in added:
            yield ("securityContext", "allowPrivilegeEscalation"), "false excludes privileged and CAP_SYS_ADMIN"


def handler(value: Value) -> Iterator[Fault]:
    """Exactly one of exec, httpGet and the like."""
    handlers = given(value, _HANDLERS)
    if len(handlers) != 1:
        yield (), f"expected one of {', '.join(_HANDLERS)}, found {' and '.join(handlers) or 'none'}"
    if "exec" in handlers and not value["exec"].get("command"):
        yield ("exec", "command"), REQUIRED


def env_source(value: Value) -> Iterator[Fault]:
    """A variable has a value or a source, not both."""
    if value.get("value") and value.get("valueFrom") is not None:
        yield ("valueFrom",), "a variable has a value or a valueFrom, not both"


def one_env_source(value: Value) -> Iterator[Fault]:
    """Exactly one place that a variable comes from."""
    sources = given(value, _ENV_SOURCES)
    if len(sources) != 1:
        yield (), f"expected one of {', '.join(_ENV_SOURCES)}, found {' and '.join(sources) or 'none'}"


def one_volume_source(value: Value) -> Iterator[Fault]:
    """At most one place that a volume comes from; without any it is an emptyDir."""
    types = [field for field in given(value, value) if field != "name"]
    if len(types) > 1:
        yield (), f"a volume is of one type, found {' and '.join(sorted(types))}"
    for field, name in (("secret", "secretName"), ("configMap", "name")):
        if value.get(field) is not None and not value[field].get(name):
            yield (field, name), REQUIRED


def toleration(value: Value) -> Iterator[Fault]:
    """Which fields of a toleration go together."""
    operator = value.get("operator") or "Equal"
    if not value.get("key") and operator != "Exists":
        yield ("operator",), "without a key it must be Exists"
    if operator == "Exists" and value.get("value"):
        yield ("value",), "operator Exists has no value"
    if value.get("tolerationSeconds") is not None and value.get("effect") != "NoExecute":
        yield ("effect",), "with tolerationSeconds it must be NoExecute"


def resources(value: Value) -> Iterator[Fault]:
    """Requests are no more than limits, and both are not negative."""
    for field in ("limits", "requests"):
        for name, amount in (value.get(field) or {}).items():
            if amount not in (None, "") and quantity_of(amount) < 0:
                yield (field, name), f"{amount} is negative"
            if "/" not in name and name not in _STANDARD and not name.startswith("hugepages-"):
                yield (field, name), "is not a resource: cpu, memory, ephemeral-storage, or a name with a domain"
    limits = value.get("limits") or {}
    for name, amount in (value.get("requests") or {}).items():
        limit = limits.get(name)
        extended = "/" in name or name.startswith("hugepages-")
        if (
            extended
            and amount not in (None, "")
            and limit not in (None, "")
            and quantity_of(amount) != quantity_of(limit)
        ):
            yield ("requests", name), f"{amount} is not the limit of {limit}"
            continue
        if amount not in (None, "") and limit not in (None, "") and quantity_of(amount) > quantity_of(limit):
            yield ("requests", name), f"{amount} is more than the limit of {limit}"


_STANDARD = frozenset(("cpu", "memory", "ephemeral-storage", "storage", "pods"))


def one_env_from(value: Value) -> Iterator[Fault]:
    """Exactly one of the two."""
    sources = given(value, ("configMapRef", "secretRef"))
    if len(sources) != 1:
        yield (), f"expected configMapRef or secretRef, found {' and '.join(sources) or 'none'}"
