"""Presets: remove, then add; one of a group; the comment in values.yaml is a record and nothing more."""

from __future__ import annotations

import copy

import pytest

from compiler.diagnostics import Position, Problems
from compiler.model import Pack
from compiler.palette.presets import apply, check_record, enabled_presets, select
from tests.palette.support import pack, told

PRESETS = """
presets:
  - name: ha
    displayName: Highly available
    group: Size
    remove: [charts.web.single, charts.web.missing, "options.system.uri"]
    add: |
      charts:
        web:
          replicas: 3
          hosts: [b]
          note: null
  - {name: small, group: Size, remove: [], add: "charts: {web: {replicas: 1}}"}
  - {name: tls, group: Ingress, remove: , add: {charts: {web: {tls: true}}}}
  - {name: free, add: "free: 1"}
  - {name: loose, add: "loose: 1"}
"""
VALUES = """
charts:
  web: {single: true, replicas: 1, hosts: [a, c], tls: false}
options: {system.uri: x, keep: z}
"""
AT = Position("profiles/p.yaml", 7)


@pytest.fixture
def web() -> Pack:
    found = pack(VALUES, presets_yaml=PRESETS)
    assert found.defects == ()
    return found


def chosen(owner: Pack, *names: str) -> tuple[list[str], list[str]]:
    problems = Problems()
    return [preset.name for preset in select(owner, names, AT, problems)], told(problems)


def test_a_preset_removes_and_then_merges(web: Pack) -> None:
    problems = Problems()
    (ha,) = select(web, ["ha"], AT, problems)
    assert apply(web.values.data, [ha]) == {
        "charts": {"web": {"replicas": 3, "hosts": ["b"], "tls": False, "note": None}},
        "options": {"keep": "z"},
    }


def test_applying_changes_no_input(web: Pack) -> None:
    before = copy.deepcopy((web.values.data, web.presets))
    apply(web.values.data, web.presets)
    assert (web.values.data, web.presets) == before


def test_applying_twice_is_applying_once(web: Pack) -> None:
    once = apply(web.values.data, web.presets[:1])
    assert apply(once, web.presets[:1]) == once


def test_presets_apply_in_the_order_that_the_layer_names(web: Pack) -> None:
    assert chosen(web, "tls", "ha") == (["tls", "ha"], [])


def test_a_preset_may_be_named_with_its_group(web: Pack) -> None:
    assert chosen(web, "Size:ha", "Ingress:tls") == (["ha", "tls"], [])


def test_presets_without_group_exclude_nothing(web: Pack) -> None:
    assert chosen(web, "free", "loose", "ha") == (["free", "loose", "ha"], [])


def test_two_presets_of_a_group_are_refused(web: Pack) -> None:
    assert chosen(web, "ha", "small") == (
        ["ha"],
        ["error preset-conflict 7: presets 'ha' and 'small' are both of group 'Size'"],
    )


def test_the_same_preset_twice_is_one(web: Pack) -> None:
    assert chosen(web, "ha", "ha", "Size:ha") == (["ha"], [])


def test_an_unknown_preset_is_refused_with_the_nearest_name(web: Pack) -> None:
    problems = Problems()
    assert select(web, ["smal"], AT, problems) == ()
    (problem,) = problems.errors
    assert (problem.code, problem.hint) == ("preset-unknown", "did you mean 'small'?")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# spectrocloud.com/enabled-presets: A b:c,D:e\npack:\n", ("A b:c", "D:e")),
        ("\n# a comment\n#spectrocloud.com/enabled-presets: A:c\n", ("A:c",)),
        ("# spectrocloud.com/enabled-presets:\npack:\n", ()),
        ("pack:\n# spectrocloud.com/enabled-presets: A:c\n", ()),
        ("", ()),
    ],
)
def test_the_record_stands_in_the_comment_before_the_first_line(text: str, expected: tuple[str, ...]) -> None:
    assert enabled_presets(text) == expected


@pytest.mark.parametrize(
    ("record", "values", "expected"),
    [
        ("Size:small", "charts: {web: {replicas: 1}}", []),
        ("Size:small", "charts: {web: {replicas: 5}}", ["but its values differ from the preset"]),
        ("Size:smal", "charts: {}", ["but presets.yaml has no such preset"]),
        ("Other:small", "charts: {}", ["but presets.yaml has no such preset"]),
    ],
)
def test_a_record_that_contradicts_presets_is_warned_about(record: str, values: str, expected: list[str]) -> None:
    owner = pack(f"# spectrocloud.com/enabled-presets: {record}\n{values}\n", presets_yaml=PRESETS)
    problems = Problems()
    check_record(owner, problems)
    assert [d.message.partition("', ")[2] for d in problems.warnings] == expected
    assert problems.errors == ()


def test_a_record_in_a_pack_without_presets_is_one_warning() -> None:
    problems = Problems()
    check_record(pack("# spectrocloud.com/enabled-presets: A:b,C:d\n"), problems)
    assert [d.code for d in problems.diagnostics] == ["preset-record"]


def test_presets_that_cannot_be_read_are_left_out_with_a_warning() -> None:
    entries = ("{name: a, add: '{'}", "{name: b, add: text}", "{add: 'x: 1'}", "{name: c}", "{name: c}")
    owner = pack(presets_yaml="presets:\n" + "".join(f"- {entry}\n" for entry in entries))
    assert [preset.name for preset in owner.presets] == ["c"]
    assert [(d.severity, d.code) for d in owner.defects] == [
        ("warning", "yaml-syntax"),
        ("warning", "preset-add"),
        ("warning", "missing-key"),
        ("warning", "preset-duplicate"),
    ]
