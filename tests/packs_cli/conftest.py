"""The command line in this process: `lamella("pack", "lint", …)` gives exit status, stdout and stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from compiler.cli import run


class Said(NamedTuple):
    status: int
    out: str
    err: str


Lamella = Callable[..., Said]


@pytest.fixture
def lamella(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lamella:
    """Runs a command in the scratch directory `tmp_path`."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Said:
        capsys.readouterr()
        status = run(["--color", "never", *map(str, arguments)])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Said(status, said.out, said.err)

    return call


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    """The files below `root`."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)


def tree(root: Path) -> dict[str, bytes]:
    """{relative path: content} of every file below `root`."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def codes(said: Said) -> list[str]:
    """The codes of the problems on stderr, in order."""
    return [line.partition("[")[2].partition("]")[0] for line in said.err.splitlines() if _is_problem(line)]


def _is_problem(line: str) -> bool:
    words: Iterable[str] = ("error[", "warning[")
    return any(f": {word}" in line or line.startswith(word) for word in words)
