"""Which annotations kustomize takes for its own: each one tried with kustomize itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from compiler.kubernetes import kustomize

# Neighbours by name that kustomize leaves alone.
OTHERS = [
    "config.kubernetes.io/container",
    "config.kubernetes.io/depends-on",
    "config.kubernetes.io/function",
    "config.kubernetes.io/id",
    "config.kubernetes.io/merge-source",
    "config.k8s.io/function",
    "internal.config.kubernetes.io/anything-else",
    "kustomize.config.k8s.io/needs-hash",
    "kustomize.config.k8s.io/behavior",
    "kustomize.toolkit.fluxcd.io/prune",
]
LOCAL = [
    ("true", True),
    ("", True),
    ("yes", True),
    ("False", True),
    (None, True),
    (True, True),
    ("false", False),
    (False, False),
]


def an_object(number: int, **annotations: Any) -> dict[str, Any]:
    metadata = {"name": f"n{number}", "namespace": "shop", "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


def built(kubectl: Path, directory: Path, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What kustomize makes of a directory with these objects, in their order."""
    (directory / "objects.yaml").write_text(yaml.safe_dump_all(bodies), "utf-8")
    (directory / "kustomization.yaml").write_text(json.dumps({"resources": ["objects.yaml"]}), "utf-8")
    done = subprocess.run([str(kubectl), "kustomize", str(directory)], check=True, capture_output=True, text=True)
    return sorted(yaml.safe_load_all(done.stdout), key=lambda body: int(body["metadata"]["name"][1:].partition("-")[0]))


@pytest.mark.oracle
def test_every_annotation_that_kustomize_takes_off_and_no_other(kubectl: Path, tmp_path: Path) -> None:
    keys = [*sorted(kustomize.BOOKKEEPING), *OTHERS]
    bodies = [an_object(number, **{key: "enabled", "mine": "stays"}) for number, key in enumerate(keys)]
    ours = [kustomize.without_bookkeeping(body) for body in bodies]
    theirs = built(kubectl, tmp_path, bodies)
    hashed = keys.index("internal.config.kubernetes.io/needsHashSuffix")
    assert theirs[hashed]["metadata"]["name"].startswith(f"n{hashed}-"), "a hash goes behind the name"
    assert theirs[:hashed] + theirs[hashed + 1 :] == ours[:hashed] + ours[hashed + 1 :]
    assert [body for body in ours if body in bodies] == bodies[len(kustomize.BOOKKEEPING) :]
    assert built(kubectl, tmp_path, [dict(body) for body in ours]) == ours, "what is left is built as it is"


@pytest.mark.oracle
def test_what_kustomize_leaves_out(kubectl: Path, tmp_path: Path) -> None:
    bodies = [an_object(number, **{kustomize.LOCAL_CONFIG: value}) for number, (value, _) in enumerate(LOCAL)]
    names = {body["metadata"]["name"] for body in built(kubectl, tmp_path, bodies)}
    assert [body["metadata"]["name"] not in names for body in bodies] == [local for _, local in LOCAL]
    assert [kustomize.is_local_config(body) for body in bodies] == [local for _, local in LOCAL]


def test_other_places_of_these_names_mean_nothing() -> None:
    labelled = {"metadata": {"name": "a", "labels": {kustomize.LOCAL_CONFIG: "true"}}}
    template = {
        "metadata": {"name": "a"},
        "spec": {"template": {"metadata": an_object(1, **{kustomize.LOCAL_CONFIG: "true"})}},
    }
    assert not kustomize.is_local_config(labelled)
    assert not kustomize.is_local_config(template)
    assert not kustomize.is_local_config({"metadata": {"name": "a", "annotations": "text"}})


def test_annotations_go_with_the_last_of_them() -> None:
    assert kustomize.without_bookkeeping(an_object(1, **{"config.kubernetes.io/path": "a.yaml"}))["metadata"] == {
        "name": "n1",
        "namespace": "shop",
    }
