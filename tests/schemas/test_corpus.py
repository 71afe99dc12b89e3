"""Nothing is said against the objects of public packs and charts but what is wrong with them, at four minors."""

from __future__ import annotations

import pytest

from compiler.app.session import Session
from tests.schemas.corpus import MINORS, Row, rows, sources
from tests.schemas.verdicts import CORPUS

pytestmark = pytest.mark.skipif(not (CORPUS / "packs").exists(), reason="needs ../shared/corpus")

# {(source, object, path): why the API server refuses it}
DEFECTS = {
    (
        f"piraeus-operator-addon-{version}",
        "Service walk/piraeus-operator-addon-piraeus-controller-manager-metrics-service",
        "metadata.name",
    ): "65 characters, a Service has 63 (validation.go, NameIsDNS1035Label): the chart does not cut its full name"
    for version in ("2.7.1", "2.9.0")
}


def test_what_is_said_of_the_corpus_is_true() -> None:
    found: set[Row] = set()
    with Session(jobs=2) as session:
        for source in sources():
            found |= rows(*source, session)
    ours = {row for row in found if row.code in ("schema-invalid", "schema-unknown-field", "schema-server-side")}
    assert {(row.source, row.object, row.path) for row in ours} == DEFECTS.keys()
    assert {row.minor for row in ours} == set(MINORS)
    not_rendered = {row.source for row in found - ours}
    assert len(not_rendered) < 20, not_rendered
