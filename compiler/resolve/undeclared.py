"""Which values of profiles, templates and clusters no chart or pack declares: candidates for values without effect.

Undeclared values may well be used: a chart can hand on a whole map. Only a render without them shows that
(`app.unused`), so they should be few: what is below a default `{}` is not among them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from compiler.charts import declared as known_values
from compiler.charts import scan as chart_scan
from compiler.charts.catalogue import Charts
from compiler.charts.chart import Chart
from compiler.charts.declared import Declared, Keys, Leaf, Tree, united
from compiler.diagnostics import Position
from compiler.kubernetes import keypath
from compiler.model import Pack, PlannedCluster, PlannedLayer, UndeclaredValue, Values
from compiler.palette.paths import ITEMS
from compiler.resolve.layers import ResolvedLayer

# What a pack's values have for others than its templates.
_RESERVED: Tree = dict.fromkeys(("pack", "charts", "manifests", "kubeadmconfig"), Leaf.OPEN)
# Keys that hold anchors for other values, by a convention of YAML files.
_ANCHORS = ("x-", "_", ".")


@dataclass(frozen=True, slots=True)
class Taker:
    """What gets the layer's values below `keys`: a chart, Go templates or, with `jinja`, the templates of a pack of our own
    format, whose values.yaml is the whole list of what they read. `name` is for messages."""

    keys: Keys
    name: str
    source: Chart | tuple[str, ...]
    jinja: bool = False


@dataclass(slots=True)
class Undeclared:
    """Finds undeclared values, each level of values once per chart or pack, however many clusters share it."""

    charts: Charts
    known: dict[tuple[Any, ...], tuple[Declared, Pack | None]] = field(default_factory=dict)
    walked: dict[tuple[Position, Keys], dict[int, tuple[Keys, ...]]] = field(default_factory=dict)  # by level
    places: dict[tuple[Position, Keys], tuple[Position, Keys]] = field(default_factory=dict)
    read: set[tuple[Position, Keys]] = field(default_factory=set)  # by macros

    def of(self, layer: ResolvedLayer, takers: Mapping[int, Taker], policy: str) -> tuple[UndeclaredValue, ...]:
        """The undeclared values of a layer; none where its policy is `off`. `takers` are by the index of their part."""
        levels = [level for level in layer.levels if not _is_of(level, layer.pack)]
        if policy == "off" or not levels:
            return ()
        values = []
        for taker in takers.values():
            known = self._known(layer.pack, taker)
            severity: Literal["error", "warning"] = "warning"
            if policy == "error" or (taker.jinja and policy != "warn"):
                severity = "error"
            for level in levels:
                for keys in self._walk(level, taker.keys, known.values):
                    path = (*taker.keys, *keys)
                    at = level.at(*path)
                    self.places[at, path] = (level.at(), taker.keys)
                    whole = len(keys) > 1 and not known.reads_keys_of(keys[:-1])
                    hint = _hint(taker, keys, known.values, layer.pack)
                    values.append(
                        UndeclaredValue(
                            keys=path,
                            at=at,
                            parts=_places(path, takers),
                            map_parts=_places(path[:-1], takers) if whole else (),
                            owner=taker.name,
                            hint=hint,
                            severity=severity,
                        )
                    )
        return tuple(values)

    def note_reads(self, layer: PlannedLayer, names: Collection[str], paths: Iterable[str]) -> None:
        """Takes note of what macros read of the layer's values (`.spectro.pack.NAME.PATH`), which is not unused."""
        inside = [path.partition(".")[2] for path in paths if path.partition(".")[0] in names]
        for value in layer.undeclared:
            own = ".".join(value.keys)
            if any(path == own or path.startswith(f"{own}.") or own.startswith(f"{path}.") for path in inside):
                self.read.add((value.at, value.keys))

    def settled(self, clusters: Sequence[PlannedCluster]) -> tuple[PlannedCluster, ...]:
        """The clusters without values that a macro of any of them reads, or that another chart declares: another version of
        it, or a layer with the same values file. The level that sets such a value serves both."""
        return tuple(replace(cluster, layers=tuple(map(self._settled, cluster.layers))) for cluster in clusters)

    def _settled(self, layer: PlannedLayer) -> PlannedLayer:
        if not layer.undeclared:
            return layer
        kept = (value for value in layer.undeclared if (value.at, value.keys) not in self.read and self._nowhere(value))
        return replace(layer, undeclared=tuple(kept))

    def _nowhere(self, value: UndeclaredValue) -> bool:
        """Whether nothing that got this level of values declares the value."""
        group = self.places[value.at, value.keys]
        keys = value.keys[len(group[1]) :]
        return all(any(keys[: len(one)] == one for one in unknown) for unknown in self.walked[group].values())

    def _walk(self, level: Values, keys: Keys, tree: Tree) -> tuple[Keys, ...]:
        known = self.walked.setdefault((level.at(), keys), {})
        if id(tree) not in known:
            unknown = known_values.unknown(_below(level.data, keys), tree)
            known[id(tree)] = tuple(path for path in unknown if not _is_exempt(path))
        return known[id(tree)]

    def _known(self, pack: Pack | None, taker: Taker) -> Declared:
        """What the taker and the pack declare: the same object whenever it is asked for."""
        chart = taker.source if isinstance(taker.source, Chart) else None
        if chart and pack is None:
            return self.charts.declared(chart)
        key = (id(pack), taker.keys, chart.digest_sha256 if chart else "")
        if key not in self.known:
            if isinstance(taker.source, Chart):
                known = self.charts.declared(taker.source)
            elif taker.jinja:
                named = known_values.of_jinja(taker.source)
                known = Declared(united(_RESERVED, named), named)
            else:
                named = known_values.of_templates(map(chart_scan.template, taker.source))
                known = Declared(named, named)
            values = united(known.values, *(_of_pack(pack, taker.keys) if pack else ()))
            self.known[key] = (replace(known, values=values), pack)  # with the pack: its id stays its own
        return self.known[key][0]


def _of_pack(pack: Pack, keys: Keys) -> Iterator[Tree]:
    """What the pack's values, presets and schema declare below these keys."""
    for values in (pack.values.data, *(preset.add for preset in pack.presets)):
        below = _below(values, keys)
        yield known_values.of_values(below) if below else {}
    for path in pack.schema:
        steps = tuple(path.split("."))
        if steps[: len(keys)] == keys and ITEMS not in steps:
            yield known_values.of_path(steps[len(keys) :])


def _places(path: Keys, takers: Mapping[int, Taker]) -> tuple[tuple[int, Keys], ...]:
    """Where the value at this path of the layer's values is in those of each part that gets it."""
    return tuple((i, path[len(t.keys) :]) for i, t in takers.items() if path[: len(t.keys)] == t.keys)


def _is_of(level: Values, pack: Pack | None) -> bool:
    """Whether the level is the pack's own, with or without presets."""
    return pack is not None and level.document is pack.values.document


def _is_exempt(keys: Keys) -> bool:
    return keys[0].startswith(_ANCHORS) or any(".spectro." in key for key in keys)


def _below(values: Any, keys: Keys) -> Mapping[str, Any]:
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values if isinstance(values, Mapping) else {}


def _hint(taker: Taker, keys: Keys, tree: Tree, pack: Pack | None) -> str:
    near = [keypath.show((*taker.keys, *path)) for path in known_values.nearest(keys, tree)]
    if near:
        return f"did you mean {' or '.join(repr(path) for path in near)}?"
    if taker.jinja and pack is not None:
        return f"remove it, or declare it in {pack.values.document.path}"
    return "remove it; what can be set is in the chart's values.yaml" if pack is None else "remove it"
