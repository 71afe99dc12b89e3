"""The shell steps of .github/workflows/render.yml, run as a runner does, on a real remote."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOW = Path(__file__).resolve().parents[2] / ".github" / "workflows" / "render.yml"
FILES = {
    "lamella.yaml": """\
apiVersion: lamella/v1
kind: Settings
delivery: [argocd, flux]
argocd: {repoURL: https://git.example.com/platform/fleet.git}
""",
    "profiles/base.yaml": """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: base, version: 1.0.0}
spec:
  type: add-on
  layers:
  - name: logging
    namespace: logging
    manifests: [{file: settings.yaml}]
""",
    "profiles/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {level: info}\n",
    "profiles/clusters.yaml": """\
apiVersion: lamella/v1
kind: Cluster
metadata: {name: dev}
spec: {kubernetesVersion: 1.33.4, profiles: [{name: base, version: 1.0.0}]}
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: prod}
spec: {kubernetesVersion: 1.33.4, profiles: [{name: base, version: 1.0.0}]}
""",
}
CONFIG_MAPS = [f"output/clusters/{name}/logging/configmap-logging-settings.yaml" for name in ("dev", "prod")]


def workflow() -> dict[Any, Any]:
    parsed: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text())
    return parsed


class Checkout:
    """A clone of a bare remote, as the checkout action leaves it, and the steps of a job run in it."""

    def __init__(self, directory: Path, name: str = "clone") -> None:
        self.directory = directory / name
        self.remote = directory / "remote.git"
        self.summary = directory / "summary.md"
        self.environment = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(directory),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GITHUB_ACTIONS": "true",
            "GITHUB_REF_NAME": "main",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "TMPDIR": str(directory),
        }

    def git(self, *arguments: str) -> str:
        person = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "protocol.file.allow=always"]
        command = ["git", *person, *arguments]
        done = subprocess.run(
            command, cwd=self.directory, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str], subject: str) -> str:
        for path, text in files.items():
            (self.directory / path).parent.mkdir(parents=True, exist_ok=True)
            (self.directory / path).write_text(text)
        self.git("add", "--all", "--", *files)
        self.git("commit", "--quiet", "-m", subject)
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def run(self, job: str) -> subprocess.CompletedProcess[str]:
        """Runs the job's shell steps but for the installation; stops at the first that fails, as a runner does."""
        steps = [step for step in workflow()["jobs"][job]["steps"] if "run" in step and step["name"] != "Install"]
        assert steps
        out, err = "", ""
        for step in steps:
            command = ["bash", "-e", "-c", step["run"]]
            done = subprocess.run(
                command, cwd=self.directory, env=self.environment, capture_output=True, text=True, check=False
            )
            out, err = out + done.stdout, err + done.stderr
            if done.returncode:
                break
        return subprocess.CompletedProcess(job, done.returncode, out, err)

    def published(self) -> list[str]:
        """Commits of the remote's main branch, newest first."""
        return (
            self.git("ls-remote", str(self.remote), "refs/heads/main").split()[:1]
            + self.git("--git-dir", str(self.remote), "rev-list", "--skip=1", "main").split()
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    found = Checkout(tmp_path)
    found.directory.mkdir()
    found.git("init", "--quiet", "--bare", "--initial-branch=main", str(found.remote))
    found.git("clone", "--quiet", str(found.remote), ".")
    found.git("checkout", "--quiet", "-B", "main")
    found.commit(FILES, "Profiles")
    return found


def test_a_change_becomes_one_commit_of_output_and_a_second_run_none(checkout: Checkout) -> None:
    first = checkout.run("publish")
    assert first.returncode == 0, first.stderr
    text = FILES["profiles/settings.yaml"].replace("level: info", "level: debug")
    source = checkout.commit({"profiles/settings.yaml": text}, "More logs")
    before = checkout.published()
    second = checkout.run("publish")
    assert second.returncode == 0, second.stderr
    after = checkout.published()
    assert after[1:] == before
    changed = checkout.git("show", "--format=", "--name-only", after[0]).splitlines()
    inventories = [f"output/clusters/{name}/inventory.json" for name in ("dev", "prod")]
    assert sorted(changed) == sorted([*CONFIG_MAPS, *inventories])
    assert "level: debug" in checkout.git("show", f"{after[0]}:{CONFIG_MAPS[0]}")
    assert checkout.git("show", "--format=%B", "--no-patch", after[0]).splitlines() == [
        "Render dev, prod: 4 changed",
        "",
        "- dev: 2 changed",
        "- prod: 2 changed",
        "",
        "Lamella-Version: 0.1.0",
        "Helm-Version: 4.2.3",
        f"Source-Commit: {source}",
        "Source-Ref: refs/heads/main",
        "Clusters-Changed: 2 dev prod",
    ]
    trailers = checkout.git("show", "--format=%(trailers:only,keyonly)", "--no-patch", after[0]).split()
    assert trailers == ["Lamella-Version", "Helm-Version", "Source-Commit", "Source-Ref", "Clusters-Changed"]
    third = checkout.run("publish")
    assert third.returncode == 0, third.stderr
    assert "nothing to publish" in third.stderr
    assert checkout.published() == after


def test_a_cluster_that_is_gone_takes_its_files_along_and_no_file_of_others(checkout: Checkout) -> None:
    assert checkout.run("publish").returncode == 0
    one = FILES["profiles/clusters.yaml"].partition("---\n")[0]
    checkout.commit({"profiles/clusters.yaml": one, "output/README.md": "ours\n"}, "One cluster")
    before = checkout.published()
    refused = checkout.run("publish")
    assert (refused.returncode, checkout.published()) == (1, before)
    assert "output-removal" in refused.stderr
    checkout.environment["REMOVAL"] = "--allow-removal"
    assert checkout.run("publish").returncode == 0
    there = checkout.git("ls-tree", "-r", "--name-only", "origin/main", "output").splitlines()
    assert "output/README.md" in there
    assert CONFIG_MAPS[0] in there
    assert [path for path in there if "prod" in path] == []


def test_other_changes_in_the_work_tree_stay_out_of_the_commit(checkout: Checkout) -> None:
    (checkout.directory / "notes.txt").write_text("x")
    checkout.git("add", "notes.txt")
    (checkout.directory / "output").mkdir()
    (checkout.directory / "output" / "notes.swp").write_text("x")
    assert checkout.run("publish").returncode == 0
    there = checkout.git("ls-tree", "-r", "--name-only", "origin/main").splitlines()
    assert [path for path in there if "notes" in path] == []
    assert checkout.git("status", "--short").splitlines() == ["A  notes.txt", "?? output/notes.swp"]


def test_commits_that_came_meanwhile_are_left_to_their_own_run(checkout: Checkout, tmp_path: Path) -> None:
    other = Checkout(tmp_path, "other")
    other.directory.mkdir()
    other.git("clone", "--quiet", str(other.remote), ".")
    newer = other.commit({"profiles/base.yaml": FILES["profiles/base.yaml"] + "# newer\n"}, "Newer")
    done = checkout.run("publish")
    assert done.returncode == 0, done.stderr
    assert "::notice::main has newer commits" in done.stdout
    assert "push-rejected" in done.stderr
    assert checkout.published()[0] == newer


def test_a_remote_that_refuses_fails_the_run(checkout: Checkout) -> None:
    hook = checkout.remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho protected branch >&2\nexit 1\n")
    hook.chmod(0o755)
    done = checkout.run("publish")
    assert done.returncode == 3
    assert "protected branch" in done.stderr
    hook.unlink()
    again = checkout.run("publish")  # the commit is there already, and must still reach the remote
    assert again.returncode == 0, again.stderr
    assert len(checkout.published()) == 2


def test_output_edited_by_hand_is_refused(checkout: Checkout) -> None:
    assert checkout.run("publish").returncode == 0
    before = checkout.published()
    edited = (checkout.directory / CONFIG_MAPS[0]).read_text().replace("info", "trace")
    checkout.commit({CONFIG_MAPS[0]: edited}, "By hand")
    done = checkout.run("publish")
    assert done.returncode == 1
    assert f"::error title=output-edited,file={CONFIG_MAPS[0]}" in done.stderr
    assert checkout.published()[1:] == before


def test_a_pull_request_shows_what_would_change_and_commits_nothing(checkout: Checkout) -> None:
    assert checkout.run("publish").returncode == 0
    before = checkout.published()
    text = FILES["profiles/settings.yaml"].replace("level: info", "level: debug")
    (checkout.directory / "profiles/settings.yaml").write_text(text)
    done = checkout.run("diff")
    assert done.returncode == 0, done.stderr
    assert "2 changed in 2 clusters" in checkout.summary.read_text()
    assert "+  level: debug" in checkout.summary.read_text()
    assert checkout.published() == before
    assert checkout.git("diff", "--name-only") == "profiles/settings.yaml"


def test_a_pull_request_with_an_error_fails(checkout: Checkout) -> None:
    (checkout.directory / "profiles/base.yaml").write_text(FILES["profiles/base.yaml"].replace("manifests", "manifest"))
    done = checkout.run("diff")
    assert done.returncode == 1
    assert "::error title=unknown-key,file=profiles/base.yaml" in done.stderr


def test_no_expression_stands_in_a_shell_step() -> None:
    steps = [step for job in workflow()["jobs"].values() for step in job["steps"]]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 7
    assert [script for script in scripts if "${{" in script] == []


def test_actions_are_pinned_by_commit() -> None:
    used = [step["uses"] for job in workflow()["jobs"].values() for step in job["steps"] if "uses" in step]
    assert len(used) == 4
    assert [use for use in used if not re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", use)] == []


def test_permissions_are_the_least_and_no_run_is_cancelled_or_starts_itself() -> None:
    found = workflow()
    assert found["permissions"] == {}
    assert {name: job["permissions"] for name, job in found["jobs"].items()} == {
        "publish": {"contents": "write"},
        "diff": {"contents": "read"},
    }
    assert found["concurrency"] == {"group": "render-${{ github.ref }}", "cancel-in-progress": False}
    triggers = found[True]  # YAML 1.1's reading of `on`
    assert triggers["push"] == {"branches": ["main"], "paths-ignore": ["output/**"]}
