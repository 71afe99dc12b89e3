"""What people install: the package, and nothing that only its makers need."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.oracles import ROOT


@pytest.mark.oracle
def test_the_wheel_is_the_package_without_tests_and_generators(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--quiet", "--no-deps", "--wheel-dir", str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if "hatchling" in done.stderr:
        pytest.skip("the build backend cannot be had without a network")
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    package = {path.relative_to(ROOT).as_posix() for path in (ROOT / "compiler").rglob("*") if path.is_file()}
    assert {name for name in names if ".dist-info/" not in name} == {
        path for path in package if "__pycache__" not in path
    }
    assert "compiler/kubernetes/lists.json" in names
    assert not {name for name in names if "generate" in name}
