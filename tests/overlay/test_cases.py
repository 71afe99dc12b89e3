"""Every case file against what `kubectl kustomize` makes of the same objects and patches.

The answers are stored in expected/, so that the cases also run where there is no kubectl; `--update` rewrites them from
the oracle.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from tests.overlay import support
from tests.overlay.support import Case

COMPARED = ("maps", "lists", "kinds", "json6902", "targets", "transforms")
CASES = support.load(*COMPARED)


def stored(file: str) -> dict[str, list[dict[str, object]]]:
    path = support.HERE / "expected" / f"{file}.yaml"
    return yaml.safe_load(path.read_text("utf-8")) if path.is_file() else {}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ours_is_what_is_stored(case: Case) -> None:
    before = deepcopy(case.objects)
    result, problems = support.ours(case)
    assert problems == []
    assert result == stored(case.file)[case.name]
    assert case.objects == before


@pytest.mark.oracle
@pytest.mark.parametrize("file", COMPARED)
def test_what_is_stored_is_what_kustomize_says(
    file: str, kubectl: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    cases = [case for case in CASES if case.file == file]
    alone = [case for case in cases if file == "transforms" or case.options.get("alone")]
    together = [case for case in cases if case not in alone]
    found = [support.kustomize(kubectl, tmp_path, case) for case in alone]
    found += support.kustomize_all(kubectl, tmp_path, together)
    answers = {case.name: answer for case, answer in zip(alone + together, found, strict=True)}
    if request.config.getoption("--update"):
        text = "# Written by `pytest tests/overlay --update` from `kubectl kustomize`; do not edit.\n"
        text += yaml.safe_dump(answers, sort_keys=True, width=120)
        (support.HERE / "expected" / f"{file}.yaml").write_text(text, "utf-8")
    assert answers == stored(file)


@pytest.mark.parametrize("case", support.load("failures"), ids=str)
def test_failures_are_told(case: Case) -> None:
    result, problems = support.ours(case)
    assert [case.error in problem.message for problem in problems] == [True]
    assert result == case.objects


@pytest.mark.oracle
@pytest.mark.parametrize("case", support.load("failures"), ids=str)
def test_kustomize_fails_there_too(case: Case, kubectl: Path, tmp_path: Path) -> None:
    assert support.kustomize(kubectl, tmp_path, case) is None


@pytest.mark.parametrize("case", support.load("differences"), ids=str)
def test_differences_are_as_described(case: Case) -> None:
    result, problems = support.ours(case)
    assert [problem.message for problem in problems if case.error not in problem.message] == []
    assert bool(problems) == bool(case.error)
    assert result == (case.objects if case.expected is None else case.expected)


@pytest.mark.oracle
@pytest.mark.parametrize("case", support.load("differences"), ids=str)
def test_kustomize_still_differs(case: Case, kubectl: Path, tmp_path: Path) -> None:
    answer = support.kustomize(kubectl, tmp_path, case)
    assert answer is not None if case.error else answer != case.expected


def test_case_names_are_unique() -> None:
    names = [(case.file, case.name) for case in CASES]
    assert len(set(names)) == len(names) >= 60
