"""Asking for the version imports nothing heavy, so that it answers within twice the start of bare Python (tests/bench)."""

from __future__ import annotations

import subprocess
import sys

from tests.support import oracles

HEAVY = (
    "click",
    "jinja2",
    "yaml",
    "git",
    "ruamel",
    "deepmerge",
    "helm_python",
    "jsonschema_rs",
    "re2",
    "multiprocessing",
)


def test_version_imports_nothing_heavy() -> None:
    program = (
        "import atexit, sys; sys.argv[1:] = ['--version']; from compiler.__main__ import main;"
        "atexit.register(lambda: print(*sorted(sys.modules))); main()"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=oracles.ROOT, capture_output=True, text=True, check=True)
    version, modules = done.stdout.splitlines()
    assert version.startswith("lamella ")
    assert not set(modules.split()) & set(HEAVY)
