"""Commits of repositories elsewhere: fetched shallow into a scratch directory, and read from there.

Nothing of the remote is configuration here: the scratch repository is made without a template, and refs, hooks and
settings of the remote do not come along. Each process has its own, so none sees what another left half done.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
from pathlib import Path

from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, fail
from compiler.host.git import command
from compiler.host.git.command import Done
from compiler.host.git.repository import Repository, check_ref, reason
from compiler.host.git.revision import CommitFiles
from compiler.ports import Remote

_SHA256_DIGITS = 64
_ALL = "--depth=2147483647"  # git-fetch-pack(1): infinite depth; unlike --unshallow, also of a complete repository
_OPTIONS = (
    "--quiet",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-write-commit-graph",
    "--upload-pack=git-upload-pack",
)
# A server that sends less than this for as long has stalled.
_SETTINGS = (
    *("-c", "http.lowSpeedLimit=200", "-c", "http.lowSpeedTime=60"),
    *("-c", "http.followRedirects=initial", "-c", "transfer.bundleURI=false"),
)
_NO_REF = re.compile(r"couldn't find remote ref|Invalid refspec")
_NO_COMMIT = re.compile(r"not our ref|unadvertised object|no such remote ref|did not send all necessary objects")
_OTHER_FORMAT = re.compile(r"mismatched algorithms")
_HINTS = {
    "does not appear to be a git repository": "check the URL",
    "not found": "check the URL; a server also says so where a login is missing",
}


class RemoteRepositories:
    """`ports.Repositories` for real; safe in threads. What a ref means is asked once."""

    def __init__(self) -> None:
        self._clones: dict[str, _Clone] = {}
        self._guard = threading.Lock()

    def tree(self, remote: Remote, commit: str = "") -> CommitFiles:
        with self._guard:
            clone = self._clones.setdefault(remote.url, _Clone(remote.url))
        return clone.tree(remote, commit)

    def close(self) -> None:
        """Ends the reading processes, and fetches that still run, and removes the scratch directories."""
        command.end_all()
        for clone in self._clones.values():
            clone.close()


class _Clone:
    """The scratch repository for one URL, made at its first use."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._shown = command.redact(url)
        self._lock = threading.Lock()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._commits: dict[str, str] = {}  # by ref
        self._trees: dict[str, CommitFiles] = {}  # by commit

    def tree(self, remote: Remote, commit: str) -> CommitFiles:
        with self._lock:
            try:
                commit = self._pinned(remote, commit) if commit else self._newest(remote)
                if commit not in self._trees:
                    self._trees[commit] = CommitFiles(self._directory, commit)
            except CompileError as error:
                placed = [
                    Diagnostic(d.code, d.message, d.at or remote.at, d.hint, d.related) for d in error.diagnostics
                ]
                raise CompileError(placed, environment=error.environment) from error
            return self._trees[commit]

    def close(self) -> None:
        with self._lock:
            for tree in self._trees.values():
                tree.close()
            if self._scratch is not None:
                self._scratch.cleanup()

    @property
    def _directory(self) -> Path:
        if self._scratch is None:
            self._make("sha1")
        assert self._scratch is not None
        return Path(self._scratch.name) / "repository.git"

    def _make(self, object_format: str) -> None:
        """A new scratch repository. Which format a remote has is known when it is first asked, or from a commit's id."""
        if self._scratch is not None:
            self._scratch.cleanup()
        self._scratch = tempfile.TemporaryDirectory(prefix="lamella-git-", ignore_cleanup_errors=True)
        root = Path(self._scratch.name)
        made = ["init", "--quiet", "--bare", "--template=", f"--object-format={object_format}", "repository.git"]
        done = command.run(root, made)
        if done.status:
            raise command.failure(Code.GIT_FAILED, f"git init failed: {reason(done)}")

    def _newest(self, remote: Remote) -> str:
        """The commit that the ref means now."""
        ref = remote.ref or "HEAD"
        check_ref(ref)
        if ref not in self._commits:
            done = self._fetch(ref, "--depth=1")
            if done.status and (_NO_REF.search(done.err) or _NO_COMMIT.search(done.err)):
                raise fail(
                    Code.GIT_UNKNOWN_REF,
                    f"{self._shown} has no branch, tag or commit {ref!r}",
                    hint="give a commit by its whole id" if re.fullmatch("[0-9a-f]{5,39}", ref) else "",
                )
            if done.status:
                raise self._failed(done)
            self._commits[ref] = Repository.at(self._directory).commit(_local(ref))
        return self._commits[ref]

    def _pinned(self, remote: Remote, commit: str) -> str:
        """This commit: by its id or, where the server gives none by id, with the whole history of the ref."""
        check_ref(commit)
        if self._scratch is None and len(commit) == _SHA256_DIGITS:
            self._make("sha256")
        if commit in self._trees or self._has(commit):
            return commit
        done = self._fetch(commit, "--depth=1")
        if done.status and _NO_COMMIT.search(done.err):
            done = self._fetch(remote.ref or "HEAD", _ALL)
            if (done.status and _NO_REF.search(done.err)) or (not done.status and not self._has(commit)):
                raise fail(
                    Code.GIT_COMMIT_GONE,
                    f"commit {commit[:12]} is not in {self._shown}, nor in the history of {remote.ref or 'HEAD'}",
                    hint="was it rewritten? `lamella lock --upgrade NAME` takes the newest commit",
                )
        if done.status:
            raise self._failed(done)
        return commit

    def _has(self, commit: str) -> bool:
        return command.run(self._directory, ["cat-file", "-e", f"{commit}^{{commit}}"]).status == 0

    def _fetch(self, ref: str, depth: str) -> Done:
        """Fetches one ref or commit."""
        command.refuse_option(self._url, "URL")
        # Plain http is for a machine's own services: no redirect leads to it, but it may be written.
        plain = ["http"] if self._url.startswith("http://") else []
        environment = {
            "GIT_ALLOW_PROTOCOL": ":".join((*command.protocols(), *plain)),
            "GIT_NO_REPLACE_OBJECTS": "1",
            **self._without_prompt(),
        }
        arguments = [*_SETTINGS, "fetch", *_OPTIONS, depth, "--", self._url, f"+{ref}:{_local(ref)}"]
        done = command.run(self._directory, arguments, environment=environment)
        if done.status and _OTHER_FORMAT.search(done.err) and not self._commits:
            self._make("sha256")
            done = command.run(self._directory, arguments, environment=environment)
        return done

    def _without_prompt(self) -> dict[str, str]:
        """ssh asks nobody: it would read from the terminal. What the user has configured instead of ssh stays."""
        if os.environ.get("GIT_SSH_COMMAND") or os.environ.get("GIT_SSH"):
            return {}
        if command.run(self._directory, ["config", "--get", "core.sshCommand"]).status == 0:
            return {}
        return {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=30"}

    def _failed(self, done: Done) -> CompileError:
        hint = command.remote_hint(done, _HINTS)
        return command.failure(Code.GIT_FETCH, f"cannot fetch {self._shown}: {reason(done)}", hint=hint)


def _local(ref: str) -> str:
    """The name by which the scratch repository keeps it."""
    return f"refs/lamella/{ref.encode().hex()}"  # a branch a/b and a tag a could not both be there
