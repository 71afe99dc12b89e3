"""`--repo` and `--ref`: another directory, a commit, a bare repository, a folder of one; the work tree is never touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Lamella, edit, files, git, traces


@pytest.fixture
def committed(shop: Path) -> Path:
    """The shop in git, with one more replica in the work tree than in the commit."""
    git(shop, "init", "-q")
    git(shop, "add", ".")
    git(shop, "commit", "-qm", "first")
    git(shop, "tag", "v1")
    edit(shop / "profiles/clusters/prod-eu.yaml", "replicas: 3", "replicas: 4")
    return shop


def replicas(said: str) -> str:
    return next(line.strip() for line in said.splitlines() if "replicas:" in line)


def test_a_repository_elsewhere(shop: Path, lamella: Lamella, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert lamella("render", "--repo", "shop").status == 0
    assert (shop / "output/inventory.json").is_file()
    assert list(tmp_path.iterdir()) == [shop], "output is in the repository, not where the command was called"
    assert lamella("list", "--repo", shop, "-o", "name").out == "dev\nprod-eu\nprod-us\n"


@pytest.mark.parametrize("ref", ["HEAD", "main", "v1", "refs/tags/v1"])
def test_a_commit_is_read_without_its_work_tree(committed: Path, lamella: Lamella, ref: str) -> None:
    before = traces(committed)
    assert replicas(lamella("render", "prod-eu", "--ref", ref, "-o", "yaml").out) == "replicas: 3"
    assert replicas(lamella("render", "prod-eu", "-o", "yaml").out) == "replicas: 4"
    assert traces(committed) == before


def test_an_abbreviated_commit(committed: Path, lamella: Lamella) -> None:
    commit = git(committed, "rev-parse", "HEAD")
    for name in (commit, commit[:10]):
        assert lamella("render", "prod-eu", "--ref", name, "-o", "name").status == 0


def test_a_commit_is_never_written_to_the_repository_unasked(committed: Path, lamella: Lamella) -> None:
    said = lamella("render", "--ref", "v1")
    assert said.status == 2
    assert "--output" in said.err
    assert not (committed / "output").exists()


def test_a_commit_to_a_directory(committed: Path, lamella: Lamella, tmp_path: Path) -> None:
    assert lamella("render", "--ref", "v1", "--output", tmp_path / "v1").status == 0
    assert lamella("render", "--output", tmp_path / "now").status == 0
    old, new = files(tmp_path / "v1"), files(tmp_path / "now")
    assert {path for path in old if old[path] != new[path]} == {
        "clusters/prod-eu/web/deployment.apps-shop-web.yaml",
        "clusters/prod-eu/inventory.json",
    }


def test_check_of_a_commit_is_against_the_output_on_disk(committed: Path, lamella: Lamella) -> None:
    assert lamella("render").status == 0
    assert lamella("render", "--check").status == 0
    assert lamella("render", "--check", "--ref", "HEAD").status == 1


def test_a_bare_repository(committed: Path, lamella: Lamella, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(committed), "bare.git")
    before = traces(tmp_path / "bare.git")
    said = lamella("render", "prod-eu", "--repo", tmp_path / "bare.git", "--ref", "main", "-o", "yaml")
    assert replicas(said.out) == "replicas: 3"
    assert (
        lamella("list", "--repo", tmp_path / "bare.git", "--ref", "v1", "-o", "name").out == "dev\nprod-eu\nprod-us\n"
    )
    assert lamella("show", "dev", "--repo", tmp_path / "bare.git", "--ref", "v1").status == 0
    assert lamella("check", "--repo", tmp_path / "bare.git", "--ref", "v1").status == 0
    assert traces(tmp_path / "bare.git") == before


def test_a_folder_of_a_repository(shop: Path, lamella: Lamella, tmp_path: Path) -> None:
    """Many fleets can be in one repository; what is outside of the folder is not read."""
    git(tmp_path, "init", "-q")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/broken.yaml").write_text("apiVersion: lamella/v1\nkind: Nonsense\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all")
    edit(shop / "profiles/clusters/prod-eu.yaml", "replicas: 3", "replicas: 4")
    said = lamella("render", "prod-eu", "--repo", shop, "--ref", "HEAD", "-o", "yaml")
    assert replicas(said.out) == "replicas: 3"
    assert lamella("render", "--repo", shop).status == 0


def test_an_unknown_commit(committed: Path, lamella: Lamella) -> None:
    said = lamella("render", "--ref", "v2", "-o", "name")
    assert (said.status, said.out) == (1, "")
    assert "error[git-unknown-ref]: no commit 'v2'" in said.err


def test_no_git_repository(shop: Path, lamella: Lamella) -> None:
    said = lamella("list", "--ref", "HEAD")
    assert said.status == 1
    assert "error[git-" in said.err


def test_no_directory(lamella: Lamella, tmp_path: Path) -> None:
    for command in ("render", "list", "show", "check", "diff"):
        said = lamella(command, "--repo", tmp_path / "nowhere")
        assert said.status in (1, 2), command
        assert "error[repository-missing]" in said.err


def test_errors_of_a_commit_show_the_line_of_the_commit(committed: Path, lamella: Lamella) -> None:
    edit(committed / "profiles/shop.yaml", "type: add-on", "type: nonsense")
    git(committed, "commit", "-qam", "broken")
    edit(committed / "profiles/shop.yaml", "  type: nonsense", "  # the work tree is right\n  type: add-on")
    said = lamella("check", "--ref", "HEAD")
    assert said.status == 1
    assert "     5 |   type: nonsense\n" in said.err
    assert lamella("check").status == 0
