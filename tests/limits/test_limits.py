"""What is at a limit is read; what is past it is told, with file and place, and is no crash."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler import jsontext, limits
from compiler.app.linediff import unified
from compiler.charts.archive import Limits
from compiler.charts.directory import contents
from compiler.cli.console import Console
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems
from compiler.files.mapping import MappingFiles
from compiler.files.record import Recorder
from compiler.host import tree
from compiler.host.disk import DirectoryFiles
from compiler.kubernetes.selectors import Selector
from compiler.model.clusters import Assignment, Template
from compiler.model.overlays import JsonOperation
from compiler.overlay.errors import PatchError
from compiler.overlay.jsonpatch import json_patch
from compiler.resolve import macros
from compiler.resolve.scope import Scope
from compiler.resolve.stack import check_templates
from compiler.yamldoc import load_one
from tests.support import oracles


def _evaluate(templates: Mapping[str, str], _: Mapping[str, Any]) -> Mapping[str, str]:
    return dict.fromkeys(templates, "x")


def _resolved(value: Any, **macro: str) -> Any:
    return macros.resolve(value, Scope(macro=macro), _evaluate, lambda *_: Position("v.yaml", 1))


@pytest.mark.parametrize(
    ("text", "reason", "column"),
    [
        ("[" * limits.DATA_DEPTH + "]" * limits.DATA_DEPTH, "", 0),
        ("[" * (limits.DATA_DEPTH + 1) + "]" * (limits.DATA_DEPTH + 1), "more than 200 levels", 201),
        ('{"a":' * 100_000, "more than 200 levels", 1001),
        ('{"a": "' + "[{" * 1000 + '"}', "", 0),
        (r'{"a": "\ud800"}', "half of a surrogate pair", 8),
        (r'{"a": "\udc00\ud800"}', "half of a surrogate pair", 8),
        (r'{"\ud83d\ude00": "\\ud800"}', "", 0),
        ("[1, " + "9" * 5000 + "]", "a number has more digits", 5),
        ("[NaN]", "NaN is not a number", 1),
        ("[-Infinity]", "-Infinity is not a number", 1),
        ("[1e999]", "the number 1e999 is too large", 1),
        (b"[\xff]", "not UTF-8", 2),
        (b"\xef\xbb\xbf[1]", "", 0),
    ],
)
def test_json_of_strangers(text: str | bytes, reason: str, column: int) -> None:
    if not reason:
        assert jsontext.load(text) is not None
        return
    with pytest.raises(json.JSONDecodeError, match=reason) as told:
        jsontext.load(text)
    assert told.value.colno == column


@pytest.mark.parametrize("length", [4300, 4301, 20_000])
def test_a_long_macro_is_masked_and_put_back(length: int) -> None:
    expression = "{{ .spectro.var.x | f `" + "y" * length + "` }}"
    assert load_one(f"a: '{expression}'\n", "v.yaml").value == {"a": expression}


def test_private_use_characters_may_all_be_in_a_file_without_macros() -> None:
    every = "".join(map(chr, (*range(0xE000, 0xF900), *range(0xF0000, 0xF1000))))
    macro = "{{ .spectro.var.x }}"
    assert load_one(f'a: "{macro}"\nb: "{every}"\n', "v.yaml").value == {"a": macro, "b": every}
    rest = "".join(map(chr, range(0x100000, 0x10FFFE)))
    with pytest.raises(CompileError, match=r"^v.yaml: yaml-encoding: .* private use areas"):
        load_one(f'a: "{macro}"\nb: "{every}{rest}"\n', "v.yaml")
    assert load_one(f'b: "{every}{rest}"\n', "v.yaml").value == {"b": every + rest}


def test_an_escape_is_not_taken_for_a_placeholder() -> None:
    assert load_one('a: "{{ .spectro.var.x }}\\uE0000\\uE000"\n', "v.yaml").value == {
        "a": "{{ .spectro.var.x }}\ue0000\ue000"
    }


def _diamond(levels: int, pipeline: str) -> dict[str, str]:
    return {
        f"d{n}": f"{{{{ .spectro.macro.d{n + 1}{pipeline} }}}}{{{{ .spectro.macro.d{n + 1}{pipeline}  }}}}"
        for n in range(levels)
    } | {f"d{levels}": "x"}


def test_a_diamond_of_pipelines_is_evaluated_once_a_level() -> None:
    asked: list[str] = []

    def evaluate(templates: Mapping[str, str], _: Mapping[str, Any]) -> Mapping[str, str]:
        asked.extend(templates.values())
        return dict.fromkeys(templates, "y")

    scope = Scope(macro=_diamond(40, " | trunc 1"))
    at = Position("v.yaml", 1)
    assert macros.resolve({"a": "{{ .spectro.macro.d0 }}"}, scope, evaluate, lambda *_: at) == {"a": "yy"}
    assert len(asked) <= 2 * 40


@pytest.mark.parametrize(("levels", "fine"), [(limits.DEPTH, True), (limits.DEPTH + 1, False), (2000, False)])
@pytest.mark.parametrize("pipeline", ["", " | trunc 1"])
def test_macros_in_macros_have_a_depth(levels: int, fine: bool, pipeline: str) -> None:
    chain = {f"d{n}": f"{{{{ .spectro.macro.d{n + 1}{pipeline} }}}}" for n in range(levels)} | {f"d{levels}": "x"}
    if fine:
        assert _resolved("{{ .spectro.macro.d0 }}", **chain) == "x"
        return
    with pytest.raises(CompileError, match=r"v.yaml:1.*macro-value: macros are in the values of macros, more than 64"):
        _resolved("{{ .spectro.macro.d0 }}", **chain)


def test_copies_of_a_macro_have_a_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MACRO_TOTAL", 1000)
    uses = dict.fromkeys("abcdefghij", "{{ .spectro.macro.m }}")
    assert len(_resolved(uses, m="x" * 100)) == 10
    with pytest.raises(CompileError) as told:
        _resolved(uses, m="x" * 101)
    assert told.value.diagnostics[0].code == Code.LIMIT_EXCEEDED


@pytest.mark.parametrize(("count", "said"), [(99, 99), (100, 100), (5000, 100)])
def test_macros_that_are_not_defined_are_reported_up_to_a_number(count: int, said: int) -> None:
    with pytest.raises(CompileError) as told:
        _resolved([f"{{{{ .spectro.macro.m{n} }}}}" for n in range(count)])
    assert len(told.value.diagnostics) == said


@pytest.mark.parametrize(
    ("levels", "codes"), [(limits.DEPTH, []), (limits.DEPTH + 1, ["limit-exceeded"]), (1500, ["limit-exceeded"])]
)
def test_templates_extend_each_other_to_a_depth(levels: int, codes: list[str]) -> None:
    at = Position("profiles/t.yaml", 1)
    templates = {
        f"t{n}": Template(f"t{n}", at, Selector(), Assignment(), extends=(f"t{n + 1}",) if n < levels else ())
        for n in range(levels + 1)
    }
    problems = Problems()
    check_templates(templates, problems)
    assert [each.code for each in problems.errors] == codes


def _copies(count: int) -> list[JsonOperation]:
    return [JsonOperation("copy", f"/data/k{n}", source="/data") for n in range(count)]


@pytest.mark.parametrize("count", [21, 64])
def test_copies_that_double_are_refused(count: int) -> None:
    document = {"data": {"a": "x"}}
    assert json_patch(document, _copies(5))
    with pytest.raises(PatchError, match=r"operation 2\d .* copy more than 2,000,000 values"):
        json_patch(document, _copies(count))


def test_a_patch_goes_as_deep_as_a_document_may() -> None:
    deep: Any = "x"
    for _ in range(limits.DATA_DEPTH - 1):
        deep = [deep]
    assert json_patch({}, [JsonOperation("add", "/a", value=deep)])
    with pytest.raises(PatchError, match="more than 200 levels"):
        json_patch({}, [JsonOperation("add", "/a", value=[deep])])


FILES = {"c/a": b"12345", "c/b/d": b"12345"}


@pytest.mark.parametrize(
    ("most", "fine"),
    [
        (Limits(total=10, member=5, members=2), True),
        (Limits(total=9, member=5, members=2), False),
        (Limits(total=10, member=4, members=2), False),
        (Limits(total=10, member=5, members=1), False),
    ],
)
def test_a_directory_has_the_limits_of_an_archive(most: Limits, fine: bool) -> None:
    if fine:
        assert contents(MappingFiles(FILES), "c", Position("p.yaml", 3), most) == {"a": b"12345", "b/d": b"12345"}
        return
    with pytest.raises(CompileError, match=r"^p.yaml:3: limit-exceeded: c has more than"):
        contents(MappingFiles(FILES), "c", Position("p.yaml", 3), most)


def test_a_file_has_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "FILE_BYTES", 1000)
    for size in (1000, 1001):
        with (tmp_path / "f").open("wb") as file:
            file.truncate(size)
        if size == 1000:
            assert len(DirectoryFiles(tmp_path).read("f")) == size
            continue
        with pytest.raises(OSError, match="larger than the 1,000 bytes"):
            DirectoryFiles(tmp_path).read("f")


def test_what_a_run_reads_has_a_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.files.record.READ_BYTES", 10)
    files = Recorder(MappingFiles({**FILES, "z": b"1"}))
    assert [files.read(path) for path in ("c/a", "c/b/d", "c/a")]
    with pytest.raises(CompileError, match=r"^z: limit-exceeded: more than 10 bytes"):
        files.read("z")


def test_of_one_file_a_hundred_problems_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Diagnostic(Code.INVALID_VALUE, "wrong", Position("a.yaml", n + 1)) for n in range(2500)]
    Console().problems([*problems, Diagnostic(Code.INVALID_VALUE, "wrong", Position("b.yaml", 1))])
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 103
    assert said[-2:] == ["and 2,400 more errors in a.yaml", "2501 errors"]


def test_a_diff_of_a_long_text_shows_what_changed() -> None:
    before = [f"line {n}\n" for n in range(60_000)]
    after = [*before[:100], "new\n", *before[100:50_000], *before[50_001:]]
    assert list(unified(before, after, "a", "b")) == [
        "--- a\n", "+++ b\n",
        "@@ -98,6 +98,7 @@\n", " line 97\n", " line 98\n", " line 99\n", "+new\n",
        " line 100\n", " line 101\n", " line 102\n",
        "@@ -49998,7 +49999,6 @@\n", " line 49997\n", " line 49998\n", " line 49999\n", "-line 50000\n",
        " line 50001\n", " line 50002\n", " line 50003\n",
    ]  # fmt: skip


_WATCHED = """
import sys
from compiler import cli
from compiler.host import watch
from compiler.cli import version
def hang(*_, **__):
    {}
version.version_command.callback = hang
watch.limit_memory(400)
watch.limit_time(0.5)
sys.exit(cli.run(["version"]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces RLIMIT_DATA")
@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("while True: pass", 1, "took more than"),
        ("import re; re.match('(a*)*b', 'a' * 40)", 1, "took more than"),
        ("x = [0] * (1 << 30)", 3, "more memory than"),
        ("x = b'' .join([bytes(1 << 20)] * 1000)", 3, "more memory than"),
        ("hang()", 1, "too deeply"),
    ],
)
def test_what_nobody_thought_of_ends_with_a_message(body: str, status: int, message: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", _WATCHED.format(body)],
        check=False,
        cwd=oracles.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (said.returncode, bool(re.search(rf"^error\[limit-exceeded\]: .*{message}", said.stderr))) == (status, True)


def test_the_page_has_the_limits() -> None:
    page = (oracles.ROOT / "docs" / "limits.md").read_text()
    for number in (limits.DEPTH, limits.DATA_DEPTH, limits.PROBLEMS, limits.PATCHED_VALUES, limits.DIFF_LINES):
        assert f"{number:,}" in page
    sizes = (limits.MACRO_TEXT, limits.MACRO_TOTAL, limits.FILE_BYTES, limits.READ_BYTES)
    assert all(f"{size >> 20:,} MiB" in page for size in sizes)
    assert f"{limits.OUTPUT_BYTES >> 30} GiB" in page
