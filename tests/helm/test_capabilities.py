"""`.Capabilities.APIVersions` is what a real server of the cluster's minor answers, and what the stack adds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from compiler import kubernetes
from compiler.charts.spool import spoolable
from compiler.diagnostics import Position
from compiler.kubernetes.differences import differences
from compiler.model import ChartPart, GoTemplatePart, JinjaPart, Part
from compiler.model.rendering import Engine, LayerTask
from compiler.render.helm import HelmEngine, Release
from compiler.render.task import Setup, run
from tests.helm.conftest import ChartMaker
from tests.helm.test_parity import APIS, cases, objects, rendered

ASKED = {
    "v1": True, "v1/Pod": True, "apps/v1/Deployment": True, "apiregistration.k8s.io/v1": True,
    "apiregistration.k8s.io/v1/APIService": True, "policy/v1/PodDisruptionBudget": True, "example.com/v1": True,
    "example.com/v1/Widget": True, "batch/v1/CronTab": False, "apps/v1/Pod": False, "example.com/v2": False,
    "resource.k8s.io/v1/ResourceClaim": False, "policy/v1beta1/PodSecurityPolicy": False,
}  # fmt: skip
TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: asked}
data:
""" + "".join(
    f'  {re.sub("[./]", "-", api)}: {{{{ .Capabilities.APIVersions.Has "{api}" | quote }}}}\n' for api in ASKED
)
JINJA = TEMPLATE.partition("\ndata:")[0] + "\ndata:\n" + "".join(
    f'  {re.sub("[./]", "-", api)}: "{{{{ "{api}" in capabilities.apiVersions }}}}"\n' for api in ASKED
)  # fmt: skip


def answers(part: Part, kubernetes_version: str, engine: str = "embedded", helm: str = "") -> dict[str, bool]:
    task = LayerTask(
        parts=(part,), namespace="shop", kube_version=kubernetes_version,
        api_versions=("example.com/v1", "example.com/v1/Widget"), overlays=(), drop_hooks=False, check_schemas=True,
        extra=(),
        engine=Engine(engine, "4.2.3"),
    )  # fmt: skip
    result = run(task, Setup("", helm))
    assert [str(d) for d in result.diagnostics] == []
    (found,) = result.objects
    told = yaml.safe_load(found.content)["data"]
    return {api: told[re.sub("[./]", "-", api)].lower() == "true" for api in ASKED}


def part_of(kind: str, make_chart: ChartMaker) -> Part:
    if kind == "jinja":
        return JinjaPart("pack", (("t.yaml", JINJA),), ("t.yaml",), "{}", reads_api_versions=True)
    if kind == "gotemplate":
        return GoTemplatePart("m.yaml", TEMPLATE, "{}", "{}", reads_api_versions=True, twice=False)
    # Joined to the spool's empty path, the name is the chart's own path.
    path = make_chart({"templates/a.yaml": TEMPLATE}).removeprefix("/")
    return ChartPart(path, "c", Position("p.yaml"), "web", "shop", "{}", True, None, reads_api_versions=True)


@pytest.mark.parametrize("kind", ["chart", "jinja", "gotemplate"])
def test_templates_of_every_kind_are_told_what_the_server_serves(kind: str, make_chart: ChartMaker) -> None:
    part = part_of(kind, make_chart)
    assert answers(part, "1.33.4") == ASKED
    assert answers(part, "1.34.0") == ASKED | {"resource.k8s.io/v1/ResourceClaim": True}


def test_the_binary_is_told_the_same(make_chart: ChartMaker, helm: Path) -> None:
    assert answers(part_of("chart", make_chart), "1.33.4", "cli", str(helm)) == ASKED


# Charts of the corpus that print something else than `helm template` does, since a real server answers otherwise.
CHANGED = {
    "consul-k8s-1.3.0/consul-k8s-1.3.0.tgz": [  # policy/v1 instead of policy/v1beta1, which is not served
        "PodDisruptionBudget web-consul-connect-injector",
        "PodDisruptionBudget web-consul-server",
    ],
    "prometheus-adapter-5.3.0.tgz": ["APIService v1beta1.custom.metrics.k8s.io"],  # v1 instead of v1beta1
}


@pytest.mark.oracle
def test_the_charts_that_change_by_it_are_these(corpus: Path, embedded: HelmEngine, tmp_path: Path) -> None:
    changed: dict[str, list[str]] = {}
    for case in cases(corpus):
        if not case.chart.reads_api_versions:
            continue
        content = spoolable(case.chart)
        assert isinstance(content, bytes)
        path = tmp_path / "chart.tgz"
        path.write_bytes(content)
        first, second = (
            rendered(embedded, str(path), Release("web", "shop", "1.33.0", (*APIS, *apis), case.values_json))
            for apis in ((), kubernetes.api_versions(33))
        )
        if first is None or second is None or first == second:
            assert (first is None) == (second is None), case.label
            continue
        again = rendered(embedded, str(path), Release("web", "shop", "1.33.0", APIS, case.values_json))
        random = set(differences(objects(first), objects(again)))
        found = sorted({f"{i[1]} {i[3]}" for i, f in set(differences(objects(first), objects(second))) - random})
        if found:
            changed[case.label] = found
    assert changed == CHANGED
