"""Others push meanwhile: after a rebase every commit of output that is pushed names a source that is below it, and what was
not pushed is not passed over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from compiler.cli import run
from compiler.host.descendants import descendants
from tests.delivery.test_workflow import FILES, Checkout
from tests.support import oracles

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    for key, value in {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(tmp_path),
        "CI": "true",
        "GIT_ALLOW_PROTOCOL": "file",
    }.items():
        monkeypatch.setenv(key, value)


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Checkout, Checkout]:
    """Two clones of a remote with a fleet; its output is published."""
    one, two = Checkout(tmp_path, "one"), Checkout(tmp_path, "two")
    one.directory.mkdir()
    one.git("init", "--quiet", "--bare", "--initial-branch=main", str(one.remote))
    one.git("clone", "--quiet", str(one.remote), ".")
    one.git("checkout", "--quiet", "-B", "main")
    one.commit({path: text for path, text in FILES.items() if path != "lamella.yaml"}, "Profiles")
    lamella(one, "render", "-q")
    lamella(one, "publish", "-q")
    two.directory.mkdir()
    two.git("clone", "--quiet", str(two.remote), ".")
    return one, two


def lamella(clone: Checkout, *arguments: str, status: int = 0) -> None:
    assert run([*arguments, "--repo", str(clone.directory)]) == status


def edit(clone: Checkout, text: str, path: str = "profiles/settings.yaml") -> str:
    """Commits a change of the sources that has not been pushed."""
    (clone.directory / path).write_text(text)
    clone.git("add", "--", path)
    clone.git("commit", "--quiet", "-m", f"Change {path}")
    return clone.git("rev-parse", "HEAD")


def settings(level: str) -> str:
    return FILES["profiles/settings.yaml"].replace("info", level)


def strays(clone: Checkout) -> list[str]:
    """Commits of the remote's main branch whose source is not below them."""
    clone.git("fetch", "--quiet")
    listed = clone.git("log", "--format=%H %(trailers:key=Source-Commit,valueonly,separator=%x20)", "origin/main")
    rows = [line.split() for line in listed.splitlines()]
    assert sum(len(row) == 2 for row in rows) >= 1
    return [row[0] for row in rows if len(row) == 2 and row[1] not in clone.git("rev-list", row[0]).split()]


def rejected(clones: tuple[Checkout, Checkout], theirs: str, text: str) -> Checkout:
    """The second clone, whose push was rejected because the first had pushed; it has rebased."""
    one, two = clones
    edit(two, settings("debug"))
    lamella(two, "render", "-q")
    edit(one, text, theirs)
    one.git("push", "--quiet", "origin", "main")
    lamella(two, "publish", status=3)
    two.git("pull", "--quiet", "--rebase", "origin", "main")
    return two


def test_after_a_rebase_the_commit_of_output_is_made_again_on_the_new_source(
    clones: tuple[Checkout, Checkout], capsys: Capture
) -> None:
    two = rejected(clones, "notes.txt", "x")
    before = two.git("rev-parse", "HEAD")
    assert two.git("rev-parse", "HEAD~") not in two.git("show", "--format=%B", "--no-patch", "HEAD")
    lamella(two, "publish")
    assert "it replaces unpushed commits of output" in capsys.readouterr().err
    assert two.git("rev-parse", "origin/main") == two.git("rev-parse", "HEAD") != before
    assert two.git("diff", before, "HEAD") == ""
    assert two.git("status", "--short") == ""
    assert strays(two) == []
    assert f"Source-Commit: {two.git('rev-parse', 'HEAD~')}" in two.git("show", "--format=%B", "--no-patch", "HEAD")


def test_sources_that_came_with_the_rebase_want_another_render(
    clones: tuple[Checkout, Checkout], capsys: Capture
) -> None:
    two = rejected(
        clones, "profiles/base.yaml", FILES["profiles/base.yaml"].replace("1.0.0}", "1.0.0, labels: {a: b}}")
    )
    lamella(two, "publish", status=1)
    assert "profiles/base.yaml: error[publish-uncommitted]" in capsys.readouterr().err
    lamella(two, "render", "-q")
    lamella(two, "publish")
    subjects = ["Change profiles/settings.yaml", "Change profiles/base.yaml"]
    assert two.git("log", "--format=%s", "-3").splitlines()[1:] == subjects
    assert two.git("status", "--short") == ""
    assert strays(two) == []


def test_several_commits_of_output_become_one(clones: tuple[Checkout, Checkout]) -> None:
    one, two = clones
    edit(two, settings("debug"))
    for cluster in ("dev", "prod"):
        lamella(two, "render", "-q", cluster)
        lamella(two, "publish", "-q", "--no-push")
    head = two.git("rev-parse", "HEAD")
    lamella(two, "publish", "-q", "--no-push")
    assert two.git("rev-parse", "HEAD") == head  # nothing has been rebased
    edit(one, "x", "notes.txt")
    one.git("push", "--quiet", "origin", "main")
    two.git("pull", "--quiet", "--rebase", "origin", "main")
    lamella(two, "publish", "-q")
    subjects = two.git("log", "--format=%s", "origin/main").splitlines()
    assert subjects[:2] == ["Render dev, prod: 4 changed", "Change profiles/settings.yaml"]
    assert strays(two) == []


def test_a_commit_of_output_below_others_is_refused_after_a_rebase(
    clones: tuple[Checkout, Checkout], capsys: Capture
) -> None:
    one, two = clones
    for level in ("debug", "trace"):
        edit(two, settings(level))
        lamella(two, "render", "-q")
        lamella(two, "publish", "-q", "--no-push")
    edit(one, "x", "notes.txt")
    one.git("push", "--quiet", "origin", "main")
    two.git("pull", "--quiet", "--rebase", "origin", "main")
    lamella(two, "publish", status=1)
    assert "which is not in the history of this branch" in capsys.readouterr().err
    bad = two.git("rev-parse", "HEAD~2")
    two.git("rebase", "--quiet", "--onto", f"{bad}~", bad, "-X", "theirs")
    lamella(two, "render", "-q", "--force")
    lamella(two, "publish", "-q")
    assert strays(two) == []


def test_a_commit_that_came_while_it_was_made_is_not_named_as_parent(
    clones: tuple[Checkout, Checkout], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    from compiler.app import publish

    _, two = clones
    edit(two, settings("debug"))
    lamella(two, "render", "-q")
    checked = publish.message

    def then_amended(*arguments: object, **named: object) -> publish.Message:
        two.git("commit", "--quiet", "--amend", "-m", "other")
        return checked(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(publish, "message", then_amended)
    lamella(two, "publish", "--no-push", status=3)
    assert "git-ref-moved" in capsys.readouterr().err
    assert two.git("log", "--format=%s", "-1") == "other"


def refuse(clone: Checkout, script: str = "exit 1") -> Path:
    hook = clone.remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)
    return hook


@pytest.mark.parametrize("remote", ["origin", "url", "second"])
def test_what_was_not_pushed_is_pushed_by_the_next_run(
    clones: tuple[Checkout, Checkout], remote: str, capsys: Capture
) -> None:
    _, two = clones
    two.git("switch", "--quiet", "--create", "new")
    two.git("remote", "add", "second", str(two.remote))
    edit(two, settings("debug"))
    lamella(two, "render", "-q")
    to = str(two.remote) if remote == "url" else remote
    hook = refuse(two)
    for _ in range(2):
        lamella(two, "publish", "--remote", to, status=3)
        assert "nothing to publish" not in capsys.readouterr().err
    lamella(two, "publish", "--no-push")
    assert "output is as committed: nothing to commit\n" in capsys.readouterr().err
    hook.unlink()
    lamella(two, "publish", "--remote", to)
    assert two.git("--git-dir", str(two.remote), "rev-parse", "new") == two.git("rev-parse", "HEAD")
    capsys.readouterr()
    lamella(two, "publish", "--remote", to)
    assert "nothing to publish" in capsys.readouterr().err


def test_a_branch_that_only_others_have_is_not_taken_for_pushed(
    clones: tuple[Checkout, Checkout], capsys: Capture
) -> None:
    _, two = clones
    two.git("switch", "--quiet", "--create", "release")
    lamella(two, "publish")
    assert "pushed release to origin" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_push_that_hangs_with_all_its_processes(
    clones: tuple[Checkout, Checkout], number: signal.Signals, status: int, tmp_path: Path
) -> None:
    _, two = clones
    edit(two, settings("debug"))
    lamella(two, "render", "-q")
    refuse(two, f"touch '{tmp_path}/hangs'; sleep 100; true")
    started, said = ended(two, number, tmp_path / "hangs", "publish")
    assert (started, said.returncode) == ([], status)
    assert "Traceback" not in said.stderr
    assert not list((two.directory / ".git").rglob("*.lock"))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")
@pytest.mark.parametrize(
    ("git", "arguments"),
    [
        ("ls-tree", ["diff", "--against", "HEAD"]),
        ("cat-file", ["diff", "--against", "HEAD"]),
        ("cat-file", ["render", "--ref", "HEAD", "-o", "name"]),
        ("rev-parse", ["check", "--ref", "main"]),
        ("ls-remote", ["publish", "--remote", "other"]),
        ("commit-tree", ["publish", "--no-push"]),
    ],
    ids=str,
)
def test_a_signal_ends_every_command_while_git_hangs(
    clones: tuple[Checkout, Checkout], git: str, arguments: list[str], tmp_path: Path
) -> None:
    _, two = clones
    if git == "commit-tree":
        edit(two, settings("debug"))
        lamella(two, "render", "-q")
    lamella_bin = tmp_path / "bin"
    lamella_bin.mkdir()
    script = (
        f'#!/bin/sh\nfor word; do if [ "$word" = {git} ]; then touch "{tmp_path}/hangs"; sleep 100; fi; done\n'
        f'PATH="{os.environ["PATH"]}" exec git "$@"\n'
    )
    (lamella_bin / "git").write_text(script)
    (lamella_bin / "git").chmod(0o755)
    started, said = ended(two, signal.SIGTERM, tmp_path / "hangs", *arguments, path=lamella_bin)
    assert (started, said.returncode) == ([], 143)
    assert "Traceback" not in said.stderr


def ended(
    clone: Checkout, number: signal.Signals, sign: Path, *arguments: str, path: Path | None = None
) -> tuple[list[int], subprocess.CompletedProcess[str]]:
    """Sends the signal once the file is there: the processes that are left, and what the command left."""
    environment = {**os.environ, "PYTHONPATH": str(oracles.ROOT)}
    environment.pop("GIT_PYTHON_GIT_EXECUTABLE", None)
    if path:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "compiler", *arguments],
        cwd=clone.directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not sign.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sign.exists(), process.communicate()
    started = descendants(process.pid)
    assert started
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    deadline = time.monotonic() + 10
    while (left := [pid for pid in started if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left, subprocess.CompletedProcess([], process.returncode, out, err)
