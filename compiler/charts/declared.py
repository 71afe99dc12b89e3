"""Which values a chart knows: those of its values.yaml and its schema, and those that its templates name.

They make a tree: a key leads to the tree below it, or to a leaf where nothing more is known. What is below an `OPEN` leaf
is the user's to choose (a default `{}`, a list, a scalar); below a `NAMED` one nothing is known but the name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from compiler import jsontext
from compiler.charts import scan as chart_scan
from compiler.charts.chart import SCHEMA, Chart, metadata

Keys = tuple[str, ...]


class Leaf(Enum):
    """What is known below a key: that anything may be there, or nothing."""

    OPEN = "open"
    NAMED = "named"


Tree = Leaf | Mapping[str, "Tree"]

# `.Values.a.b`, and what `index .Values.a "b"` and its relatives name.
_VALUES = re.compile(r"\.Values((?:\.\w+)+)")
_LOOKUP = re.compile(r'(?:index|get|hasKey|dig|pluck)\s+[$.\w]*?\.Values((?:\.\w+)*)((?:\s+"[^"\n]+")+)')
_JINJA = re.compile(r"(?<![\w.])values((?:\.\w+|\[\s*(?:'[^'\n]+'|\"[^\"\n]+\")\s*\])+)")
_STEP = re.compile(r"""\.(\w+)|\[\s*['"]([^'"\n]+)['"]\s*\]""")
_SUGGESTED = 3


@dataclass(frozen=True, slots=True)
class Declared:
    """The values that somebody knows, and which of them templates read by name: a map that has none of those may be handed
    on as a whole."""

    values: Tree
    named: Tree

    def reads_keys_of(self, keys: Keys) -> bool:
        """Whether templates read keys of the map at this path by name."""
        tree = self.named
        for key in keys:
            tree = _mapping(tree).get(key, {})
        return bool(_mapping(tree))


def declared(chart: Chart) -> Declared:
    """The values of the chart and, below their names or aliases, of its dependencies. Raises CompileError with codes
    `yaml-*` if a values.yaml cannot be read."""
    entries = metadata(chart.files, chart.path)["dependencies"]
    texts = [*_templates(chart), chart.files.get("values.yaml", b"").decode("utf-8", "replace")]
    values = chart.values
    named = united(of_templates(texts), *_switches(entries))
    whole = united(of_values(values) if values else {}, _of_schema(chart.files.get(SCHEMA, b"")), named)
    if isinstance(whole, Leaf):
        return Declared(whole, named)
    own = dict(whole)
    below: dict[str, list[Declared]] = {}
    for dependency in chart.dependencies:
        names = [entry.get("alias") or dependency.name for entry in entries if entry.get("name") == dependency.name]
        for name in names or [dependency.name]:
            below.setdefault(str(name), []).append(declared(dependency))
    for name, known in below.items():
        own[name] = united(*(each.values for each in known), own[name] if isinstance(own.get(name), Mapping) else {})
        own["global"] = united(*(_mapping(each.values).get("global", {}) for each in known), own.get("global", {}))
        shared = ({"global": _mapping(each.named).get("global", {})} for each in known)
        named = united(named, *({name: each.named} for each in known), *shared)
    return Declared(own, named)


def of_values(values: Any) -> Tree:
    """The tree of default values: an empty map is open, as are lists and scalars."""
    if not isinstance(values, Mapping) or not values:
        return Leaf.OPEN
    return {str(key): of_values(value) for key, value in values.items()}


def of_path(keys: Iterable[str]) -> Tree:
    """The tree of one value of which only the name is known."""
    tree: Tree = Leaf.NAMED
    for key in reversed(tuple(keys)):
        tree = {key: tree}
    return tree


def of_templates(texts: Iterable[str]) -> Tree:
    """What Go templates read of `.Values` by name."""
    paths: set[Keys] = set()
    for text in texts:
        paths.update(tuple(match[1][1:].split(".")) for match in _VALUES.finditer(text))
        for match in _LOOKUP.finditer(text):
            paths.add((*filter(None, match[1].split(".")), *re.findall(r'"([^"]+)"', match[2])))
    return united(*map(of_path, paths))


def of_jinja(texts: Iterable[str]) -> Tree:
    """What Jinja2 templates read of `values` by name."""
    names = {match[1] for text in texts for match in _JINJA.finditer(text)}
    return united(*(of_path(step[1] or step[2] for step in _STEP.finditer(name)) for name in names))


def united(*trees: Tree) -> Tree:
    """All that any of the trees knows. An open leaf stays open; a name alone adds nothing to what is known below it."""
    if any(tree is Leaf.OPEN for tree in trees):
        return Leaf.OPEN
    maps = [tree for tree in trees if isinstance(tree, Mapping)]
    if not maps:
        return Leaf.NAMED if trees else {}
    if len(maps) == 1:
        return maps[0]
    return {key: united(*(tree[key] for tree in maps if key in tree)) for key in {k: 0 for tree in maps for k in tree}}


def unknown(values: Any, tree: Tree) -> Iterator[Keys]:
    """The paths of `values` that the tree does not know, each as short as possible."""
    if not isinstance(values, Mapping) or isinstance(tree, Leaf):
        return
    for key, value in values.items():
        if key not in tree:
            yield (key,)
        else:
            yield from ((key, *rest) for rest in unknown(value, tree[key]))


def nearest(keys: Keys, tree: Tree) -> tuple[Keys, ...]:
    """The known paths that are most like an unknown one: a key beside it that is spelt alike, else the same key at
    another place, nearest to the top. At most three; none where more are as near."""
    beside = tree
    for key in keys[:-1]:
        beside = _mapping(beside).get(key, {})
    close = difflib.get_close_matches(keys[-1], sorted(_mapping(beside)), n=1, cutoff=0.6)
    if close:
        return ((*keys[:-1], close[0]),)
    same = [path for path in _paths(tree) if path[-1] == keys[-1]]
    nearest_same = sorted(path for path in same if len(path) == min(map(len, same)))
    return tuple(nearest_same) if len(nearest_same) <= _SUGGESTED else ()


def _paths(tree: Tree) -> Iterator[Keys]:
    for key, below in _mapping(tree).items():
        yield (key,)
        yield from ((key, *rest) for rest in _paths(below))


def _mapping(tree: Tree) -> Mapping[str, Tree]:
    return tree if isinstance(tree, Mapping) else {}


def _templates(chart: Chart) -> Iterator[str]:
    """The chart's templates without comments, and those of library charts, which read the values of who includes them."""
    for name, content in chart.files.items():
        if name.startswith("templates/"):
            yield chart_scan.template(content.decode("utf-8", "replace"))
    for dependency in chart.dependencies:
        if dependency.type == "library":
            yield from _templates(dependency)


def _switches(entries: Iterable[Mapping[str, Any]]) -> Iterator[Tree]:
    """What Helm itself reads of the values: conditions and tags of dependencies."""
    for entry in entries:
        for condition in str(entry.get("condition") or "").split(","):
            if condition.strip():
                yield of_path(condition.strip().split("."))
        tags = entry.get("tags")
        yield from (of_path(("tags", str(tag))) for tag in (tags if isinstance(tags, list) else ()))


def _of_schema(content: bytes) -> Tree:
    """The properties of a values schema, as far as it can be read; Helm itself validates with it."""
    try:
        root = jsontext.load(content or b"{}")
        return _Schema(root).tree({**root, "additionalProperties": False}) if isinstance(root, dict) else {}
    except (ValueError, RecursionError):
        return {}


@dataclass(slots=True)
class _Schema:
    root: Mapping[str, Any]
    known: dict[str, Tree] = field(default_factory=dict)  # by reference; one that refers to itself is only a name

    def tree(self, node: Any) -> Tree:
        if not isinstance(node, dict):
            return Leaf.NAMED
        trees: list[Tree] = []
        own = node.get("properties")
        if isinstance(own, dict) and own:
            trees.append({key: self.tree(below) for key, below in own.items()})
        others = node.get("additionalProperties")
        if node.get("patternProperties") or (isinstance(others, dict) and others) or (others is True and not trees):
            return Leaf.OPEN
        for word in ("allOf", "anyOf", "oneOf"):
            branches = node.get(word)
            trees += map(self.tree, branches if isinstance(branches, list) else ())
        trees += [self.tree(node[word]) for word in ("if", "then", "else") if word in node]
        if isinstance(node.get("$ref"), str):
            trees.append(self._referred(node["$ref"]))
        return united(*trees) if trees else Leaf.NAMED

    def _referred(self, reference: str) -> Tree:
        """The tree of what a reference inside the schema names; of any other only the name."""
        if reference not in self.known:
            self.known[reference] = Leaf.NAMED
            node: Any = self.root if reference.startswith("#") else None
            for step in reference.split("/")[1:]:
                key = step.replace("~1", "/").replace("~0", "~")
                node = node.get(key) if isinstance(node, dict) else None
            self.known[reference] = self.tree(node)
        return self.known[reference]
