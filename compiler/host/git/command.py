"""Starting git: how every command is hardened, and what failures mean."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic
from compiler.host.descendants import end

# Switched off: everything that a repository's own configuration can make git run, or read elsewhere. How to reach a
# remote (`core.sshCommand`, `credential.helper`) stays: only `push` and `remote` use it.
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    f"core.attributesFile={os.devnull}",
    "core.alternateRefsCommand=:",
    "core.askPass=",
    "core.protectNTFS=true",
    "core.protectHFS=true",
    "core.quotePath=false",
    "core.filesRefLockTimeout=3000",  # milliseconds; a stale lock is reported, never removed
    "diff.external=",
    "submodule.recurse=false",
    "push.gpgSign=false",
    "push.recurseSubmodules=no",
    "i18n.commitEncoding=UTF-8",
    "gc.auto=0",
    "maintenance.auto=false",
)
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "cat",
    # A commit is what its id says, not what refs/replace or a file of grafts puts in its place.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_ALLOW_PROTOCOL": "none",  # also stops a partial clone from fetching while it is read
    "NoDefaultCurrentDirectoryInExePath": "1",  # Windows looks for commands in the current directory first
    "LAMELLA_NOTHING": "",  # values of settings whose names `-c` cannot spell: see `Repository.without_filters`
    "LAMELLA_NO": "false",
}
# Where git looks for the repository when it is called from a hook, which may not be the repository we were given.
# Source: `git rev-parse --local-env-vars`, without configuration.
_LOCATION = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
TIMEOUT_S = 300.0
_RUNNING: set[subprocess.Popen[bytes]] = set()
# Git's own variable GIT_ALLOW_PROTOCOL takes precedence. Never `ext` or `fd`: they run commands from the URL.
_PROTOCOLS = "https:ssh:file"
_NEVER = {"ext", "fd"}
_REMOTE_HINTS = {
    "could not read Username": "configure a credential helper or a token for this remote",
    "Authentication failed": "renew the credentials for this remote; they are wrong or have expired",
    "Permission denied (publickey": "add your SSH key to the remote",
    "Host key verification failed": "add the remote's SSH host key to known_hosts",
    "Could not resolve host": "check the network and the remote's URL",
    "not allowed": "set GIT_ALLOW_PROTOCOL to allow another protocol",
}
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s'\"]+(?=@)")


@dataclass(frozen=True, slots=True)
class Done:
    """A git command that has ended: `out` unchanged, `err` as text without credentials."""

    status: int
    out: bytes
    err: str

    def lines(self) -> list[str]:
        return os.fsdecode(self.out).splitlines()


def run(
    directory: Path, arguments: Sequence[str], *, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> Done:
    """Runs git in `directory`. The caller checks the exit status. Raises `git-missing`, `git-timeout`. Whatever ends the
    wait, a signal too, ends git with all that it has started."""
    with tempfile.TemporaryFile() as feed:
        feed.write(stdin)
        feed.seek(0)
        process = _start(directory, arguments, environment, feed)
    _RUNNING.add(process)
    try:
        out, err = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        end(process)
        message = f"git {arguments[0]} did not end within {TIMEOUT_S:.0f} seconds"
        raise failure(Code.GIT_TIMEOUT, message) from None
    except BaseException:
        end(process)
        raise
    finally:
        _RUNNING.discard(process)
    return Done(process.returncode, out, redact(os.fsdecode(err)))


def end_all() -> None:
    """Ends every `run` of other threads: a signal reaches the main thread alone."""
    for process in tuple(_RUNNING):
        end(process, close=False)


def start(directory: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """A git command that keeps running: the process with its pipes. The caller closes it."""
    return _start(directory, arguments, None, subprocess.PIPE)


def _start(
    directory: Path, arguments: Sequence[str], environment: Mapping[str, str] | None, stdin: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    git = _gitpython()
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    # -C although it starts there: where the directory cannot be entered, GitPython would start in the current one.
    command = [git.Git.GIT_PYTHON_GIT_EXECUTABLE, "-C", str(directory), "--no-pager", *settings, *arguments]
    try:
        running: Any = git.Git(directory).execute(
            command, shell=False, env={**_ENVIRONMENT, **(environment or {})}, istream=stdin, as_process=True
        )
    except git.GitCommandNotFound as error:
        raise failure(Code.GIT_MISSING, "cannot start git", hint="install git and add it to PATH") from error
    # GitPython's own waits are left alone: its timeout runs in a thread that keeps this process alive after a signal, and
    # it kills git without what git has started.
    process, running.proc = running.proc, None
    return cast("subprocess.Popen[bytes]", process)


def _gitpython() -> Any:
    """GitPython with the absolute path of git: on some systems it would run a `git` from the current directory."""
    executable = shutil.which(os.environ.get("GIT_PYTHON_GIT_EXECUTABLE", "git"))
    if executable is None:
        raise failure(Code.GIT_MISSING, "no git on PATH", hint="install git and add it to PATH")
    absolute = os.path.abspath(executable)
    os.environ["GIT_PYTHON_GIT_EXECUTABLE"] = absolute
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    for name in _LOCATION:
        os.environ.pop(name, None)  # GitPython passes on our whole environment and can only add to it
    import git

    if absolute != git.Git.GIT_PYTHON_GIT_EXECUTABLE:
        git.refresh(absolute)
    return git


def failure(code: Code, message: str, *, hint: str = "") -> CompileError:
    """A problem of the environment, not of the input."""
    return CompileError([Diagnostic(code, message, hint=hint)], environment=True)


def protocols() -> list[str]:
    """The protocols by which remotes may be reached."""
    allowed = os.environ.get("GIT_ALLOW_PROTOCOL") or _PROTOCOLS
    return [name for name in allowed.split(":") if name not in _NEVER]


def remote_hint(done: Done, more: Mapping[str, str]) -> str:
    """A hint about why a remote could not be reached, by what git said: the general ones, and `more`."""
    return next((hint for sign, hint in (*_REMOTE_HINTS.items(), *more.items()) if sign in done.err), "")


def redact(text: str) -> str:
    """`text` without the user and password of any URL in it."""
    return _CREDENTIALS.sub("***", text)


def refuse_option(value: str, what: str) -> None:
    """Raises `git-invalid-name` for a `value` that git could take for an option or that cannot be an argument."""
    if not value or value.startswith("-") or any(ord(c) < 32 or ord(c) == 127 for c in value):
        message = f"{value!r} cannot be a {what}"
        raise CompileError(
            [
                Diagnostic(
                    Code.GIT_INVALID_NAME, message, hint="it is empty, starts with '-' or contains a control character"
                )
            ]
        )
