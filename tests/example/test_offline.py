"""The example takes a chart from a registry that nobody serves: the lock pins it, its archive is vendored."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.example.registry import locked_and_vendored
from tests.example.test_example import repository  # noqa: F401
from tests.support import oracles

VENDORED = "packs/vendor/charts.example.org/prometheus-0.4.0.tgz"


@pytest.fixture(scope="module")
def no_network() -> list[str]:
    """The beginning of a command that runs without any network, not even loopback."""
    command = ["unshare", "-rn"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("this machine lets nobody unshare a network namespace")
    return command


def lamella(*arguments: str, cwd: Path, within: list[str], cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*within, sys.executable, "-m", "compiler", *arguments],
        cwd=cwd,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(oracles.ROOT),
            "HOME": str(cwd),
            "LAMELLA_CACHE": str(cache),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_lock_and_archive_are_what_the_charts_give() -> None:
    """`python -m tests.example.registry` writes them."""
    expected = locked_and_vendored(oracles.ROOT)
    assert sorted(expected) == ["lamella.lock", VENDORED]
    assert {path: (oracles.ROOT / path).read_bytes() for path in expected} == expected


@pytest.mark.parametrize("flags", [[], ["--offline"], ["--locked", "--offline"]], ids=" ".join)
def test_a_render_needs_neither_network_nor_cache(
    repository: Path,  # noqa: F811
    no_network: list[str],
    flags: list[str],
) -> None:
    nowhere = Path("/dev/null/none")
    done = lamella("render", "--check", *flags, cwd=repository, within=no_network, cache=nowhere)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.endswith(": output is up to date\n")


def test_without_the_vendored_archive_it_says_what_is_missing_and_the_command_that_gets_it(
    repository: Path,  # noqa: F811
    no_network: list[str],
    tmp_path: Path,
) -> None:
    archive = repository / VENDORED
    content = archive.read_bytes()
    archive.unlink()
    cache = tmp_path / "cache"
    offline = lamella("render", "--check", "--offline", cwd=repository, within=no_network, cache=cache)
    assert (offline.returncode, offline.stdout) == (3, "")
    assert offline.stderr == (
        "lamella.lock: error[lock-archive]: chart 'prometheus' 0.4.0 of https://charts.example.org is not at hand, and"
        " nothing is fetched offline\n"
        "       = hint: where there is network: `lamella vendor` puts all that is locked into packs/vendor/\n"
        "1 error\n"
    )
    unreachable = lamella("render", "--check", cwd=repository, within=no_network, cache=cache)
    assert (unreachable.returncode, unreachable.stdout) == (3, "")
    assert "error[registry-unreachable]: https://charts.example.org/index.yaml: no answer" in unreachable.stderr
    archive.write_bytes(content[:-1])
    damaged = lamella("render", "--check", "--offline", cwd=repository, within=no_network, cache=cache)
    assert damaged.returncode == 1
    assert f"{VENDORED}: error[lock-archive]: {VENDORED} is not what lamella.lock pins" in damaged.stderr


def test_the_real_helm_reads_the_archive(helm: Path) -> None:
    shown = subprocess.run([helm, "show", "chart", oracles.ROOT / VENDORED], capture_output=True, text=True, check=True)
    assert "name: prometheus" in shown.stdout
    linted = subprocess.run([helm, "lint", oracles.ROOT / VENDORED], capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout
