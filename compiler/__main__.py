"""The command `lamella`. Asking for the version answers before anything heavy is imported."""

from __future__ import annotations

import atexit
import os
import sys
import threading

_EXIT_ENVIRONMENT, _EXIT_INTERRUPTED, _EXIT_NO_READER = 3, 130, 141
_SIGNALS = 128  # and the number of the signal


def main() -> None:
    """Runs the command and exits with its status (docs/commands.md); 141, as shells do, where the reader of a pipe left."""
    _ready_streams()
    status = 0
    try:
        status = _status(sys.argv[1:])
        sys.stdout.flush()
        sys.stderr.flush()
    except KeyboardInterrupt:
        status = _EXIT_INTERRUPTED
    except SystemExit as stop:  # of a signal
        status = stop.code if isinstance(stop.code, int) else 1
    except BrokenPipeError:
        _silence()
        status = _EXIT_NO_READER
    except OSError as error:
        if status != _EXIT_ENVIRONMENT:  # else it has been said
            sys.stderr.write(f"error[environment]: {error.strerror or error}\n")
        _silence()
        status = _EXIT_ENVIRONMENT
    if status > _SIGNALS and any(not thread.daemon for thread in threading.enumerate()[1:]):
        atexit._run_exitfuncs()
        os._exit(status)  # else Python waits for threads that wait for the network
    sys.exit(status)


def _status(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        from compiler import __version__

        sys.stdout.write(f"lamella {__version__}\n")
        return 0
    from compiler.cli import run
    from compiler.host import watch

    watch.limit_memory()
    watch.limit_time()
    return run(arguments)


def _ready_streams() -> None:
    """All streams are there, if only to write to nothing, and write UTF-8 and LF whatever the locale or the platform.

    Their numbers are taken, in processes that are started too: what is opened next must not be what others think is
    stderr.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # gets the lowest number that is free: this one
    sys.stdin = sys.stdin or open(0, closefd=False, encoding="utf-8")  # noqa: SIM115  for as long as the process lives
    sys.stdout = sys.stdout or open(1, "w", closefd=False, encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False, encoding="utf-8")  # noqa: SIM115
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]


def _silence() -> None:
    """What is still buffered goes to nothing when Python ends, instead of failing once more."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nothing, stream)


if __name__ == "__main__":
    main()
