"""Small repositories beside all that they give: renders/<case>/input, the output in expected/, the talk in stderr.txt.

`pytest tests/golden --update` rewrites both; the review is the diff. Files that are there and not expected fail as files
that are missing do. Inventories are left out: they hold digests of what is compared here, and tests/cli reads them, as it
does .gitattributes, which is the same everywhere.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compiler.cli import run

CASES = sorted(path for path in (Path(__file__).parent / "renders").iterdir() if path.is_dir())

_NOT_COMPARED = ("inventory.json", ".gitattributes")


def tree(root: Path) -> dict[str, str]:
    """{relative path: text} of every file below `root` that is compared."""
    found = (path for path in sorted(root.rglob("*")) if path.is_file() and path.name not in _NOT_COMPARED)
    return {path.relative_to(root).as_posix(): path.read_text() for path in found}


def test_there_are_at_least_thirty_cases() -> None:
    assert len(CASES) >= 30


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_render(
    case: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    repository = tmp_path / "repository"
    shutil.copytree(case / "input", repository)
    status = run(["--color", "never", "render", "--repo", str(repository)])
    said = capsys.readouterr().err
    assert status == 0, said
    got = tree(repository / "output")
    if request.config.getoption("--update"):
        shutil.rmtree(case / "expected", ignore_errors=True)
        for path, text in {**{f"expected/{name}": text for name, text in got.items()}, "stderr.txt": said}.items():
            (case / path).parent.mkdir(parents=True, exist_ok=True)
            (case / path).write_text(text)
        return
    assert got == tree(case / "expected")
    assert said == (case / "stderr.txt").read_text()
    before = {path: path.stat().st_mtime_ns for path in repository.rglob("*")}
    assert run(["--color", "never", "render", "--repo", str(repository)]) == 0
    assert "output is up to date" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in repository.rglob("*")} == before
