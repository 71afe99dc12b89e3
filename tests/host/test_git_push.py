"""A push is plain: never forced, told of once and without credentials where refused, and the remote's hooks decide."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compiler.diagnostics import CompileError, Diagnostic
from compiler.host.git import push
from compiler.host.git.command import redact
from tests.host.repositories import commit_all, git, repository, write

pytestmark = pytest.mark.usefixtures("git_home")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a bare repository, with one commit that the remote does not have."""
    repository(tmp_path / "seed", {"f": "1"})
    git(tmp_path, "clone", "--quiet", "--bare", "seed", "remote")
    git(tmp_path, "clone", "--quiet", "remote", "clone")
    write(tmp_path / "clone", {"f": "2"})
    commit_all(tmp_path / "clone", "second")
    return tmp_path / "clone"


@pytest.fixture
def remote(clone: Path) -> Path:
    return clone.parent / "remote"


def refused(clone: Path, to: str = "origin", branch: str = "main") -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        push(clone, to, branch)
    (problem,) = caught.value.diagnostics
    assert caught.value.environment or problem.code == "git-invalid-name"
    return problem


def hook(remote: Path, name: str, script: str) -> None:
    path = remote / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_branch_arrives_and_nothing_else_does(clone: Path, remote: Path) -> None:
    git(clone, "tag", "-a", "v1", "-m", "x")
    git(clone, "branch", "other")
    git(clone, "config", "push.followTags", "true")
    push(clone, "origin", "main")
    assert git(remote, "for-each-ref", "--format=%(refname) %(objectname)") == (
        f"refs/heads/main {git(clone, 'rev-parse', 'main')}"
    )
    assert git(clone, "rev-parse", "origin/main") == git(clone, "rev-parse", "main")
    push(clone, "origin", "main")


def test_a_remote_with_other_commits_is_not_overwritten_even_where_configuration_forces(
    clone: Path, remote: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", "remote", "third")
    write(tmp_path / "third", {"g": "3"})
    theirs = commit_all(tmp_path / "third", "third")
    git(tmp_path / "third", "push", "--quiet")
    git(clone, "config", "remote.origin.push", "+refs/heads/*:refs/heads/*")
    mine = git(clone, "rev-parse", "main")
    problem = refused(clone)
    assert problem.code == "push-rejected"
    assert problem.message == "cannot push branch 'main' to 'origin': it has commits that you do not"
    git(clone, "fetch", "--quiet")
    assert refused(clone).code == "push-rejected"
    assert git(remote, "rev-parse", "main") == theirs
    assert git(clone, "rev-parse", "main") == mine


def test_f17_the_reason_of_a_remote_hook_is_quoted_once(clone: Path, remote: Path) -> None:
    hook(remote, "pre-receive", "echo 'main is protected: open a pull request' >&2; exit 1")
    problem = refused(clone)
    assert problem.code == "push-rejected"
    assert problem.message.count("main is protected: open a pull request") == 1
    assert git(remote, "log", "--format=%s", "main") == "first"


def test_a_refusal_without_words_still_has_a_reason(clone: Path, remote: Path) -> None:
    hook(remote, "update", "exit 1")
    assert refused(clone).message.endswith("the remote refuses it: hook declined to update refs/heads/main")


def test_hooks_of_the_local_repository_do_not_run(clone: Path, remote: Path, tmp_path: Path) -> None:
    hook(clone / ".git", "pre-push", f"touch '{tmp_path}/ran'; exit 1")
    hook(clone / ".git", "reference-transaction", f"touch '{tmp_path}/ran'")
    push(clone, "origin", "main")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("to", "branch", "code"),
    [
        ("-uorigin", "main", "git-invalid-name"),
        ("--receive-pack=touch ran", "main", "git-invalid-name"),
        ("", "main", "git-invalid-name"),
        ("origin\n", "main", "git-invalid-name"),
        ("origin", "+main", "push-failed"),
        ("origin", "main:other", "git-invalid-name"),
        ("origin", "../../x", "git-invalid-name"),
        ("origin", "nope", "push-failed"),
        ("nowhere", "main", "push-failed"),
        ("ext::sh -c touch% ran", "main", "push-failed"),
        ("fd::17", "main", "push-failed"),
        ("transport::address", "main", "push-failed"),
        ("ssh://-oProxyCommand=touch%20ran/x", "main", "push-failed"),
        ("-oProxyCommand=touch ran:x", "main", "git-invalid-name"),
        ("git://127.0.0.1/x", "main", "push-failed"),
        ("http://127.0.0.1:1/x", "main", "push-failed"),
        ("https://127.0.0.1:1/$HOME/x", "main", "push-failed"),
    ],
)
def test_g1_g4_remotes_that_run_things_or_are_none_are_refused(clone: Path, to: str, branch: str, code: str) -> None:
    problem = refused(clone, to, branch)
    assert problem.code == code
    assert "\n" not in problem.message
    assert not list(clone.rglob("ran"))


def test_a_remote_that_configuration_turns_into_a_program_is_refused(clone: Path, tmp_path: Path) -> None:
    program = tmp_path / "run.sh"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
    program.chmod(0o755)
    git(clone, "config", "remote.origin.receivepack", str(program))
    push(clone, "origin", "main")
    git(clone, "config", f"url.ext::{program} .insteadOf", "https://git.example/")
    git(clone, "config", "remote.evil.url", "x")
    git(clone, "config", "remote.evil.vcs", "ext")
    assert refused(clone, "https://git.example/x").code == "push-failed"
    assert refused(clone, "evil").code == "push-failed"
    assert not (tmp_path / "ran").exists()


def test_no_ext_even_where_the_environment_allows_it(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "ext:file")
    assert "not allowed" in refused(clone, "ext::sh -c touch% ran").message
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "https")
    assert "not allowed" in refused(clone).message


def test_credentials_in_addresses_are_never_told(clone: Path) -> None:
    git(clone, "config", "remote.origin.url", "https://ada:s3cret@127.0.0.1:1/repo.git?token=t0ken")
    shown = refused(clone)
    assert "s3cret" not in shown.message + shown.hint
    shown = refused(clone, "https://s3cret@127.0.0.1:1/x")
    assert "s3cret" not in shown.message + shown.hint
    assert redact("a https://u:p@h/x, ssh://git@h/y 'http://t@h'") == "a https://***@h/x, ssh://***@h/y 'http://***@h'"


def test_a_remote_that_has_gone_is_told(clone: Path, remote: Path) -> None:
    shutil.rmtree(remote)
    problem = refused(clone)
    assert problem.code == "push-failed"
    assert "does not appear to be a git repository" in problem.message
