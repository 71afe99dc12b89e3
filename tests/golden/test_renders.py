"""Small repositories beside the whole output that they give: renders/<case>/input and renders/<case>/expected.

`pytest tests/golden --update` rewrites expected/; the review is the diff. Files that are there and not expected fail as
files that are missing do. `stdout.txt`, where a case has it, is what the command in `command.txt` prints.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compiler.cli import run

CASES = sorted(path for path in (Path(__file__).parent / "renders").iterdir() if path.is_dir())


def tree(root: Path) -> dict[str, str]:
    """{relative path: text} of every file below `root`."""
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_render(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(case / "input", repository)
    status = run(["--color", "never", "render", "--repo", str(repository)])
    said = capsys.readouterr().err
    assert status == 0, said
    got = tree(repository / "output")
    got = {path: text for path, text in got.items() if not path.endswith("inventory.json")}
    if request.config.getoption("--update"):
        shutil.rmtree(case / "expected", ignore_errors=True)
        for path, text in got.items():
            target = case / "expected" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return
    assert got == tree(case / "expected")
    before = {path: path.stat().st_mtime_ns for path in repository.rglob("*")}
    assert run(["--color", "never", "render", "--repo", str(repository)]) == 0
    assert "output is up to date" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in repository.rglob("*")} == before
