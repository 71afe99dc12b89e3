"""The import contract of pyproject.toml, and that it has teeth: what is planted into a pure module is found."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANTED = ("os", "subprocess", "time", "tempfile", "ctypes", "helm_python")
# They are the outside: what they import is their business. `compiler` itself holds the version and the entry.
OUTSIDE = ("cli", "host", "__init__.py", "__main__.py")
# The two Helm engines may import what they need, and nothing else.
ENGINES = {"render/helm_cli.py": ("subprocess", "tempfile"), "render/helm_embedded.py": ("ctypes", "helm_python")}


def lint(root: Path) -> tuple[int, str]:
    """Exit status and report of lint-imports in a checkout."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo"]
    done = subprocess.run([*command, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    return done.returncode, re.sub(r"\n +", " ", done.stdout)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "compiler", tmp_path / "compiler", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def pure_modules(checkout: Path) -> list[Path]:
    """Every module that may not touch the outside, relative to the package."""
    package = checkout / "compiler"
    found = [path.relative_to(package) for path in sorted(package.rglob("*.py"))]
    return [path for path in found if path.parts[0] not in OUTSIDE]


def test_the_contract_is_kept(checkout: Path) -> None:
    assert lint(checkout)[0] == 0


def test_the_outside_is_found_wherever_it_is_planted(checkout: Path) -> None:
    planted = []
    for path in pure_modules(checkout):
        file = checkout / "compiler" / path
        # At the end, and inside of a function: neither hides an import.
        file.write_text(
            file.read_text() + "".join(f"\n\ndef planted_{name}():\n    import {name}\n" for name in PLANTED)
        )
        module = "compiler." + ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        allowed = ENGINES.get(path.as_posix(), ())
        planted += [(module, name) for name in PLANTED if name not in allowed]
    assert len(planted) > 400
    status, report = lint(checkout)
    assert status == 1
    assert [(module, name) for module, name in planted if f"{module} -> {name} " not in report] == []


def test_a_stage_that_imports_another_is_found(checkout: Path) -> None:
    stages = ("load", "resolve", "render", "output", "delivery")
    wanted = []
    for stage, other in zip(stages, (*stages[1:], stages[0]), strict=True):
        (checkout / "compiler" / stage / "planted.py").write_text(f"import compiler.{other}\n")
        wanted.append(f"compiler.{stage} is not allowed to import compiler.{other}")
    status, report = lint(checkout)
    assert status == 1
    assert [text for text in wanted if text not in report] == []


def test_a_module_without_a_rung_is_found(checkout: Path) -> None:
    (checkout / "compiler" / "utils.py").write_text("")
    status, report = lint(checkout)
    assert status == 1
    assert "compiler.utils" in report
