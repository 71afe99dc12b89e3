"""Laws of merging values, and the rule that it follows: what Helm does with several values files."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from compiler import yamldoc
from compiler.merge import merge, without_deleted
from compiler.model import Values
from compiler.resolve.values import lists_at, origin_of

KEYS = st.sampled_from(["a", "b", "c", "a.b", "name"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "y", "no", "1"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)
LEVELS = st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=4)

# Levels in which a key is of one kind wherever it stands, and nothing is deleted.
_PLAIN = st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x"])
CONSISTENT = st.recursive(
    st.fixed_dictionaries({}, optional={"scalar": _PLAIN, "list": st.lists(_PLAIN, max_size=2)}),
    lambda inner: st.fixed_dictionaries(
        {}, optional={"scalar": _PLAIN, "list": st.lists(_PLAIN, max_size=2), "map": inner, "other": inner}
    ),
    max_leaves=6,
)
STRATEGIES = st.dictionaries(
    st.sampled_from(["a", "b", "c", "a.b", "c.a", "a.name"]),
    st.sampled_from(["append", "prepend", "replace", "key:name", "key:a"]),
    max_size=3,
)


@given(LEVELS, STRATEGIES)
def test_inputs_are_never_changed(levels: list[dict[str, Any]], strategies: dict[str, str]) -> None:
    before = copy.deepcopy(levels)
    merged = merge(levels, [strategies] * len(levels))
    assert levels == before
    without_deleted(merged, levels[0] if levels else {})
    lists_at(merged, {"a", "b.c"})
    assert levels == before
    assert merge(levels, [strategies] * len(levels)) == merged


@given(LEVELS, st.integers(0, 4), STRATEGIES)
def test_an_empty_level_changes_nothing(levels: list[dict[str, Any]], place: int, strategies: dict[str, str]) -> None:
    more = [*levels[:place], {}, *levels[place:]]
    assert merge(more, [strategies] * len(more)) == merge(levels, [strategies] * len(levels))


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_one_level_is_itself_and_twice_the_same_is_once(level: dict[str, Any]) -> None:
    assert merge([level]) == level
    assert merge([level, level]) == level


@given(CONSISTENT, CONSISTENT, CONSISTENT)
def test_merging_is_associative_where_kinds_agree_and_nothing_is_deleted(
    low: dict[str, Any], middle: dict[str, Any], high: dict[str, Any]
) -> None:
    """Where a key is a map here and a scalar there, or null, it cannot be: what lies between decides."""
    assert merge([merge([low, middle]), high]) == merge([low, merge([middle, high])]) == merge([low, middle, high])


@given(CONSISTENT, CONSISTENT, st.sampled_from(["append", "prepend"]))
def test_lists_grow_by_what_a_level_adds(low: dict[str, Any], high: dict[str, Any], strategy: str) -> None:
    merged = merge([low, high], [{}, {"list": strategy}])
    below, above = low.get("list", []), high.get("list", [])
    assert merged.get("list", []) == (below + above if strategy == "append" else above + below)


@given(st.lists(VALUES, max_size=5), st.lists(VALUES, max_size=5))
def test_lists_merge_by_any_key_whatever_is_in_them(low: list[Any], high: list[Any]) -> None:
    """Items of the level below keep their order and number; each item above is in one of them, or behind."""
    merged = merge([{"l": low}, {"l": high}], [{}, {"l": "key:name"}])["l"]
    assert len(low) <= len(merged) <= len(low) + len(high)
    untouched = [item for item in low if not isinstance(item, dict) or "name" not in item]
    assert [item for item in merged[: len(low)] if not isinstance(item, dict) or "name" not in item] == untouched
    assert [item for item in high if not isinstance(item, dict)] == [
        item for item in merged[len(low) :] if not isinstance(item, dict)
    ]


def test_items_of_equal_key_merge_and_null_deletes_in_them() -> None:
    low = [{"name": "a", "value": 1, "keep": {"x": 1}}, {"name": 1}, {"name": True, "old": 1}]
    high = [{"name": "a", "value": None, "keep": {"y": 2}}, {"name": True, "new": 1}, {"name": ["no key"]}]
    assert merge([{"l": low}, {"l": high}], [{}, {"l": "key:name"}])["l"] == [
        {"name": "a", "keep": {"x": 1, "y": 2}},
        {"name": 1},
        {"name": True, "old": 1, "new": 1},
        {"name": ["no key"]},
    ]


def test_each_level_merges_by_its_own_strategies() -> None:
    levels = [{"l": [1]}, {"l": [2]}, {"l": [3]}]
    assert merge(levels, [{}, {}, {"l": "append"}]) == {"l": [2, 3]}
    assert merge(levels, [{}, {"l": "append"}, {"l": "replace"}]) == {"l": [3]}
    assert merge(levels, [{}, {"l": "append"}, {"l": "prepend"}]) == {"l": [3, 1, 2]}


@given(LEVELS)
def test_what_is_deleted_is_gone_from_all_maps(levels: list[dict[str, Any]]) -> None:
    """But for a null that is the default itself."""
    left = without_deleted(merge(levels), {})
    assert not _nulls(left)
    assert without_deleted(left, {}) == left
    defaults = {"a": None, "b": {"c": None}}
    assert without_deleted(defaults, defaults) == defaults


def _nulls(value: Any) -> bool:
    return isinstance(value, dict) and any(item is None or _nulls(item) for item in value.values())


@given(LEVELS)
def test_each_value_has_the_level_that_gave_it(levels: list[dict[str, Any]]) -> None:
    """The highest that says something about it, and its own place in that level's file."""
    known = [
        Values(level, f"level {number}", yamldoc.load_one(json.dumps(level, indent=1), f"{number}.yaml"))
        for number, level in enumerate(levels)
    ]
    merged = merge(levels)
    for path, value in _leaves(merged):
        found = origin_of(known, path)
        assert found is not None, path
        level, at = found
        assert _at(level.data, path) == value
        assert at.path == level.document.path
        assert not any(_has(higher.data, path) for higher in known[known.index(level) + 1 :])


def _leaves(value: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
    return [(path, value)] if path else []


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _has(value: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def test_helm_merges_values_files_as_we_do(helm: Path, tmp_path: Path) -> None:
    """`helm template -f low -f high` shows the same values as `helm template -f merged`, nulls and all."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: values, version: 1.0.0}")
    (tmp_path / "values.yaml").write_text("{a: {b: default, c: {a: default}}, b: [default], name: default}")
    (tmp_path / "templates/values.yaml").write_text("values: {{ .Values | toJson | quote }}\n")

    def shown(levels: list[dict[str, Any]]) -> Any:
        files = []
        for number, level in enumerate(levels):
            files += ["--values", str(tmp_path / f"{number}.json")]
            (tmp_path / f"{number}.json").write_text(json.dumps(level))
        done = subprocess.run([helm, "template", tmp_path, *files], capture_output=True, text=True, check=True)
        return json.loads(yamldoc.load_one(done.stdout, "rendered").value["values"])

    @settings(max_examples=25, deadline=None)
    @given(LEVELS.filter(len))
    def law(levels: list[dict[str, Any]]) -> None:
        assert shown(levels) == shown([merge(levels)])

    law()
