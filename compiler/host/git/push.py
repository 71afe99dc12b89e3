"""Sending a branch to a remote: a plain push, never forced."""

from __future__ import annotations

from pathlib import Path

from compiler.codes import Code
from compiler.diagnostics import CompileError
from compiler.host.git import command
from compiler.host.git.command import Done
from compiler.host.git.repository import Repository, check_ref, reason

_HINTS = {"does not appear to be a git repository": "run `git remote -v` to list the remotes"}


def push(directory: Path, remote: str, branch: str, commit: str = "") -> None:
    """Pushes the local `branch`, or this commit of it, to the same name at `remote` (a configured remote, or a URL).

    The remote is reached as the user and the repository have configured it (SSH command, credential helper, proxy);
    hooks do not run. Raises for the environment `push-rejected` (the remote has other commits, or refuses with a reason,
    which is quoted once), `push-failed` (it cannot be reached), and as `Repository.at`.
    """
    repository = Repository.at(directory)
    command.refuse_option(remote, "remote")
    check_ref(f"refs/heads/{branch}")
    ref = f"refs/heads/{branch}"
    options = ["--porcelain", "--no-follow-tags", "--no-verify", "--no-force", "--receive-pack=git-receive-pack"]
    allowed = {"GIT_ALLOW_PROTOCOL": ":".join(command.protocols())}
    done = repository.run(["push", *options, "--", remote, f"{commit or ref}:{ref}"], environment=allowed)
    if done.status:
        raise _failed(done, remote, branch)


def remote_commit(repository: Repository, remote: str, branch: str) -> str:
    """The commit of the branch at `remote`, '' where it has no such branch. Raises `push-failed` as `push`."""
    command.refuse_option(remote, "remote")
    check_ref(f"refs/heads/{branch}")
    asked = ["ls-remote", "--upload-pack=git-upload-pack", "--", remote, f"refs/heads/{branch}"]
    done = repository.run(asked, environment={"GIT_ALLOW_PROTOCOL": ":".join(command.protocols())})
    if done.status:
        raise _failed(done, remote, branch)
    rows = [line.split("\t", 1) for line in done.lines() if "\t" in line]
    return next((name for name, ref in rows if ref == f"refs/heads/{branch}"), "")


def _failed(done: Done, remote: str, branch: str) -> CompileError:
    where = f"branch {branch!r} to {command.redact(remote)!r}"
    refused = next((line for line in done.lines() if line.startswith("!\t")), "")
    if not refused:
        hint = command.remote_hint(done, _HINTS)
        return command.failure(Code.PUSH_FAILED, f"cannot push {where}: {reason(done)}", hint=hint)
    summary = refused.split("\t")[-1]
    if "[rejected]" in summary:
        hint = "fetch and merge them, render, and publish again"
        return command.failure(Code.PUSH_REJECTED, f"cannot push {where}: it has commits that you do not", hint=hint)
    lines = (line.removeprefix("remote:").strip() for line in done.err.splitlines() if line.startswith("remote:"))
    remarks = [line.removeprefix("error: ") for line in lines]
    why = "; ".join(dict.fromkeys(line for line in remarks if line)) or summary.removeprefix("[remote rejected] ")
    return command.failure(Code.PUSH_REJECTED, f"cannot push {where}: the remote refuses it: {why[:1000]}")
