"""Fixtures that every room of the suite shares: corpus, oracles, Helm engines, and --update for golden directories."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.render.helm import HelmEngine
from compiler.render.helm_engines import ENGINES
from tests.support import oracles

CORPUS = oracles.ROOT.parent / "shared" / "corpus"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite expected/ in golden directories; review the diff")


# What a caller's environment could change: of terminals, CI, git, Helm, kubectl, Python and Go.
_OF_THE_CALLER = (
    "CI", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "EMAIL", "FORCE_COLOR", "GITHUB_", "GIT_", "HELM_", "KUBECONFIG",
    "LINES", "NO_COLOR", "PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "TZ", "XDG_",
)  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _whoever_calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tests' own environment: no test passes or fails by what the caller has set."""
    home = tmp_path_factory.mktemp("home")
    config = home / "gitconfig"
    config.write_text("[user]\n\tname = Tester\n\temail = tester@example.org\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_OF_THE_CALLER)]:
            patch.delenv(name)
        patch.setenv("TERM", "dumb")
        patch.setenv("GIT_CONFIG_GLOBAL", str(config))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        umask = os.umask(0o022)
        time.tzset() if hasattr(time, "tzset") else None
        yield
        os.umask(umask)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real packs and charts that this repository does not contain."""
    if not CORPUS.is_dir():
        pytest.skip("no corpus beside this checkout (../shared/corpus)")
    return CORPUS


def _oracle(name: str) -> Path:
    path = oracles.find(name)
    if path is None:
        pytest.skip(f"no {name} in .oracles; `make test` or `python -m tests.support.oracles` installs it")
    return path


@pytest.fixture(scope="session")
def helm() -> Path:
    return _oracle("helm")


@pytest.fixture(scope="session")
def kubectl() -> Path:
    return _oracle("kubectl")


@pytest.fixture(scope="session")
def embedded() -> HelmEngine:
    return ENGINES["embedded"]("")


@pytest.fixture(scope="session")
def cli(helm: Path) -> HelmEngine:
    return ENGINES["cli"](str(helm))


@pytest.fixture(params=["embedded", "cli"])
def engine(request: pytest.FixtureRequest) -> HelmEngine:
    """Each engine in turn."""
    found: HelmEngine = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        pytest.skip("no strace here")
    if subprocess.run([found, "-f", "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here")
    return found
