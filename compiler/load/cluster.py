"""Cluster, ClusterTemplate and Macros documents."""

from __future__ import annotations

from decimal import Decimal

from compiler.codes import Code
from compiler.diagnostics import Position
from compiler.fields.reader import Reader
from compiler.kubernetes.names import is_label_value
from compiler.kubernetes.quantity import quantity_of
from compiler.load.layer import CLUSTER_LAYER_KEYS, read_overlays, read_policy, read_settings
from compiler.load.selector import read_selector
from compiler.model import (
    Assignment,
    Cluster,
    Destination,
    LayerSettings,
    Macros,
    NodePool,
    ProfileRef,
    Template,
)
from compiler.ports import Files
from compiler.versions import Version

_VERSION_FORM = "write major.minor.patch, for example 1.33.4"
_ASSIGNMENT_KEYS = ("profiles", "layers", "overlays", "policy", "images")


def read_cluster(reader: Reader, files: Files) -> Cluster | None:
    """A Cluster; None if it has no valid name (reported)."""
    metadata, spec = _parts(reader)
    name = metadata.name()
    labels = metadata.string_map("labels")
    for key, value in labels.items():
        if not is_label_value(value):
            reader.problems.error(
                Code.INVALID_LABEL,
                f"metadata.labels.{key}: '{value}' is not a valid label value",
                metadata.at("labels", key),
            )
    spec.only(
        (
            *_ASSIGNMENT_KEYS,
            "cloud",
            "kubernetesVersion",
            "apiVersions",
            "destination",
            "system",
            "nodePools",
            "description",
        )
    )
    version = spec.version_text("kubernetesVersion", form=_VERSION_FORM)
    if version and not is_kubernetes_version(version):
        spec.problems.error(
            Code.INVALID_VERSION,
            f"spec.kubernetesVersion: '{version}' is not a Kubernetes version",
            spec.at("kubernetesVersion"),
            hint=_VERSION_FORM,
        )
        version = ""
    cluster = Cluster(
        name=name,
        at=metadata.at("name"),
        labels=labels,
        cloud=spec.string("cloud"),
        assignment=_read_assignment(spec, files, f"cluster {name}"),
        kubernetes_version=version.removeprefix("v"),
        api_versions=spec.strings("apiVersions"),
        destination=_read_destination(spec),
        facts=spec.string_map("system"),
        node_pools=tuple(_read_node_pools(spec)),
    )
    return cluster if name else None


def is_kubernetes_version(text: str) -> bool:
    """Whether the text is a full version: 1.33.4, v1.33.4, 1.33.4+rke2r1."""
    try:
        Version.parse(text.removeprefix("v"))
    except ValueError:
        return False
    return True


def read_template(reader: Reader, files: Files) -> Template | None:
    """A ClusterTemplate; None if it has no valid name (reported)."""
    metadata, spec = _parts(reader)
    name = metadata.name()
    spec.only((*_ASSIGNMENT_KEYS, "selector", "extends", "description"))
    if "selector" not in spec.data and "extends" not in spec.data:
        spec.problems.error(
            Code.MISSING_KEY,
            "spec.selector is required: it selects the clusters of the template",
            spec.here,
            hint="set selector: {matchLabels: {env: prod}}, or `selector: {}` for every cluster",
        )
    template = Template(
        name=name,
        at=metadata.at("name"),
        selector=read_selector(spec),
        assignment=_read_assignment(spec, files, f"template {name}"),
        extends=spec.strings("extends"),
    )
    return template if name else None


def read_macros(reader: Reader) -> Macros | None:
    """A Macros document; None if it has no valid name (reported)."""
    metadata, spec = _parts(reader)
    name = metadata.name()
    spec.only(("scope", "selector", "macros"))
    scope = spec.choice("scope", ("project", "tenant", "system"), "project")
    values = spec.string_map("macros")
    macros = Macros(name, scope, read_selector(spec), values, metadata.at("name"))  # type: ignore[arg-type]
    return macros if name else None


def _parts(reader: Reader) -> tuple[Reader, Reader]:
    reader.only(("apiVersion", "kind", "metadata", "spec"))
    metadata = reader.child("metadata", required=True)
    metadata.only(("name", "labels", "annotations", "description"))
    return metadata, reader.child("spec", required=True)


def _read_assignment(spec: Reader, files: Files, label: str) -> Assignment:
    layers: dict[str, LayerSettings] = {}
    overrides = spec.child("layers")
    for name, value in overrides.data.items():
        if value is None:
            continue
        if not isinstance(value, dict):
            overrides.wrong_type(name, "mapping")
            continue
        child = overrides.child(name)
        child.only(CLUSTER_LAYER_KEYS)
        layers[name] = read_settings(child, files, f"{label}, layer {name}")
    return Assignment(
        profiles=tuple(_read_profile_ref(child) for child in spec.children("profiles")),
        layers=layers,
        overlays=read_overlays(spec),
        policy=read_policy(spec),
    )


def _read_profile_ref(reader: Reader) -> ProfileRef:
    reader.only(("name", "version", "variables"))
    variables = reader.mapping("variables")
    where: dict[str, Position] = {name: reader.at("variables", name) for name in variables}
    return ProfileRef(
        reader.string("name", required=True),
        reader.version_text("version", required=True),
        reader.here,
        variables,
        where,
    )


def _read_destination(spec: Reader) -> Destination:
    child = spec.child("destination")
    child.only(("server", "name", "kubeconfigSecret"))
    if child.data.get("server") and child.data.get("name"):
        child.problems.error(
            Code.INVALID_VALUE,
            "spec.destination: expected server or name, found both",
            child.here,
            hint="set one of them, as in an Argo CD Application",
        )
    return Destination(child.string("server"), child.string("name"), child.string("kubeconfigSecret"))


def _read_node_pools(spec: Reader) -> list[NodePool]:
    pools = []
    for child in spec.children("nodePools"):
        child.only(("name", "role", "count", "cpu", "memory", "disk"))
        role = child.choice("role", ("worker", "control-plane"), "worker")
        cpu, memory, disk = (_amount(child, key) for key in ("cpu", "memory", "disk"))
        pools.append(
            NodePool(
                child.string("name", required=True),
                role,  # type: ignore[arg-type]
                child.integer("count", 1),
                round(cpu * 1000),
                round(memory / 2**20),
                round(disk / 2**30),
            )
        )
    return pools


def _amount(pool: Reader, key: str) -> Decimal:
    """Cores or bytes of one node, from text or a number; zero if absent or invalid (reported)."""
    value = pool.data.get(key, 0)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        pool.wrong_type(key, "quantity")
        return Decimal(0)
    try:
        amount = quantity_of(value)
    except ValueError as error:
        pool.error(Code.INVALID_VALUE, key, str(error))
        return Decimal(0)
    if amount < 0:
        pool.error(Code.INVALID_VALUE, key, f"'{value}' is negative")
    return amount
