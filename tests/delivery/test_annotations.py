"""What holds other things says itself that no controller may prune it."""

from __future__ import annotations

import pytest
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


def annotated(*controllers: str, objects: str = OBJECTS) -> dict[str, dict[str, str] | None]:
    task = LayerTask(
        parts=(ManifestPart("m.yaml", objects, TextPlace(Position("m.yaml", 1, 1))),),
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
        "jobs.example.com": {
            "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
            "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
        },
        "migrate": {"argocd.argoproj.io/sync-options": "Force=true,Replace=true"},
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


SYNC_OPTIONS, PRUNE = "argocd.argoproj.io/sync-options", "kustomize.toolkit.fluxcd.io/prune"
NOT_PRUNED = "Prune=false,Delete=false"
COMPARE, IGNORED = "argocd.argoproj.io/compare-options", "IgnoreExtraneous"


def kept(kind: str, **own: str) -> str:
    annotations = {"helm.sh/resource-policy": "keep"} | {key.replace("_", "/"): text for key, text in own.items()}
    body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "annotations": annotations}}
    return str(yaml.safe_dump(body))


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret", "Service", "PersistentVolume", "PersistentVolumeClaim"])
def test_what_helm_is_told_to_keep_no_controller_prunes(kind: str) -> None:
    assert annotated("argocd", "flux", objects=kept(kind)) == {
        "a": {"helm.sh/resource-policy": "keep", SYNC_OPTIONS: NOT_PRUNED, COMPARE: IGNORED, PRUNE: "disabled"}
    }
    assert annotated(objects=kept(kind)) == {"a": {"helm.sh/resource-policy": "keep"}}


@pytest.mark.parametrize(
    ("policy", "is_kept"), [("keep", True), (" Keep ", True), ("KEEP", True), ("delete", False), ("", False)]
)
def test_only_keep_is_kept_in_any_spelling_as_in_helm(policy: str, is_kept: bool) -> None:
    text = kept("ConfigMap").replace("keep", f"'{policy}'")
    found = annotated("flux", objects=text)["a"] or {}
    assert (PRUNE in found) == is_kept


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("ServerSideApply=true", f"ServerSideApply=true,{NOT_PRUNED}"),
        ("Replace=true, Validate=false", f"Replace=true, Validate=false,{NOT_PRUNED}"),
        ("", NOT_PRUNED),
        ("Prune=true", "Prune=true"),
        ("ServerSideApply=true, Prune=confirm", "ServerSideApply=true, Prune=confirm"),
        ("Delete=confirm", "Delete=confirm"),
    ],
)
def test_options_of_its_own_are_added_to_and_answers_of_its_own_stand(own: str, expected: str) -> None:
    for kind in ("ConfigMap", "Namespace"):
        found = annotated("argocd", objects=kept(kind, **{SYNC_OPTIONS: own}))
        ignored = {COMPARE: IGNORED} if "Prune=false" in expected else {}  # what may be pruned must show as out of sync
        assert found == {"a": {"helm.sh/resource-policy": "keep", SYNC_OPTIONS: expected, **ignored}}


def test_what_flux_is_told_by_the_object_stands() -> None:
    found = annotated("flux", objects=kept("ConfigMap", **{PRUNE: "enabled"}))
    assert found == {"a": {"helm.sh/resource-policy": "keep", PRUNE: "enabled"}}


CIPHERTEXT = "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]"


def test_an_object_that_sops_has_encrypted_stays_as_it_is() -> None:
    secret = yaml.safe_load(kept("Secret"))
    secret["metadata"]["namespace"] = "web"
    encrypted = yaml.safe_dump(secret | {"data": {"a": CIPHERTEXT}, "sops": {"age": [{"enc": "x"}], "mac": CIPHERTEXT}})
    assert annotated("argocd", "flux", objects=encrypted) == {"a": {"helm.sh/resource-policy": "keep"}}


HOOKS = {
    "test": None, "Test": None, "TEST-SUCCESS": None, "pre-install, Test": None, "test-success,post-install": None,
    "Pre-Delete": "pre-delete", "POST-install , pre-UPGRADE": "post-install , pre-upgrade", "crd-install": "crd-install",
    "testing": "testing",
}  # fmt: skip


def hooked(hook: str) -> str:
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a, annotations: {{helm.sh/hook: '{hook}',"
        " helm.sh/hook-delete-policy: Hook-Succeeded}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"
    )


@pytest.mark.parametrize("hook", HOOKS)
def test_tests_in_manifests_are_left_out_and_argo_cd_gets_hooks_as_it_spells_them(hook: str) -> None:
    spelled, policy = HOOKS[hook], "helm.sh/hook-delete-policy"
    of_argocd, of_flux = (annotated(controller, objects=hooked(hook)) for controller in ("argocd", "flux"))
    if spelled is None:
        assert of_argocd == of_flux == {"b": None}
        return
    assert of_argocd == {"a": {"helm.sh/hook": spelled, policy: "hook-succeeded"}, "b": None}
    assert of_flux == {"a": {"helm.sh/hook": hook, policy: "Hook-Succeeded"}, "b": None}


@pytest.mark.parametrize("wrapped", ["kind: List\napiVersion: v1\nitems:\n", "kind: PodList\napiVersion: v1\nitems:\n"])
def test_tests_in_a_list_are_left_out(wrapped: str) -> None:
    item = "- {apiVersion: v1, kind: Pod, metadata: {name: %s, annotations: {helm.sh/hook: %s}}}\n"
    assert list(annotated("flux", objects=wrapped + item % ("a", "Test") + item % ("b", "pre-install"))) == ["b"]


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, "Force=true,Replace=true"),
        ({SYNC_OPTIONS: "ServerSideApply=true"}, "ServerSideApply=true,Force=true,Replace=true"),
        ({SYNC_OPTIONS: "Replace=false"}, "Replace=false"),
        ({"helm.sh/resource-policy": "keep"}, f"{NOT_PRUNED},Force=true,Replace=true"),
        ({"helm.sh/hook": "post-install"}, None),  # Argo CD makes hooks anew by itself
        ({"argocd.argoproj.io/hook": "Sync"}, None),
    ],
)
def test_jobs_that_are_no_hook_are_made_anew_by_argo_cd(annotations: dict[str, str], expected: str | None) -> None:
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a", "annotations": annotations}}
    found = annotated("argocd", objects=yaml.safe_dump(body))["a"] or {}
    assert found.get(SYNC_OPTIONS) == expected
