"""What pack.json must have: the schema of Palette's registry, and our own rules.

An error is what Palette refuses or what cannot work; everything else is a warning.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

from compiler.codes import Code
from compiler.diagnostics import did_you_mean
from compiler.fields.reader import Reader, not_among
from compiler.load.pack_metadata import KNOWN_KEYS
from compiler.model import Pack
from compiler.palette.paths import MISSING, lookup
from compiler.versions import Version

_LAYERS = ("kernel", "os", "k8s", "cni", "csi", "addon")
_CLOUDS = (
    "all", "aws", "azure", "gcp", "vsphere", "openstack", "baremetal", "maas", "aks", "eks", "gke", "tencent", "tke", "edge",
    "libvirt", "edge-native", "coxedge", "custom", "virtual", "generic", "apache-cloudstack", "nutanix",
)  # fmt: skip
_STATES = ("deprecated", "disabled", "deleted")
_DEPENDENCIES = ("required", "optional", "notSupported", "upgrade")
# What names a repository and a tag in an OCI registry (distribution spec 1.1).
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def check_metadata(reader: Reader, pack: Pack) -> None:
    """Records what is wrong with the fields of pack.json or pack.yaml, besides what reading the pack records."""
    _check_identity(reader, pack)
    _check_catalogue(reader, pack)
    _check_dependencies(reader, pack)
    _check_resources(pack, reader)
    for key in reader.data:
        near = did_you_mean(key, KNOWN_KEYS) if key not in KNOWN_KEYS else ""
        if near.startswith("did you mean"):
            reader.problems.warning(Code.PACK_KEY_UNKNOWN, f"'{key}' has no effect", reader.at(key), hint=near)


def _check_identity(reader: Reader, pack: Pack) -> None:
    problems = reader.problems
    if pack.name and not _REPOSITORY.fullmatch(pack.name):
        hint = "lower-case letters and digits, with single '.', '_' or '-' between them"
        message = f"'{pack.name}' cannot name a repository of an OCI registry"
        problems.error(Code.PACK_NAME, message, reader.at("name"), hint=hint)
    version, at = pack.version, reader.at("version")
    if version.startswith("v"):
        hint = f'write "{version.removeprefix("v")}"'
        problems.error(
            Code.PACK_VERSION_PREFIX, f"version '{version}' has a leading v, which Palette refuses", at, hint=hint
        )
    elif version and not _TAG.fullmatch(version):
        problems.error(Code.PACK_VERSION_TAG, f"version '{version}' is not a valid tag in an OCI registry", at)
    elif version and not _is(Version.parse, version):
        message = f"version '{version}' is not SemVer: ranges and trains compare it leniently, or not at all"
        problems.warning(Code.PACK_VERSION_SEMVER, message, at, hint="write major.minor.patch")
    if pack.layer and pack.layer not in _LAYERS:
        message = f"layer: {not_among(pack.layer, _LAYERS)}"
        problems.error(Code.PACK_LAYER_UNKNOWN, message, reader.at("layer"), hint=did_you_mean(pack.layer, _LAYERS))
    if not pack.native and not reader.data.get("displayName"):
        problems.error(Code.PACK_DISPLAY_NAME, "displayName is required by Palette", reader.here)


def _check_catalogue(reader: Reader, pack: Pack) -> None:
    """Fields by which people find a pack, and clouds filter it."""
    problems = reader.problems
    if pack.layer == "addon" and not reader.data.get("addonType"):
        problems.warning(Code.PACK_ADDON_TYPE, "addonType is missing, which an addon pack has", reader.here)
    if not pack.cloud_types:
        problems.warning(
            Code.PACK_CLOUDS, "cloudTypes is missing: no cloud is excluded", reader.here, hint="cloudTypes: [all]"
        )
    for cloud in pack.cloud_types:
        hint = did_you_mean(cloud, _CLOUDS)
        if cloud not in _CLOUDS and (hint or not pack.native):  # ours may be for clouds that Palette does not know
            problems.warning(
                Code.PACK_CLOUDS, f"cloud '{cloud}' is not one that Palette knows", reader.at("cloudTypes"), hint=hint
            )
    state = pack.annotations.get("system_state", "")
    if state and state not in _STATES:
        hint = did_you_mean(state, _STATES)
        problems.warning(
            Code.PACK_STATE, f"unknown system_state '{state}'", reader.at("annotations", "system_state"), hint=hint
        )
    if pack.end_of_life.strip() and not _is(datetime.date.fromisoformat, pack.end_of_life.strip()):
        problems.warning(Code.PACK_EOL, f"eol '{pack.end_of_life}' is not a date (yyyy-MM-dd)", reader.at("eol"))
    for key, value in reader.child("annotations").data.items():
        if not isinstance(value, str):
            hint = f'write "{key}": "{value}"'
            problems.warning(
                Code.PACK_ANNOTATION, f"annotation '{key}' is not a string", reader.at("annotations", key), hint=hint
            )


def _is(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _check_dependencies(reader: Reader, pack: Pack) -> None:
    for dependency in pack.dependencies:
        at, named = dependency.at, f"dependency on '{dependency.pack}'"
        if dependency.type not in _DEPENDENCIES:
            message = f"{named}: type: {not_among(dependency.type, _DEPENDENCIES)}"
            hint = did_you_mean(dependency.type, _DEPENDENCIES)
            reader.problems.error(Code.DEPENDENCY_TYPE, message, at, hint=hint if dependency.type else "")
        if dependency.layer not in _LAYERS:
            message = f"{named}: layer: {not_among(dependency.layer, _LAYERS)}"
            reader.problems.error(Code.DEPENDENCY_LAYER, message, at)
        if dependency.pack == pack.name and dependency.type in ("required", "notSupported"):
            reader.problems.error(Code.DEPENDENCY_SELF, f"{named}: a pack cannot declare itself {dependency.type}", at)
        bounds = [bound for bound in (dependency.min_version, dependency.max_version) if bound]
        wrong = [bound for bound in bounds if not _is(Version.lenient, bound)]
        for bound in wrong:
            reader.problems.error(Code.DEPENDENCY_BOUNDS, f"{named}: '{bound}' is not a version", at)
        if len(bounds) == 2 and not wrong:
            low, high = map(Version.of_pack, bounds)
            if not low.is_at_most(high):
                reader.problems.error(
                    Code.DEPENDENCY_BOUNDS, f"{named}: no version is >= {bounds[0]} and <= {bounds[1]}", at
                )


def _check_resources(pack: Pack, reader: Reader) -> None:
    """References of resource constraints must name something in the values, or they count as 0."""
    for need in pack.resources:
        for component in need.components:
            for path in (component.request, component.replicas):
                if path and lookup(pack.values.data, path) is MISSING:
                    message = f"{need.type}: '{path}' is not in values.yaml"
                    reader.problems.warning(Code.RESOURCES_REFERENCE, message, need.at)
