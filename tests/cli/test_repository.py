"""A directory in a repository finds the repository above it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compiler.cli.repository import root_of
from tests.cli.conftest import Lamella


def test_a_folder_of_the_repository_finds_it(shop: Path, lamella: Lamella, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "lamella.yaml").write_text("apiVersion: lamella/v1\nkind: Settings\n")
    here = lamella("list", "-o", "name")
    assert here.err == ""
    monkeypatch.chdir(shop / "profiles" / "clusters")
    there = lamella("list", "-o", "name")
    assert (there.status, there.out, there.err) == (0, here.out, "the repository is ../..\n")
    assert lamella("-q", "list", "-o", "name").err == ""
    assert lamella("render").status == 0
    assert (shop / "output" / "clusters" / "dev").is_dir()


def test_a_folder_that_is_named_finds_it_too(shop: Path, lamella: Lamella) -> None:
    (shop / "lamella.yaml").write_text("apiVersion: lamella/v1\nkind: Settings\n")
    said = lamella("check", "--repo", "packs/web")
    assert (said.status, said.err.splitlines()[0]) == (0, "the repository is .")


def tree(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).mkdir(parents=True)


def test_profiles_alone_count_inside_a_git_work_tree(tmp_path: Path) -> None:
    tree(tmp_path, "a/profiles", "a/packs/web", "b/repo/profiles/x", "b/profiles")
    assert root_of(tmp_path / "a/packs/web") == tmp_path / "a/packs/web"
    subprocess.run(["git", "init", "-q", str(tmp_path / "a")], check=True)
    assert root_of(tmp_path / "a/packs/web") == tmp_path / "a"
    subprocess.run(["git", "init", "-q", str(tmp_path / "b/repo")], check=True)
    assert root_of(tmp_path / "b/repo/profiles/x") == tmp_path / "b/repo"


def test_the_nearest_one_counts_and_none_beyond_the_work_tree(tmp_path: Path) -> None:
    tree(tmp_path, "profiles", "inner/profiles/deep", "other/src")
    (tmp_path / "lamella.yaml").touch()
    (tmp_path / "inner" / "lamella.yaml").touch()
    assert root_of(tmp_path / "inner/profiles/deep") == tmp_path / "inner"
    assert root_of(tmp_path / "other/src") == tmp_path
    subprocess.run(["git", "init", "-q", str(tmp_path / "other")], check=True)
    assert root_of(tmp_path / "other/src") == tmp_path / "other/src"


def test_what_is_no_repository_is_left_for_its_reader(tmp_path: Path, lamella: Lamella) -> None:
    assert root_of(tmp_path) == tmp_path
    assert root_of(tmp_path / "missing") == tmp_path / "missing"
    assert "no folder 'profiles' in this repository" in lamella("render", "--repo", str(tmp_path)).err
