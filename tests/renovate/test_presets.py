"""The presets for Renovate find what Lamella asks of registries: the same text, read by both.

Renovate matches with RE2 and has four rules for `matchStringsStrategy: recursive`, which `dependencies` follows: each
expression is looked for in what the one before matched, everywhere in it; named groups add up; a template gets the groups;
what the last one matched is replaced in the file.
Source: docs.renovatebot.com, "Custom Manager Support using Regex" and "Shareable Config Presets" (arguments).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import re2

from compiler import regex
from compiler.diagnostics import Problems
from compiler.load.repository import load
from compiler.resolve.registries import requests
from tests.palette.support import MemoryFiles
from tests.support import oracles

PRESETS = oracles.ROOT / "docs" / "renovate"
REGISTRIES = {
    "corp": ("oci-registry", "registry.example.com/charts"),
    "community": ("http-registry", "https://c.example.com"),
}
SETTINGS = """
apiVersion: lamella/v1
kind: Settings
registries:
  - {name: corp, kind: helm, url: "oci://registry.example.com/charts"}
  - {name: community, kind: helm, url: "https://c.example.com"}
  - {name: community-2, kind: helm, url: "https://c2.example.com"}
  - {name: here, kind: helm, path: charts}
"""
Dependency = tuple[str, str, str]
"""The source as lamella.lock has it, the name, the version."""


def managers() -> list[dict[str, Any]]:
    """Of all presets, those with arguments once for each registry."""
    with_arguments = [(preset, (name, address)) for name, (preset, address) in REGISTRIES.items()]
    found = []
    for preset, arguments in [("lamella", ()), *with_arguments]:
        text = (PRESETS / f"{preset}.json").read_text()
        for index, argument in enumerate(arguments):
            text = text.replace(f"{{{{arg{index}}}}}", argument)
        found += json.loads(text)["customManagers"]
    return found


def matched(patterns: list[str], text: str, groups: dict[str, str]) -> Iterator[tuple[dict[str, str], str]]:
    if not patterns:
        yield groups, text
        return
    compiled = re2.compile(patterns[0])
    for match in compiled.finditer(text):
        yield from matched(patterns[1:], match[0], {**groups, **match.groupdict()})


def filled(template: str, groups: dict[str, str]) -> str:
    return re.sub(r"\{\{\{(\w+)\}\}\}", lambda match: groups[match[1]], template)


def dependencies(text: str) -> list[tuple[Dependency, str]]:
    """Each dependency that Renovate finds, and what it would replace the version in."""
    found = []
    for manager in managers():
        for groups, replaced in matched(manager["matchStrings"], text, {}):
            name = groups["depName"]
            if manager["datasourceTemplate"] == "docker":
                source = "oci://" + filled(manager["packageNameTemplate"], groups).removesuffix(f"/{name}")
            else:
                source = groups.get("registryUrl") or manager["registryUrlTemplate"]
            found.append(((source.rstrip("/"), name, groups["currentValue"]), replaced))
    return found


def asked(layers: str) -> tuple[str, list[Dependency]]:
    """A profile with these layers, and what Lamella asks of registries for it."""
    text = (
        "apiVersion: lamella/v1\nkind: ClusterProfile\nmetadata: {name: web, version: 1.0.0}\n"
        f"spec:\n  type: add-on\n  cloud: all\n  layers:\n{layers}"
    )
    source, _ = load(MemoryFiles({"lamella.yaml": SETTINGS, "profiles/web.yaml": text}))
    problems = Problems()
    found = requests(source, [], problems)
    assert not problems.diagnostics
    return text, [(request.registry.source, request.name, request.version) for request in found]


FLOW = [
    "{name: demo, version: ^1.2, registry: corp}",
    "{registry: corp, version: 1.2.3, name: demo}",
    '{name: demo, version: "1.2.3", registry: "community"}',
    "{name: demo, version: '>=1.2 <2', repo: 'https://charts.example.com/a/'}",
    "{version: 1.x, repo: oci://o.example.com/x/y, name: 'demo'}",
    "{name: demo, version: 1.2.3, registry: corp, linkedPack: {name: cni, version: 3.0.0}}",
    "{linkedPack: {name: cni, version: 3.0.0}, name: demo, version: 1.2.3, registry: corp}",
    "{name: demo,\n         version: ~1.2,  # why\n         registry: community}",
    "{name: demo-2, version: '*', repo: 'http://127.0.0.1:8080'}",
]
BLOCK = [
    "name: demo\n        version: ^1.2\n        registry: corp",
    "registry: corp\n        # a comment\n        version: '1.2.3' # another\n        name: demo",
    'repo: "https://charts.example.com"\n\n        name: "demo"\n        version: 1.2.3',
    "name: demo\n        version: '>=1.2 <2'\n        repo: oci://o.example.com",
    "name: demo\n        linkedPack: {name: cni, version: 3.0.0}\n        version: 1.2.3\n        registry: community",
]
CHARTS = [
    *(f"    - {{name: a, type: addon, namespace: b, chart: {chart}}}\n" for chart in FLOW),
    *(f"    - name: a\n      type: addon\n      chart: {chart}\n      namespace: b\n" for chart in FLOW),
    *(f"    - name: a\n      type: addon\n      chart:\n        {chart}\n      namespace: b\n" for chart in BLOCK),
    *(f"    - chart:\n        {chart}\n      name: other\n      type: addon\n" for chart in BLOCK),
]


@pytest.mark.parametrize("layers", CHARTS)
def test_renovate_finds_what_lamella_asks_for(layers: str) -> None:
    text, expected = asked(layers)
    found = dependencies(text)
    assert [dependency for dependency, _ in found] == [wanted for wanted in expected if wanted[1] != "cni"] != []


def test_all_layers_of_a_profile_in_one_text() -> None:
    unnamed = [
        layers.replace("name: a,", f"name: l{n},").replace("name: a\n", f"name: l{n}\n")
        for n, layers in enumerate(CHARTS)
    ]
    layers = "".join(layer.replace("name: other", f"name: o{n}") for n, layer in enumerate(unnamed))
    text, expected = asked(layers)
    found = [dependency for dependency, _ in dependencies(text)]
    assert sorted(found) == sorted(wanted for wanted in expected if wanted[1] != "cni")
    assert len(found) == len(CHARTS)


@pytest.mark.parametrize(
    "chart",
    [
        "{name: demo, version: 1.2.3, path: charts/demo}",
        "{name: demo, version: 1.2.3, registry: here}",
        "{name: demo, version: 1.2.3, registry: community-2}",  # its preset is not among those of the test
        "\n        name: demo\n        version: 1.2.3\n        registry: here",
    ],
)
def test_what_is_in_the_repository_or_in_no_preset_is_left_alone(chart: str) -> None:
    text, _ = asked(f"    - name: a\n      type: addon\n      chart: {chart}\n      namespace: b\n")
    assert dependencies(text) == []


@pytest.mark.parametrize("layers", CHARTS)
def test_only_the_version_of_the_chart_is_replaced(layers: str) -> None:
    """As Renovate does: the first place where what was matched is, and the dependency is found anew with the new version."""
    text, _ = asked(layers)
    (((source, name, version), replaced),) = dependencies(text)
    updates = [
        text[: at.start()] + replaced.replace(version, "9.9.9") + text[at.end() :]
        for at in re.finditer(re.escape(replaced), text)
    ]
    assert [(source, name, "9.9.9")] in [[dependency for dependency, _ in dependencies(update)] for update in updates]


@pytest.mark.parametrize("preset", sorted(PRESETS.glob("*.json")), ids=lambda path: path.stem)
def test_every_expression_is_one_that_renovate_takes(preset: Path) -> None:
    config = json.loads(preset.read_text())
    for manager in config["customManagers"]:
        assert [regex.fault(pattern) for pattern in manager["matchStrings"]] == [""] * 5
        (files,) = manager["managerFilePatterns"]
        assert (files[0], files[-1]) == ("/", "/")
        assert regex.matches(files[1:-1], "profiles/a/b.yaml")
        assert not regex.matches(files[1:-1], "output/clusters/a.yaml")


def test_the_lock_follows_every_update() -> None:
    (rule,) = json.loads((PRESETS / "lamella.json").read_text())["packageRules"]
    assert rule["postUpgradeTasks"]["commands"] == ["lamella lock"]
    assert rule["postUpgradeTasks"]["fileFilters"] == ["lamella.lock"]
    assert {manager["depTypeTemplate"] for manager in managers()} == set(rule["matchDepTypes"])
