"""Each kind of failure of Helm becomes the diagnostic of its code, at the place in the chart or at the layer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from compiler.diagnostics import Position
from compiler.model import ChartPart
from compiler.model.rendering import Engine, LayerTask
from compiler.render import task
from compiler.render.helm_cli import HelmBinary

TEMPLATE = "charts/web/templates/a.yaml"
AT = Position("profiles/shop.yaml", 8, 7)
CHART = ChartPart(
    spooled="0f", path="charts/web", at=AT, release="web", namespace="web", values_json="{}",
    validate_schema=True, twice=None, reads_api_versions=False,
)  # fmt: skip
TASK = LayerTask(
    parts=(CHART,), namespace="web", kube_version="1.33.4", api_versions=(), overlays=(), drop_hooks=False,
    check_schemas=True, extra=(),
    engine=Engine("cli", "4.2.3"),
)  # fmt: skip


def refused(binary: str, task_: LayerTask = TASK) -> tuple[str, str]:
    """(code, place) of the one problem."""
    (problem,) = task.run(task_, task.Setup("/spool", binary)).diagnostics
    assert "release 'web' of the chart at charts/web" in problem.message
    return problem.code, str(problem.at)


def helm(place: Path, script: str) -> str:
    binary = place / "helm"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o755)
    return str(binary)


@pytest.mark.parametrize(
    ("said", "code", "at"),
    [
        ("execution error at (web/templates/a.yaml:1:3): no name", "helm-template", f"{TEMPLATE}:1:4"),
        ("execution error at (web/charts/db/templates/a.yaml:1:3): no name", "helm-template", str(AT)),
        (
            "values don't meet the specifications of the schema(s) in the following chart(s):\nweb:\n- x\n",
            "helm-schema",
            str(AT),
        ),
        (
            "YAML parse error on web/templates/a.yaml: error converting YAML to JSON: yaml: line 2: x",
            "helm-yaml",
            TEMPLATE,
        ),
        ("failed to parse values.yaml", "helm-values", str(AT)),
        ("chart requires kubeVersion: <1.20 which is incompatible with Kubernetes v1.33.4", "helm-chart", str(AT)),
        ("double-star (**) syntax is not supported", "helm-chart", "charts/web/.helmignore"),
        ('release name "-": invalid release name', "helm-release", str(AT)),
    ],
)
def test_what_helm_says_has_its_code(said: str, code: str, at: str, tmp_path: Path) -> None:
    (tmp_path / "said").write_text(f"Error: {said}\n")
    assert refused(helm(tmp_path, f"cat {tmp_path}/said >&2; exit 1")) == (code, at)


def test_a_helm_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "ENGINES", {"cli": partial(HelmBinary, timeout_s=0.3)})
    assert refused(helm(tmp_path, "exec sleep 30")) == ("helm-timeout", str(AT))


def test_a_helm_that_is_gone_since_the_run_began_is_told(tmp_path: Path) -> None:
    assert refused(str(tmp_path / "helm")) == ("helm-environment", str(AT))


def test_a_template_in_an_archive_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "said").write_text("Error: execution error at (web/templates/a.yaml:1:3): no name\n")
    archived = replace(TASK, parts=(replace(CHART, spooled="0f.tgz"),))
    assert refused(helm(tmp_path, f"cat {tmp_path}/said >&2; exit 1"), archived) == ("helm-template", str(AT))
