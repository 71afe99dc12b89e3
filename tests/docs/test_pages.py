"""Every code block of the README and of docs/ runs: files are written, commands are run, output is compared.

In a page, in order, in one scratch directory:
- a block ```yaml file=PATH (or any language) writes PATH;
- a block ```console runs its `$ ` lines; the lines below each are its whole output, `...` stands for any lines,
  `…` for any characters of a line, and `(exit N)` as the last line for the exit status where it is not 0;
- a block ```yaml without file= is a fragment: it must be YAML (many documents allowed);
- a block ```text is only looked at by people.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from compiler import yamldoc
from tests.support import oracles

PAGES = [oracles.ROOT / "README.md", *sorted((oracles.ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(
    r"^```(?P<language>[a-z]*)(?: file=(?P<file>\S+))?[^\n]*\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_LANGUAGES = {"yaml", "console", "text", "json", "jinja", "python", "mermaid"}


def run(command: str, cwd: Path) -> tuple[str, int]:
    """Output (stdout and stderr as they come) and exit status of a shell line."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{oracles.DIRECTORY}:{os.environ['PATH']}",
        "HOME": str(cwd),
        "GIT_AUTHOR_NAME": "Reader", "GIT_AUTHOR_EMAIL": "reader@example.org",
        "GIT_COMMITTER_NAME": "Reader", "GIT_COMMITTER_EMAIL": "reader@example.org",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout, done.returncode


def matches(said: str, expected: str) -> bool:
    """Whether the lines are as expected, `...` standing for any number of lines, `…` for any characters of one."""
    parts = [re.escape(line).replace("…", "[^\n]*") for line in expected.splitlines()]
    pattern = "\n".join(".*" if part == re.escape("...") else part for part in parts)
    pattern = pattern.replace("\n.*", "(?:\n.*)?")
    return re.fullmatch(pattern, said.rstrip("\n"), re.DOTALL) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    blocks = list(_BLOCK.finditer(text))
    assert text.count("\n```") == 2 * len(blocks), "a code block that is not understood"
    for block in blocks:
        language, file, body = block["language"], block["file"], block["body"]
        line = text.count("\n", 0, block.start()) + 1
        assert language in _LANGUAGES, f"{page.name}:{line}: unknown language {language!r}"
        if file:
            target = tmp_path / file
            assert target.resolve().is_relative_to(tmp_path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(body)
        elif language == "console":
            run_console(body, tmp_path, f"{page.name}:{line}")
        elif language == "yaml":
            yamldoc.load(body, f"{page.name}:{line}")


def run_console(body: str, cwd: Path, place: str) -> None:
    commands = re.split(r"^\$ ", body, flags=re.MULTILINE)
    assert not commands[0].strip(), f"{place}: a console block begins with '$ '"
    for command in commands[1:]:
        line, _, expected = command.partition("\n")
        while line.endswith("\\"):
            more, _, expected = expected.partition("\n")
            line = line[:-1] + more.strip()
        status = re.search(r"^\(exit (\d+)\)$", expected, re.MULTILINE)
        expected = re.sub(r"^\(exit \d+\)\n?", "", expected, flags=re.MULTILINE)
        said, code = run(line, cwd)
        assert code == (int(status[1]) if status else 0), f"{place}: $ {line}\n{said}"
        assert matches(said, expected.rstrip("\n")), f"{place}: $ {line}\n{said}"


def test_links_inside_the_documentation_resolve() -> None:
    broken = [
        f"{page.name}: {link}"
        for page in PAGES
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert not broken
