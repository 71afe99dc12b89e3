"""Rules about pods: containers, variables, probes. Part of the table in `rules.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

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


def handler(value: Value) -> Iterator[Fault]:
    """Exactly one of exec, httpGet and the like."""
    handlers = given(value, _HANDLERS)
    if len(handlers) != 1:
        yield (), f"expected one of {', '.join(_HANDLERS)}, found {' and '.join(handlers) or 'none'}"
    if "exec" in handlers and not value["exec"].get("command"):
        yield ("exec", "command"), REQUIRED


def toleration(value: Value) -> Iterator[Fault]:
    """Which fields of a toleration go together."""
    operator = value.get("operator") or "Equal"
    if not value.get("key") and operator != "Exists":
        yield ("operator",), "without a key it must be Exists"
    if operator == "Exists" and value.get("value"):
        yield ("value",), "operator Exists has no value"
    if value.get("tolerationSeconds") is not None and value.get("effect") != "NoExecute":
        yield ("effect",), "with tolerationSeconds it must be NoExecute"


def one_env_from(value: Value) -> Iterator[Fault]:
    """Exactly one of the two."""
    sources = given(value, ("configMapRef", "secretRef"))
    if len(sources) != 1:
        yield (), f"expected configMapRef or secretRef, found {' and '.join(sources) or 'none'}"
    for field in sources:
        if not value[field].get("name"):
            yield (field, "name"), REQUIRED


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
            yield from (((field, index, *where), message) for where, message in _sleeps(item, value))
    yield from _init_containers(value)
    yield from repeated(value, "volumes", "name")
    yield from _host_ports(value)
    if value.get("dnsPolicy") == "None" and not (value.get("dnsConfig") or {}).get("nameservers"):
        yield ("dnsConfig", "nameservers"), "dnsPolicy None needs one"
    for index, item in items(value, "topologySpreadConstraints"):
        if item.get("minDomains") is not None and item.get("whenUnsatisfiable") != "DoNotSchedule":
            yield ("topologySpreadConstraints", index, "minDomains"), "only whenUnsatisfiable DoNotSchedule has it"
        if item.get("matchLabelKeys") and item.get("labelSelector") is None:
            yield ("topologySpreadConstraints", index, "matchLabelKeys"), "it needs a labelSelector"
    yield from _security(value)


def _sleeps(container: Value, pod_spec: Value) -> Iterator[Fault]:
    """A container sleeps no longer than the pod has time to end."""
    grace = pod_spec.get("terminationGracePeriodSeconds")
    grace = 30 if grace is None else grace
    for event, each in (container.get("lifecycle") or {}).items():
        seconds = ((each or {}).get("sleep") or {}).get("seconds") if isinstance(each, dict) else None
        if seconds is not None and not 0 <= seconds <= grace:
            yield (
                ("lifecycle", event, "sleep", "seconds"),
                f"{seconds} is not between 0 and terminationGracePeriodSeconds ({grace})",
            )


def _init_containers(value: Value) -> Iterator[Fault]:
    for index, item in items(value, "initContainers"):
        if item.get("restartPolicy") != "Always":
            for field in given(item, ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle")):
                yield ("initContainers", index, field), "an init container has none, unless its restartPolicy is Always"


def _host_ports(value: Value) -> Iterator[Fault]:
    """No port of the node twice in the containers that run together; in the host's network they are the containers'."""
    seen: set[tuple[Any, Any, Any]] = set()
    for index, item in items(value, "containers"):
        for number, port in items(item, "ports"):
            host = port.get("hostPort")
            if not host:
                continue
            where = ("containers", index, "ports", number, "hostPort")
            if value.get("hostNetwork") and host != port.get("containerPort"):
                yield where, "with hostNetwork it must be the containerPort"
            key = (port.get("protocol") or "TCP", port.get("hostIP") or "", host)
            if key in seen:
                yield where, f"{host} is the hostPort of another port too"
            seen.add(key)


def _security(value: Value) -> Iterator[Fault]:
    security = value.get("securityContext") or {}
    yield from ((("securityContext", *where), message) for where, message in repeated(security, "sysctls", "name"))
    for index, item in items(security, "sysctls"):
        name = str(item.get("name")).replace("/", ".")
        if value.get("hostNetwork") and name.startswith("net."):
            yield ("securityContext", "sysctls", index, "name"), "with hostNetwork it may not be of the network"
        if value.get("hostIPC") and name.startswith(("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")):
            yield ("securityContext", "sysctls", index, "name"), "with hostIPC it may not be of IPC"


def profile(value: Value) -> Iterator[Fault]:
    """A seccomp or AppArmor profile: its place is given where it is of the node."""
    local = value.get("localhostProfile")
    if value.get("type") == "Localhost" and not local:
        yield ("localhostProfile",), "type Localhost needs it"
    if value.get("type") != "Localhost" and local:
        yield ("localhostProfile",), "only type Localhost has one"


def affinity_term(value: Value) -> Iterator[Fault]:
    """Keys of labels narrow a selector, so there must be one."""
    for field in ("matchLabelKeys", "mismatchLabelKeys"):
        if value.get(field) and value.get("labelSelector") is None:
            yield (field,), "it needs a labelSelector"


def node_term(value: Value) -> Iterator[Fault]:
    """Of a node's fields, only the name is selected by."""
    for index, each in items(value, "matchFields"):
        if each.get("key") != "metadata.name":
            yield ("matchFields", index, "key"), f"expected metadata.name, found {described(each.get('key'))}"
        elif each.get("operator") not in ("In", "NotIn") or len(each.get("values") or ()) != 1:
            yield ("matchFields", index, "values"), "expected operator In or NotIn with exactly one value"


def own_priority(value: Value) -> Iterator[Fault]:
    """A pod's number of priority is that of its class; without a class it is 0. Only pods themselves are admitted so."""
    spec = value.get("spec") or {}
    known = {"": 0, "system-cluster-critical": 2000000000, "system-node-critical": 2000001000}
    wanted = known.get(spec.get("priorityClassName") or "")
    if spec.get("priority") is not None and wanted is not None and spec["priority"] != wanted:
        yield ("spec", "priority"), f"expected {wanted} (of its class) or nothing, found {spec['priority']}"


_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def apparmor(value: Value) -> Iterator[Fault]:
    """AppArmor profiles in annotations are of the pod's containers."""
    spec = value.get("spec") or {}
    names = {item.get("name") for field in ("containers", "initContainers") for _, item in items(spec, field)}
    for key, text in ((value.get("metadata") or {}).get("annotations") or {}).items():
        if not key.startswith(_APPARMOR):
            continue
        where = ("metadata", "annotations", key)
        if key.removeprefix(_APPARMOR) not in names:
            yield where, "the pod has no such container"
        if text not in (None, "", "runtime/default", "unconfined") and not str(text).startswith("localhost/"):
            yield where, f"expected runtime/default, unconfined or localhost/…, found {described(text)}"


def container(value: Value) -> Iterator[Fault]:
    """A container's ports, probes and privileges."""
    yield from repeated(value, "ports", "name")
    for field in ("livenessProbe", "startupProbe"):
        if (threshold := (value.get(field) or {}).get("successThreshold") or 1) != 1:
            yield (field, "successThreshold"), f"{threshold} is not 1"
    if (value.get("readinessProbe") or {}).get("terminationGracePeriodSeconds") is not None:
        yield ("readinessProbe", "terminationGracePeriodSeconds"), "a readiness probe has none"
    security = value.get("securityContext") or {}
    if security.get("allowPrivilegeEscalation") is False:
        added = (security.get("capabilities") or {}).get("add") or ()
        if security.get("privileged") or "CAP_SYS_ADMIN" in added:
            yield ("securityContext", "allowPrivilegeEscalation"), "false excludes privileged and CAP_SYS_ADMIN"
    yield from repeated(value, "resizePolicy", "resourceName")


def env_source(value: Value) -> Iterator[Fault]:
    """A variable has a value or a source, not both."""
    if value.get("value") and value.get("valueFrom") is not None:
        yield ("valueFrom",), "a variable has a value or a valueFrom, not both"


_NOT_IN_ENV = frozenset(
    ("metadata.annotations", "metadata.labels", "spec.restartPolicy", "spec.schedulerName", "status.phase")
)


def one_env_source(value: Value) -> Iterator[Fault]:
    """Exactly one place that a variable comes from."""
    sources = given(value, _ENV_SOURCES)
    if len(sources) != 1:
        yield (), f"expected one of {', '.join(_ENV_SOURCES)}, found {' and '.join(sources) or 'none'}"
    for field in given(value, ("configMapKeyRef", "secretKeyRef")):
        if not value[field].get("name"):
            yield (field, "name"), REQUIRED
    path = (value.get("fieldRef") or {}).get("fieldPath")
    if path in _NOT_IN_ENV:
        yield ("fieldRef", "fieldPath"), f"'{path}' cannot be the value of a variable"
