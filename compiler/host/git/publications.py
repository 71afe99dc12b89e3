"""Commits of output that have been made and not pushed, and whether they follow the commit that they name as their source.

A rebase gives a source commit another id, and leaves the old one in the message of the commit of its output.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from compiler.codes import Code
from compiler.diagnostics import Problems, fail
from compiler.host.git.push import remote_commit
from compiler.host.git.repository import Repository

SOURCE, VERSION = "Source-Commit", "Lamella-Version"  # trailers that every commit of output has
_LOOKED_AT = 1000
_FIELDS = ("%H", "%P", *(f"%(trailers:key={key},valueonly,separator=%x20)" for key in (SOURCE, VERSION)))


@dataclass(frozen=True, slots=True)
class Checkout:
    """The branch that is checked out, its commit (None before the first), and the one that the next commit of output
    follows: the same, or the one below commits of output that it replaces."""

    branch: str
    head: str | None
    parent: str | None

    @classmethod
    def of(cls, repository: Repository, output: str = "") -> Checkout:
        """What is checked out. With `output`, the path of its directory, commits of it that are on top, have not been
        pushed and do not follow the commit that they name are to be replaced. Raises `git-detached-head`."""
        branch = repository.branch()
        if not branch:
            raise fail(Code.GIT_DETACHED_HEAD, "no branch is checked out", hint="run `git switch BRANCH`")
        head = repository.head_commit()
        return cls(branch, head, _below_rebased(repository, head, output) if head and output else head)


@dataclass(frozen=True, slots=True)
class _Commit:
    parents: tuple[str, ...]
    source: str
    version: str


def _below_rebased(repository: Repository, head: str, output: str) -> str:
    commits = _unpushed(repository, head)
    on_top = []
    at = head
    while (commit := commits.get(at)) and _is_of_output(repository, at, commit, output):
        on_top.append(commit)
        at = commit.parents[0]
    return at if any(commit.source != commit.parents[0] for commit in on_top) else head


def _unpushed(repository: Repository, head: str) -> Mapping[str, _Commit]:
    """{commit: what it says} of those that no remote is known to have."""
    options = ["-z", "--no-show-signature", "--no-color", f"--max-count={_LOOKED_AT}"]
    listed = repository.git(["log", *options, f"--format={'%x00'.join(_FIELDS)}", head, "--not", "--remotes"])
    texts = [text.decode(errors="replace").strip() for text in listed.split(b"\0")]
    rows = zip(*[iter(texts)] * len(_FIELDS), strict=False)
    return {name: _Commit(tuple(parents.split()), source, version) for name, parents, source, version in rows}


def _is_of_output(repository: Repository, name: str, commit: _Commit, output: str) -> bool:
    """Whether the commit is one that `commit_tree` made: of output and nothing else."""
    if not (commit.source and commit.version and len(commit.parents) == 1):
        return False
    listed = repository.git(["diff-tree", "-r", "-z", "--no-renames", "--name-only", *commit.parents, name])
    top = os.fsencode(f"{repository.prefix}{output}/")
    return all(path.startswith(top) for path in listed.split(b"\0")[:-1])


def check_sources(repository: Repository, head: str) -> None:
    """Raises `publish-uncommitted` if one of the commits that would be pushed names a source that is not below it."""
    problems = Problems()
    if not repository.git(["for-each-ref", "--count=1", "refs/remotes/"]).strip():
        return  # which commits are new to the remote is not known
    for name, commit in _unpushed(repository, head).items():
        below = ["merge-base", "--is-ancestor", commit.source, name]
        if commit.source and commit.version and repository.run(below).status:
            problems.error(
                Code.PUBLISH_UNCOMMITTED,
                f"commit {name[:12]} is output of commit {commit.source[:12]}, which is not in the history of"
                " this branch (a rebase gives commits other ids)",
                hint=f"drop it (git rebase --onto {name[:12]}~ {name[:12]}), render, and publish again",
            )
    problems.raise_if_any()


def is_pushed(repository: Repository, remote: str, branch: str, output: str) -> bool:
    """Whether the branch at the remote has the newest commit of output: as far as is known here where the branch has been
    pushed or fetched, else the remote is asked. Raises as `push`."""
    newest = repository.git(["rev-list", "--max-count=1", f"refs/heads/{branch}", "--", output]).decode().strip()
    if not newest:
        return True
    known = repository.run(["rev-parse", "--verify", "--quiet", "--end-of-options", f"refs/remotes/{remote}/{branch}"])
    there = known.out.decode().strip() if not known.status else remote_commit(repository, remote, branch)
    return bool(there) and not repository.run(["merge-base", "--is-ancestor", newest, there]).status
