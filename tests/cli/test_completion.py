"""Shell completion: the scripts of three shells, and what bash completes with its script."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def lamella(directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lamella")]
    environment = {**os.environ, "PATH": PATH, **variables}
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def completed(directory: Path, *words: str) -> list[str]:
    """What the shell is told for the last of the words. Nothing is on stderr."""
    line = " ".join(("lamella", *words))
    done = lamella(directory, COMP_WORDS=line, COMP_CWORD=str(len(words)), _LAMELLA_COMPLETE="bash_complete")
    assert done.stderr == ""
    return [item.partition(",")[2] for item in done.stdout.splitlines() if item]


@pytest.mark.parametrize(
    ("shell", "expected"), [("bash", "complete -o nosort"), ("zsh", "#compdef lamella"), ("fish", "complete ")]
)
def test_the_script_of_a_shell_is_printed(shell: str, expected: str, tmp_path: Path) -> None:
    done = lamella(tmp_path, _LAMELLA_COMPLETE=f"{shell}_source")
    assert (done.returncode, expected in done.stdout) == (0, True)
    assert "Usage" not in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["re"], ["render"]),
        (["pack", "l"], ["lint"]),
        (["list", "cl"], ["clusters"]),
        (["render", ""], ["dev", "prod-eu", "prod-us"]),
        (["render", "prod-eu", "prod"], ["prod-us"]),
        (["export", "palette", "s"], ["shop"]),
        (["show", "--layer", ""], ["settings", "web"]),
        (["pack", "show", "w"], ["web"]),
        (["diff", "--st"], ["--stat"]),
        (["render", "-o", ""], ["yaml", "json", "name"]),
    ],
    ids=" ".join,
)
def test_names_of_the_repository_are_completed(shop: Path, words: list[str], expected: list[str]) -> None:
    assert completed(shop, *words) == expected


def test_a_directory_in_the_repository_and_another_repository_complete_too(shop: Path, tmp_path: Path) -> None:
    (shop / "lamella.yaml").touch()
    assert completed(shop / "profiles", "render", "d") == ["dev"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert completed(elsewhere, "render", "--repo", str(shop), "d") == ["dev"]
    assert completed(elsewhere, "render", "") == []


def test_a_broken_repository_completes_what_can_be_read(shop: Path) -> None:
    (shop / "profiles" / "broken.yaml").write_text("apiVersion: lamella/v1\nkind: Cluster\nmetadata: {name: [\n")
    (shop / "profiles" / "strange.yaml").write_text("apiVersion: lamella/v1\nkind: Cluster\nmetadata: 3\n")
    (shop / "profiles" / "layers.yaml").write_text("apiVersion: lamella/v1\nkind: ClusterProfile\nspec: {layers: 1}\n")
    (shop / "lamella.yaml").write_text("][")
    assert completed(shop, "render", "") == ["dev", "prod-eu", "prod-us"]
    assert completed(shop, "show", "--layer", "") == ["settings", "web"]
    (shop / "profiles" / "loop").symlink_to("loop")
    assert completed(shop, "render", "") == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_completes_with_the_script(shop: Path) -> None:
    script = """
eval "$(_LAMELLA_COMPLETE=bash_source lamella)"
COMP_WORDS=(lamella render prod) COMP_CWORD=2
_lamella_completion lamella
printf '%s\\n' "${COMPREPLY[@]}"
"""
    command = ["bash", "--norc", "-c", script]
    done = subprocess.run(
        command, cwd=shop, env={**os.environ, "PATH": PATH}, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["prod-eu", "prod-us"], "")
