"""Where helm-python-sdk has no wheel: a `helm` binary on PATH renders the same bytes; without one, it is said what to do.

Both ways to be without it are tried: pip has built the source distribution, whose package has no library; or there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.test_determinism import copy_of_this_repository, digest, digest_of_committed
from tests.golden.test_renders import CASES, tree
from tests.support import oracles

_NOT_FOUND = """\
import sys

class Hidden:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "helm_python":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Hidden)
"""
WAYS = {
    "no-library": ("helm_python/__init__.py", "raise ImportError('no library')\n"),
    "no-package": ("sitecustomize.py", _NOT_FOUND),
}
_RUN = "import sys; from compiler.cli import run; sys.exit(max(run(['render', '--repo', p]) for p in sys.argv[1:]))"
# Cases in which Helm renders charts, Go templates or the pipelines of macros; of each kind, those that ask most of it.
HELM_CASES = (
    "a-chart-archive-keeps-hooks-and-crds-and-drops-tests",
    "a-chart-directory-honours-its-helmignore-and-its-subcharts",
    "a-pack-of-palette-with-two-charts-and-both-kinds-of-manifests",
    "crds-of-lower-layers-are-apis-for-templates-in-the-values-of-charts",
    "macros-in-overlays-of-every-level",
    "macros-take-pipelines-and-values-of-other-packs",
    "random-values-that-are-committed-stay",
    "the-kubernetes-version-of-each-cluster-reaches-charts-and-templates",
)


@pytest.fixture(params=WAYS)
def hidden(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """An environment in which the embedded Helm is not there, nor any binary but git."""
    name, text = WAYS[request.param]
    file = tmp_path / "hidden" / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    (tmp_path / "bin").mkdir()
    git = shutil.which("git")
    assert git
    (tmp_path / "bin" / "git").symlink_to(git)
    path = os.pathsep.join([str(tmp_path / "hidden"), str(oracles.ROOT)])
    return {**os.environ, "PYTHONPATH": path, "PATH": str(tmp_path / "bin")}


def render(environment: dict[str, str], *repositories: Path) -> tuple[int, str]:
    """The highest exit status, and what was said."""
    command = [sys.executable, "-c", _RUN, *map(str, repositories)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def with_helm(environment: dict[str, str], helm: Path) -> dict[str, str]:
    (Path(environment["PATH"]) / "helm").symlink_to(helm)
    return environment


@pytest.mark.oracle
def test_the_example_is_rendered_by_a_binary(hidden: dict[str, str], helm: Path, tmp_path: Path) -> None:
    repository = copy_of_this_repository(tmp_path / "repository")
    status, said = render(with_helm(hidden, helm), repository)
    assert (status, said.count("helm-python-sdk is not installed: ")) == (0, 1), said
    assert digest(repository / "output") == digest_of_committed(tmp_path)


@pytest.mark.oracle
def test_golden_cases_are_rendered_by_a_binary(hidden: dict[str, str], helm: Path, tmp_path: Path) -> None:
    cases = {case.name: case for case in CASES if case.name in HELM_CASES}
    assert sorted(cases) == sorted(HELM_CASES)
    for name, case in cases.items():
        shutil.copytree(case / "input", tmp_path / "cases" / name)
    status, said = render(with_helm(hidden, helm), *(tmp_path / "cases" / name for name in cases))
    assert status == 0, said
    for name, case in cases.items():
        assert tree(tmp_path / "cases" / name / "output") == tree(case / "expected"), name


def test_without_any_helm_it_is_said_what_to_install(hidden: dict[str, str], tmp_path: Path) -> None:
    repository = copy_of_this_repository(tmp_path / "repository")
    status, said = render(hidden, repository)
    assert status == 3
    assert said == (
        "error[helm-missing]: no Helm to render with: helm-python-sdk is not installed, and there is no helm binary\n"
        "       = hint: pip install helm-python-sdk, where it has a wheel; else install Helm, or name a helm binary with "
        "--helm-binary\n1 error\n"
    )
    assert not (repository / "output").exists()
