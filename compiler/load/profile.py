"""ClusterProfile documents: their fields, the layers that each type and cloud requires, their variables."""

from __future__ import annotations

from collections import Counter

from compiler.codes import Code
from compiler.fields.reader import Reader
from compiler.load.layer import read_overlays, read_policy, read_profile_layer
from compiler.model import INFRA_TYPES, Layer, LayerType, Profile
from compiler.model.variables import Variable
from compiler.ports import Files
from compiler.variables import check_definitions, read_variable
from compiler.versions import Version

_VERSION_FORM = "write major.minor.patch, for example 1.0.0"
PROFILE_TYPES = ("infra", "add-on", "full")
# Clouds that Palette itself provisions. On any other (custom) cloud, os and k8s come from Cluster API templates that are
# registered elsewhere, so a profile may leave those layers out.
_CLOUDS_WITH_OS = frozenset(
    {"aws", "azure", "gcp", "vsphere", "maas", "virtual", "baremetal", "eks", "aks", "gke"}
    | {"edge-native", "generic", "openstack", "libvirt"}
)


def optional_layers(cloud: str) -> frozenset[LayerType]:
    """The infra layers that a profile for this cloud may leave out."""
    if cloud == "edge-native":
        return frozenset({"csi"})
    if cloud not in _CLOUDS_WITH_OS:
        return frozenset({"os", "k8s"})
    return frozenset()


def read_profile(reader: Reader, files: Files) -> Profile | None:
    """A ClusterProfile; None if it has no valid name, version and type (reported)."""
    reader.only(("apiVersion", "kind", "metadata", "spec"))
    metadata = reader.child("metadata", required=True)
    metadata.only(("name", "version", "labels", "annotations", "description"))
    name = metadata.name()
    version = metadata.version_text("version", form=_VERSION_FORM, required=True)
    if version:
        try:
            Version.parse(version)
        except ValueError as error:
            reader.problems.error(
                Code.INVALID_VERSION,
                f"metadata.version: '{version}' is not a SemVer version: {error}",
                metadata.at("version"),
                hint=_VERSION_FORM,
            )
            version = ""
    spec = reader.child("spec", required=True)
    spec.only(("type", "cloud", "description", "variables", "layers", "overlays", "policy", "images", "capi"))
    kind = spec.choice("type", PROFILE_TYPES, required=True)
    cloud = spec.string("cloud", "all" if kind == "add-on" else "", required=kind in ("infra", "full"))
    if cloud == "all" and kind in ("infra", "full"):
        spec.problems.error(
            Code.CLOUD_ALL,
            f"spec.cloud: 'all' is for add-on profiles only, this profile is of type {kind}",
            spec.at("cloud"),
            hint="set the cloud for which its os, k8s, cni and csi layers are made",
        )
    label = f"profile {name} {version}"
    layers = [
        layer
        for child in spec.children("layers", required=True)
        if (layer := read_profile_layer(child, files, label, "addon" if kind == "add-on" else "")) is not None
    ]
    _check_names(layers, spec)
    if kind and isinstance(spec.data.get("layers"), list):
        _check_layers(kind, cloud, layers, spec)
    profile = Profile(
        name=name,
        version=version,
        type=kind,  # type: ignore[arg-type]
        cloud=cloud,
        layers=tuple(layers),
        at=metadata.at("name"),
        variables=_read_variables(spec),
        overlays=read_overlays(spec),
        policy=read_policy(spec),
        kubeadm=spec.boolean("capi"),
    )
    return profile if name and version and kind else None


def _check_names(layers: list[Layer], spec: Reader) -> None:
    first: dict[str, Layer] = {}
    for layer in layers:
        other = first.setdefault(layer.name, layer)
        if other is not layer:
            spec.problems.error(
                Code.DUPLICATE_LAYER,
                f"layer name '{layer.name}' is used twice in this profile",
                layer.at,
                hint="rename one of them",
                related=[(other.at, "first used here")],
            )


def _check_layers(kind: str, cloud: str, layers: list[Layer], spec: Reader) -> None:
    """infra = exactly one each of os, k8s, cni, csi; full = those and add-ons; add-on = add-ons only, at least one."""
    count = Counter(layer.type for layer in layers)
    at = spec.at("layers")
    if kind == "add-on":
        for layer in layers:
            if layer.type != "addon":
                spec.problems.error(
                    Code.LAYER_TYPE, f"layer '{layer.name}' of type {layer.type} in an add-on profile", layer.at,
                    hint="an add-on profile has addon layers only; move this layer to an infra or full profile",
                )  # fmt: skip
        if not layers:
            spec.problems.error(Code.LAYER_MISSING, "an add-on profile needs at least one layer", at)
        return
    for layer_type in INFRA_TYPES:
        same_type = [layer for layer in layers if layer.type == layer_type]
        for extra in same_type[1:]:
            spec.problems.error(
                Code.LAYER_TYPE, f"second layer of type {layer_type}: '{extra.name}'", extra.at,
                hint=f"a profile of type {kind} has exactly one layer of each type os, k8s, cni and csi",
                related=[(same_type[0].at, f"first: '{same_type[0].name}'")],
            )  # fmt: skip
        if not same_type and layer_type not in optional_layers(cloud):
            spec.problems.error(
                Code.LAYER_MISSING, f"profile of type {kind} for cloud {cloud or '?'} has no {layer_type} layer", at,
                hint=f"add one; if the distribution provides it: {{name: {layer_type}, type: {layer_type}, builtin: true}}",
            )  # fmt: skip
    if kind == "infra" and count["addon"]:
        for layer in layers:
            if layer.type == "addon":
                spec.problems.error(
                    Code.LAYER_TYPE, f"addon layer '{layer.name}' in an infra profile", layer.at,
                    hint="make the profile 'type: full', or move the layer to an add-on profile",
                )  # fmt: skip


def _read_variables(spec: Reader) -> tuple[Variable, ...]:
    variables: dict[str, Variable] = {}
    for child in spec.children("variables"):
        variable = read_variable(child)
        if variable is None:
            continue
        if variable.name in variables:
            spec.problems.error(Code.VARIABLE_DUPLICATE, f"variable '{variable.name}' is defined twice", child.here)
        variables[variable.name] = variable
    spec.problems.diagnostics.extend(check_definitions(tuple(variables.values())))
    return tuple(variables.values())
