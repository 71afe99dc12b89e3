"""Real git repositories for tests, made by the git command. Tests also need the fixture `git_home`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compiler.diagnostics import Problems
from compiler.host.git import commit_tree


def git(directory: Path, *arguments: str, stdin: bytes = b"") -> str:
    """What `git arguments` prints in `directory`; fails where git does."""
    command = ["git", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, cwd=directory, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return os.fsdecode(done.stdout).strip("\n")


def write(directory: Path, files: Mapping[str, str | bytes | Path]) -> None:
    """Makes files below `directory`: text, bytes, or a link to the given (unresolved) path."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            path.symlink_to(content)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")


def repository(directory: Path, files: Mapping[str, str | bytes | Path] | None = None) -> Path:
    """A new repository on branch `main`, with one commit of `files` where there are some."""
    directory.mkdir(parents=True, exist_ok=True)
    git(directory, "init", "--quiet", "--initial-branch=main")
    if files:
        write(directory, files)
        commit_all(directory, "first")
    return directory


def commit_all(directory: Path, subject: str) -> str:
    """Commits everything in the work tree, ignored files too; returns the commit's id."""
    git(directory, "add", "--all", "--force")
    git(directory, "commit", "--quiet", "--allow-empty", "-m", subject)
    return git(directory, "rev-parse", "HEAD")


def committed(directory: Path, *, prefix: str = "output", **options: Any) -> str | None:
    """`commit_tree` of what stands below `prefix`, and of the removal of what was tracked there and is gone."""
    root = directory / prefix
    here = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    if "files" not in options:
        tracked = git(directory, "ls-files", "-z", "--", root.as_posix()).split("\0")[:-1]
        gone = {(directory / name).relative_to(root).as_posix() for name in tracked} - here.keys()
        options = {"files": here, "removed": sorted(gone), **options}
    return commit_tree(
        directory,
        prefix=prefix,
        **{"subject": "x", "removed": (), "body": (), "trailers": (), "problems": Problems(), **options},
    )
