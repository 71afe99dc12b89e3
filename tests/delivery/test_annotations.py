"""What holds other things says itself that no controller may prune it."""

from __future__ import annotations

import yaml

from compiler import delivery
from compiler.diagnostics import Position, TextPlace
from compiler.model import ManifestPart
from compiler.model.rendering import Engine, LayerTask
from compiler.render.task import Setup, run

OBJECTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: web, annotations: {argocd.argoproj.io/sync-options: Prune=confirm, owner: team}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: jobs.example.com}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: web}
---
apiVersion: example.com/v1
kind: Job
metadata: {name: foreign, namespace: web}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: web}
"""


def annotated(*controllers: str) -> dict[str, dict[str, str] | None]:
    task = LayerTask(
        parts=(ManifestPart("m.yaml", OBJECTS, TextPlace(Position("m.yaml", 1, 1))),),
        namespace="web",
        kube_version="1.33.4",
        api_versions=(),
        overlays=(),
        drop_hooks=False,
        check_schemas=True,
        extra=(),
        engine=Engine("embedded", "4.2.3"),
        annotations=delivery.annotations_for(controllers),
    )
    result = run(task, Setup(""))
    assert result.diagnostics == ()
    bodies = [yaml.safe_load(found.content) for found in result.objects]
    return {body["metadata"]["name"]: body["metadata"].get("annotations") for body in bodies}


def test_what_flux_must_know() -> None:
    assert annotated("flux") == {
        "web": {
            "argocd.argoproj.io/sync-options": "Prune=confirm",
            "kustomize.toolkit.fluxcd.io/prune": "disabled",
            "owner": "team",
        },
        "jobs.example.com": {"kustomize.toolkit.fluxcd.io/prune": "disabled"},
        "migrate": {"kustomize.toolkit.fluxcd.io/force": "enabled"},
        "foreign": None,
        "a": None,
    }


def test_what_argo_cd_must_know_and_what_an_object_says_itself_stands() -> None:
    assert annotated("argocd") == {
        "web": {"argocd.argoproj.io/sync-options": "Prune=confirm", "owner": "team"},
        "jobs.example.com": {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"},
        "migrate": None,
        "foreign": None,
        "a": None,
    }


def test_without_a_controller_objects_are_as_rendered() -> None:
    assert annotated() == {
        "web": {"argocd.argoproj.io/sync-options": "Prune=confirm", "owner": "team"},
        "jobs.example.com": None,
        "migrate": None,
        "foreign": None,
        "a": None,
    }
