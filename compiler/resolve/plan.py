"""From a repository's source to the plan: the layers of each cluster in order, with nothing left to choose."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from compiler import yamldoc
from compiler.charts.catalogue import Charts
from compiler.diagnostics import CompileError, Position, Problems
from compiler.files.record import Reads, Recorder
from compiler.files.record import Scope as ReadScope
from compiler.model import Cluster, LayerSource, Plan, PlannedCluster, PlannedLayer, Source
from compiler.model.order import layer_key, waves
from compiler.model.rendering import Evaluator
from compiler.palette import schema
from compiler.palette.namespaces import namespaces
from compiler.palette.readiness import readiness_checks
from compiler.palette.settings import PackSettings, read_settings
from compiler.palette.values import PackValues
from compiler.resolve import facts
from compiler.resolve.choose import choose, policy_of
from compiler.resolve.destinations import Share, shares_of
from compiler.resolve.effects import check_builtin, check_values
from compiler.resolve.layers import ChosenLayer, ResolvedLayer, refined
from compiler.resolve.lookalikes import Lookalikes
from compiler.resolve.macros import Scope, inline, resolve
from compiler.resolve.overlays import overlays_of
from compiler.resolve.packs import check_packs, cluster_api_part
from compiler.resolve.parts import PartsBuilder
from compiler.resolve.stack import Stack, check_templates, documents_of, stack_of
from compiler.resolve.undeclared import Undeclared
from compiler.resolve.unused import unmatched_selectors, unused_overrides


def plan(
    source: Source,
    files: Recorder,
    clusters: Sequence[Cluster],
    evaluate: Evaluator,
    today: datetime.date | None = None,
) -> tuple[Plan, Problems]:
    """The plan of the clusters that have no errors, and the problems of all of them.

    `files` must be what `source` was loaded from, so packs that are read now count for their clusters. `today` is only
    for warnings about packs past their end of life.
    """
    problems = Problems()
    check_templates(source.templates, problems)
    charts = Charts.over(files)
    lookalikes, undeclared = Lookalikes(), Undeclared(charts)
    planned: list[PlannedCluster] = []
    stacks: list[Stack] = []
    for cluster in clusters:
        own = Problems()
        stack = stack_of(cluster, source, own)
        stacks.append(stack)
        if not own.errors:
            planner = ClusterPlanner(stack, source, files, charts, evaluate, own, today, lookalikes, undeclared)
            result = planner.plan()
            if result:
                planned.append(result)
        problems.diagnostics.extend(each.within(cluster.name) for each in own.diagnostics)
    if len(clusters) == len(source.clusters):
        unused_overrides(source, stacks, problems)
        unmatched_selectors(source, stacks, problems)
    return Plan(source.settings, undeclared.settled(planned), charts.spool), problems


@dataclass(slots=True)
class ClusterPlanner:
    """Plans one cluster. With names in `unknown` it is a stand-in, to check a profile of which no cluster is known."""

    stack: Stack
    source: Source
    files: Recorder
    charts: Charts
    evaluate: Evaluator
    problems: Problems
    today: datetime.date | None
    lookalikes: Lookalikes
    undeclared: Undeclared
    unknown: frozenset[str] = frozenset()  # references whose values are not known

    def check(self) -> None:
        """Reports what is wrong with the layers, as far as it can be told."""
        chosen = self._chosen()
        version = facts.kubernetes_version(self.stack, chosen, self.problems)
        resolved = self._resolved(chosen, version)
        given = any(layer.type == "k8s" and layer.version for layer in chosen)
        check_packs(self.stack, resolved, version if given else "", self.today, self.problems)
        for share, wave in self._ordered(resolved):
            self._planned(share, wave, version, PackSettings(), resolved)
        check_builtin(resolved, self.problems)
        check_values(resolved)

    def plan(self) -> PlannedCluster | None:
        """The planned cluster; None where there are errors, which are reported."""
        with self.files.scope() as scope:
            for path in documents_of(self.stack.cluster, self.source):
                self.files.include(self.source.reads[path])
            planned = self._cluster(scope)
        return replace(planned, reads=scope.reads) if planned else None

    def _cluster(self, scope: ReadScope) -> PlannedCluster | None:
        chosen = self._chosen()
        missing = len(chosen) < len(self.stack.layers)  # reported; a version they would have set is not reported again
        version = "" if missing else facts.kubernetes_version(self.stack, chosen, self.problems)
        if self.problems.errors:
            return None
        resolved = self._resolved(chosen, version)
        check_packs(self.stack, resolved, version, self.today, self.problems)
        if self.problems.errors:
            return None
        network = next((r.pack_settings for r in resolved if r.type == "k8s"), PackSettings())
        ordered = self._ordered(resolved)
        shared = scope.reads
        layers = []
        written: list[tuple[PlannedLayer, set[str]]] = []
        for share, wave in ordered:
            with self.files.scope() as own:
                layer = self._planned(share, wave, version, network, resolved)
            if layer:
                layers.append(replace(layer, reads=Reads.all_of([shared, own.reads])))
            if layer and layer.undeclared:
                written.append((layer, {share.layer.name, share.layer.pack.name if share.layer.pack else ""}))
        check_builtin(resolved, self.problems)
        check_values(resolved)
        if self.problems.errors:
            return None
        for layer, names in written:
            self.undeclared.note_reads(layer, names, {path for other in resolved for path in other.scope.read})
        return PlannedCluster(self.stack.cluster, version, tuple(layers))

    def _chosen(self) -> list[ChosenLayer]:
        chosen = []
        for stacked in self.stack.layers:
            try:
                chosen.append(choose(stacked, self.source, self.charts, self.problems))
            except CompileError as error:
                self.problems.add(error)
        return chosen

    def _resolved(self, chosen: Sequence[ChosenLayer], version: str) -> list[ResolvedLayer]:
        variables: dict[str, dict[str, str]] = {}
        scopes: dict[str, Scope] = {}
        resolved = []
        for layer in chosen:
            profile = layer.profile
            if profile.name not in scopes:
                variables[profile.name] = facts.variable_values(self.stack, profile, self.problems)
                scope = facts.macro_scope(self.stack, profile, variables[profile.name], version, self.source, chosen)
                scopes[profile.name] = replace(scope, unknown=self.unknown)
            scope = scopes[profile.name]
            self.lookalikes.in_values(layer.levels, (profile.name, profile.version), scope, self.problems)
            try:
                data = resolve(layer.merged, scope, self.evaluate, layer.locate)
            except CompileError as error:
                self.problems.add(error)
                if not self.unknown:
                    continue
                data = dict(layer.merged)  # checked as far as it goes
            resolved.append(self._read(layer, data, scope))
        return resolved

    def _substituted(self, value: Any, scope: Scope, locate: Callable[..., Position]) -> Any:
        return resolve(value, scope, self.evaluate, locate)

    def _read(self, layer: ChosenLayer, data: Mapping[str, Any], scope: Scope) -> ResolvedLayer:
        if layer.pack is None:
            return refined(layer, ResolvedLayer, data=data, values=None, pack_settings=PackSettings(), scope=scope)
        secrets = frozenset(scope.var[name] for name in scope.sensitive if scope.var.get(name))
        below = ("charts", layer.chart.name) if layer.chart else ()
        values = PackValues(layer.pack, data, layer.locate, self.problems, secrets, below)
        return refined(
            layer, ResolvedLayer, data=data, values=values, pack_settings=self._settings(values), scope=scope
        )

    def _settings(self, values: PackValues) -> PackSettings:
        """The pack's settings; without those that are not known."""
        return read_settings(replace(values, data=_known(values.data)) if self.unknown else values)

    def _ordered(self, resolved: Sequence[ResolvedLayer]) -> list[tuple[Share, int]]:
        """What the layers have for each cluster, in total order, each with its wave."""
        keyed = []
        for share in shares_of(resolved, self.problems):
            layer = share.layer
            own = layer.last("install_priority")
            priority = own if own is not None else (layer.pack_settings.install_priority or 0)
            inside = layer.management and not share.management
            keyed.append((layer_key(layer.type, priority, layer.order, inside=inside), share))
        keyed.sort(key=lambda pair: pair[0])
        ranks = waves([(share.name, key) for key, share in keyed])
        return [(share, ranks[share.name]) for _, share in keyed]

    def _planned(
        self, share: Share, wave: int, version: str, network: PackSettings, all_layers: Sequence[ResolvedLayer]
    ) -> PlannedLayer | None:
        layer = share.layer
        namespace = layer.last("namespace") or layer.pack_settings.namespace or "default"
        builder = PartsBuilder(
            layer=layer,
            namespace=namespace,
            files=self.files,
            charts=self.charts,
            substitute=lambda value, locate: self._substituted(value, layer.scope, locate),
            inline=lambda text, at: inline(text, layer.scope, self.evaluate, lambda *_: at),
            context=lambda values: facts.template_context(self.stack, layer, version, network, values),
            spectro=facts.spectro(self.stack),
            problems=self.problems,
        )
        try:
            parts = (*(builder.own() if share.main else ()), *builder.attached(share.manifests))
            if share.main and layer.type == "k8s" and layer.profile.kubeadm and not self.unknown:
                own = cluster_api_part(self.stack, all_layers, version, namespace, self.files, self.problems)
                parts = (*parts, own)
        except CompileError as error:
            self.problems.add(error)
            return None
        policy = policy_of(layer.policies)
        takers = {i: taker for i, part in enumerate(parts) for taken, taker in builder.takers if taken is part}
        scopes = {other.profile.name: other.scope for other in all_layers}
        overlays = tuple(overlays_of(layer, scopes, self._substituted, self.problems))
        if share.divided:  # an overlay of the layer may be for the objects of one cluster only
            overlays = tuple(replace(overlay, wide=True) for overlay in overlays)
        return PlannedLayer(
            cluster=self.stack.cluster.name,
            name=share.name,
            type=layer.type,
            wave=wave,
            profile=layer.profile.name,
            profile_version=layer.profile.version,
            source=layer.chosen_from() if share.main else LayerSource("manifests"),
            namespace=namespace,
            parts=parts,
            overlays=overlays,
            policy=policy,
            at=layer.at,
            management=share.management,
            extra_objects=_namespace_documents(layer, policy.namespaces),
            readiness=(*_pack_readiness(layer), *(item for level in layer.settings for item in level.readiness)),
            source_path=layer.source_path if share.main else "",
            secrets=_secrets(layer),
            previous_names=share.previous_names,
            undeclared=self.undeclared.of(layer, takers, policy.values),
        )


def _known(data: Any) -> Any:
    """The data without texts that have macros in them."""
    if isinstance(data, Mapping):
        return {key: _known(item) for key, item in data.items() if not _has_macro(item)}
    return [_known(item) for item in data if not _has_macro(item)] if isinstance(data, list) else data


def _has_macro(item: Any) -> bool:
    return isinstance(item, str) and yamldoc.holds_macro(item)


def _secrets(resolved: ResolvedLayer) -> frozenset[str]:
    """The values of sensitive variables, and those that the pack's schema declares as passwords."""
    scope = resolved.scope
    secrets = {scope.var[name] for name in scope.sensitive if scope.var.get(name)}
    if resolved.values is not None:
        secrets |= schema.secrets(schema.rules(replace(resolved.values, problems=Problems())), resolved.data)
    return frozenset(text for text in secrets if len(text) > 2)  # shorter ones would black out every message


def _pack_readiness(resolved: ResolvedLayer) -> tuple[Mapping[str, Any], ...]:
    """The pack's own readiness checks, in the form that profiles use."""
    if resolved.values is None:
        return ()
    return tuple(
        {
            "name": check.name,
            "group": check.group,
            "version": check.version,
            "kind": check.kind,
            "keysToCheck": [{"keyToCheck": key, "expectedValue": value} for key, value in check.keys],
        }
        for check in readiness_checks(resolved.values)
    )


def _namespace_documents(layer: ResolvedLayer, policy: str) -> tuple[str, ...]:
    if policy == "never":
        return ()
    own = layer.last("namespace") or ""
    return tuple(yamldoc.dump(namespace) for namespace in namespaces(layer.pack_settings, own))
