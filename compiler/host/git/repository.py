"""A git repository: where it is, what its refs mean, and how git stores its files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.codes import Code
from compiler.diagnostics import CompileError, fail
from compiler.host.git import command
from compiler.host.git.command import Done

_OBJECT_NAME = re.compile(r"[0-9a-fA-F]{4,64}")
_ANCESTRY = re.compile(r"(?:[~^][0-9]{0,6})*\Z")
_NOT_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with its git directory, found from `directory`. `prefix` is the path of `directory` in the work tree,
    '' or ending in '/'. `work_tree` is None in a bare repository."""

    directory: Path
    git_directory: Path
    work_tree: Path | None
    prefix: str
    object_format: str

    @classmethod
    def at(cls, directory: Path) -> Repository:
        """The repository that `directory` is, or is in. Raises `git-not-a-repository`, `git-unsafe-owner`,
        `git-unreadable`, and as `command.run`."""
        if not directory.is_dir():
            raise fail(Code.GIT_NOT_A_REPOSITORY, f"{str(directory)!r} is not a directory")
        directory = directory.resolve()
        asked = ("--is-bare-repository", "--is-inside-work-tree", "--show-object-format", "--absolute-git-dir")
        done = command.run(directory, ["rev-parse", *asked, "--show-prefix"])
        if done.status:
            raise _not_opened(directory, done)
        bare, inside, object_format, git_directory, *rest = done.lines()
        prefix = rest[0] if rest else ""
        work_tree = None
        if (bare, inside) == ("false", "true"):
            work_tree = directory.joinpath(*[".."] * prefix.count("/")).resolve()
        elif not directory.is_relative_to(Path(git_directory).resolve()):
            raise _outside(directory, bare)
        return cls(directory, Path(git_directory), work_tree, prefix, object_format)

    def run(
        self, arguments: Sequence[str], *, stdin: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> Done:
        return command.run(self.directory, arguments, stdin=stdin, environment=environment)

    def git(
        self, arguments: Sequence[str], *, stdin: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> bytes:
        """What git prints. Raises `git-failed` with git's own reason where it fails."""
        done = self.run(arguments, stdin=stdin, environment=environment)
        if done.status:
            raise command.failure(Code.GIT_FAILED, f"git {arguments[0]} failed: {reason(done)}")
        return done.out

    def commit(self, ref: str) -> str:
        """The id of the commit that `ref` names: a branch, tag, remote branch or object name, with any `~2` or `^`.

        Raises `git-invalid-name`, `git-unknown-ref`, `git-unborn-branch`.
        """
        base = _ANCESTRY.sub("", ref)
        check_ref(base)
        done = self.run(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"])
        if done.status == 0 and done.out.strip():
            return done.out.decode().strip()
        if ref == "HEAD" and (branch := self.branch()):
            raise fail(Code.GIT_UNBORN_BRANCH, f"branch {branch!r} has no commit yet", hint="commit first")
        hint = "fetch it first; `git branch -a` and `git tag` list what exists"
        if self.run(["rev-parse", "--is-shallow-repository"]).out.strip() == b"true":
            hint = "this clone is shallow: run `git fetch --unshallow`, or set `fetch-depth: 0` for actions/checkout"
        raise fail(Code.GIT_UNKNOWN_REF, f"no commit {ref!r} in this repository", hint=hint)

    def branch(self) -> str:
        """The checked-out branch without `refs/heads/`, even before its first commit; '' for a detached HEAD."""
        done = self.run(["symbolic-ref", "--quiet", "HEAD"])
        return os.fsdecode(done.out).strip().removeprefix("refs/heads/") if done.status == 0 else ""

    def head_commit(self) -> str | None:
        """The id of the checked-out commit, None before the first one."""
        done = self.run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
        return done.out.decode().strip() or None

    def ignored(self, paths: Iterable[str]) -> set[str]:
        """The paths (relative to `directory`) that git ignores and does not track."""
        listed = b"".join(os.fsencode(f"./{path}\0") for path in paths)  # a leading ':' would be magic
        # This command refuses literal pathspecs. A name with * that also matches tracked files counts as tracked.
        done = self.run(["check-ignore", "-z", "--stdin"], stdin=listed, environment={"GIT_LITERAL_PATHSPECS": "0"})
        return {os.fsdecode(path).removeprefix("./") for path in done.out.split(b"\0") if path}

    def without_filters(self) -> list[str]:
        """Options that switch off every configured filter, for commands that read or write an index: to compare, they
        would run a filter on the files."""
        names = self.run(["config", "--null", "--name-only", "--get-regexp", r"^filter\..*\.(clean|smudge|process)$"])
        keys = sorted({os.fsdecode(name).rpartition(".")[0] for name in names.out.split(b"\0") if name})
        values = {"clean": "NOTHING", "smudge": "NOTHING", "process": "NOTHING", "required": "NO"}
        # Not -c, which ends the name at the first '=': a filter's name may contain one.
        return [f"--config-env={key}.{what}=LAMELLA_{value}" for key in keys for what, value in values.items()]


def check_ref(name: str) -> None:
    """Raises `git-invalid-name` for a name that no ref can have. Source: the rules 1-10 of git-check-ref-format(1)."""
    command.refuse_option(name, "ref")
    parts = name.split("/")
    bad = _NOT_IN_REF.search(name) or name == "@" or name.endswith((".", "/")) or name.startswith("/")
    if bad or any(part.startswith(".") or part.endswith(".lock") for part in parts):
        raise fail(
            Code.GIT_INVALID_NAME, f"{name!r} cannot be the name of a ref", hint="see `git help check-ref-format`"
        )


def reason(done: Done) -> str:
    """Git's own reason for a failure, on one line, without its hints."""
    lines = [line.strip() for line in done.err.splitlines() if line.strip() and not line.startswith("hint:")]
    errors = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    return "; ".join(dict.fromkeys(line.removeprefix("fatal: ").removeprefix("error: ") for line in errors))[:1000]


def _outside(directory: Path, bare: str) -> CompileError:
    """Git takes the directory for no part of a work tree, so which of a commit's directories it is, is not known."""
    setting, way_out = (
        ("core.bare", "core.bare false") if bare == "true" else ("core.worktree", "--unset core.worktree")
    )
    message = f"{str(directory)!r} is in no work tree, because of the repository's setting {setting}"
    return command.failure(Code.GIT_UNREADABLE, message, hint=f"run `git config {way_out}`")


def _not_opened(directory: Path, done: Done) -> CompileError:
    if "dubious ownership" in done.err:
        hint = f"if you trust it, run `git config --global --add safe.directory {directory}`"
        return command.failure(Code.GIT_UNSAFE_OWNER, "the repository belongs to another user", hint=hint)
    if "not a git repository" in done.err:
        hint = "run `git init`, or set --repo to another directory"
        return fail(Code.GIT_NOT_A_REPOSITORY, f"{str(directory)!r} is not in a git repository", hint=hint)
    return command.failure(Code.GIT_UNREADABLE, f"git cannot read this repository: {reason(done)}")
