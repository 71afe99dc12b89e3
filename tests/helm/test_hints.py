"""What a failure of Helm is answered with: paths of values are those of the layer; no hint is better than a wrong one."""

from __future__ import annotations

import pytest

from compiler.render.helm_errors import failure
from compiler.render.helm_hints import hint

NIL = (
    'template: app/{0}templates/a.yaml:1:13: executing "app/{0}templates/a.yaml" at <{1}>: nil pointer evaluating'
    " interface {{}}.{2}"
)
VALUES = "under `values:` of the layer"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NIL.format("", ".Values.image.tag", "tag"), f"image has no value here: set it {VALUES}"),
        (NIL.format("", "$.Values.a.b.c", "b"), f"a has no value here: set it {VALUES}"),
        (NIL.format("charts/db/", ".Values.auth.user", "user"), f"db.auth has no value here: set it {VALUES}"),
        (NIL.format("", ".a.b", "b"), ""),  # of what `.` is here, nothing is known
        (
            'execution error at (app/charts/db/templates/a.yaml:3:5): ".Values.auth.password" is required',
            f"the chart itself asks for this: set db.auth.password {VALUES}",
        ),
        (
            "execution error at (app/templates/a.yaml:3:5): set Values.a or Values.b.",
            f"the chart itself asks for this: set a, b {VALUES}",
        ),
        (
            "execution error at (app/templates/a.yaml:3:5): no host",
            f"the chart itself asks for this: set what it names {VALUES}",
        ),
        ("parse error at (app/templates/a.yaml:3): unclosed action", ""),
        (
            "chart requires kubeVersion: >=1.34.0-0 which is incompatible with Kubernetes v1.33.4",
            "take a version of the chart that is made for Kubernetes 1.33.4",
        ),
        (
            "chart requires kubeVersion: new which is incompatible with Kubernetes v1.33.4",
            "kubeVersion in Chart.yaml is not",
        ),
        ("found in Chart.yaml, but missing in charts/ directory: db", "`helm dependency build`"),
        ("Chart.yaml file is missing", ".helmignore of the chart leaves Chart.yaml out"),
        ("validation: chart.metadata.name is required", "correct Chart.yaml"),
        ("library charts are not installable", "name a chart that has this one as a dependency"),
    ],
)  # fmt: skip
def test_a_failure_is_answered_by_the_hint_that_fits(text: str, expected: str) -> None:
    answer = hint(failure(text))
    assert answer.startswith(expected) if expected else answer == ""
