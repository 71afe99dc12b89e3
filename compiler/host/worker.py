"""The inside of a worker process: limits first, then tasks until it is told to end or its parent is gone."""

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

    `timeout`: it ran past the limit. `crashed`: its process died, also when tried again with nothing beside it.
    `raised`: the function raised, or its result could not be pickled; only here is there a `traceback`, for --debug.
    """

    kind: Literal["timeout", "crashed", "raised"]
    text: str
    traceback: str = ""


def work(pipe: Connection, noise: str, memory_mb: int, initializer: Callable[[], object] | None) -> None:
    """The worker's life: answers each (function, task) with ("done", outcome); "leaving" where it ends with that."""
    _confine(Path(noise) / multiprocessing.current_process().name, memory_mb)
    try:
        if initializer is not None:
            initializer()
    except BaseException as error:
        pipe.send(("leaving", Failure("raised", f"a worker could not start: {said(error)}", traceback.format_exc())))
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
        pipe.send(("leaving", Failure("raised", f"it needed more than {memory_mb} MiB of memory")))
        return False
    except BaseException as error:  # SystemExit too: whatever a task does, it gets an answer
        pipe.send(("done", Failure("raised", said(error), traceback.format_exc())))
    return True


def _confine(noise: Path, memory_mb: int) -> None:
    """Takes the worker out of the terminal's group, sends its noise to a file, limits it, and ties it to its parent."""
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C is the parent's to handle, and killpg reaches what a task has started
    else:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor = os.open(noise, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    with contextlib.suppress(ImportError, ValueError):  # Windows; a hard limit that is lower already
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


def said(error: BaseException) -> str:
    return traceback.format_exception_only(error)[-1].strip()
