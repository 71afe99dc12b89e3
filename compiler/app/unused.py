"""Values without effect, proven: a layer is rendered once more without its undeclared values, and nothing changes.

All undeclared values of a layer are left out together first. Only where that changes the output are they halved, until it
is known which of them matter. Layers that differ in texts of their values alone, such as the names of clusters, share one
proof. What renders do not show is not reported: what is not settled after `_RENDERS` of them, and what could be seen only
where the output differs from render to render anyway.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from compiler import yamldoc
from compiler.app.schedule import Progress, Rendered
from compiler.codes import Code
from compiler.diagnostics import Diagnostic, Position
from compiler.digest import canonical_json
from compiler.kubernetes import ObjectId, keypath
from compiler.kubernetes.differences import keep
from compiler.merge import dropped, merge
from compiler.model import (
    ChartPart,
    GoTemplatePart,
    JinjaPart,
    LayerResult,
    LayerTask,
    ManifestPart,
    Part,
    Plan,
    PlannedLayer,
    RenderedObject,
    UndeclaredValue,
)
from compiler.model.rendering import Renderer

_RENDERS = 16  # of one layer: enough to find one value of hundreds, or to see that most of a few matter

Keys = tuple[str, ...]
Places = tuple[tuple[int, Keys], ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """Whether the output is the same without some values; with `nulled`, without a whole map and its defaults."""

    places: tuple[Places, ...]
    nulled: bool = False

    def of(self, task: LayerTask) -> LayerTask:
        parts = list(task.parts)
        for index, keys in sorted({place for places in self.places for place in places}):
            parts[index] = _changed(parts[index], keys, nulled=self.nulled)
        return replace(task, parts=tuple(parts))


@dataclass(slots=True)
class _Trial:
    """One rendered task and its undeclared values. `open` is what is not known yet; `maps` are those that the values are
    in, where they must matter too."""

    task: LayerTask
    result: LayerResult
    open: list[_Question]
    maps: dict[Places, Places]
    unused: set[Places] = field(default_factory=set)
    alive: set[Places] = field(default_factory=lambda: {()})  # maps that matter
    renders: int = 0

    def judge(self, question: _Question, result: LayerResult) -> None:
        self.renders += 1
        places = question.places
        if question.nulled:
            if not _is_same(self.result, result):
                self.alive.update(places)
        elif _is_same(self.result, result):
            self.unused.update(places)
            self.open += [_Question((each,), nulled=True) for each in sorted({self.maps[p] for p in places} - {()})]
        elif len(places) > 1:
            middle = len(places) // 2
            self.open += [_Question(places[:middle]), _Question(places[middle:])]

    def proves(self, value: UndeclaredValue) -> bool:
        return value.parts in self.unused and value.map_parts in self.alive


def unused_values(planned: Plan, rendered: Rendered, renderer: Renderer, progress: Progress) -> tuple[Diagnostic, ...]:
    """A `values-unused` for each undeclared value that matters to no layer of any cluster, in each cluster that has it."""
    trials: dict[tuple[str, frozenset[Places]], _Trial] = {}
    asked: list[tuple[PlannedLayer, _Trial]] = []
    for cluster, tasks, results in zip(planned.clusters, rendered.tasks, rendered.results, strict=True):
        for layer, task, result in zip(cluster.layers, tasks, results, strict=True):
            if layer.undeclared and not _is_wrong(result):
                asked.append((layer, _trial(trials, layer, task, result)))
    known = dict(rendered.known)
    while todo := [(trial, question) for trial in trials.values() for question in _next(trial)]:
        asking = [question.of(trial.task) for trial, question in todo]
        keys = [task.key() for task in asking]
        _render(dict(zip(keys, asking, strict=True)), known, planned, renderer, progress)
        for (trial, question), key in zip(todo, keys, strict=True):
            trial.judge(question, known[key])
    return tuple(_findings(asked))


def _trial(
    trials: dict[tuple[str, frozenset[Places]], _Trial], layer: PlannedLayer, task: LayerTask, result: LayerResult
) -> _Trial:
    maps = {value.parts: value.map_parts for value in layer.undeclared}
    key = (_outline(task), frozenset(maps))
    return trials.setdefault(key, _Trial(task, result, [_Question(tuple(sorted(maps)))], maps))


def _outline(task: LayerTask) -> str:
    """What one trial stands for: layers that differ in texts of their values alone, as those of a fleet's clusters do in
    names and hosts. Overlays come after what is asked here."""
    parts = [
        [part.spooled, part.release, part.namespace, _blank(part.values_json)]
        if isinstance(part, ChartPart)
        else [part.path, _blank(part.values_json)]
        if isinstance(part, GoTemplatePart)
        else [part.directory, _blank(part.context_json)]
        if isinstance(part, JinjaPart)
        else part.path
        for part in task.parts
    ]
    return canonical_json([task.namespace, task.kube_version, list(task.api_versions), parts])


def _blank(text: str) -> Any:
    """The JSON with one text in the place of every text that is not empty."""

    def blank(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: blank(item) for key, item in value.items()}
        if isinstance(value, list):
            return [blank(item) for item in value]
        return "text" if isinstance(value, str) and value else value

    return blank(json.loads(text))


def _next(trial: _Trial) -> Iterable[_Question]:
    """What to ask now, as far as the number of renders allows."""
    questions, trial.open = trial.open[: _RENDERS - trial.renders], []
    return questions


def _render(
    tasks: Mapping[str, LayerTask], known: dict[str, LayerResult], planned: Plan, renderer: Renderer, progress: Progress
) -> None:
    """Renders the tasks, by their keys, that are not known."""
    keys = [key for key in tasks if key not in known]
    progress.tasks += len(keys)
    for index, result in renderer.render([tasks[key] for key in keys], planned.spool):
        known[keys[index]] = result
        progress.done += 1
        progress.shown(progress)


def _findings(asked: Sequence[tuple[PlannedLayer, _Trial]]) -> Iterable[Diagnostic]:
    matters: set[tuple[Position, Keys]] = set()
    for layer, trial in asked:
        matters |= {(v.at, v.keys) for v in layer.undeclared if not trial.proves(v)}
    for layer, _ in asked:
        for value in layer.undeclared:
            if (value.at, value.keys) not in matters:
                yield _diagnostic(layer, value).within(layer.cluster)


def _diagnostic(layer: PlannedLayer, value: UndeclaredValue) -> Diagnostic:
    return Diagnostic(
        Code.VALUES_UNUSED,
        f"value '{keypath.show(value.keys)}' of layer '{layer.name}' has no effect: {value.owner} does not declare it and"
        " renders the same without it",
        value.at,
        hint=value.hint,
        severity=value.severity,
    )


def _is_wrong(result: LayerResult) -> bool:
    return any(diagnostic.severity == "error" for diagnostic in result.diagnostics)


def _is_same(ours: LayerResult, theirs: LayerResult) -> bool:
    """Whether both have the same objects. Fields that are random in both may differ, unless in what is constant in them."""
    if _is_wrong(theirs) or set(ours.random) != set(theirs.random) or not all(field.constant for field in ours.random):
        return False
    random: dict[ObjectId, list[str]] = {}
    for random_field in ours.random:
        random.setdefault(random_field.object, []).append(random_field.field)
    first, second = (sorted(o.sha256 for o in result.objects if o.id not in random) for result in (ours, theirs))
    bodies, others = ({o.id: _body(o) for o in result.objects if o.id in random} for result in (ours, theirs))
    return (
        first == second
        and bodies.keys() == others.keys() == random.keys()
        and all(keep(body, others[identity], random[identity]) == body for identity, body in bodies.items())
    )


def _body(rendered: RenderedObject) -> Any:
    return yamldoc.load_rendered(rendered.content.decode(), rendered.template).value


def _changed(part: Part, keys: Keys, *, nulled: bool) -> Part:
    """The part without the value at this path of its values, or with null there."""
    if isinstance(part, ManifestPart):
        return part
    if isinstance(part, JinjaPart):
        return replace(part, context_json=_without(part.context_json, ("values", *keys), nulled=nulled))
    changed = replace(part, values_json=_without(part.values_json, keys, nulled=nulled))
    if isinstance(changed, ChartPart) and changed.twice:
        spooled, values_json = changed.twice
        return replace(changed, twice=(spooled, _without(values_json, keys, nulled=nulled)))
    return changed


def _without(text: str, keys: Keys, *, nulled: bool) -> str:
    """The JSON without the value at this path, or with null there; the same text where it has none."""
    values = json.loads(text)
    inner: Any = values
    for key in keys:
        if not isinstance(inner, Mapping) or key not in inner:
            return text
        inner = inner[key]
    if nulled:
        nothing: Any = None
        for key in reversed(keys):
            nothing = {key: nothing}
        return canonical_json(merge([values, nothing]))
    return canonical_json(dropped(values, keys))
