"""Fixtures that every room of the suite shares: the corpus, the oracles, and --update for golden directories."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import oracles

CORPUS = oracles.ROOT.parent / "shared" / "corpus"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite expected/ in golden directories; review the diff")


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
