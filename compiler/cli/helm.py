"""The choice of Helm: that of helm-python-sdk, which lacks wheels for some platforms, or a `helm` binary."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import click

from compiler.app.session import Session
from compiler.cli.console import Console
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic

ENGINES = ("auto", "embedded", "cli")
_HINT = "pip install helm-python-sdk, where it has a wheel; else install Helm, or name a helm binary with --helm-binary"


def open_session(
    console: Console, *, engine: str = "auto", helm: str = "", jobs: int | None = None, timeout_s: float = 60.0
) -> Session:
    """A session with the chosen Helm: "auto" is the embedded one, else a binary, which is reported.

    Raises UsageError where "cli" has no binary, CompileError `helm-missing` (environment) where "auto" or "embedded" has
    nothing.
    """
    embedded = _is_embedded()
    binary = "" if engine == "embedded" or (engine == "auto" and embedded) else _binary(helm)
    if engine == "cli" and not binary:
        raise click.UsageError("--helm-engine=cli needs a helm binary: install it, or name it with --helm-binary")
    if not embedded and not binary:
        missing = "helm-python-sdk is not installed" + (", and there is no helm binary" if engine == "auto" else "")
        raise CompileError(
            [Diagnostic(Code.HELM_MISSING, f"no Helm to render with: {missing}", hint=_HINT)], environment=True
        )
    if engine == "auto" and binary:
        console.say(f"helm-python-sdk is not installed: {binary} renders")
    debug = click.get_current_context().meta.get("debug", False)
    return Session(jobs=jobs, engine="cli" if binary else "embedded", helm=binary, timeout_s=timeout_s, debug=debug)


def _is_embedded() -> bool:
    """Whether helm-python-sdk is installed with its library, which it lacks where pip has built its source distribution.

    It is not imported: Go must not be loaded into the process that starts workers.
    """
    try:
        spec = importlib.util.find_spec("helm_python")
    except ImportError:
        return False
    folders = (spec.submodule_search_locations if spec else None) or []
    return any(path.is_file() for folder in folders for path in Path(folder, "lib").glob("*helm_c*"))


def _binary(named: str) -> str:
    """The absolute path of the named binary, or of the `helm` on PATH; '' if it cannot be run."""
    path = named or shutil.which("helm") or ""
    return str(Path(path).absolute()) if path and os.access(path, os.X_OK) else ""
