"""Sending a branch to a remote: a plain push, never forced."""

from __future__ import annotations

import os
from pathlib import Path

from compiler.codes import Code
from compiler.diagnostics import CompileError
from compiler.host.git import command
from compiler.host.git.command import Done
from compiler.host.git.repository import Repository, check_ref, reason

# Git's own variable GIT_ALLOW_PROTOCOL takes precedence. Never `ext` or `fd`: they run commands from the URL.
_PROTOCOLS = "https:ssh:file"
_NEVER = {"ext", "fd"}


def push(directory: Path, remote: str, branch: str) -> None:
    """Pushes the local `branch` to the same name at `remote` (a configured remote, or a URL).

    The remote is reached as the user and the repository have configured it (SSH command, credential helper, proxy);
    hooks do not run. Raises for the environment `push-rejected` (the remote has other commits, or refuses with a reason,
    which is quoted once), `push-failed` (it cannot be reached), and as `Repository.at`.
    """
    repository = Repository.at(directory)
    command.refuse_option(remote, "remote")
    check_ref(f"refs/heads/{branch}")
    ref = f"refs/heads/{branch}"
    options = ["--porcelain", "--no-follow-tags", "--no-verify", "--no-force", "--receive-pack=git-receive-pack"]
    protocols = {"GIT_ALLOW_PROTOCOL": _allowed(os.environ.get("GIT_ALLOW_PROTOCOL") or _PROTOCOLS)}
    done = repository.run(["push", *options, "--", remote, f"{ref}:{ref}"], environment=protocols)
    if done.status:
        raise _failed(done, remote, branch)


def _allowed(protocols: str) -> str:
    return ":".join(name for name in protocols.split(":") if name not in _NEVER)


def _failed(done: Done, remote: str, branch: str) -> CompileError:
    where = f"branch {branch!r} to {command.redact(remote)!r}"
    refused = next((line for line in done.lines() if line.startswith("!\t")), "")
    if not refused:
        hint = _HINTS.get(next((sign for sign in _HINTS if sign in done.err), ""), "")
        return command.failure(Code.PUSH_FAILED, f"cannot push {where}: {reason(done)}", hint=hint)
    summary = refused.split("\t")[-1]
    if "[rejected]" in summary:
        hint = "fetch and merge them, render, and publish again"
        return command.failure(Code.PUSH_REJECTED, f"cannot push {where}: it has commits that you do not", hint=hint)
    lines = (line.removeprefix("remote:").strip() for line in done.err.splitlines() if line.startswith("remote:"))
    remarks = [line.removeprefix("error: ") for line in lines]
    why = "; ".join(dict.fromkeys(line for line in remarks if line)) or summary.removeprefix("[remote rejected] ")
    return command.failure(Code.PUSH_REJECTED, f"cannot push {where}: the remote refuses it: {why[:1000]}")


_HINTS = {
    "could not read Username": "configure a credential helper or a token for this remote",
    "Authentication failed": "renew the credentials for this remote; they are wrong or have expired",
    "Permission denied (publickey)": "add your SSH key to the remote",
    "Host key verification failed": "add the remote's SSH host key to known_hosts",
    "Could not resolve host": "check the network and the remote's URL",
    "not allowed": "set GIT_ALLOW_PROTOCOL to allow another protocol",
    "does not appear to be a git repository": "run `git remote -v` to list the remotes",
}
