"""`--repo URL`: a repository elsewhere is read at a commit, without a clone that stays."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.repositories import commit_all, git, write
from tests.host.repositories import repository as new_repository
from tests.registries.conftest import Repository, Said, invoked
from tests.registries.test_imports import cluster, imports, profile
from tests.support import servers


@pytest.fixture(autouse=True)
def _git(git_home: Path) -> None:
    """No configuration of this machine."""


@pytest.fixture
def upstream(repository: Repository, tmp_path: Path) -> Path:
    """A repository with its rendered output, and an import that is locked."""
    shared = new_repository(tmp_path / "shared", {"profiles/base.yaml": profile("base", "shared")})
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: 'file://{shared}'"),
            "profiles/prod.yaml": cluster("base 1.0.0", "own 1.0.0"),
            "profiles/own.yaml": profile("own", "first"),
        }
    )
    repository.ok("lock")
    repository.ok("render")
    new_repository(repository.root)
    commit_all(repository.root, "first")
    return repository.root


@pytest.fixture
def url(upstream: Path) -> Iterator[str]:
    with servers.git_repositories(upstream.parent) as (base, _):
        yield f"{base}/{upstream.name}"


def at(url: str, *arguments: str) -> Said:
    return invoked(*arguments, "--repo", url)


def test_every_command_that_reads(url: str, upstream: Path, tmp_path: Path) -> None:
    assert "text: first" in at(url, "render", "-o", "yaml").out
    assert at(url, "render", "--check").status == 0
    assert at(url, "check", "--strict").status == 0
    assert at(url, "diff").status == 0
    assert at(url, "list", "-o", "name").out == "prod\n"
    assert "import shared" in at(url, "list", "profiles").out
    assert at(url, "show").out.startswith("prod ")
    assert at(url, "render", "--output", str(tmp_path / "out")).status == 0
    assert sorted(p.relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*") if p.is_file()) == sorted(
        p.relative_to(upstream / "output") for p in (upstream / "output").rglob("*") if p.is_file()
    )
    assert git(upstream, "status", "--porcelain") == ""


def test_refs_and_what_is_committed_there(url: str, upstream: Path) -> None:
    git(upstream, "tag", "v1")
    write(upstream, {"profiles/own.yaml": profile("own", "second")})
    commit = commit_all(upstream, "second")
    assert "text: first" in at(url, "render", "--ref", "v1", "-o", "yaml").out
    assert "text: second" in at(url, "render", "--ref", commit, "-o", "yaml").out
    assert at(url, "render", "--ref", "v1", "--check").status == 0
    stale = at(url, "render", "--check")  # never from what was fetched before
    assert stale.status == 1
    assert "configmap-own-own.yaml" in stale.err
    assert "-  text: first" in at(url, "diff", "--against", "v1").out


def test_where_to_write_must_be_said(url: str) -> None:
    said = at(url, "render")
    assert said.status == 2
    assert "say where to write with --output DIR" in said.err
    assert at(url, "render", "--check", "--offline").status == 2


@pytest.mark.parametrize("form", ["file://{}", "git@example.com:{}", "ssh://git@example.com{}"])
def test_urls_of_every_kind(upstream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    stand_in = tmp_path / "ssh"
    stand_in.write_text('#!/bin/sh\nfor last; do :; done\ncase "$1" in -G) exit 1;; esac\nexec sh -c "$last"\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(stand_in))
    assert at(form.format(upstream), "list", "-o", "name").out == "prod\n"


@pytest.mark.parametrize(
    ("address", "ref", "code", "status"),
    [
        ("http://fleet:corr3ct@127.0.0.1:1/x", "main", "git-fetch", 3),
        ("file:///nowhere/at-all", "main", "git-fetch", 3),
        ("URL", "nope", "git-unknown-ref", 1),
        ("URL", "--upload-pack=x", "git-invalid-name", 1),
    ],
)
def test_what_cannot_be_fetched_is_said_and_nothing_is_left(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, ref: str, code: str, status: int
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    said = at(address.replace("URL", url), "render", "--check", f"--ref={ref}")
    assert said.status == status
    assert f"error[{code}]" in said.err
    assert servers.PASSWORD not in said.err
    assert not list(scratch.iterdir())
