"""Which profiles a cluster has, from its templates and itself, and the settings of their layers at each level.

The levels are profile < templates (by name, each after those it extends) < cluster. A profile that a higher level names
again replaces the one below; so does an infra or full profile the infra profile below, as in Palette.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compiler import versions
from compiler.codes import Code
from compiler.diagnostics import Problems, did_you_mean
from compiler.limits import DEPTH
from compiler.model import (
    INFRA_TYPES,
    Assignment,
    Cluster,
    Layer,
    Profile,
    ProfileRef,
    Source,
    Template,
)
from compiler.model.overlays import WrittenOverlay
from compiler.resolve.layers import Level, StackedLayer, StackedOverlay
from compiler.resolve.renames import check_installed_names, override_hint

Levels = list[tuple[str, Assignment]]  # ("template eu", …), …, ("the cluster", …), low to high


@dataclass(frozen=True, slots=True)
class Stack:
    """A cluster's profiles and layers before anything is chosen."""

    cluster: Cluster
    cloud: str
    profiles: tuple[Profile, ...]
    variables: Mapping[str, tuple[ProfileRef, ...]]  # profile name -> the references that set values, low to high
    layers: tuple[StackedLayer, ...]
    templates: tuple[str, ...] = ()


def check_templates(templates: Mapping[str, Template], problems: Problems) -> None:
    """Reports unknown bases and cycles, each once, even of templates that match no cluster."""
    for template in templates.values():
        for name in template.extends:
            if name not in templates:
                problems.error(
                    Code.TEMPLATE_MISSING,
                    f"template '{template.name}' extends unknown template '{name}'",
                    template.at,
                    hint=did_you_mean(name, templates),
                )
        trail = _cycle(template, templates)
        if trail and template.name == min(trail):
            cycle = " -> ".join((*trail, trail[0]))
            problems.error(Code.TEMPLATE_CYCLE, f"template '{template.name}' extends itself: {cycle}", template.at)
    if not problems.errors and (name := _too_deep(templates)):
        message = f"template '{name}' extends templates more than {DEPTH} levels deep"
        problems.error(Code.LIMIT_EXCEEDED, message, templates[name].at)


def _too_deep(templates: Mapping[str, Template]) -> str:
    """The first template that extends others on more than DEPTH levels; ''."""
    deep = set(templates)
    for _ in range(DEPTH + 1):
        deep = {name for name in deep if not deep.isdisjoint(templates[name].extends)}
    return min(deep, default="")


def _cycle(start: Template, templates: Mapping[str, Template]) -> tuple[str, ...]:
    """The names on a path from `start` back to itself along `extends`, or (); of long paths `_too_deep` tells."""
    trails: list[tuple[str, ...]] = [(start.name,)]
    seen: set[str] = set()
    while trails:
        trail = trails.pop()
        for name in templates[trail[-1]].extends:
            if name == start.name:
                return trail
            if name in templates and name not in seen and len(trail) <= DEPTH:
                seen.add(name)
                trails.append((*trail, name))
    return ()


def templates_of(cluster: Cluster, templates: Mapping[str, Template]) -> tuple[Template, ...]:
    """The templates whose selector matches, in name order, each after those it extends."""
    matching: dict[str, Template] = {}

    def add(name: str, trail: frozenset[str]) -> None:
        if name in trail or name in matching or name not in templates or len(trail) > DEPTH:
            return  # reported by check_templates
        for base in templates[name].extends:
            add(base, trail | {name})
        matching.setdefault(name, templates[name])

    for name in sorted(templates):
        if templates[name].selector.matches(cluster.labels):
            add(name, frozenset())
    return tuple(matching.values())


def stack_of(cluster: Cluster, source: Source, problems: Problems) -> Stack:
    """The cluster's stack. Invalid parts are reported and left out."""
    templates = templates_of(cluster, source.templates)
    levels = _levels(cluster, templates)
    refs = _profile_refs(cluster, levels, source, problems)
    known = [(ref, profile) for ref in refs if (profile := _find(ref, source, problems)) is not None]
    infra = [(ref, profile) for ref, profile in known if profile.type != "add-on"]
    for ref, profile in infra[1:]:
        problems.error(
            Code.INFRA_TWICE,
            f"two profiles with infra layers: {infra[0][1].name} and {profile.name}",
            ref.at,
            hint="a cluster has at most one infra or full profile",
            related=[(infra[0][0].at, infra[0][1].name)],
        )
    cloud = cluster.cloud or (infra[0][1].cloud if infra else "")
    for ref, profile in known:
        if profile.cloud not in ("all", cloud):
            problems.error(
                Code.CLOUD_MISMATCH,
                f"profile {profile.name} {profile.version} is for cloud {profile.cloud},"
                f" the cluster is on {cloud or 'no cloud (spec.cloud is missing)'}",
                ref.at,
                related=[(profile.at, "the profile")],
            )
    profiles = [profile for _, profile in known]
    return Stack(
        cluster=cluster,
        cloud=cloud,
        profiles=tuple(profiles),
        variables={p.name: tuple(r for _, a in levels for r in a.profiles if r.name == p.name) for p in profiles},
        layers=_layers(cluster, profiles, levels, source, problems, complete=len(known) == len(refs)),
        templates=tuple(t.name for t in templates),
    )


def profiles_of(cluster: Cluster, source: Source) -> tuple[ProfileRef, ...]:
    """The profile references that count, of templates and of the cluster itself, whether or not the profiles exist."""
    levels = _levels(cluster, templates_of(cluster, source.templates))
    return tuple(_profile_refs(cluster, levels, source, Problems()))


def documents_of(cluster: Cluster, source: Source) -> tuple[str, ...]:
    """The files that configure a cluster, sorted: lamella.yaml, its own, and those of its templates, its macros and all
    profiles that any level names (even one that does not count in the end may have replaced another)."""
    templates = templates_of(cluster, source.templates)
    assignments = (cluster.assignment, *(template.assignment for template in templates))
    refs = (ref for assignment in assignments for ref in assignment.profiles)
    profiles = [profile for ref in refs if (profile := source.profiles.get((ref.name, ref.version)))]
    macros = [each for each in source.macros if each.selector.matches(cluster.labels)]
    places = (cluster.at, *(t.at for t in templates), *(p.at for p in profiles), *(m.at for m in macros))
    return tuple(sorted({source.settings.at.path, *(at.path for at in places)}))


def _levels(cluster: Cluster, templates: Iterable[Template]) -> Levels:
    levels = [(f"template {template.name}", template.assignment) for template in templates]
    return [*levels, ("the cluster", cluster.assignment)]


def _profile_refs(cluster: Cluster, levels: Levels, source: Source, problems: Problems) -> list[ProfileRef]:
    """The references that count, in the order in which their profiles are first named."""
    own = {ref.name for ref in cluster.assignment.profiles}
    chosen: dict[str, tuple[str, ProfileRef]] = {}
    for label, assignment in levels:
        here: dict[str, ProfileRef] = {}
        for ref in assignment.profiles:
            if ref.name in here:
                problems.error(
                    Code.DUPLICATE_PROFILE,
                    f"profile '{ref.name}' is listed twice in {label}",
                    ref.at,
                    related=[(here[ref.name].at, "first")],
                )
                continue
            here[ref.name] = ref
            below = chosen.get(ref.name)
            if below and below[1].version != ref.version and label.startswith("template ") and ref.name not in own:
                problems.error(
                    Code.TEMPLATE_CONFLICT,
                    f"profile '{ref.name}' comes in version {below[1].version} from {below[0]}"
                    f" and in {ref.version} from {label}",
                    ref.at,
                    hint="make the selectors disjoint, or set the version in the cluster itself",
                    related=[(below[1].at, below[0])],
                )
            if below is None and _has_infra(ref, source):
                for name, (other_label, other) in list(chosen.items()):
                    if other_label != label and _has_infra(other, source):
                        del chosen[name]
            chosen[ref.name] = (label, ref)
    return [ref for _, ref in chosen.values()]


def _has_infra(ref: ProfileRef, source: Source) -> bool:
    profile = source.profiles.get((ref.name, ref.version))
    return profile is not None and profile.type != "add-on"


def _find(ref: ProfileRef, source: Source, problems: Problems) -> Profile | None:
    profile = source.profiles.get((ref.name, ref.version))
    if profile is None and ref.name and ref.version:
        known = [version for name, version in source.profiles if name == ref.name]
        if known:
            problems.error(
                Code.PROFILE_VERSION_MISSING,
                f"profile '{ref.name}' has no version {ref.version}",
                ref.at,
                hint=versions.hint(known),
            )
        else:
            hint = did_you_mean(ref.name, {name for name, _ in source.profiles})
            problems.error(Code.PROFILE_MISSING, f"no profile named '{ref.name}'", ref.at, hint=hint)
    return profile


def _layers(
    cluster: Cluster, profiles: list[Profile], levels: Levels, source: Source, problems: Problems, *, complete: bool
) -> tuple[StackedLayer, ...]:
    """The layers of the profiles. Overrides are checked only where no profile is missing (`complete`)."""
    written = [layer for profile in profiles for layer in profile.layers]
    known = {layer.name for layer in written}
    for name, override in cluster.assignment.layers.items():
        if complete and name not in known:
            problems.error(
                Code.LAYER_UNKNOWN,
                f"overrides layer '{name}', which none of the cluster's profiles has",
                override.at,
                hint=override_hint(name, written),
            )
    layers: dict[str, StackedLayer] = {}
    for profile in profiles:
        for layer in profile.layers:
            stacked = _stacked(layer, profile, levels, source, len(layers))
            other = layers.get(layer.name)
            if other is not None:
                problems.error(
                    Code.DUPLICATE_LAYER,
                    f"two layers named '{layer.name}', from profiles {other.profile.name} and {profile.name}",
                    layer.at,
                    hint="rename one of them; layer names are unique in a cluster",
                    related=[(other.at, f"profile {other.profile.name}")],
                )
            elif not _is_disabled(stacked, problems):
                layers[layer.name] = stacked
    check_installed_names(layers.values(), problems)
    return tuple(layers.values())


def _stacked(layer: Layer, profile: Profile, levels: Levels, source: Source, order: int) -> StackedLayer:
    overrides = [a.layers[layer.name] for _, a in levels if layer.name in a.layers]
    overlays = [*_levelled(layer.settings.overlays, "layer"), *_levelled(profile.overlays, "profile")]
    for _, a in levels:
        own = a.layers[layer.name].overlays if layer.name in a.layers else ()
        overlays += [*_levelled(own, "layer"), *_levelled(a.overlays, "cluster")]
    level_policies = [
        policy
        for _, a in levels
        for policy in (a.policy, *([a.layers[layer.name].policy] if layer.name in a.layers else []))
    ]
    return StackedLayer(
        written=layer,
        profile=profile,
        settings=(layer.settings, *overrides),
        overlays=tuple(overlays),
        policies=(source.settings.policy, profile.policy, layer.settings.policy, *level_policies),
        order=order,
    )


def _levelled(overlays: Iterable[WrittenOverlay], level: Level) -> list[StackedOverlay]:
    return [StackedOverlay(overlay, level) for overlay in overlays]


def _is_disabled(stacked: StackedLayer, problems: Problems) -> bool:
    last = next((s for s in reversed(stacked.settings) if s.disabled is not None), None)
    if last is None or not last.disabled:
        return False
    if stacked.type in INFRA_TYPES:
        problems.error(
            Code.LAYER_DISABLED,
            f"layer '{stacked.name}' of type {stacked.type} cannot be disabled",
            last.at,
            hint="an infra layer can be changed but not removed; builtin: true fills its slot without objects",
        )
        return False
    return True
