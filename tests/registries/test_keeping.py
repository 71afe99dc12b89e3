"""What is fetched is kept: vendored in the repository, cached on the machine; and what is new is seen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from compiler.cli import run
from tests.registries.conftest import Repository, layer, profile, settings
from tests.support import servers


@pytest.fixture
def two_charts(repository: Repository, http_charts: str) -> Repository:
    repository.write(
        {
            "lamella.yaml": settings(web=http_charts),
            "profiles/web.yaml": profile(
                layer("demo", "name: demo, version: ~1.2.0, registry: web"),
                layer("extra", "name: extra, version: 0.1.0, registry: web"),
            ),
        }
    )
    repository.ok("lock")
    return repository


def archives(directory: Path) -> list[Path]:
    return [path for path in (directory / "archives").rglob("*") if path.is_file()]


def test_vendored_archives_need_neither_network_nor_cache(two_charts: Repository, tmp_path: Path) -> None:
    two_charts.ok("render")
    assert ", 2 written" in two_charts.ok("vendor").err
    shutil.rmtree(tmp_path / "cache")
    two_charts.ok("render", "--check", "--offline")
    assert not archives(tmp_path / "cache")
    assert ", 0 written" in two_charts.ok("vendor").err


def test_a_vendored_archive_that_was_changed_is_refused(two_charts: Repository) -> None:
    two_charts.ok("vendor")
    (archive,) = (two_charts.root / "vendor").rglob("demo-*.tgz")
    (other,) = (two_charts.root / "vendor").rglob("extra-*.tgz")
    shutil.copy(other, archive)
    said = two_charts.run("render")
    assert said.status == 1
    assert "error[lock-archive]" in said.err
    assert "is not what lamella.lock pins" in said.err
    assert said.err.count("sha256:") == 2


def test_vendor_elsewhere_and_what_is_left_over(two_charts: Repository, tmp_path: Path) -> None:
    elsewhere = tmp_path / "usb"
    two_charts.ok("vendor", "--to", str(elsewhere))
    assert len(list(elsewhere.rglob("*.tgz"))) == 2
    two_charts.write({"profiles/web.yaml": profile(layer("demo", "name: demo, version: ~1.2.0, registry: web"))})
    two_charts.ok("lock")
    assert "not locked (--prune deletes it): " in two_charts.ok("vendor", "--to", str(elsewhere)).err
    assert len(list(elsewhere.rglob("*.tgz"))) == 2
    assert "deleted: " in two_charts.ok("vendor", "--to", str(elsewhere), "--prune").err
    assert len(list(elsewhere.rglob("*.tgz"))) == 1


def test_outdated_shows_the_range_and_the_newest(two_charts: Repository) -> None:
    rows = json.loads(two_charts.ok("outdated", "-o", "json").out)
    assert [(row["name"], row["current"], row["allowed"], row["newest"]) for row in rows] == [
        ("demo", "1.2.3", "1.2.3", "1.3.0")
    ]
    assert rows[0]["askedBy"] == ["profile web 1.0.0, layer demo"]
    assert two_charts.run("outdated", "--exit-code").status == 1
    assert "1.3.0" in two_charts.ok("outdated").out
    assert len(json.loads(two_charts.ok("outdated", "--all", "-o", "json").out)) == 2


def test_the_cache_is_shown_and_pruned(
    two_charts: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def cache(*flags: str) -> dict[str, object]:
        capsys.readouterr()
        assert run(["cache", *flags, "-o", "json"]) == 0
        shown: dict[str, object] = json.loads(capsys.readouterr().out)
        return shown

    kept = archives(tmp_path / "cache")
    total = sum(path.stat().st_size for path in kept)
    assert cache() == {"directory": str(tmp_path / "cache"), "archives": 2, "bytes": total, "deleted": 0}
    old = kept[0].stat().st_size
    os.utime(kept[0], (time.time() - 40 * 24 * 60 * 60,) * 2)
    assert cache("--prune")["deleted"] == 1
    assert cache()["bytes"] == total - old
    two_charts.ok("render")  # fetches it again
    assert cache()["archives"] == 2
    assert cache("--prune", "--days", "0")["archives"] == 0


def test_many_processes_fetch_each_archive_once(repository: Repository, charts: Path, tmp_path: Path) -> None:
    """16 processes at once on a cold cache."""
    asked: list[str] = []

    class Counting(servers.StaticFiles):
        directory = str(charts)

        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

    with servers.serving(Counting) as url:
        repository.write(
            {
                "lamella.yaml": settings(web=url),
                "profiles/web.yaml": profile(
                    layer("demo", "name: demo, version: ^1, registry: web"),
                    layer("extra", "name: extra, version: '*', registry: web"),
                ),
            }
        )
        repository.ok("lock")
        shutil.rmtree(tmp_path / "cache")
        asked.clear()
        command = [sys.executable, "-m", "compiler", "show", "--repo", str(repository.root), "-o", "json"]

        def show(_: int) -> subprocess.CompletedProcess[str]:
            return subprocess.run(command, capture_output=True, text=True, check=False)

        with ThreadPoolExecutor(16) as pool:
            results = list(pool.map(show, range(16)))
    assert [result.returncode for result in results] == [0] * 16, results[0].stderr
    assert sorted(path for path in asked if path.endswith(".tgz")) == ["/demo-1.3.0.tgz", "/extra-0.1.0.tgz"]
