"""Image mirrors that leak are told of, and those that do not are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.app.pipeline import Request, compile_clusters
from compiler.app.session import Session
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position
from compiler.kubernetes.imagefields import parse_field
from compiler.model.overlays import Image, Overlay, Target, Transform
from compiler.overlay.apply import apply_one
from compiler.overlay.images import parse_image_swap
from compiler.overlay.mirror import leaks
from tests.palette.support import MemoryFiles
from tests.schemas.corpus import sources

OPERATOR = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "op", "namespace": "demo"},
    "spec": {
        "template": {
            "spec": {
                "containers": [{"image": "quay.io/op/op:v1.0", "args": ["--reloader=quay.io/op/reloader:v1.0"]}],
            }
        }
    },
}
OWN = {
    "apiVersion": "example.com/v1",
    "kind": "App",
    "metadata": {"name": "a"},
    "spec": {"runner": "quay.io/x/runner:v1"},
}


def mirror(*rules: str, target: Target | None = None) -> Overlay:
    return Overlay(target, Transform(image_swap=parse_image_swap(rules)), False, Position("p.yaml", 1))


def told(body: dict[str, Any], *overlays: Overlay, fields: Any = ()) -> list[str]:
    """The codes and messages about the object after the overlays."""
    after: Any = body
    for overlay in overlays:
        ((after,), _) = apply_one([after], overlay, image_fields=fields)
    return [f"{d.code} {d.message}" for d in leaks(after, "t.yaml", overlays, fields)]


def test_an_argument_that_the_mirror_does_not_reach() -> None:
    assert told(OPERATOR, mirror("default::mirror.example.com")) == [
        f"{Code.IMAGE_OUTSIDE_MIRROR} Deployment.apps demo/op (from t.yaml) still names what the image transform moves to"
        " another registry: spec.template.spec.containers[0].args[0] (quay.io/op/reloader:v1.0)"
    ]


def test_a_field_that_is_not_declared_and_one_that_is() -> None:
    overlay = mirror("quay.io::mirror.example.com")
    assert len(told(OWN, overlay)) == 1
    assert told(OWN, overlay, fields=[parse_field("example.com", "App", "spec.runner")]) == []


def test_an_image_that_a_later_overlay_puts_back() -> None:
    back = Overlay(None, Transform(images=(Image("mirror.example.com/op/op", "quay.io/op/op"),)), False, Position("p"))
    plain = {**OPERATOR, "spec": {"template": {"spec": {"containers": [{"image": "quay.io/op/op:v1.0"}]}}}}
    assert told(plain, mirror("default::mirror.example.com")) == []
    assert told(plain, mirror("quay.io::mirror.example.com"), back) == []  # all transforms together: meant so
    after: Any = {**OPERATOR, "spec": {"containers": [{"image": "ghcr.io/op/op:v1.0"}]}}
    assert len(leaks(after, "t", [mirror("default::mirror.example.com")])) == 1


def test_one_image_that_is_renamed() -> None:
    rename = Overlay(
        None, Transform(images=(Image("quay.io/op/reloader", "mirror.example.com/r"),)), False, Position("p")
    )
    tag = Overlay(None, Transform(images=(Image("quay.io/op/reloader", new_tag="v2"),)), False, Position("p"))
    assert len(told(OPERATOR, rename)) == 1
    assert told(OPERATOR, tag) == []


@pytest.mark.parametrize(
    "overlays",
    [
        (),
        (mirror("docker.io::mirror.example.com"),),
        (mirror("default::mirror.example.com", "quay.io::"),),
        (mirror("default::mirror.example.com", "noswap_wildcards::quay.io"),),
        (mirror("default::mirror.example.com", target=Target(kind="StatefulSet")),),
        (mirror("default::quay.io"),),
    ],
)
def test_what_is_not_moved_does_not_leak(overlays: tuple[Overlay, ...]) -> None:
    assert told(OPERATOR, *overlays) == []


def test_a_mirror_in_a_mirror_is_no_leak() -> None:
    body = {**OPERATOR, "spec": {"containers": [{"image": "quay.io/op/op:v1.0"}], "args": ["b.example.com/x:v1.0"]}}
    assert told(body, mirror("default::a.example.com/proxy"), mirror("a.example.com::b.example.com")) == []


def test_many_fields_are_counted() -> None:
    variables = [{"name": f"RELATED_IMAGE_{i}", "value": f"quay.io/op/i{i}:v1.0"} for i in range(8)]
    body = {**OPERATOR, "spec": {"env": variables}}
    (message,) = told(body, mirror("default::mirror.example.com"))
    assert "spec.env[4].value" in message
    assert message.endswith("and 3 more fields")


# {(source, object): what the chart gives its operator by name} with one mirror for everything; each is a true one.
LEAKS = {
    "argo-workflows-1.0.18": "quay.io/argoproj/argoexec",
    "consul-k8s-1.3.0": "hashicorp/consul-dataplane",
    "kube-prometheus-stack-88.5.3": "quay.io/prometheus-operator/prometheus-config-reloader",
    "nvidia-dra-driver-25.8.1": "nvcr.io/nvidia/k8s-dra-driver-gpu",
    "nvidia-network-operator-26.1.0": "nvcr.io/nvidia/mellanox/network-operator-init-container",
    "vast-block-2.6.5": "registry.k8s.io/sig-storage/csi-attacher",
}
_REPOSITORY = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: walk, version: 1.0.0}
spec:
  type: add-on
  cloud: all
  policy: {secrets: allow, random: allow, apis: allow, schema: "off"}
  overlays: [{transform: {imageSwap: ["default::mirror.example.com"]}}]
  layers:
    - name: the-layer
      %s
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: prod}
spec: {cloud: %s, kubernetesVersion: 1.33.4, system: {cluster.uid: u}, profiles: [{name: walk, version: 1.0.0}]}
"""


def test_the_leaks_of_the_corpus_are_true(corpus: Path) -> None:
    assert corpus.exists()
    messages: dict[str, str] = {}
    with Session(jobs=2) as session:
        for name, source, cloud, files in sources():
            repository = MemoryFiles({"profiles/walk.yaml": _REPOSITORY % (source, cloud), **files})
            try:
                warnings = compile_clusters(repository, Request(), session, existing=lambda _: None).warnings
            except CompileError:
                continue
            text = "\n".join(each.message for each in warnings if each.code == Code.IMAGE_OUTSIDE_MIRROR)
            messages |= {name: text} if text else {}
    assert messages.keys() == LEAKS.keys()
    assert [name for name, image in LEAKS.items() if image not in messages[name]] == []
