"""Case files against the second oracle, `kubectl patch --local`. Answers are stored as in test_cases.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.overlay import support
from tests.overlay.support import Case

CASES = support.load("kubectl")
STORED = support.HERE / "expected" / "kubectl.yaml"


def comparable(node: Any, case: Case) -> Any:
    """The same with items in order of their names, where the case is not about order."""
    if not case.options.get("unordered"):
        return node
    if isinstance(node, dict):
        return {key: comparable(value, case) for key, value in node.items()}
    if isinstance(node, list):
        return sorted((comparable(item, case) for item in node), key=lambda item: json.dumps(item, sort_keys=True))
    return node


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ours_is_what_is_stored(case: Case) -> None:
    result, problems = support.ours(case)
    assert [case.error in problem.message for problem in problems] == [True] * bool(case.error)
    if not case.error:
        assert [comparable(each, case) for each in result] == [yaml.safe_load(STORED.read_text("utf-8"))[case.name]]


@pytest.mark.oracle
def test_what_is_stored_is_what_kubectl_says(kubectl: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    answers = {}
    for case in CASES:
        ((overlay,), (target,)) = (case.overlays, case.objects)
        patch = overlay.get("patch") or overlay["merge"]
        answer = support.kubectl_patch(kubectl, tmp_path, target, case.options["type"], patch)
        assert (answer is None) == bool(case.error), case
        answers[case.name] = answer and comparable(answer, case)
    if request.config.getoption("--update"):
        text = "# Written by `pytest tests/overlay --update` from `kubectl patch --local`; do not edit.\n"
        STORED.write_text(text + yaml.safe_dump(answers, width=120), "utf-8")
    assert answers == yaml.safe_load(STORED.read_text("utf-8"))
