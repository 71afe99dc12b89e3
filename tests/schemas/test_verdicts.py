"""Findings held against the answers of a real API server 1.34.4 (shared/corpus/apiserver)."""

from __future__ import annotations

import pytest

from tests.schemas.verdicts import VERDICTS, Case, cases, table

pytestmark = pytest.mark.skipif(not VERDICTS.exists(), reason="needs ../shared/corpus")

# What must be found of what each layer of the server refuses, in percent; docs/profiles.md says what is not looked at.
FLOORS = {"decode": 97, "schema": 99, "name": 90, "validation": 78}


@pytest.fixture(scope="module")
def found() -> list[Case]:
    return list(cases())


def test_nothing_is_said_against_what_the_server_takes(found: list[Case]) -> None:
    assert len(found) > 1500
    alarms = {case.id: case.findings for case in found if case.outcome == "false alarm"}
    assert not alarms, table(found, "family")


@pytest.mark.parametrize("layer", FLOORS)
def test_most_of_what_the_server_refuses_is_found(found: list[Case], layer: str) -> None:
    refused = [case for case in found if case.layer == layer]
    agreed = sum(case.outcome == "agree" for case in refused)
    assert 100 * agreed >= FLOORS[layer] * len(refused), table(found, "layer")


def test_findings_name_the_fields_that_the_server_names(found: list[Case]) -> None:
    by_id = {case.id: case for case in found}
    case = by_id["wrong-type/deployment-env-float"]
    assert [each.path for each in case.findings] == [("spec", "template", "spec", "containers", 0, "env", 0, "value")]
    [unknown] = by_id["unknown-field/dep-spec"].findings
    assert (unknown.path, unknown.kind, unknown.hint) == (("spec", "replica"), "unknown", "did you mean 'replicas'?")
