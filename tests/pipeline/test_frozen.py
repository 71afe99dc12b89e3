"""What crosses a stage is frozen: no stage changes what an earlier one made, however deep inside.

Frozen dataclasses are frozen at their surface only; so every stage runs here on all golden repositories, in this process,
and its inputs are compared with deep copies taken before.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from compiler import delivery
from compiler.app.pipeline import Request, select
from compiler.app.schedule import Progress, render_layers
from compiler.diagnostics import Problems
from compiler.files.record import Recorder
from compiler.host.disk import DirectoryFiles, existing_output
from compiler.host.spool import Spool
from compiler.load.repository import load
from compiler.output import committed, inventory
from compiler.output.assemble import assemble
from compiler.output.policy import apply_policies
from compiler.output.scopes import with_scopes
from compiler.resolve.plan import plan
from tests.golden.test_renders import CASES
from tests.support.evaluation import render_gotemplates
from tests.support.renderer import Here


class Guard:
    """Values and what they were when they were made."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[Any, Any]] = {}

    def keep(self, name: str, value: Any) -> None:
        self.kept[name] = (value, copy.deepcopy(value))

    def check(self, stage: str) -> None:
        changed = [name for name, (value, before) in self.kept.items() if value != before]
        assert changed == [], f"{stage} changed its input"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_no_stage_changes_its_input(case: Path) -> None:
    files, guard, problems = Recorder(DirectoryFiles(case / "input")), Guard(), Problems()
    source, _ = load(files)
    guard.keep("source", source)
    planned, planning = plan(source, files, select(source, Request()), render_gotemplates)
    guard.check("plan")
    assert not planning.errors
    assert planned.clusters
    guard.keep("plan", planned)
    with Spool() as spool:
        annotations = delivery.annotations_for(planned.settings.delivery)
        results = render_layers(planned, Here(spool), Progress(), annotations=annotations).results
        guard.check("render")
        guard.keep("results", results)
        again = render_layers(planned, Here(spool), Progress(), annotations=annotations).results
    guard.check("a second render")
    deterministic = [[r.objects for r in layers] for layers in results if not any(r.random for r in layers)]
    assert deterministic == [[r.objects for r in layers] for layers in again if not any(r.random for r in layers)]
    now = existing_output(case / "input/output")
    for cluster, layers in zip(planned.clusters, results, strict=True):
        scoped = with_scopes(cluster, layers, planned.settings.scopes, problems)
        guard.check("scopes")
        guard.keep(f"results of {cluster.name} in their scopes", scoped)
        kept = apply_policies(cluster, scoped, committed.objects(now, cluster.name), problems)
        guard.check("policies")
        guard.keep(f"results of {cluster.name} after policies", kept)
        assembled = assemble(cluster, kept, problems, unknown_minors={})
        guard.check("assemble")
        guard.keep(f"assembled {cluster.name}", assembled)
        own = [*assembled.files(), *delivery.cluster_files(assembled, planned.settings, problems)]
        guard.check("delivery")
        guard.keep(f"files of {cluster.name}", own)
        inventory.cluster_inventory(cluster, own, {})
        guard.check("inventory")
    list(delivery.fleet_files(sorted(source.clusters), planned.settings, problems))
    guard.check("delivery of the fleet")
    assert not problems.errors
