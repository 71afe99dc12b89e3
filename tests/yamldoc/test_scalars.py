"""What a plain scalar means: measured answers of Helm and kubectl, and the real kubectl on random ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compiler.diagnostics import CompileError
from compiler.yamldoc import load_one, load_rendered, scalar
from tests.yamldoc.readers import FOO, kubectl_reads, same

_EXACT_HERE = {"9007199254740993": 2**53 + 1, "18446744073709551615": 2**64 - 1}  # Helm's values round these


@pytest.fixture(scope="module")
def table(corpus: Path) -> dict[str, str]:
    """Scalar to the JSON text that Helm makes of it, or `ERR …`."""
    found: dict[str, str] = json.loads((corpus / "yaml" / "scalars.json").read_text())
    assert len(found) == 77
    return found


def _from_json(text: str) -> Any:
    return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < 16 else float(digits))


@pytest.mark.parametrize("load", [load_one, load_rendered])
@pytest.mark.parametrize(("form", "key"), [("v: {}\n", "v"), ("- {}\n", 0), ("v:\n  {}\n", "v")])
def test_77_scalars_read_as_helm_reads_them(table: dict[str, str], load: Any, form: str, key: Any) -> None:
    read: dict[str, Any] = {}
    for text in table:
        try:
            read[text] = load(form.format(text), "x").value[key]
        except CompileError:
            read[text] = "ERR"
    expected = {text: "ERR" if said.startswith("ERR") else _from_json(said) for text, said in table.items()}
    expected |= _EXACT_HERE
    assert {text: (value, expected[text]) for text, value in read.items() if not same(value, expected[text])} == {}


def test_large_integers_stay_exact_though_helm_values_round_them(table: dict[str, str]) -> None:
    assert {text: scalar(text) for text in _EXACT_HERE} == _EXACT_HERE
    helm = {text: float(table[text]) for text in _EXACT_HERE}
    assert helm == {text: float(value) for text, value in _EXACT_HERE.items()}
    assert {text: int(table[text]) for text in _EXACT_HERE} != _EXACT_HERE


@pytest.mark.oracle
def test_kubectl_keeps_int64_exact_too(kubectl: Path, tmp_path: Path) -> None:
    text = FOO + "a: 9007199254740993\nb: 9223372036854775807\nc: -9223372036854775808\n"
    assert kubectl_reads(kubectl, tmp_path / "x.yaml", text) == load_one(text, "x").value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9223372036854775808", 2**63),
        ("+18446744073709551615", 1.8446744073709552e19),  # Go's ParseUint takes no sign
        ("18446744073709551616", 1.8446744073709552e19),
        ("0b-101", -5),
        ("-0b101", -5),
        (".22_6", 0.226),
        ("._5", "._5"),
        ("1e400", "1e400"),
        ("-0.0", 0),
        ("0x_1F", 31),
        ("", None),
        ("9" * 5000, "9" * 5000),
        ("0" * 5000 + "7", 7),
        ("0x" + "f" * 5000, "0x" + "f" * 5000),
        ("1" + "0" * 200, 1e200),
    ],
)
def test_rare_numbers(text: str, value: Any) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


@pytest.mark.parametrize("text", [".inf", "-.Inf", "+.INF", ".nan", ".NaN"])
def test_what_json_cannot_say_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(CompileError) as refused:
        load_one(f"a:\n- b: {text}\n", "x.yaml")
    [problem] = refused.value.diagnostics
    assert (problem.code, str(problem.at)) == ("yaml-number", "x.yaml:2:6")
    with pytest.raises(CompileError, match="yaml-number"):
        scalar(text)


@pytest.mark.parametrize(
    ("written", "key"),
    [("y", "true"), ("No", "false"), ("012", "10"), ("08", "8"), ("1.0", "1"), ("1e6", "1e+06"), ("1234.5", "1234.5"),
     ("0.1234567891", "0.12345679"), ("0.00001", "1e-05"), (".inf", ".inf"), ("-.inf", "-.inf"), (".nan", ".nan"),
     ("1e300", ".inf"), ("2001-01-01", "2001-01-01"), ("9223372036854775807", "9223372036854775807"), ("'y'", "y")],
)  # fmt: skip
def test_keys_become_the_strings_that_go_makes_of_them(written: str, key: str) -> None:
    assert load_one(f"{written}: v\n", "x").value == {key: "v"}
    assert load_rendered(f"{written}: v\n", "x").value == {key: "v"}


@pytest.mark.parametrize("key", ["~", "null", "? \n", "9223372036854775808", "{a: b}", "[a]", "? - a\n"])
def test_keys_that_kubernetes_refuses(key: str) -> None:
    with pytest.raises(CompileError, match="yaml-key"):
        load_one(f"{key}: v\n", "x")


@pytest.mark.parametrize(
    ("written", "value"),
    [("!!str 12", "12"), ("!!int '12'", 12), ("!!float 3", 3), ("!!bool yes", True), ("!!null ~", None),
     ("! 12", "12"), ('! "12"', "12"), ("!!timestamp 2001-01-01", "2001-01-01"), ("!!binary aGVsbG8=", "hello"),
     ("!!binary |\n  aGVs\n  bG8=", "hello"), ("!!map {a: 1}", {"a": 1}), ("!!seq [1]", [1]),
     ("!<tag:yaml.org,2002:str> 1", "1")],
)  # fmt: skip
def test_standard_tags(written: str, value: Any) -> None:
    assert load_one(f"a: {written}\n", "x").value == {"a": value}
    assert load_rendered(f"a: {written}\n", "x").value == {"a": value}


@pytest.mark.parametrize(
    "written",
    ["!foo a", "!Ref b", "!!python/object/apply:os.system [ls]", "!!set {a}", "!!omap [a: 1]", "!!int x", "!!float y",
     "!!float 9223372036854775808", "!!bool 1", "!!null x", "!!timestamp x", "!!binary '!'", "!!binary gIGC",
     "!!str {a: 1}", "!!map [a]", "!!seq {a: 1}", "!foo {a: 1}", "!foo [1]"],
)  # fmt: skip
def test_other_tags_are_refused_with_their_place(written: str) -> None:
    with pytest.raises(CompileError) as refused:
        load_one(f"a:\n  b: {written}\n", "x.yaml")
    assert [(problem.code, str(problem.at)) for problem in refused.value.diagnostics] == [("yaml-tag", "x.yaml:2:6")]


_PIECES = (
    "0 1 7 8 9 12 08 0x 0X 0o 0b 0B e E e+ e- . _ - + : y n Y N yes No on OFF null ~ inf nan = < , a F / 2001-1-1 T"
)


@pytest.mark.oracle
@settings(
    max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(
    texts=st.lists(
        st.lists(st.sampled_from(_PIECES.split()), min_size=1, max_size=5).map("".join),
        min_size=200,
        max_size=300,
        unique=True,
    )
)
def test_random_plain_scalars_mean_what_kubectl_reads(kubectl: Path, tmp_path: Path, texts: list[str]) -> None:
    lines = FOO
    for number, text in enumerate(texts):
        for line in (f"v{number}: {text}\n", f"k{number}: {{{text} : 1}}\n", f"l{number}: [{text} ]\n"):
            try:
                load_one(FOO + line, "x")
            except CompileError:
                continue  # one line that kubectl refuses would hide all others
            lines += line
    assert lines.count("\n") > 200
    ours = load_one(lines, "x").value
    assert same(kubectl_reads(kubectl, tmp_path / "x.yaml", lines), ours)
    assert load_rendered(lines, "x").value == ours
