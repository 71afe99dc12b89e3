"""Processes for CPU-bound work, so that a task which hangs, runs out of memory or dies affects nothing else.

Threads would not do: Helm's Go runtime offers no limits, gains only a quarter on two threads, and dies in a forked
child. So workers come from a forkserver that never loads it (spawn where there is no forkserver). Memory is bounded by
RLIMIT_DATA: it counts what may be written, not Go's huge reservations (RLIMIT_AS would), and the kernel enforces it
without polling. The embedded Helm with kube-prometheus-stack needs 190 MiB of it (120 MiB resident). macOS and Windows
do not enforce it, so only time is bounded there.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from compiler.host.worker import Failure, in_words, work

__all__ = ["Failure", "Workers", "available_cpus"]

T = TypeVar("T")
R = TypeVar("R")

START_TIMEOUT_S = 60.0
_NOISE_SHOWN = 400
# The forkserver listens at <temporary folder>/pymp-XXXXXXXX/listener-XXXXXXXX, and a socket's path has 107 bytes at most
# (unix(7)); where the folder's is too long, workers are spawned.
_LONGEST_SOCKET_FOLDER = 70


def available_cpus() -> int:
    """The number of processors that this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


@dataclass(slots=True, eq=False)
class _Worker:
    """The parent's view of one process. `noise` is the file with its stdout and stderr; without a `task` it is idle."""

    process: BaseProcess
    pipe: Connection
    noise: Path
    task: tuple[int, Any] | None
    deadline: float
    ready: bool = False

    def stop(self) -> int | None:
        """Kills the process and everything it started. Returns its exit status: negative for a signal."""
        self.pipe.close()
        try:
            os.killpg(self.process.pid or 0, signal.SIGKILL)
        except (AttributeError, ProcessLookupError, PermissionError):  # Windows; not its own group yet, or dead
            self.process.kill()
        self.process.join(5)
        return self.process.exitcode


class Workers:
    """A pool for `with`. Processes start when tasks need them, never more than `jobs` or than there are tasks.

    `timeout_s` is wall-clock time per task, `memory_mb` (MiB) bounds each process. `initializer()` runs once in each
    process. `preload` names modules that the forkserver imports for all of them: pure ones only, never `helm_python`.
    `environment` is added to what the processes inherit: Go reads its variables from the environment that a process
    started with, so setting them inside it would be too late. Only the first pool of a process sets these two, because
    a process has one forkserver.
    """

    def __init__(
        self,
        jobs: int | None = None,
        *,
        timeout_s: float = 30.0,
        memory_mb: int = 1024,
        initializer: Callable[[], object] | None = None,
        preload: Iterable[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.jobs = max(1, jobs or available_cpus())
        self.timeout_s = timeout_s
        self.memory_mb = memory_mb
        self._initialize = initializer
        self._preload = [work.__module__, *preload]
        self._environment = dict(environment or {})
        self._pool: list[_Worker] = []

    def __enter__(self) -> Workers:
        self._noise = tempfile.TemporaryDirectory(prefix="lamella-workers-")
        self._context = _context(self._preload)
        if self._context.get_start_method() == "forkserver":
            from multiprocessing import forkserver

            with _added(self._environment):  # it preloads while the caller goes on
                forkserver.ensure_running()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop(self._pool)
        self._noise.cleanup()

    def run(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[tuple[int, R | Failure]]:
        """Pairs of a task's index and its result or Failure, in the order of completion.

        `function` must be importable by name and should return problems as values: an exception arrives as text. A task
        whose process dies is tried once more with no other task running, in case a neighbour exhausted the machine.
        Leaving the iterator early kills what is still running.
        """
        waiting: Iterator[tuple[int, T]] = enumerate(tasks)
        suspects: deque[tuple[int, T]] = deque()
        retried: set[int] = set()
        try:
            self._assign(function, waiting, suspects)
            while self._busy():
                finished: list[tuple[int, R | Failure]] = []
                for worker in self._heard():
                    task = worker.task
                    outcome = self._receive(worker, function)
                    if task is None or outcome is _STARTED:
                        continue
                    if isinstance(outcome, Failure) and outcome.kind == "crashed" and task[0] not in retried:
                        retried.add(task[0])
                        suspects.append(task)
                    else:
                        finished.append((task[0], outcome))
                self._assign(function, waiting, suspects)  # nobody idles while the caller looks at results
                yield from finished
        finally:
            self._stop(self._busy())

    def _busy(self) -> list[_Worker]:
        return [w for w in self._pool if w.task is not None]

    def _assign(
        self, function: Callable[[T], R], waiting: Iterator[tuple[int, T]], suspects: deque[tuple[int, T]]
    ) -> None:
        """Gives tasks to idle workers and to new ones; when all else is done, one suspect to a process of its own."""
        while len(busy := self._busy()) < self.jobs:
            task = next(waiting, None)
            if task is not None:
                self._give(task, function)
                continue
            if suspects and not busy:
                self._stop(self._pool)
                self._give(suspects.popleft(), function)
            return

    def _give(self, task: tuple[int, Any], function: Callable[..., object]) -> None:
        idle = next((w for w in self._pool if w.task is None), None)
        if idle is not None:
            idle.task = task
            self._send(idle, function)
            return
        ours, theirs = multiprocessing.Pipe()
        noise = Path(self._noise.name)
        arguments = (theirs, str(noise), self.memory_mb, self._initialize)
        process = self._context.Process(target=work, args=arguments, daemon=True)  # type: ignore[attr-defined]
        with _added(self._environment):
            process.start()
        theirs.close()
        deadline = time.monotonic() + START_TIMEOUT_S
        self._pool.append(_Worker(process, ours, noise / process.name, task, deadline))

    def _send(self, worker: _Worker, function: Callable[..., object]) -> None:
        assert worker.task is not None
        worker.deadline = time.monotonic() + self.timeout_s
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has died; the next read shows it
            worker.pipe.send((function, worker.task[1]))

    def _heard(self) -> list[_Worker]:
        """Busy workers that have sent something, have died, or have run out of time; waits for the first of these."""
        busy = self._busy()
        first = min(w.deadline for w in busy)
        spoke = set(wait([w.pipe for w in busy], max(0.0, first - time.monotonic())))
        now = time.monotonic()
        return [w for w in busy if w.pipe in spoke or w.deadline <= now]

    def _receive(self, worker: _Worker, function: Callable[..., object]) -> Any:
        """The outcome of the worker's task, or `_STARTED`. Removes a worker that is of no more use from the pool."""
        try:
            if not worker.pipe.poll():
                reason = f"no result within {self.timeout_s:g} s" if worker.ready else "the process did not start"
                self._stop([worker])
                return Failure("timeout", reason)
            state, outcome = worker.pipe.recv()
        except (EOFError, ConnectionResetError):
            return Failure("crashed", self._epitaph(worker))
        except Exception as error:
            self._stop([worker])
            return Failure("raised", f"the result cannot be read back: {in_words(error)}")
        if state == "ready":
            worker.ready = True
            self._send(worker, function)
            return _STARTED
        worker.task = None
        if state == "leaving":
            self._stop([worker])
        return outcome

    def _epitaph(self, worker: _Worker) -> str:
        """Why the process died, in words, with the first lines it printed during its last task."""
        status = self._stop([worker]) or 0
        if status < 0:
            reason = f"its process was killed by {signal.Signals(-status).name}"
            reason += ", perhaps because the machine had no memory left" if status == -signal.SIGKILL else ""
        else:
            reason = f"its process ended with status {status}"
        printed = worker.noise.read_text(errors="replace")[:_NOISE_SHOWN].strip() if worker.noise.exists() else ""
        if "out of memory" in printed:
            reason = f"it needed more than {self.memory_mb} MiB of memory"
        return f"{reason}: {printed}" if printed else reason

    def _stop(self, workers: list[_Worker]) -> int | None:
        """Ends these workers and removes them from the pool. Returns the exit status of the last."""
        status = None
        for worker in list(workers):
            self._pool.remove(worker)
            status = worker.stop()
        return status


_STARTED = object()


@contextlib.contextmanager
def _added(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets the variables in this process's environment, for processes that are started inside the `with`."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _context(preload: list[str]) -> BaseContext:
    no_socket = len(os.fsencode(tempfile.gettempdir())) > _LONGEST_SOCKET_FOLDER
    if no_socket or "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(preload)
    return context
