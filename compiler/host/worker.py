"""The inside of a worker process: it sets its limits, then does tasks until it is told to end or its parent is gone."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task has no result.

    `timeout`: it ran past the limit. `crashed`: its process died, and died again when the task was retried alone.
    `limit`: it needed more memory than it may have, or values are nested too deeply.
    `raised`: the function raised, or its result could not be pickled; only then is there a `traceback`, for --debug.
    """

    kind: Literal["timeout", "crashed", "limit", "raised"]
    text: str
    traceback: str = ""


def work(pipe: Connection, noise: str, memory_mb: int, initializer: Callable[[], object] | None) -> None:
    """The worker's loop: answers each (function, task) with ("done", outcome), or "leaving" where it ends after that."""
    _confine(Path(noise) / multiprocessing.current_process().name, memory_mb)
    try:
        if initializer is not None:
            initializer()
    except BaseException as error:
        pipe.send(
            ("leaving", Failure("raised", f"a worker could not start: {in_words(error)}", traceback.format_exc()))
        )
        return
    pipe.send(("ready", None))
    while _answer(pipe, memory_mb):
        os.ftruncate(2, 0)


def _answer(pipe: Connection, memory_mb: int) -> bool:
    """Does one task. False where the process should not do another: after a MemoryError its heap stays bloated."""
    try:
        function, task = pipe.recv()
        pipe.send(("done", function(task)))
    except MemoryError:
        pipe.send(("leaving", Failure("limit", f"it needed more than {memory_mb} MiB of memory")))
        return False
    except RecursionError:
        pipe.send(("done", Failure("limit", "values are nested too deeply", traceback.format_exc())))
    except BaseException as error:  # SystemExit too: every task gets an answer
        pipe.send(("done", Failure("raised", in_words(error), traceback.format_exc())))
    return True


def _confine(noise: Path, memory_mb: int) -> None:
    """Moves the worker to its own process group, sends its output to a file, limits it, and ties it to its parent."""
    if hasattr(os, "setsid"):
        os.setsid()  # the parent handles Ctrl-C, and killpg reaches what a task has started
    else:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor = os.open(noise, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    with contextlib.suppress(ImportError, ValueError):  # Windows; a lower hard limit
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that was killed cannot stop its workers, and a busy one does not notice that its pipe is closed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def in_words(error: BaseException) -> str:
    return traceback.format_exception_only(error)[-1].strip()
