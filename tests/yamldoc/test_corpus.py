"""Real files: schemas, packs and rendered charts mean the same to both of our readers, to kubectl, and after dump."""

from __future__ import annotations

import random
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from compiler.diagnostics import CompileError
from compiler.yamldoc import dump, dump_all, events, lines, load, load_one, load_rendered, reader
from tests.yamldoc.readers import kubectl_reads_all

_CHARTS = ("ingress-nginx-4.15.1", "argo-workflows-1.0.18", "cilium-1.19.6", "kube-prometheus-stack-88.5.3")


@pytest.fixture(scope="module")
def schemas(corpus: Path) -> dict[str, str]:
    found = {path.name: path.read_text() for path in sorted((corpus / "crds").glob("*.yaml"))}
    with tarfile.open(corpus / "charts" / f"{_CHARTS[-1]}.tgz") as archive:
        for member in archive.getmembers():
            if "/crds/crds/" in member.name:
                content = archive.extractfile(member)
                assert content is not None
                found[Path(member.name).name] = content.read().decode()
    assert len(found) >= 20
    return found


@pytest.fixture(scope="module")
def rendered(corpus: Path, helm: Path) -> list[str]:
    """The documents of some charts as Helm prints them."""
    texts = []
    for name in _CHARTS:
        command = [str(helm), "template", "release", str(corpus / "charts" / f"{name}.tgz")]
        texts.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    found = [document for text in texts for document in re.split(r"(?m)^---\n", text) if document.strip()]
    assert len(found) > 150
    return found


@pytest.mark.oracle
def test_every_schema_means_to_us_what_it_means_to_kubectl_before_and_after_dump(
    corpus: Path, kubectl: Path, tmp_path: Path
) -> None:
    texts = [path.read_text() for path in sorted((corpus / "crds").glob("*.yaml"))]
    assert len(texts) >= 12
    # Foreign kinds, or kubectl would add the fields of its own type.
    original = re.sub(r"(?m)^kind: CustomResourceDefinition$", "kind: Foo", "\n---\n".join(texts))
    values = [document.value for document in load(original, "x")]
    assert kubectl_reads_all(kubectl, tmp_path / "original.yaml", original) == values
    assert kubectl_reads_all(kubectl, tmp_path / "written.yaml", dump_all(values)) == values


def test_dump_is_idempotent_and_both_readers_agree(schemas: dict[str, str], rendered: list[str]) -> None:
    texts = [text for text in [*schemas.values(), *rendered] if len(text) < 300_000]
    assert len(texts) > 150
    for text in texts:
        document = load_one(text, "x", positions=False)
        assert load_rendered(text, "x") == document
        written = dump(document.value)
        assert load_rendered(written, "x").value == load_one(written, "x", positions=False).value == document.value
        assert dump(load_rendered(written, "x").value) == written


def test_what_templates_print_is_read_line_by_line(schemas: dict[str, str], rendered: list[str]) -> None:
    """The fast way is the usual one: without this test its loss would only be felt."""
    given_up = 0
    texts = [*schemas.values(), *rendered]
    for text in texts:
        try:
            lines.read(text, lambda piece: load_one(piece, "").value)
        except (lines.Unusual, CompileError):
            given_up += 1
    assert given_up <= len(texts) // 20


def test_every_pack_can_be_read(corpus: Path) -> None:
    """Values, presets and schemas of Palette's packs; duplicate keys and Go templates in manifests are told as such."""
    refused = {}
    names = [path for path in sorted((corpus / "packs").rglob("*.yaml")) if path.parent.name != "manifests"]
    assert len(names) > 60
    for path in names:
        try:
            load(path.read_bytes(), path.name, duplicates="warn")
        except CompileError as error:
            refused[str(path.relative_to(corpus))] = str(error)
    assert refused == {}


_PIECES = [
    *" :-#\n\"'[]{},|>&*!%@`?~", "\n  ", "\n- ", ": ", " #", "- ", "  ", "\n\n", "---", "...", "\\", "&a ", "*a ",
    "<<: ", "|+", ">-", "|2", "é", "|\n", ">\n", "''", '""', "{}", "[]", "a: b", "012", "y", "1e3", "{{ .spectro.x }}",
]  # fmt: skip
_LINES = [
    "",
    "  ",
    "# c",
    "    # c",
    "    ",
    "- x",
    "  - y: z",
    "k:",
    "-",
    "a: |",
    "a: >-",
    "- |",
    "---",
    "x",
    "    x y",
]


def mutation(texts: list[str], chance: random.Random) -> str:
    """Some lines of a text at the left margin, with up to three changes."""
    found = chance.choice(texts).split("\n")
    start = chance.randrange(len(found))
    found = found[start : start + chance.randint(2, 14)]
    margin = min((len(line) - len(line.lstrip()) for line in found if line.strip()), default=0)
    found = [line[margin:] for line in found]
    for _ in range(chance.randint(0, 3)):
        at = chance.randrange(len(found))
        column = chance.randrange(len(found[at]) + 1)
        changed = found[at][:column] + chance.choice(_PIECES) + found[at][column + chance.choice([0, 0, 1, 2]) :]
        found[at : at + 1] = chance.choice(
            [
                [changed],
                [changed],
                ["  " + found[at]],
                [found[at][2:]],
                [found[at]] * 2,
                [chance.choice(_LINES), found[at]],
            ]
        )
    return "\n".join(found) + "\n" * chance.randint(0, 2)


def answer(text: str, way: Any) -> Any:
    try:
        return repr(way(text, "x", first_line=3))  # repr tells 1 from True and sees the order of keys
    except CompileError as error:
        return str(error)


def test_both_readers_agree_on_mutated_documents(schemas: dict[str, str], rendered: list[str]) -> None:
    chance = random.Random(2026)
    texts = [*schemas.values(), *rendered]
    agreed = 0
    for _ in range(4000):
        text = mutation(texts, chance)
        slow = answer(text, lambda *args, **options: load_one(*args, **options, positions=False, duplicates="warn"))
        assert answer(text, load_rendered) == slow, text
        agreed += slow.startswith("Document(value={")
    assert agreed > 800


_ODD = r"""
a: |⏎  x
a: |+⏎  x
a: >⏎  x
- |⏎  x
a: |⏎  x⏎··
a: |⏎
a: |+⏎⏎
a: |⏎⏎  x⏎
a: |⏎     ⏎  x⏎
a: "b\n" : c⏎
- "b\n" : c⏎
k:⏎  "b\n" : c⏎
- {} : c⏎
a: {} b⏎
a: x⏎  # c⏎  y⏎
a: x # c⏎  y⏎
a:⏎- x⏎  y⏎
a:⏎-⏎  b: 1⏎
- - a⏎
a:⏎ b⏎ c⏎
a: b⏎  c: d⏎
a:⏎ - b⏎- c⏎
a: b⏎---⏎
---⏎---⏎a: b⏎
- ---⏎
a: ---⏎
a:⏎---⏎
---⏎# c⏎---⏎
? a⏎: b⏎
a:b⏎
a: :b⏎
a: -⏎
-a⏎
- -1⏎
#a⏎b: c⏎
a: 'b' 'c'⏎
a: 'b''c'⏎
a: '⏎
a: ''⏎
'': a⏎
~: a⏎
a: [x,⏎  y]⏎
a: [x,⏎y]⏎
  a: b⏎c: d⏎
a: \n⏎
"""  # a document in each line, ⏎ is a line break and · a blank


@pytest.mark.parametrize("text", _ODD.strip("\n").replace("\n", "\0").replace("⏎", "\n").replace("·", " ").split("\0"))
def test_both_readers_agree_on_odd_documents(text: str) -> None:
    slow = answer(text, lambda *args, **options: load_one(*args, **options, positions=False, duplicates="warn"))
    assert answer(text, load_rendered) == slow


def test_without_libyaml_the_pure_parser_reads_the_same(
    schemas: dict[str, str], rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [text for text in [*schemas.values(), *rendered] if len(text) < 3000][:60]
    assert len(texts) > 40
    expected = [load(text, "x") for text in texts]
    monkeypatch.setattr(reader, "events", lambda text: events.PureParser(text).get_event)
    assert [load(text, "x") for text in texts] == expected
    for hostile in ("a: [", "a: 'x\x07'", "\ta: 1", "a: 1\n...\nb: 2\n", "[" * 300):
        with pytest.raises(CompileError, match="yaml-"):
            load(hostile, "x")
