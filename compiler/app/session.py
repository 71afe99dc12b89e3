"""The real renderer: the open resources of one run, a spool directory with its charts and the worker processes."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from compiler.charts.catalogue import SpoolEntry
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, fail
from compiler.digest import canonical_json
from compiler.host.spool import Spool
from compiler.host.workers import Failure, Workers
from compiler.model.rendering import Engine, LayerResult, LayerTask, failed
from compiler.render.helm import HELM_VERSION, HelmFailure
from compiler.render.helm_engines import ENGINES
from compiler.render.task import Setup, run

# Pure modules that every worker needs: the forkserver imports them once. Never helm_python: Go dies in a forked child.
_PRELOAD = ("compiler.render.task", "compiler.overlay", "compiler.yamldoc", "compiler.render.helm_embedded")


# Of workers. TZ: Sprig's date functions must not show where a render runs. GOGC: Go's heap may grow to four times what
# lives, which saves a third of Helm's CPU on a fleet (more costs in page faults what it saves in collecting). One
# thread of Go is enough for one task at a time.
_ENVIRONMENT = {"TZ": "UTC", "GOGC": "300", "GOMAXPROCS": "1"}


def _collect_less() -> None:
    """Python's cycles are few in a worker (parsed documents are trees): collecting them often costs a tenth of its CPU."""
    gc.set_threshold(200_000, 50, 100)


class Session:
    """A `model.rendering.Renderer` for `with`; workers start when the first task comes. With `debug`, their
    exceptions are reported with tracebacks."""

    def __init__(
        self,
        *,
        jobs: int | None = None,
        engine: str = "embedded",
        helm: str = "",
        timeout_s: float = 60.0,
        memory_mb: int = 2048,
        debug: bool = False,
    ) -> None:
        self._engine = (engine, helm)
        self._known: Engine | None = None
        self._debug = debug
        self._workers = Workers(
            jobs,
            timeout_s=timeout_s,
            memory_mb=memory_mb,
            initializer=_collect_less,
            preload=_PRELOAD,
            environment=_ENVIRONMENT,
        )
        self._stack = ExitStack()
        self._evaluated: dict[str, Mapping[str, str]] = {}

    def __enter__(self) -> Session:
        self._workers = self._stack.enter_context(self._workers)
        self._spool = self._stack.enter_context(Spool())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def engine(self) -> Engine:
        """Which Helm renders. Raises `helm-version` (environment) if a binary does not print its version."""
        if self._known is None:
            name, binary = self._engine
            try:
                version = HELM_VERSION if name == "embedded" else ENGINES[name](binary).version().removeprefix("v")
            except HelmFailure as failure:
                raise CompileError([Diagnostic(Code.HELM_VERSION, failure.message)], environment=True) from None
            self._known = Engine(name, version)
        return self._known

    def render(self, tasks: Sequence[LayerTask], charts: Mapping[str, SpoolEntry]) -> Iterator[tuple[int, LayerResult]]:
        """Results as they complete; a worker that failed gives a result with a diagnostic."""
        self._spool.add(charts)
        setup = Setup(str(self._spool.path), self._engine[1])
        for index, outcome in self._workers.run(partial(run, setup=setup), tasks):
            if isinstance(outcome, Failure):
                text = outcome.traceback if self._debug and outcome.traceback else outcome.text
                outcome = failed("rendering", outcome.kind, text)  # noqa: PLW2901
            yield index, outcome

    def evaluate(self, templates: Mapping[str, str], values: Mapping[str, Any]) -> Mapping[str, str]:
        """Go templates with Sprig, rendered by Helm in a worker: the macros' pipelines."""
        key = canonical_json([templates, values])
        if key not in self._evaluated:
            work = partial(_evaluate, engine=self.engine.name, binary=self._engine[1])
            (_, outcome), *_ = self._workers.run(work, [(dict(templates), dict(values))])
            if isinstance(outcome, Failure):
                raise fail(Code.MACRO_FAILED, outcome.text)
            if isinstance(outcome, tuple):
                raise CompileError(outcome)
            self._evaluated[key] = outcome
        return self._evaluated[key]


def _evaluate(
    task: tuple[dict[str, str], dict[str, Any]], *, engine: str, binary: str
) -> dict[str, str] | tuple[Diagnostic, ...]:
    from compiler.render.gotemplate import render_gotemplates

    try:
        return render_gotemplates(*task, ENGINES[engine](binary))
    except CompileError as error:
        return error.diagnostics
