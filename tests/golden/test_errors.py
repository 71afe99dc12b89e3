"""Bad input: what the command says of it, word for word, its exit status, and that nothing is written.

Each case in errors/ is one file: a comment that says what is wrong, the input files, and at last `-- stderr --` (or
`-- stderr 3 --` for another exit status than 1). `pytest tests/golden --update` writes what the command says now.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compiler.cli import run
from tests.support import textar

CASES = sorted((Path(__file__).parent / "errors").glob("*.txt"))
_EXPECTED = re.compile(r"^-- stderr(?: (?P<status>\d+))? --\n", re.MULTILINE)


def test_there_are_at_least_sixty_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_error(
    case: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    text = case.read_text()
    head = _EXPECTED.search(text)
    given, expected = (text[: head.start()], text[head.end() :]) if head else (text, "")
    intro, files = textar.parse(given)
    assert intro.startswith("# "), "a case begins with a comment that says what is wrong"
    textar.write(files, tmp_path)
    before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}
    arguments = re.search(r"^# command: (.*)$", intro, re.MULTILINE)
    command = arguments[1].replace("REPOSITORY", str(tmp_path)).split() if arguments else ["render"]
    repository = [] if command[0] == "pack" else ["--repo", str(tmp_path)]  # those name a pack's directory instead
    status = run(["--color", "never", *command, *repository])
    said = capsys.readouterr().err.replace(str(tmp_path), "REPOSITORY")
    if request.config.getoption("--update"):
        mark = "" if status == 1 else f" {status}"
        case.write_text(f"{given}-- stderr{mark} --\n{said}")
        return
    assert said == expected
    assert status == int(head["status"] or 1) if head else 1
    assert "Traceback" not in said
    after = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert after == before, "a failed run must not write anything"
