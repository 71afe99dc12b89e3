"""Dependencies of packs on the other packs of a cluster.

Versions are compared leniently (`1.29` is 1.29.0), and so is a maximum of `1.21`: 1.21.5 is above it. Public packs that
mean all of 1.21 write 1.21.49, so Palette must read it that way. Rebuilds (`1.21.5-rev2`) are newer than what they
rebuild, and within its maximum.
"""

from __future__ import annotations

from collections.abc import Sequence

from compiler.codes import Code
from compiler.diagnostics import Position, Problems, did_you_mean
from compiler.model import INFRA_TYPES, Dependency, Pack
from compiler.palette.members import Member
from compiler.versions import Version

_TYPES = ("required", "optional", "notSupported", "upgrade")


def check_dependencies(members: Sequence[Member], kubernetes_version: str, problems: Problems) -> None:
    """Records every dependency that the other layers of the cluster break.

    A required pack of an infra layer that the cluster does not have (an existing cluster) cannot be judged by name: for
    k8s the cluster's version is compared, for the others there is a warning.
    """
    for member in members:
        for dependency in member.pack.dependencies if member.pack else ():
            _check_dependency(member, dependency, members, kubernetes_version, problems)


def _check_dependency(
    member: Member, dependency: Dependency, members: Sequence[Member], kubernetes_version: str, problems: Problems
) -> None:
    kind = dependency.type
    if kind not in _TYPES:
        problems.warning(
            Code.DEPENDENCY_TYPE,
            f"pack '{member.name}': dependency on '{dependency.pack}' has unknown type '{kind}'; treated as optional",
            dependency.at,
            hint=did_you_mean(kind, _TYPES),
        )
        kind = "optional"
    matches = [m for m in members if m.name == dependency.pack and dependency.layer in ("", m.type)]
    if kind == "required" and not matches:
        _check_absent(member, dependency, members, kubernetes_version, problems)
    elif kind != "upgrade":
        for other in matches:
            _check_version(member, dependency, other, problems, forbidden=kind == "notSupported")


def _check_absent(
    member: Member, dependency: Dependency, members: Sequence[Member], kubernetes_version: str, problems: Problems
) -> None:
    of_layer = [m for m in members if m.type == dependency.layer]
    if dependency.layer not in INFRA_TYPES or of_layer:
        at_layer = f" in layer {dependency.layer}" if dependency.layer else ""
        problems.error(
            Code.DEPENDENCY_MISSING,
            f"layer '{member.layer}': pack '{member.name}' needs pack '{dependency.pack}'"
            f"{_bounds(dependency)}{at_layer}",
            member.at,
            hint=f"add the pack to a profile of the cluster{_instead(of_layer)}",
            related=[(dependency.at, "the dependency")],
        )
    elif dependency.layer == "k8s" and kubernetes_version:
        stand_in = Member("", "k8s", "Kubernetes", kubernetes_version, member.at)
        _check_version(member, dependency, stand_in, problems, forbidden=False)
    else:
        problems.warning(
            Code.DEPENDENCY_UNCHECKED,
            f"layer '{member.layer}': pack '{member.name}' needs pack '{dependency.pack}' in layer {dependency.layer},"
            " and the cluster's profiles have no such layer",
            member.at,
        )


def _instead(members: Sequence[Member]) -> str:
    return f" (it has '{members[0].name}' {members[0].version} there)" if members else ""


def _check_version(
    member: Member, dependency: Dependency, other: Member, problems: Problems, *, forbidden: bool
) -> None:
    """`required` and `optional`: inside the bounds; `notSupported`: outside. Without bounds nothing is checked."""
    if not (dependency.min_version or dependency.max_version):
        return
    try:
        inside = is_between(other.version, dependency.min_version, dependency.max_version)
    except ValueError as error:
        problems.warning(Code.DEPENDENCY_VERSION, f"pack '{member.name}': {error}; not compared", dependency.at)
        return
    if inside != forbidden:
        return
    does = "does not support" if forbidden else "needs"
    problems.error(
        Code.DEPENDENCY_VERSION,
        f"layer '{member.layer}': pack '{member.name}' {member.version} {does} '{dependency.pack}'"
        f"{_bounds(dependency)}, the cluster has {other.name} {other.version}",
        member.at,
        hint="choose another version of one of the two",
        related=[(dependency.at, "the dependency"), (other.at, f"{other.name} {other.version}")],
    )


def is_between(version: str, minimum: str, maximum: str) -> bool:
    """Whether minimum <= version <= maximum; '' means no bound. Raises ValueError for text that is not a version."""
    ours = Version.of_pack(version)
    if minimum and ours.precedence < Version.of_pack(minimum).precedence:
        return False
    return not maximum or ours.is_at_most(Version.of_pack(maximum))


def _bounds(dependency: Dependency) -> str:
    low = f">= {dependency.min_version}" if dependency.min_version else ""
    high = f"<= {dependency.max_version}" if dependency.max_version else ""
    return f" {', '.join(filter(None, (low, high)))}" if low or high else ""


def check_upgrade(live: Pack, target: Pack, at: Position, problems: Problems) -> None:
    """Records where the live version of a pack does not allow an upgrade to `target`.

    `upgrade` is not documented. Public packs declare it of themselves (3.3.5: at most 3.26.7, 2.9.0: at least 2.9.0),
    which makes sense only in this reading: from this version, the next one must be inside the bounds.
    """
    for dependency in live.dependencies:
        if dependency.type != "upgrade" or dependency.pack != target.name or live.version == target.version:
            continue
        try:
            inside = is_between(target.version, dependency.min_version, dependency.max_version)
        except ValueError as error:
            problems.warning(Code.DEPENDENCY_VERSION, f"pack '{live.name}': {error}; not compared", dependency.at)
            continue
        if not inside:
            problems.error(
                Code.UPGRADE_NOT_ALLOWED,
                f"from {live.version}, pack '{live.name}' can be upgraded to{_bounds(dependency)} only,"
                f" not to {target.version}",
                at,
                hint="go through a version in between, or install it anew",
                related=[(dependency.at, "the constraint")],
            )
