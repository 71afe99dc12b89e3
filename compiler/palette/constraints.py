"""The constraints of packs on their cluster and on each other."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.model import NodePool
from compiler.palette.dependencies import check_dependencies
from compiler.palette.members import Member
from compiler.palette.resources import check_resources

_REFUSED = {"disabled": Code.PACK_DISABLED, "deleted": Code.PACK_DELETED}

# The clouds that Palette has itself; every other one is registered as a custom cloud, which `custom` means.
_CLOUDS = frozenset({
    "aws", "azure", "gcp", "vsphere", "openstack", "baremetal", "maas", "aks", "eks", "gke", "tencent", "tke", "edge",
    "libvirt", "edge-native", "coxedge", "virtual", "generic", "apache-cloudstack",
})  # fmt: skip


def check(
    members: Sequence[Member], cloud: str, kubernetes_version: str, pools: Sequence[NodePool], problems: Problems
) -> None:
    """Records every constraint that a cluster's layers break. `cloud` '' = not known; without pools no resources."""
    check_names(members, problems)
    check_dependencies(members, kubernetes_version, problems)
    for member in members:
        check_cloud(member, cloud, problems)
        check_layer_type(member, problems)
        check_lifecycle(member, problems)
        check_resources(member, pools, problems)


def check_cloud(member: Member, cloud: str, problems: Problems) -> None:
    """Records a pack that is not for the cluster's cloud ('' or all = not known yet)."""
    clouds = member.pack.cloud_types if member.pack else ()
    custom = "custom" in clouds and cloud not in _CLOUDS
    if clouds and cloud not in ("", "all") and cloud not in clouds and "all" not in clouds and not custom:
        problems.error(
            Code.PACK_CLOUD,
            f"layer '{member.layer}': pack '{member.name}' is for {', '.join(clouds)}, not for {cloud}",
            member.at,
            hint="use the variant of the pack that is made for this cloud",
        )


def check_layer_type(member: Member, problems: Problems) -> None:
    """Warns where a pack made for one layer is used in another: packs with the same content for two layers are common."""
    made_for = member.pack.layer if member.pack else ""
    if made_for and made_for != member.type:
        problems.warning(
            Code.PACK_LAYER,
            f"layer '{member.layer}' is of type {member.type}, pack '{member.name}' is made for {made_for}",
            member.at,
        )


def check_lifecycle(member: Member, problems: Problems) -> None:
    """deprecated warns, disabled and deleted are errors."""
    state = member.pack.annotations.get("system_state", "") if member.pack else ""
    text = f"layer '{member.layer}': pack '{member.name}' {member.version} is {state}"
    hint = "move to a version that is maintained"
    if state in _REFUSED:
        problems.error(_REFUSED[state], text, member.at, hint=hint)
    elif state == "deprecated":
        problems.warning(Code.PACK_DEPRECATED, text, member.at, hint=hint)


def check_end_of_life(member: Member, today: datetime.date, problems: Problems) -> None:
    """Warns of a pack past its `eol` date. The date is an argument: the compiler reads no clock."""
    text = member.pack.end_of_life if member.pack else ""
    if not text:
        return
    try:
        end = datetime.date.fromisoformat(text)
    except ValueError:
        problems.warning(Code.PACK_EOL, f"pack '{member.name}': eol '{text}' is not a date (yyyy-MM-dd)", member.at)
        return
    if end < today:
        problems.warning(
            Code.PACK_EOL, f"pack '{member.name}' {member.version} reached its end of life on {text}", member.at
        )


def check_names(members: Sequence[Member], problems: Problems) -> None:
    """Records two layers with the same shown name: the display name, else the layer's own, is unique in a cluster."""
    first: dict[str, Member] = {}
    for member in members:
        name = member.display_name or member.layer
        other = first.setdefault(name, member)
        if other is not member:
            problems.error(
                Code.DISPLAY_NAME_DUPLICATE,
                f"layers '{other.layer}' and '{member.layer}' are both shown as '{name}'",
                member.at,
                hint="give one another pack.spectrocloud.com/display-name",
                related=[(other.at, f"layer '{other.layer}'")],
            )
