"""Processes as a terminal would start them, whoever started the tests."""

from __future__ import annotations

import os
import signal

_IGNORED_BY_CALLERS = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM")


def fresh() -> None:
    """For `preexec_fn` of what a test sends signals to: ignored signals are inherited (nohup ignores SIGHUP, a shell's
    `&` SIGINT), and Python keeps an ignored SIGINT ignored."""
    for name in _IGNORED_BY_CALLERS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.umask(0o022)
