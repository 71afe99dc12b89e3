"""A renderer without workers: everything in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compiler.charts.catalogue import SpoolEntry
from compiler.host.spool import Spool
from compiler.model.rendering import Engine, LayerResult, LayerTask
from compiler.render.helm import HELM_VERSION
from compiler.render.task import Setup, run
from tests.support.evaluation import render_gotemplates


class Here:
    """Renders in this process: a worker could only change its own copy."""

    engine = Engine("embedded", HELM_VERSION)

    def __init__(self, spool: Spool) -> None:
        self.spool = spool

    def evaluate(self, templates: Mapping[str, str], values: Mapping[str, Any]) -> Mapping[str, str]:
        return render_gotemplates(templates, values)

    def render(self, tasks: Sequence[LayerTask], charts: Mapping[str, SpoolEntry]) -> Iterator[tuple[int, LayerResult]]:
        self.spool.add(charts)
        yield from enumerate(run(task, Setup(str(self.spool.path))) for task in tasks)
