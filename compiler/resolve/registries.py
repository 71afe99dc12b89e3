"""What layers take from registries: where a reference leads, what is asked for, and what the lock pins it to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, Problems, did_you_mean, fail
from compiler.files.paths import root_of
from compiler.model import ChartRef, Cluster, LayerSettings, PackRef, Registry, Source
from compiler.model.lock import Key, Locked, Request
from compiler.ports import Kind
from compiler.resolve.stack import stack_of


def registry_of(ref: ChartRef | PackRef, source: Source) -> Registry | None:
    """The registry that a reference names, or whose URL is its `repo`; None for a chart by path, and for a pack of the
    repository. A pack that is not in the repository and names no registry is the only pack registry's. Raises
    CompileError: `registry-unknown`, `registry-kind`."""
    if isinstance(ref, ChartRef) and ref.repo:
        url = ref.repo.rstrip("/")
        same = next((each for each in source.settings.registries if each.kind == "helm" and each.url == url), None)
        return replace(same, at=ref.at) if same else Registry("", ref.at, url=url, kind="helm")
    kind = "helm" if isinstance(ref, ChartRef) else "pack"
    declared = {registry.name: registry for registry in source.settings.registries}
    if ref.registry:
        registry = declared.get(ref.registry)
        if registry is None:
            hint = did_you_mean(ref.registry, declared) or "declare it under registries: in lamella.yaml"
            raise fail(Code.REGISTRY_UNKNOWN, f"no registry named '{ref.registry}'", ref.at, hint=hint)
        if registry.kind != kind:
            what = "charts" if kind == "helm" else "packs"
            raise fail(
                Code.REGISTRY_KIND,
                f"registry '{ref.registry}': expected kind {kind}, found {registry.kind}",
                ref.at,
                hint=f"name a registry of {what}, or set kind: {kind} in lamella.yaml",
            )
        return registry
    if isinstance(ref, ChartRef) or ref.name in source.packs:
        return None
    outside = [registry for registry in declared.values() if registry.kind == "pack" and not registry.local]
    return outside[0] if len(outside) == 1 else None


def locked(kind: Kind, registry: Registry, name: str, version: str, at: Position, source: Source) -> Locked:
    """What lamella.lock pins this version or range to. Raises CompileError: `not-locked`, `not-verified`."""
    entry = source.lock.find((kind, registry.source, name, version))
    if entry is None:
        if not version:
            raise fail(
                Code.MISSING_KEY,
                f"{kind} '{name}' of {registry.source}: version is required",
                at,
                hint="set an exact version (1.2.3), a range (^1.2) or version: '*' for the newest",
            )
        raise fail(
            Code.NOT_LOCKED,
            f"{kind} '{name}' {version} of {registry.source} is not in lamella.lock",
            at,
            hint="run `lamella lock`, and commit lamella.lock",
        )
    if registry.verify == "always" and not entry.verified:
        raise fail(
            Code.NOT_VERIFIED,
            f"{kind} '{name}' {entry.version} of {registry.source} was locked without a check of its signature",
            at,
            hint="run `lamella lock`, which checks it, and commit lamella.lock",
        )
    return entry


def requests(source: Source, clusters: Iterable[Cluster], problems: Problems) -> list[Request]:
    """What the layers of every profile of this repository ask of registries, and those of these clusters where they
    override a version or come from an import. Problems of references and stacks are recorded."""
    labels = dict(_labels(source))
    asked: dict[tuple[object, ...], Request] = {}
    for profile in source.profiles.values():
        for layer in profile.layers if not root_of(profile.at.path) else ():
            if layer.source is not None:
                label = f"profile {profile.name} {profile.version}, layer {layer.name}"
                for request in _of(layer.source, layer.source.version, layer.source.at, label, source, problems):
                    asked[(request.key, request.asked_by)] = request
    for cluster in clusters:
        for stacked in stack_of(cluster, source, problems).layers:
            listed = not stacked.overridden and not root_of(stacked.profile.at.path)
            if stacked.source is None or listed:
                continue
            version, at = stacked.wanted
            label = labels.get(id(stacked.overridden), f"profile {stacked.profile.name} {stacked.profile.version}")
            for request in _of(stacked.source, version, at, f"{label}, layer {stacked.name}", source, problems):
                asked[(request.key, request.asked_by)] = request
    return list(asked.values())


def needed(source: Source, clusters: Iterable[Cluster]) -> list[Locked]:
    """The locked charts and packs that these clusters use. What is wrong in their stacks is left to the plan."""
    if not source.lock.entries:
        return []
    found: dict[Key, Locked] = {}
    seen: set[tuple[int, str]] = set()  # references by identity: clusters share those of their profiles
    for cluster in clusters:
        for stacked in stack_of(cluster, source, Problems()).layers:
            if stacked.source is None or (id(stacked.source), stacked.wanted[0]) in seen:
                continue
            version, at = stacked.wanted
            seen.add((id(stacked.source), version))
            for request in _of(stacked.source, version, at, "", source, Problems()):
                entry = source.lock.find(request.key)
                if entry is not None:
                    found[entry.identity] = entry
    return list(found.values())


def _labels(source: Source) -> Iterator[tuple[int, str]]:
    """Who wrote the settings of a layer, by the identity of the settings."""
    levels: Mapping[str, Mapping[str, LayerSettings]] = {
        **{f"template {name}": template.assignment.layers for name, template in source.templates.items()},
        **{f"cluster {name}": cluster.assignment.layers for name, cluster in source.clusters.items()},
    }
    for label, layers in levels.items():
        for settings in layers.values():
            yield id(settings), label


def _of(
    ref: ChartRef | PackRef, version: str, at: Position, label: str, source: Source, problems: Problems
) -> Iterator[Request]:
    """The requests of one reference: itself, and the pack that is linked to a chart."""
    try:
        registry = registry_of(ref, source)
        if registry is not None and not registry.local:
            kind: Kind = "chart" if isinstance(ref, ChartRef) else "pack"
            if not version:
                locked(kind, registry, ref.name, version, at, source)
            yield Request(kind, registry, ref.name, version, label, at)
    except CompileError as error:
        problems.add(error)
    if isinstance(ref, ChartRef) and ref.linked_pack:
        yield from _of(ref.linked_pack, ref.linked_pack.version, ref.linked_pack.at, label, source, problems)
