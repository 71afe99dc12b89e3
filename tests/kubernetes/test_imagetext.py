"""Texts that certainly name an image, and those that look like it and are none."""

from __future__ import annotations

import time
from typing import Any

import pytest

from compiler.kubernetes.images import places
from compiler.kubernetes.imagetext import mentions

DIGEST = "sha256:" + "a" * 64

ARGUMENTS = {
    "--prometheus-config-reloader=quay.io/op/reloader:v0.85.0": ["quay.io/op/reloader:v0.85.0"],
    "--thanos-default-base-image=quay.io/thanos/thanos": ["quay.io/thanos/thanos"],
    "--kubectl-image=bitnami/kubectl:1.33": ["bitnami/kubectl:1.33"],
    f"--shim=library/shim@{DIGEST}": [f"library/shim@{DIGEST}"],
    "a=ghcr.io/x/a:1.0,b=ghcr.io/x/b:1.0": ["ghcr.io/x/a:1.0", "ghcr.io/x/b:1.0"],
    'exec tool -proxy-image="org/proxy:1.2" \\\n  --level=info': ["org/proxy:1.2"],
    "crane export registry.example.com:5000/a/b:v2 .": ["registry.example.com:5000/a/b:v2"],
    "--register-with-taints=example.com/dedicated:NoSchedule": [],
    "--resource=vendor.com/gpu:4": [],
    "--upstream=example.com/path:8080": [],
    "--listen=0.0.0.0:8080": [],
    "--url=https://example.com/a/b:1.2": [],
    "--image-pull-policy=Always": [],
    "--image-service=scanner.svc:8080": [],
    "--leader-elect-resource=coordination.k8s.io/v1": [],
    "--version=1.2.3": [],
}


@pytest.mark.parametrize(("argument", "expected"), ARGUMENTS.items())
def test_arguments(argument: str, expected: list[str]) -> None:
    assert texts({"containers": [{"name": "c", "args": [argument]}]}) == expected
    assert texts({"containers": [{"name": "c", "command": ["run", argument]}]}) == expected


def test_a_flag_and_its_value_are_two_arguments() -> None:
    arguments = ["--executor-image", "org/exec:v4", "--name", "org/exec:v4", "--executor", "quay.io/org/exec:v4.0.6"]
    assert texts({"args": arguments}) == ["org/exec:v4", "quay.io/org/exec:v4.0.6"]


VARIABLES = {
    ("RELATED_IMAGE_REDIS", "redis:7.2"): ["redis:7.2"],
    ("PROXY_IMAGE", "org/proxy:main-5"): ["org/proxy:main-5"],
    ("IMAGE", "registry.example.com/a"): ["registry.example.com/a"],
    ("SIDECAR", "nvcr.io/nvidia/dra:v25.8.1"): ["nvcr.io/nvidia/dra:v25.8.1"],
    ("POD_IMAGE_TAG", "v1.2"): [],
    ("GROUP", "apps/v1"): [],
    ("ENDPOINT", "example.com/api:v"): [],
    ("IMAGE_SCANNER_IMAGE", "$(OTHER)"): [],
}


@pytest.mark.parametrize(("variable", "expected"), VARIABLES.items(), ids=" ".join)
def test_variables(variable: tuple[str, str], expected: list[str]) -> None:
    assert texts({"env": [{"name": variable[0], "value": variable[1]}]}) == expected


def test_fields_of_custom_resources() -> None:
    spec = {
        "proxyImage": "org/proxy:1.2",
        "registry": "quay.io/",
        "ofed": {"repository": "nvcr.io/mellanox", "image": "doca", "version": "25"},
        "source": {"repository": "github.com/org/repo"},
        "volumes": [{"quobyte": {"registry": "host:7861"}}],
        "text": "see quay.io/org/x:1.2",
        "labels": {"image": "quay.io/org/x:1.2"},
    }
    assert texts(spec, "example.com/v1") == ["org/proxy:1.2", "quay.io/", "nvcr.io/mellanox"]
    assert texts(spec, "v1") == ["org/proxy:1.2"]


def test_files_in_a_config_map() -> None:
    text = (
        "# of quay.io/org/old:1.0\nsidecar:\n  image: quay.io/org/sidecar:1.0\n  port: 80\nother_image = 'org/x:1.1'\n"
    )
    assert texts({"config.yaml": text}) == ["quay.io/org/sidecar:1.0", "org/x:1.1"]


def test_what_is_an_image_by_its_place_is_no_mention() -> None:
    assert texts({"containers": [{"name": "c", "image": "quay.io/org/app:1.0"}]}) == []


@pytest.mark.parametrize("kind", ["Secret", "CustomResourceDefinition"])
def test_kinds_without(kind: str) -> None:
    assert list(mentions({"apiVersion": "v1", "kind": kind, "stringData": {"image": "quay.io/a/b:1.0"}}, ())) == []


@pytest.mark.parametrize(
    "text", ["a" * 10**6, "image" * 10**5, "a." * 10**5, "a-/" * 10**5, "-" * 10**6, "image=" * 10**5]
)
def test_time_grows_with_the_text(text: str) -> None:
    before = time.process_time()
    texts({"env": [{"name": "X", "value": text}], "args": [text], "data": f"{text}\n{text}"})
    assert time.process_time() - before < 5


def texts(spec: dict[str, Any], api_version: str = "apps/v1") -> list[str]:
    body = {"apiVersion": api_version, "kind": "Thing", "metadata": {"name": "x"}, "spec": spec}
    return [text for _, text in mentions(body, dict(places(body)))]
