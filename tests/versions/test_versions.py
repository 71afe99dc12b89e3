"""Ranges mean what they mean in Helm: a table written from the documented rules, and Helm itself asked about it all."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from compiler.versions import Constraint, Version, best, best_pack, hint, without_rebuild
from tests.support import cost


def _table() -> list[tuple[str, str, bool]]:
    rows = []
    for line in Path(__file__).with_name("ranges.txt").read_text().splitlines():
        if not line.startswith("#"):
            constraint, inside, outside = line.split(" | ")
            rows += [(constraint, v, True) for v in inside.split() if v != "-"]
            rows += [(constraint, v, False) for v in outside.split() if v != "-"]
    return rows


TABLE = _table()

BAD_RANGES = (
    "", " ", "||", "1.2 ||", "|| 1.2", ",", "1,", ",1", "1,,2", ">=1.0<2", "1.2.3.4", "a", "1.2.a", ">", ">=", "><1",
    "==1", "=>=1", "1-", "1.2.3-", "1.2.3-01", ">=1.0 - 2.0", "1 2 - 3", "1|2", "1.xx", "**", "vv1", "latest", "1.2.3+",
    "!1", "~!1", ">= bar", "BAR >= 1.2.3", "12.3.4.1234", "12.23.4.1234", "12.3.34.1234", "12.3.34~ 1.2.3", "foo",
    "1 && 2", "99999999999999999999", "1.2.3\x00", "１.2", "1.2.3 ;", "^v", "> =1", "1.2.3-rc..1",
)  # fmt: skip
BAD_VERSIONS = (
    "",
    "a",
    "1.",
    ".1",
    "1.2.3.4",
    "1.2.3-",
    "1.2.3-01",
    "1.2.3+",
    "vv1",
    "x",
    "1.x",
    "1.2.3 ",
    "99999999999999999999",
)


def _helm_says(helm: Path, templates: dict[str, str]) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as chart:
        (Path(chart) / "templates").mkdir()
        (Path(chart) / "Chart.yaml").write_text("apiVersion: v2\nname: oracle\nversion: 1.0.0\n")
        for name, text in templates.items():
            (Path(chart) / "templates" / name).write_text(text)
        return subprocess.run([str(helm), "template", chart], check=False, capture_output=True, text=True)


def _helm_answers(helm: Path, pairs: list[tuple[str, str]]) -> list[bool]:
    calls = (f"r: {{{{ semverCompare {json.dumps(c)} {json.dumps(v)} }}}}\n---" for c, v in pairs)
    done = _helm_says(helm, {"pairs.yaml": "\n".join(calls)})
    assert done.returncode == 0, done.stderr
    answers = [line == "r: true" for line in done.stdout.splitlines() if line.startswith("r: ")]
    assert len(answers) == len(pairs)
    return answers


@pytest.mark.parametrize(("constraint", "version", "inside"), TABLE)
def test_table(constraint: str, version: str, inside: bool) -> None:
    assert Constraint.parse(constraint).allows(Version.lenient(version)) is inside


@pytest.mark.oracle
def test_helm_agrees_with_the_table(helm: Path) -> None:
    assert len(TABLE) >= 350
    answers = _helm_answers(helm, [(c, v) for c, v, _ in TABLE])
    assert [row for row, answer in zip(TABLE, answers, strict=True) if row[2] is not answer] == []


NUMBER = st.sampled_from(["0", "0", "1", "1", "2", "3", "10", "01"])
OPEN = st.sampled_from(["x", "X", "*"])
PRERELEASE = st.sampled_from(
    ["", "", "", "", "-0", "-rc.1", "-rc1", "-alpha", "-10", "-2", "-a.b.c", "--", "-x", "-1-2"]
)


def _numbers(part: st.SearchStrategy[str], fewest: int = 1) -> st.SearchStrategy[str]:
    return st.lists(part, min_size=fewest, max_size=3).map(".".join)


LOOSE = st.builds(
    "{}{}{}{}".format, st.sampled_from(["", "", "v"]), _numbers(NUMBER), PRERELEASE, st.sampled_from(["", "+b.1"])
)
OPERATOR = st.sampled_from(["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"])
BOUND = st.builds("{}{}{}".format, st.sampled_from(["", "", "v"]), _numbers(NUMBER | NUMBER | OPEN), PRERELEASE)
TERM = st.builds("{}{}{}".format, OPERATOR, st.sampled_from(["", " "]), BOUND)
TERMS = st.lists(TERM, min_size=1, max_size=3).flatmap(
    lambda t: st.sampled_from([", ", ",", " "]).map(lambda s: s.join(t))
)
RANGE = st.lists(TERMS | st.builds("{} - {}".format, BOUND, BOUND), min_size=1, max_size=2).map(" || ".join)


@pytest.mark.oracle
@settings(max_examples=15, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(st.lists(st.tuples(RANGE, LOOSE), min_size=40, max_size=150))
def test_helm_agrees_on_generated_pairs(helm: Path, pairs: list[tuple[str, str]]) -> None:
    ours = [Constraint.parse(c).allows(Version.lenient(v)) for c, v in pairs]
    differing = [p for p, mine, helms in zip(pairs, ours, _helm_answers(helm, pairs), strict=True) if mine is not helms]
    assert differing == []


@pytest.mark.parametrize("text", BAD_RANGES)
def test_what_is_no_range_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version range") as caught:
        Constraint.parse(text)
    assert str(caught.value).startswith(f"'{text}'")


@pytest.mark.oracle
def test_helm_refuses_the_same_ranges_and_versions(helm: Path) -> None:
    """`fail` inside a template ends the rendering, so each gets its own call of Helm."""
    from concurrent.futures import ThreadPoolExecutor

    calls = [f"{{{{ semverCompare {json.dumps(c)} `1.2.3` }}}}" for c in BAD_RANGES if c.isprintable()]
    calls += [f"{{{{ semverCompare `*` {json.dumps(v)} }}}}" for v in BAD_VERSIONS]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda call: _helm_says(helm, {"one.yaml": call}), calls))
    accepted = [call for call, run in zip(calls, done, strict=True) if "error calling semverCompare" not in run.stderr]
    assert accepted == []


@pytest.mark.parametrize("text", BAD_VERSIONS)
def test_what_is_no_version_is_refused_by_name(text: str) -> None:
    for read in (Version.lenient, Version.parse):
        with pytest.raises(ValueError, match=r"is not a|too large|leading zero") as caught:
            read(text)
        assert str(caught.value).startswith(f"'{text}'")


@pytest.mark.parametrize(
    "text", ["v1.2.3", "1.2", "1", "01.2.3", "1.2.3-01", "1.2.3\n", "1.2.3 ", "2.2.2.develop", "b0.0.1"]
)
def test_strict_refuses_what_semver_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a SemVer version|leading zero"):
        Version.parse(text)


@pytest.mark.parametrize(
    "text", ["0.0.0", "1.2.3", "1.2.3-rc.1", "1.2.3-0a.b-c", "1.2.3+01.x", "1.2.3-rc.1+b", "1.2.3--"]
)
def test_strict_versions_read_back(text: str) -> None:
    assert str(Version.parse(text)) == text


def test_order_is_the_one_of_semver_2_section_11() -> None:
    rising = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1"
    keys = [Version.parse(text).precedence for text in [*rising.split(), "1.1.0", "2.0.0"]]
    assert sorted(set(keys)) == keys


def test_build_does_not_count_in_order_but_tells_versions_apart() -> None:
    one, other = Version.parse("1.0.0+a"), Version.parse("1.0.0+b")
    assert one.precedence == other.precedence
    assert one != other


@pytest.mark.parametrize(
    ("available", "constraint", "wanted"),
    [
        ("1.33.9 1.33.10 1.34.1 1.32.7", "1.33.x", "1.33.10"),
        ("1.33.9 1.33.10 1.34.1 2.0.0-rc.1", "1.x", "1.34.1"),
        ("1.33.9 2.0.0-rc.1", "*-0", "2.0.0-rc.1"),
        ("v1.2.3 v1.2.4", "1.2.3", "v1.2.3"),
        ("1.2.3", "v1.2.3", "1.2.3"),
        ("1.29 1.29.4", "1.29", "1.29"),
        ("1.28 1.29.4", "1.29", "1.29.4"),
        ("latest stable 1.0.0", ">=0", "1.0.0"),
        ("latest 1.0.0", "latest", "latest"),
        ("1.0.0+b 1.0.0+a", "1.0.0", "1.0.0+b"),
        ("1.0 v1.0.0 1.0.0", "~1.0.0", "v1.0.0"),
        ("1.0.0", ">2", None),
        ("", "*", None),
    ],
)  # fmt: skip
def test_best(available: str, constraint: str, wanted: str | None) -> None:
    assert best(available.split(), constraint) == wanted
    assert best(reversed(available.split()), constraint) == wanted


GROUPS = {"18.4.9": "LTS", "18.4.30": "FIPS", "18.5.0": "LTS"}


@pytest.mark.parametrize(
    ("available", "constraint", "wanted"),
    [
        # groups: of the pack, or in front of its version
        ("18.4.9 18.4.30 18.4.12", "LTS__18.4.x", "18.4.9"),
        ("18.4.9 18.5.0", "LTS__18.x", "18.5.0"),
        ("18.4.9 18.5.0", "LTS__x", "18.5.0"),
        ("18.4.9", "LTS__18.4.9", "18.4.9"),
        ("18.4.12", "LTS__18.4.12", None),
        ("18.4.9", "lts__18.4.x", None),
        ("18.4.9 18.4.30 18.4.12", "18.4.x", "18.4.30"),
        ("18.4.9 18.4.30", "18.4.9", "18.4.9"),
        ("18.4.1 LTS__18.4.3 LTS__18.4.12 LTS__18.5.0 FIPS__18.4.20", "LTS__18.4.x", "LTS__18.4.12"),
        ("18.4.9 LTS__18.4.12", "LTS__18.4.x", "LTS__18.4.12"),
        ("LTS__18.4.3 18.4.1", "18.4.x", "18.4.1"),
        ("LTS__18.4.3", "18.4.x", None),
        ("a__b__1.0.0 b__1.1.0", "a__b__1.x", "a__b__1.0.0"),
        # rebuilds are newer than what they rebuild
        ("1.26.2-rev2", "1.26.x", "1.26.2-rev2"),
        ("1.26.2-rev2 1.26.2 1.26.1-rev9", "1.26.x", "1.26.2-rev2"),
        ("1.26.2-rev2 1.26.2-rev10", "1.x", "1.26.2-rev10"),
        ("1.26.2-rev2 1.26.3", "1.26.x", "1.26.3"),
        ("1.26.2-rev2 1.26.2", "1.26.2", "1.26.2"),
        ("1.26.2-rev2", "1.26.2", None),
        ("1.26.2-rev2 1.26.2", ">=1.26.2", "1.26.2-rev2"),
        ("1.26.2-rev2 1.26.2", "<=1.26.2", "1.26.2-rev2"),
        ("1.26.2-rev2 1.26.1", "<1.26.2", "1.26.1"),
        ("1.26.2-rev1 1.26.2-rev3", "<=1.26.2-rev2", "1.26.2-rev1"),
        ("1.26.2-rev1 1.26.2", ">=1.26.2-rev2", None),
        ("1.26.2-rev3 1.26.2", "~1.26.2-rev2", "1.26.2-rev3"),
        ("LTS__18.4.3-rev2 LTS__18.4.3", "LTS__18.4.x", "LTS__18.4.3-rev2"),
        # pre-releases are asked for by naming one
        ("1.26.2-rc.1", "1.26.x", None),
        ("1.26.3-rc.1 1.26.2-rev2", "1.26.x", "1.26.2-rev2"),
        ("1.26.3-rc.1 1.26.2-rev2", ">=1.26.0-0", "1.26.3-rc.1"),
        ("1.26.2-rev 1.26.2-review2 1.26.2-rev2a", "1.26.x", None),
        ("1.26.2-rc.1-rev2 1.26.2-rc.1", "1.26.x", None),
    ],
)  # fmt: skip
def test_best_pack(available: str, constraint: str, wanted: str | None) -> None:
    for tags in (available.split(), reversed(available.split())):
        assert best_pack(tags, constraint, lambda version: GROUPS.get(version, "")) == wanted


def test_the_group_of_a_pack_is_looked_up_only_where_one_is_asked_for() -> None:
    def group_of(version: str) -> str:
        raise AssertionError(version)

    assert best_pack(["1.2.3", "1.2.4"], "1.2.x", group_of) == "1.2.4"


def test_a_rebuild_reads_back_and_is_no_rebuild_of_a_chart() -> None:
    assert str(Version.of_pack("v1.26.2-rev2+b")) == "1.26.2-rev2+b"
    assert best(["1.26.2-rev2", "1.26.1"], "1.26.x") == "1.26.1"  # to Helm it is a pre-release


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.33.4-rev2", "1.33.4"), ("1.33.4", "1.33.4"), ("1.33.4-rc.1", "1.33.4-rc.1"), ("rev2", "rev2"), ("", "")],
)
def test_what_a_rebuild_is_of(text: str, version: str) -> None:
    assert without_rebuild(text) == version


def test_best_refuses_a_bad_range() -> None:
    with pytest.raises(ValueError, match="'lates' is not a version range: expected a version at 'lates'"):
        best(["latest"], "lates")


@pytest.mark.parametrize(
    "text", [" " * 999 + "!", "1" + " " * 900 + "-", "1." * 400, ">=1," * 240 + "!", "1-" + "a." * 480, "9" * 10_000]
)
def test_hostile_text_is_refused_at_once(text: str) -> None:
    def refused() -> None:
        with pytest.raises(ValueError, match="version"):
            Constraint.parse(text)
        with pytest.raises(ValueError, match="version"):
            Version.lenient(text)

    assert cost.cpu_s(refused) < 5


def test_a_hint_names_the_versions_from_old_to_new() -> None:
    assert hint(["1.10.0", "1.9.0", "1.10.0-rc.1", "main"]) == "set version to one of main, 1.9.0, 1.10.0-rc.1, 1.10.0"
    assert hint(["1.0.0"]) == "the only version is 1.0.0"
