"""`lamella publish` from the command line: what is refused before anything is committed."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Lamella, git


def test_another_branch_than_the_one_asked_for_is_refused(rendered: Path, lamella: Lamella) -> None:
    git(rendered, "init", "-q")
    git(rendered, "add", ".")
    git(rendered, "commit", "-qm", "first")
    said = lamella("publish", "--no-push", "--branch", "release")
    assert (said.status, said.out) == (1, "")
    assert "error[git-other-branch]: branch 'main' is checked out, not 'release'" in said.err
    assert "git switch release" in said.err
    assert git(rendered, "log", "--format=%s") == "first"
