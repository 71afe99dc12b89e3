"""The pool survives whatever a task does, tells what it was, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from compiler.host.workers import Failure, Workers, available_cpus
from tests.host import tasks
from tests.support import processes

ROOT = Path(__file__).resolve().parents[2]


def outcomes(pool: Workers, function: Any, todo: list[Any]) -> list[Any]:
    """Outcomes in the order of the tasks; fails on a missing or doubled one."""
    found = list(pool.run(function, todo))
    assert sorted(index for index, _ in found) == list(range(len(todo)))
    return [outcome for _, outcome in sorted(found, key=lambda pair: pair[0])]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def gone(pids: list[int], within_s: float = 60.0) -> bool:
    until = time.monotonic() + within_s
    while any(alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(alive(pid) for pid in pids)


@pytest.fixture
def pool() -> Iterator[Workers]:
    """Patient: what this machine is slow at is no misdeed."""
    with Workers(2, timeout_s=120, memory_mb=400) as workers:
        yield workers


@pytest.fixture
def impatient() -> Iterator[Workers]:
    """For tasks that never end, beside tasks that take no time."""
    with Workers(2, timeout_s=4, memory_mb=400) as workers:
        yield workers


def test_500_quick_tasks_all_arrive_once(pool: Workers) -> None:
    assert outcomes(pool, tasks.double, list(range(500))) == [n * 2 for n in range(500)]


def test_no_tasks_start_no_process(pool: Workers) -> None:
    assert list(pool.run(tasks.double, [])) == []
    assert pool._pool == []


def test_there_are_never_more_processes_than_tasks_or_jobs() -> None:
    with Workers(8) as pool:
        assert len(set(outcomes(pool, tasks.slow_pid, [1, 2, 3]))) <= 3
        assert len(pool._pool) <= 3
    with Workers(2) as pool:
        assert len(set(outcomes(pool, tasks.pid, list(range(20))))) <= 2


def test_two_jobs_work_at_the_same_time(pool: Workers) -> None:
    assert len(set(outcomes(pool, tasks.slow_pid, [1, 2]))) == 2


def test_one_job_still_has_a_process_of_its_own() -> None:
    with Workers(1) as pool:
        assert outcomes(pool, tasks.pid, [0]) != [os.getpid()]


def test_the_default_is_the_processors_this_process_may_use() -> None:
    assert Workers().jobs == available_cpus() >= 1
    assert Workers(0).jobs == available_cpus()


def test_megabytes_travel_both_ways(pool: Workers) -> None:
    blob = b"x" * 3_000_000
    assert outcomes(pool, tasks.do, [blob, blob, blob]) == [blob, blob, blob]


@pytest.mark.parametrize(
    ("misdeed", "kind", "text"),
    [
        ("kill", "crashed", "its process was killed by SIGKILL, perhaps because the machine had no memory left"),
        ("segfault", "crashed", "its process was killed by SIGSEGV"),
        ("exit", "crashed", "its process ended with status 7"),
        ("noise", "crashed", "its process ended with status 2: on stdout\nfatal: the reason"),
        ("sys.exit", "raised", "SystemExit: 3"),
        ("raise", "raised", "ValueError: no such thing"),
        ("raise what cannot travel", "raised", "tests.host.tasks.CannotTravel: a"),
    ],
)
def test_a_misdeed_costs_its_own_task_only(pool: Workers, misdeed: str, kind: str, text: str) -> None:
    bad, *good = outcomes(pool, tasks.do, [misdeed, *range(6)])
    assert (bad.kind, bad.text) == (kind, text)
    assert bool(bad.traceback) == (kind == "raised")
    assert good == list(range(6))


@pytest.mark.parametrize("misdeed", ["hang", "hang in C, holding the interpreter's lock"])
def test_time_is_bounded_in_python(impatient: Workers, misdeed: str) -> None:
    bad, *good = outcomes(impatient, tasks.do, [misdeed, *range(6)])
    assert bad == Failure("timeout", "no result within 4 s")
    assert good == list(range(6))


def test_results_that_cannot_travel_are_reported(pool: Workers) -> None:
    todo = ["return what cannot be pickled", "return what cannot travel", 1]
    unpicklable, unreadable, good = outcomes(pool, tasks.do, todo)
    assert unpicklable.kind == unreadable.kind == "raised"
    assert "'do.<locals>.<lambda>'" in unpicklable.text
    assert unreadable.text.startswith("the result cannot be read back: TypeError")
    assert good == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces RLIMIT_DATA")
@pytest.mark.parametrize("misdeed", ["python hog", "one huge object"])
def test_memory_is_bounded_in_python(pool: Workers, misdeed: str) -> None:
    bad, good = outcomes(pool, tasks.do, [misdeed, 1])
    assert bad == Failure("limit", "it needed more than 400 MiB of memory")
    assert good == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces RLIMIT_DATA")
def test_memory_is_bounded_in_helm() -> None:
    with Workers(2, timeout_s=120, memory_mb=400) as pool:
        bad, good = outcomes(pool, tasks.helm, ["{{ len (untilStep 0 1000000000 1) }}", "{{ upper .Release.Name }}"])
    assert bad.kind == "crashed"
    assert bad.text.startswith("it needed more than 400 MiB of memory: fatal error: ")
    assert good == "X"


def test_time_is_bounded_in_helm() -> None:
    loop = "{{ $l := until 60000 }}{{ range $l }}{{ range $l }}{{ end }}{{ end }}"
    with Workers(2, timeout_s=6) as pool:
        bad, good = outcomes(pool, tasks.helm, [loop, "{{ upper .Release.Name }}"])
    assert bad == Failure("timeout", "no result within 6 s")
    assert good == "X"


def test_every_second_task_a_misdeed_never_blocks_the_pool() -> None:
    todo: list[Any] = []
    for number in range(12):
        todo += [number, ["kill", "raise", "exit", "segfault"][number % 4]]
    with Workers(3) as pool:
        found = outcomes(pool, tasks.do, todo)
        assert found[::2] == list(range(12))
        assert [o.kind for o in found[1::2]] == ["crashed", "raised", "crashed", "crashed"] * 3


def test_a_crash_is_tried_once_more(pool: Workers, tmp_path: Path) -> None:
    once = ("once", str(tmp_path / "marker"))
    assert outcomes(pool, tasks.do, [once, 1, 2]) == [once, 1, 2]


def test_the_second_try_runs_alone(tmp_path: Path) -> None:
    """Four tasks that crash: in the first round they meet each other, in the second each is by itself."""
    with Workers(4) as pool:
        found = outcomes(pool, tasks.do, [("alone?", str(tmp_path))] * 4)
    assert [o.kind for o in found] == ["crashed"] * 4
    crowds = [int(line) for line in (tmp_path / "log").read_text().split()]
    assert len(crowds) == 8
    assert crowds[4:] == [1, 1, 1, 1]


def test_a_worker_that_was_killed_while_idle_is_replaced(pool: Workers) -> None:
    (victim,) = outcomes(pool, tasks.pid, [0])
    os.kill(victim, signal.SIGKILL)
    assert gone([victim])
    assert outcomes(pool, tasks.double, [1, 2, 3]) == [2, 4, 6]


def test_an_initializer_prepares_each_process_once() -> None:
    with Workers(1, initializer=partial(tasks.remember, 5)) as pool:
        assert outcomes(pool, tasks.recall, [0, 1]) == [(5,), (5,)]


@pytest.mark.parametrize(
    ("initializer", "kind", "text"),
    [
        (tasks.refuse, "raised", "a worker could not start: RuntimeError: not today"),
        (tasks.die, "crashed", "its process ended with status 9"),
    ],
)
def test_a_broken_initializer_is_reported_for_each_task(initializer: Any, kind: str, text: str) -> None:
    with Workers(2, initializer=initializer) as pool:
        assert [(o.kind, o.text) for o in outcomes(pool, tasks.double, [1, 2, 3])] == [(kind, text)] * 3


def test_a_task_that_cannot_be_sent_is_the_callers_mistake_and_stops_the_run(pool: Workers) -> None:
    with pytest.raises(Exception, match=r"pickle|local object"):
        list(pool.run(tasks.do, [lambda: 0]))
    assert outcomes(pool, tasks.double, [1]) == [2]


def test_leaving_the_iterator_early_ends_what_runs_and_the_pool_works_on() -> None:
    with Workers(2, timeout_s=60) as pool:
        first = next(iter(pool.run(tasks.do, [1, "hang", "hang"])))
        assert first == (0, 1)
        assert outcomes(pool, tasks.double, [4, 5]) == [8, 10]


def test_what_a_task_has_started_ends_with_it(impatient: Workers, tmp_path: Path) -> None:
    (bad,) = outcomes(impatient, tasks.do, [("grandchild", str(tmp_path / "pid"))])
    assert bad.kind == "timeout"
    assert gone([int((tmp_path / "pid").read_text())])


def test_the_end_of_the_pool_ends_its_processes(pool: Workers) -> None:
    pids = outcomes(pool, tasks.slow_pid, [1, 2])
    pool._stop(pool._pool)
    assert gone(pids)


PARENT = """
import sys
from compiler.host.workers import Workers
from tests.host.test_workers import announce_and_hang
if __name__ == "__main__":
    with Workers(2, timeout_s=60) as pool:
        list(pool.run(announce_and_hang, [sys.argv[1]] * 2))
"""


def announce_and_hang(directory: str) -> None:
    (Path(directory) / str(os.getpid())).touch()
    while True:
        pass


@pytest.mark.parametrize("deadly", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_parent_that_dies_leaves_no_orphans(tmp_path: Path, deadly: signal.Signals) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    pids = tmp_path / "pids"
    pids.mkdir()
    parent = subprocess.Popen(
        [sys.executable, str(script), str(pids)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=processes.fresh,  # noqa: PLW1509 - one thread
    )
    until = time.monotonic() + 120
    while len(list(pids.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    workers = [int(p.name) for p in pids.iterdir()]
    assert len(workers) == 2
    if deadly == signal.SIGINT:
        os.killpg(parent.pid, deadly)  # as a terminal does
    else:
        parent.send_signal(deadly)
    _, stderr = parent.communicate(timeout=120)
    assert parent.returncode == -deadly
    assert gone(workers)
    assert stderr.count("KeyboardInterrupt") == (1 if deadly == signal.SIGINT else 0)


def test_a_worker_imports_nothing_heavy(tmp_path: Path) -> None:
    """The first result comes 0.05 s after a cold start (measured on two idle cores): for want of imports."""
    script = tmp_path / "first.py"
    script.write_text(
        "from compiler.host.workers import Workers\nfrom tests.host.tasks import modules\n"
        "if __name__ == '__main__':\n    with Workers(1) as pool:\n"
        "        ((_, found),) = pool.run(modules, [0])\n        print(*found)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(script)], env=environment, check=True, capture_output=True, text=True)
    imported = set(done.stdout.split())
    assert "compiler.host.worker" in imported
    assert not imported & {"jinja2", "yaml", "git", "click", "helm_python", "ruamel", "compiler.app", "compiler.cli"}


def test_the_environment_of_workers_is_there_before_go_starts(tmp_path: Path) -> None:
    """Go reads TZ once, from the environment that its process began with: also where there was no TZ."""
    script = tmp_path / "zone.py"
    script.write_text(
        "from compiler.host.workers import Workers\nfrom tests.host.tasks import helm\n"
        "if __name__ == '__main__':\n    with Workers(1, environment={'TZ': 'Asia/Tokyo'}) as pool:\n"
        "        print(list(pool.run(helm, ['{{ date \"15:04\" 0 }}'])))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "TZ"} | {"PYTHONPATH": str(ROOT)}
    for extra in ({}, {"TZ": "America/New_York"}):
        run = subprocess.run([sys.executable, str(script)], env=environment | extra, check=True, capture_output=True)
        assert run.stdout == b"[(0, '09:00')]\n"
