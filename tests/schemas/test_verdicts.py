"""Findings held against the answers of a real API server 1.34.4 (shared/corpus/apiserver)."""

from __future__ import annotations

import pytest

from tests.schemas.verdicts import VERDICTS, Case, cases, table

pytestmark = pytest.mark.skipif(not VERDICTS.exists(), reason="needs ../shared/corpus")

# What is not found of what the server refuses, and why; docs/profiles.md tells it.
NOT_FOUND = {
    "removed-api/cm-kind-Configmap": "a kind that is not served: api-unknown tells it",
    "removed-api/svc-empty": "an apiVersion of '': it is refused before it gets here",
    "enum/svc-spec-ipFamilies-2": "which address families a cluster has is not known",
    "service/clusterip-out": "which addresses a cluster has is not known",
}


@pytest.fixture(scope="module")
def found() -> list[Case]:
    return list(cases())


def test_nothing_is_said_against_what_the_server_takes(found: list[Case]) -> None:
    assert len(found) > 1500
    alarms = {case.id: case.findings for case in found if case.outcome == "false alarm"}
    assert not alarms, table(found, "family")


def test_all_that_the_server_refuses_is_found(found: list[Case]) -> None:
    decided = [case for case in found if case.layer in ("decode", "schema", "cel", "name", "validation")]
    assert len(decided) > 900
    assert {case.id for case in decided if case.outcome == "missed"} == NOT_FOUND.keys(), table(found, "layer")


def test_every_rule_of_the_corpus_is_evaluated(found: list[Case]) -> None:
    assert not [case.id for case in found if any(each.kind == "unchecked" for each in case.findings)]


def test_findings_name_the_fields_that_the_server_names(found: list[Case]) -> None:
    by_id = {case.id: case for case in found}
    case = by_id["wrong-type/deployment-env-float"]
    assert [each.path for each in case.findings] == [("spec", "template", "spec", "containers", 0, "env", 0, "value")]
    [unknown] = by_id["unknown-field/dep-spec"].findings
    assert (unknown.path, unknown.kind, unknown.hint) == (("spec", "replica"), "unknown", "did you mean 'replicas'?")
