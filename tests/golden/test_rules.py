"""`RULES` of model/rendering.py: a task of one key gives the same objects wherever RULES is the same.

rules.json remembers, for each layer of the golden repositories, the key of its task and a digest of its objects. Where a
key is still the same and the objects are not, RULES must be raised, or results that are kept by key would be wrong.
`pytest tests/golden --update` writes what is new, and refuses just that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from compiler import delivery, digest
from compiler.app.pipeline import Request, select
from compiler.app.schedule import Progress, render_layers
from compiler.charts.catalogue import SpoolEntry
from compiler.files.record import Recorder
from compiler.host.disk import DirectoryFiles
from compiler.host.spool import Spool
from compiler.load.repository import load
from compiler.model.rendering import RULES, LayerResult, LayerTask
from compiler.resolve.plan import plan
from tests.golden.test_renders import CASES
from tests.support.renderer import Here

MEMORY = Path(__file__).with_name("rules.json")


class Noting(Here):
    """Remembers what each key gave, where that is no chance."""

    def __init__(self, spool: Spool, gave: dict[str, str]) -> None:
        super().__init__(spool)
        self.gave = gave

    def render(self, tasks: Sequence[LayerTask], charts: Mapping[str, SpoolEntry]) -> Iterator[tuple[int, LayerResult]]:
        for index, result in super().render(tasks, charts):
            if not result.random and not result.diagnostics:
                objects = sorted((found.id, found.content) for found in result.objects)
                self.gave[tasks[index].key()] = digest.of(*(part for o in objects for part in (*o[0], o[1])))
            yield index, result


def gives() -> Iterator[tuple[str, dict[str, str]]]:
    """Of each golden repository {key of a task: digest of its objects}."""
    for case in CASES:
        files = Recorder(DirectoryFiles(case / "input"))
        gave: dict[str, str] = {}
        source, _ = load(files)
        with Spool() as spool:
            renderer = Noting(spool, gave)
            planned, problems = plan(source, files, select(source, Request()), renderer.evaluate)
            assert not problems.errors
            annotations = delivery.annotations_for(planned.settings.delivery)
            render_layers(planned, renderer, Progress(), annotations=annotations)
        yield case.name, dict(sorted(gave.items()))


def test_what_a_key_gives_changes_with_the_rules_only(request: pytest.FixtureRequest) -> None:
    found = dict(gives())
    now = {"rules": RULES, "gave": found}
    before = json.loads(MEMORY.read_text())["gave"] if MEMORY.exists() else {}
    known = {key: value for case in before.values() for key, value in case.items()}
    gave = {key: value for case in found.values() for key, value in case.items()}
    changed = [key for key in gave.keys() & known.keys() if gave[key] != known[key]]
    assert changed == [], "raise RULES in compiler/model/rendering.py: equal tasks give other objects than before"
    if request.config.getoption("--update"):
        MEMORY.write_text(json.dumps(now, indent=1) + "\n")
    assert json.loads(MEMORY.read_text()) == now, "run with --update, and look at the diff"
