"""schema.yaml: the format language, and each rule with its negative."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler import yamldoc
from compiler.palette import formats, schema
from compiler.palette.paths import MISSING, expand, without
from compiler.palette.values import PackValues
from tests.palette.support import pack, pack_values, told
from tests.support import cost


@pytest.mark.parametrize(
    ("text", "accepted", "refused"),
    [
        ("${string}", ["", "a b", "1"], []),
        ("${input}", ["x"], []),
        ("${password}", ["x"], []),
        ("${string:/^([a-z0-9].*)$/}", ["abc", "0"], ["Abc"]),
        (r"${string:/size=\d+/}", ["x size=1 y"], ["size=s"]),
        ("${string:/^[a-z]{2,3}$/}", ["abc"], ["a", "abcd"]),
        ("${password:/^.{8,}$/}", ["12345678"], ["1234567"]),
        ("${number}", ["1", "-1.5", "1e3"], ["", "one", "0x1f"]),
        ("${number:[5000-5005]}", ["5000", "5005", "5000.5"], ["4999", "5006", "x"]),
        ("${number:[-5-5]}", ["-5", "0", "5"], ["-6"]),
        ("${number:/^(500[0-5])$/}", ["5003"], ["5006"]),
        ("${boolean}", ["true", "false"], ["True", "yes", "1"]),
        ("${list:[PACK,GIT, CHART]}", ["PACK", "CHART"], ["pack", "PACK,GIT", ""]),
        ("${ipv4}", ["10.0.0.1"], ["10.0.0", "10.0.0.256", "::1"]),
        ("${version}", ["1.2.3", "v1.2.3-rc.1"], ["1.2", "latest"]),
        ("${ipv4} - ${ipv4}", ["10.10.10.10 - 10.10.10.255"], ["10.10.10.10", "10.10.10.10-10.10.10.255"]),
        (r"${string}, ${string:/size=\d+/}", ["thick, size=150"], ["thick, size=s", "size=150"]),
        ("${string}/${string}:${version}", ["r.io/a/b:1.0.0"], ["r.io/a:x", "a:1.0.0"]),
        ("${number}${string}", ["1a", "12"], ["a1"]),
        ("${string}-x", ["a-x", "a-x-x"], ["a-x-y", "-x-"]),
        ("x", ["x"], ["y", ""]),
    ],
)
def test_a_format_accepts_whole_values_only(text: str, accepted: list[str], refused: list[str]) -> None:
    parsed = formats.parse(text)
    assert [value for value in accepted if not parsed.accepts(value)] == []
    assert [value for value in refused if parsed.accepts(value)] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${nubmer}", "unknown format type 'nubmer' (did you mean 'number'?)"),
        ("${string", "'}' is missing after ${string"),
        ("${number:[x]}", "[x] is not a range of numbers such as [1-10]"),
        ("${list}", "${list} needs its options: ${list:[A,B]}"),
        ("${string:abc}", "${string:…} needs /REGEX/ or [VALUES] after the colon"),
        ("${string:/(/}", "the regex '(' is not a regular expression"),
        ("${string:/(?=x)/}", "the regex '(?=x)' is not a regular expression"),
    ],
)
def test_a_broken_format_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        formats.parse(text)


@pytest.mark.parametrize(
    "text", ["${string}a${string}a${string}a${string}b", "${string:/(a+)+$/}", "${string}${string}${string}b"]
)
def test_no_format_takes_forever(text: str) -> None:
    assert not formats.parse(text).accepts("a" * 500 + "!")
    assert cost.cpu_s(lambda: formats.parse(text).accepts("a" * 500 + "!")) < 30


@given(st.lists(st.sampled_from(["${string}", "-", "${number}", " ", "${ipv4}"]), min_size=1, max_size=6), st.data())
def test_a_value_made_from_the_format_is_accepted(parts: list[str], data: st.DataObject) -> None:
    made = {"${string}": st.text("ab", max_size=3), "${number}": st.just("1"), "${ipv4}": st.just("1.2.3.4")}
    value = "".join(data.draw(made[part]) if part in made else part for part in parts)
    assert formats.parse("".join(parts)).accepts(value)


def test_a_rule_has_four_words_in_any_combination() -> None:
    rule = schema.parse_rule('{{ required | format "${string:/\\"x\\"/}" | hints "a | b" \'c\' }}')
    assert (rule.required, rule.readonly, rule.hints) == (True, False, ("a | b", "c"))
    assert rule.format is not None
    assert rule.format.accepts('"x"')
    assert schema.parse_rule("{{readonly}}").readonly
    assert schema.parse_rule("{{ }}") == schema.Rule()
    assert schema.parse_rule("{{ format `${password}` }}").secret


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("required", "expected '{{ … }}'"),
        ("{{ requird }}", "unknown word 'requird' (did you mean 'required'?)"),
        ("{{ required readonly }}", "expected '|' before 'readonly'"),
        ("{{ format }}", 'format needs one text: format "${string}"'),
        ('{{ "x" }}', "expected a word before the text"),
        ("{{ required & }}", "cannot read '&'"),
    ],
)
def test_a_broken_rule_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        schema.parse_rule(text)


def checked(rules: str, values: str, *, own: str = "", path: str = "profiles/p.yaml") -> PackValues:
    found = pack_values(values, of=pack(own, schema_yaml=rules), path=path)
    schema.check(found)
    return found


@pytest.mark.parametrize("values", ["", "a:", "a: {b: }", 'a: {b: ""}', "a: {b: {}}", "a: {b: []}"])
def test_a_required_value_that_is_missing_or_empty_is_refused(values: str) -> None:
    found = checked("a.b: {schema: '{{ required | hints \"the b\" }}'}", values)
    assert [d.code for d in found.problems.diagnostics] == ["schema-required"]
    assert found.problems.diagnostics[0].hint == "the b; set it in the layer: values: {a: {b: …}}"


@pytest.mark.parametrize("values", ["a: {b: x}", "a: {b: 0}", "a: {b: false}", "a.b: x"])
def test_a_required_value_that_is_there_is_accepted(values: str) -> None:
    assert told(checked("a.b: {schema: '{{ required }}'}", values).problems) == []


def test_an_optional_value_is_checked_only_where_it_is_given() -> None:
    rules = "a.b: {schema: '{{ format \"${number:[1-5]}\" }}'}"
    assert told(checked(rules, "a: {b: ''}").problems) == []
    assert told(checked(rules, "a:\n  b: 9\n").problems) == [
        "error schema-format 2: a.b: expected format \"${number:[1-5]}\", found '9'"
    ]


@pytest.mark.parametrize(("value", "found"), [("{x: 1}", "a mapping"), ("[1]", "a list")])
def test_a_format_is_one_of_single_values(value: str, found: str) -> None:
    (problem,) = checked("a: {schema: '{{ format \"${string}\" }}'}", f"a: {value}").problems.diagnostics
    assert problem.message.endswith(f"found {found}")


def test_booleans_and_numbers_are_compared_as_yaml_writes_them() -> None:
    rules = "a: {schema: '{{ format \"${boolean}\" }}'}\nb: {schema: '{{ format \"${list:[1,2]}\" }}'}"
    assert told(checked(rules, "{a: true, b: 2}").problems) == []


def test_a_password_is_never_shown() -> None:
    rules = "a: {schema: '{{ format \"${password:/^long/}\" }}'}"
    found = checked(rules, "a: hunter2")
    assert [d.code for d in found.problems.diagnostics] == ["schema-format"]
    assert "hunter2" not in str(found.problems.diagnostics)
    assert schema.secrets(schema.rules(found), found.data) == {"hunter2"}


def test_values_of_sensitive_variables_are_masked() -> None:
    found = pack_values("a: x-hunter2-y", of=pack(schema_yaml="a: {schema: '{{ format \"${number}\" }}'}"))
    found = PackValues(found.pack, found.data, found.locate, found.problems, frozenset({"hunter2"}))
    schema.check(found)
    assert "found 'x-***-y'" in found.problems.diagnostics[0].message


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("ips: [1.1.1.1 - 1.1.1.2]", []),
        ("ips: [1.1.1.1 - 1.1.1.2, x]", ["schema-format ips[1]"]),
        ("ips: [1.1.1.1 - 1.1.1.2, '']", ["schema-required ips[1]"]),
        ("ips: []", ["schema-required ips.$[]"]),
        ("other: 1", ["schema-required ips.$[]"]),
    ],
)
def test_array_paths_name_every_item(values: str, expected: list[str]) -> None:
    rules = "ips.$[]: {schema: '{{ required | format \"${ipv4} - ${ipv4}\" }}'}"
    assert [
        f"{d.code} {d.message.split(':')[0].split(' is ')[0]}" for d in checked(rules, values).problems.diagnostics
    ] == expected


def test_array_paths_reach_into_items() -> None:
    rules = "hosts.$[].name: {schema: '{{ required }}'}"
    assert told(checked(rules, "hosts: []").problems) == []
    assert told(checked(rules, "hosts: [{name: a}, {port: 1}]").problems) == [
        "error schema-required 1: hosts[1].name is required by pack 'web' and has no value"
    ]


def test_a_read_only_value_is_the_packs() -> None:
    rules, own = "a: {schema: '{{ readonly }}'}", "a: 1"
    assert told(checked(rules, "a: 1", own=own).problems) == []
    assert [d.code for d in checked(rules, "a: 2", own=own).problems.diagnostics] == ["schema-readonly"]
    assert [d.code for d in checked(rules, "a: 2", own="").problems.diagnostics] == ["schema-readonly"]


def test_a_read_only_value_with_a_macro_of_its_own_is_not_edited() -> None:
    own = "a: '{{ .spectro.system.cluster.name }}'"
    rules = "a: {schema: '{{ readonly }}'}"
    assert told(checked(rules, "a: prod-1", own=own, path="packs/web/values.yaml").problems) == []
    assert told(checked(rules, "a: prod-1", own=own).problems) == []


def test_a_value_that_still_holds_a_macro_is_not_judged() -> None:
    rules = "a: {schema: '{{ required | format \"${number}\" }}'}"
    assert told(checked(rules, "a: '{{ .spectro.var.n }}'").problems) == []


def test_a_rule_that_cannot_be_read_is_warned_about_and_the_others_hold() -> None:
    found = checked("a: {schema: '{{ requird }}'}\nb: {schema: '{{ required }}'}", "")
    assert [(d.severity, d.code) for d in found.problems.diagnostics] == [
        ("warning", "schema-rule"),
        ("error", "schema-required"),
    ]


def test_every_item_of_a_list_can_be_removed() -> None:
    assert without({"a": [1, 2, 3], "b": [{"c": 1, "d": 2}, {"c": 3}]}, "a.$[]") == {
        "a": [],
        "b": [{"c": 1, "d": 2}, {"c": 3}],
    }
    assert without({"b": [{"c": 1, "d": 2}, {"c": 3}]}, "b.$[].c") == {"b": [{"d": 2}, {}]}


TREES = st.recursive(
    st.integers() | st.none() | st.text("ab.", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "$[]"]), min_size=1, max_size=4).map(".".join)


@given(st.dictionaries(st.text("ab.", min_size=1, max_size=3), TREES, max_size=4), PATHS)
def test_removing_a_path_removes_what_it_names_and_nothing_else(data: dict[str, object], path: str) -> None:
    before = yamldoc.dump(data)
    there = [keys for keys, value in expand(data, path) if value is not MISSING]
    left = without(data, path)
    assert yamldoc.dump(data) == before
    assert (left == data) == (not there)
    assert sum(map(len, map(str, (left,)))) <= len(str(data))
