"""`policy: {secrets: …}` at several levels, and who delivers what SOPS has encrypted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from compiler.app.pipeline import Request, compile_clusters
from compiler.codes import Code
from compiler.diagnostics import CompileError
from compiler.host.spool import Spool
from tests.palette.support import MemoryFiles
from tests.support.renderer import Here

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: a.b, namespace: web}\nstringData: {password: hunter2}\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a.b, namespace: web}\ndata: {id: AKIAIOSFODNN7EXAMPLE}\n"
CIPHERTEXT = '"ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]"'
ENCRYPTED = SECRET.replace("hunter2", CIPHERTEXT) + f"sops: {{age: [{{enc: x}}], mac: {CIPHERTEXT}}}\n"
SETTINGS: Mapping[str, Any] = {
    "apiVersion": "lamella/v1",
    "kind": "Settings",
    "argocd": {"repoURL": "https://git.example.com/fleet.git"},
}


def told(
    manifest: str, *, settings: Mapping[str, Any] = {}, profile: Any = None, layer: Any = None, cluster: Any = None
) -> list[str]:
    """The codes of the errors of a cluster with one layer; the policies are those of the levels."""

    def policy(secrets: Any) -> dict[str, Any]:
        return {} if secrets is None else {"policy": {"secrets": secrets}}

    head = {"apiVersion": "lamella/v1"}
    layers = [{"name": "app", "namespace": "web", "manifests": [{"name": "m", "inline": manifest}], **policy(layer)}]
    documents = [
        {**head, "kind": "ClusterProfile", "metadata": {"name": "p", "version": "1.0.0"},
         "spec": {"type": "add-on", "cloud": "all", "layers": layers, **policy(profile)}},
        {**head, "kind": "Cluster", "metadata": {"name": "one"},
         "spec": {"kubernetesVersion": "1.33.4", "profiles": [{"name": "p", "version": "1.0.0"}],
                  "destination": {"server": "https://10.0.0.1:6443"}, **policy(cluster)}},
    ]  # fmt: skip
    files = {f"profiles/{index}.yaml": json.dumps(document) for index, document in enumerate(documents)}
    with Spool() as spool:
        repository = MemoryFiles({"lamella.yaml": json.dumps({**SETTINGS, **settings}), **files})
        try:
            compile_clusters(repository, Request(), Here(spool), existing=lambda _: None)
        except CompileError as error:
            return sorted(each.code for each in error.diagnostics if each.severity == "error")
    return []


def listed(**conditions: str) -> dict[str, Any]:
    return {"allow": [conditions]}


ALLOWED = [
    (SECRET, {"layer": "allow"}),
    (SECRET, {"layer": listed(kind="Secret", namespace="web", name="a.b")}),
    (SECRET, {"profile": listed(name=r"a\..*")}),
    (SECRET, {"cluster": listed(namespace="w.*")}),
    (SECRET, {"settings": {"policy": {"secrets": listed(kind="Secret")}}}),
    (SECRET, {"profile": "refuse", "layer": listed(name="a.b")}),
    (MAP, {"layer": listed(kind="ConfigMap", name="a.b")}),
    (MAP, {"layer": "allow"}),
]
REFUSED = [
    (SECRET, {}),
    (SECRET, {"layer": "refuse"}),
    (SECRET, {"layer": listed(name="a")}),
    (SECRET, {"layer": listed(kind="Secret", name="a.b", namespace="other")}),
    (SECRET, {"layer": {"allow": []}, "profile": listed(name="a.b")}),
    (SECRET, {"cluster": "refuse", "layer": listed(name="a.b")}),
    (SECRET, {"cluster": listed(name="other"), "layer": listed(name="a.b")}),
    (MAP, {"layer": listed(kind="Secret", name="a.b")}),
]


@pytest.mark.parametrize(("manifest", "levels"), ALLOWED)
def test_allowed(manifest: str, levels: dict[str, Any]) -> None:
    assert told(manifest, **levels) == []


@pytest.mark.parametrize(("manifest", "levels"), REFUSED)
def test_refused(manifest: str, levels: dict[str, Any]) -> None:
    code = Code.PLAINTEXT_SECRET if manifest is SECRET else Code.PLAINTEXT_CREDENTIAL
    assert told(manifest, **levels) == [code]


@pytest.mark.parametrize(
    ("delivery", "codes"), [([], []), (["flux"], []), (["argocd", "flux"], []), (["argocd"], [Code.SOPS_DELIVERY])]
)
def test_who_delivers_what_is_encrypted(delivery: list[str], codes: list[str]) -> None:
    assert told(ENCRYPTED, settings={"delivery": delivery}) == codes
