"""Resource constraints of packs against the node pools of a cluster, if the cluster has any.

Without components, each worker pool must have `minLimit` in total (nodes times size). With components, `minLimit` is
ignored, and what they request (request times replicas, read from the final values) must fit into all pools together
that they may be scheduled on: `all` means workers and control plane each, as a DaemonSet runs on both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.kubernetes.quantity import quantity_of
from compiler.model import NodePool, ResourceNeed
from compiler.palette.members import Member
from compiler.palette.paths import MISSING, lookup

_UNITS = {"cpu": ("m", Decimal("0.001")), "memory": ("Mi", Decimal(1024**2)), "diskSize": ("GB", Decimal(1000**3))}


def check_resources(member: Member, pools: Sequence[NodePool], problems: Problems) -> None:
    """Records every resource constraint of the layer's pack that the pools cannot meet; without pools none."""
    for need in member.pack.resources if member.pack and pools else ():
        for what, wanted, available in _compared(member, need, pools, problems):
            if wanted > available:
                unit = _UNITS[need.type][0]
                problems.error(
                    Code.RESOURCES_INSUFFICIENT,
                    f"layer '{member.layer}': pack '{member.name}' needs {wanted:g}{unit} {need.type} {what}"
                    f" has {available:g}{unit}",
                    member.at,
                    hint="use larger or more nodes, or request less in the layer's values",
                    related=[(need.at, "the constraint")],
                )


def _compared(
    member: Member, need: ResourceNeed, pools: Sequence[NodePool], problems: Problems
) -> Iterator[tuple[str, float, float]]:
    """(where, wanted, available), both in the constraint's unit."""
    if not need.components:
        for pool in pools:
            if pool.role == "worker":
                yield f"in each worker pool; '{pool.name}'", need.minimum, _capacity(need.type, [pool])
        return
    for role in ("control-plane", "worker"):
        wanted = sum(
            _requested(member, need, component.request, component.replicas, problems)
            for component in need.components
            if component.schedule in ("all", role)
        )
        yield (
            f"on {role} nodes; the cluster",
            float(wanted),
            _capacity(need.type, [pool for pool in pools if pool.role == role]),
        )


def _capacity(kind: str, pools: Sequence[NodePool]) -> float:
    sizes = ({"cpu": p.cpu_millicores, "memory": p.memory_mib, "diskSize": p.disk_gb}[kind] * p.count for p in pools)
    return float(sum(sizes))


def _requested(member: Member, need: ResourceNeed, request: str, replicas: str, problems: Problems) -> Decimal:
    """Request times replicas in the constraint's unit; a missing request counts as 0, missing replicas as 1."""
    value = lookup(member.data or {}, request) if request else MISSING
    count = lookup(member.data or {}, replicas) if replicas else MISSING
    try:
        amount = Decimal(0) if value in (MISSING, None, "") else quantity_of(value)
        times = Decimal(1) if count in (MISSING, None, "") else quantity_of(count)
    except ValueError as error:
        problems.warning(Code.RESOURCES_QUANTITY, f"layer '{member.layer}': {request}: {error}; not counted", member.at)
        return Decimal(0)
    return amount * times / _UNITS[need.type][1]
