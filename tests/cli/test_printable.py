"""Text for people is only text: no escapes for terminals, no lines that a runner obeys; data for machines stays data."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from compiler.cli.printable import json_text, one_line, printable
from tests.cli.conftest import Lamella
from tests.support import textar

ESCAPES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029\ufeff]")
COMMANDS = re.compile(r"^\s*::(?!error |warning )|##\[", re.MULTILINE)  # annotations are ours
EVIL = "x\n::stop-commands::abc\n  ::add-mask::e\n##[add-mask]e \x1b[2J\x07\u202e\x9b1m\r\u2028::debug::"

PROFILE = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: p, version: 1.0.0}
spec:
  type: add-on
  layers:
    - {name: l, namespace: ns, pack: {name: k, version: 1.0.0}, values: {x: EVIL}}
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: c}
spec: {kubernetesVersion: 1.33.4, profiles: [{name: p, version: 1.0.0}]}
"""
PACK = """\
-- packs/k/pack.yaml --
{name: k, version: 1.0.0, layer: addon, displayName: EVIL, annotations: {docs: EVIL}}
-- packs/k/values.yaml --
x: ""
-- packs/k/templates/a.yaml.j2 --
TEMPLATE
"""
MAP = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"


def repository(tmp_path: Path, *, schema: str = "", template: str = MAP, **changes: str) -> None:
    text = f"-- profiles/p.yaml --\n{PROFILE}{PACK.replace('TEMPLATE', template)}"
    for before, after in changes.items():
        text = text.replace(before, after)
    text += f"-- packs/k/schema.yaml --\n{schema}\n" if schema else ""
    textar.write(textar.parse(text.replace("EVIL", json.dumps(EVIL)))[1], tmp_path)


CASES = {
    "hint": {"schema": "x: {schema: '{{ required | format \"^a$\" | hints `EVIL` }}'}".replace(
        "`EVIL`", "`set it\n\n    ::stop-commands::abc\n\n    ::add-mask::e`")},
    "value in a message": {"schema": "x: {schema: '{{ required | format \"number\" }}'}"},
    "label": {"metadata: {name: c}": "metadata: {name: c, labels: {a: EVIL}}"},
    "key that is unknown": {"values:": "EVIL:"},
    "name of a pack": {"pack: {name: k,": "pack: {name: EVIL,"},
    "version": {"version: 1.0.0}, values": "version: EVIL}, values"},
    "template that is not YAML": {"template": "a: {{ values.x }}: [b"},
    "image": {"template": (
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: EVIL}]}}")},
    "right": {},
}  # fmt: skip


@pytest.mark.parametrize("label", CASES)
def test_nothing_that_is_printed_is_a_command(
    label: str, lamella: Lamella, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    repository(tmp_path, **CASES[label])
    everything = (
        ["check"], ["check", "-o", "json"], ["diff"], ["list"], ["list", "packs"], ["show"], ["diff", "-o", "json"],
        ["diff", "-o", "markdown"], ["pack", "show", "packs/k"], ["pack", "show", "packs/k", "-o", "json"],
        ["pack", "images", "packs/k"], ["pack", "lint", "packs/k"], ["render", "-o", "yaml"], ["render", "-o", "json"],
        ["render", "-o", "name"], ["render", "--check"], [EVIL], ["list", EVIL], ["render", EVIL], ["show", "--layer", EVIL],
        ["--repo", EVIL, "check"], ["check", f"--{EVIL}"],
    )  # fmt: skip
    for arguments in everything if label in ("right", "image") else everything[:3]:
        said = lamella(*arguments)
        for stream in (said.out, said.err):
            assert not ESCAPES.findall(stream), arguments
            assert not COMMANDS.findall(stream), (arguments, stream)


def test_manifests_for_a_runner_stay_the_same_data(
    lamella: Lamella, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    ::set-env::x\n    ##[add-mask]y\n"
    repository(tmp_path, template=text)
    for_people = lamella("render", "-o", "yaml")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for_runner = lamella("render", "-o", "yaml")
    assert COMMANDS.search(for_people.out)
    assert not COMMANDS.search(for_runner.out)
    *_, manifest = for_runner.out.split("---\n")
    assert json.loads(manifest)["data"] == {"x": "::set-env::x\n##[add-mask]y\n"}


def test_a_place_is_no_command(lamella: Lamella, tmp_path: Path) -> None:
    textar.write(textar.parse("-- ::add-mask::x/pack.yaml --\nname: [\n")[1], tmp_path)
    said = lamella("pack", "lint", "::add-mask::x")
    assert said.err.startswith("\\u003a:add-mask::x/pack.yaml:")
    (tmp_path / "a\n::add-mask::x\x1b[2J").mkdir()
    said = lamella("pack", "lint", "a\n::add-mask::x\x1b[2J")
    assert said.err.startswith("error[pack-missing]: no pack in a\n       | \\u003a:add-mask::x\\u001b[2J\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain :: text\n", "plain :: text\n"),
        ("::1", "\\u003a:1"),
        ("a\n \t::b", "a\n \t\\u003a:b"),
        ("a ##[b] # #[", "a \\u0023#[b] # #["),
        ("é 漢 🙂 ´\t", "é 漢 🙂 ´\t"),
        ("\x1b]0;t\x07\r", "\\u001b]0;t\\u0007\\u000d"),
        ("a\u202eb\u2066\u200d", "a\\u202eb\\u2066\\u200d"),
        ("\x9b1m\x7f\x85", "\\u009b1m\\u007f\\u0085"),
        ("a\u2028::b\U000e0001", "a\\u2028::b\\U000e0001"),
        ("\ud800", "\\ud800"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert json.loads(json_text({"a": [text]})) == {"a": [text]}
    assert not ESCAPES.search(json_text(text))
    assert not COMMANDS.search(json_text(["", text]))


def test_one_line() -> None:
    assert one_line("a\n::b") == "a\\n::b"
