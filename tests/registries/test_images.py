"""Images by digest: what `lamella lock` finds at real registries is what is written where images are."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import urllib3

from compiler import yamldoc
from compiler.host.registry import image_place
from compiler.kubernetes.images import images
from compiler.overlay.images import pinned
from tests.registries.conftest import Repository
from tests.support import servers

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def push_image(root: str, repository: str, tag: str, text: str = "", **options: Any) -> tuple[str, str]:
    """An image for two platforms, put there by plain requests: the digests of its index and of its first manifest."""
    pool = urllib3.PoolManager(**options)
    base = f"{root}/v2/{repository}"

    def put(reference: str, kind: str, content: Any) -> dict[str, Any]:
        body = json.dumps(content).encode()
        answer = pool.request("PUT", f"{base}/manifests/{reference}", body=body, headers={"Content-Type": kind} | login)
        assert answer.status == 201, answer.data
        return {"mediaType": kind, "digest": digest_of(body), "size": len(body)}

    login = dict(options.get("headers") or {})
    manifests = []
    for architecture in ("amd64", "arm64"):
        config = json.dumps({"architecture": architecture, "os": "linux", "text": text}).encode()
        location = pool.request("POST", f"{base}/blobs/uploads/").headers["Location"]
        assert pool.request("PUT", f"{location}&digest={digest_of(config)}", body=config).status == 201
        descriptor = {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest_of(config),
            "size": len(config),
        }
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor, "layers": []}
        platform = {"architecture": architecture, "os": "linux"}
        manifests.append(put(digest_of(json.dumps(manifest).encode()), MANIFEST, manifest) | {"platform": platform})
    index = put(tag, INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})
    return index["digest"], manifests[0]["digest"]


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


OBJECTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      initContainers: [{{name: init, image: '{host}/init:1'}}]
      containers:
        - {{name: web, image: '{host}/web:1.0'}}
        - {{name: fixed, image: 'example.com/fixed@sha256:{fixed}'}}
        - {{name: beside, image: 'example.org/beside:2'}}
      volumes: [{{name: data, image: {{reference: '{host}/data'}}}}]
---
apiVersion: example.com/v1
kind: App
metadata: {{name: app}}
spec: {{runtime: {{repository: '{host}/runtime', tag: '3'}}}}
"""
SETTINGS = """\
apiVersion: lamella/v1
kind: Settings
images: {pin: digest}
policy: {apis: allow}
imageFields:
  - {group: example.com, kind: App, paths: [{name: spec.runtime.repository, tag: spec.runtime.tag}]}
"""
FIXED = "5" * 64


def profile(layer: str = "", more: str = "") -> str:
    return (
        "apiVersion: lamella/v1\nkind: ClusterProfile\nmetadata: {name: web, version: 1.0.0}\n"
        f"spec:\n  type: add-on\n  cloud: all\n{more}  layers:\n    - name: app\n      namespace: app\n"
        f"      manifests: [objects.yaml]\n{layer}"
        "---\napiVersion: lamella/v1\nkind: Cluster\nmetadata: {name: prod}\n"
        "spec: {kubernetesVersion: 1.33.4, profiles: [{name: web, version: 1.0.0}]}\n"
    )


MIRROR = (
    "      overlays: [{{transform: {{images: [{{name: example.org/beside, newName: '{host}/mirror/beside'}}]}}}}]\n"
)


@pytest.fixture
def pushed(repository: Repository, oci: str) -> dict[str, str]:
    """A repository whose images are in a registry; their digests by reference as the output has them."""
    repository.write(
        {
            "lamella.yaml": SETTINGS,
            "profiles/web.yaml": profile(MIRROR.format(host=oci)),
            "profiles/objects.yaml": OBJECTS.format(host=oci, fixed=FIXED),
        }
    )
    references = {"init": "1", "web": "1.0", "data": "latest", "runtime": "3", "mirror/beside": "2"}
    digests = {}
    for name, tag in references.items():
        written = f"{oci}/{name}" if tag == "latest" else f"{oci}/{name}:{tag}"
        digests[written] = push_image(f"http://{oci}", name, tag, name)[0]
    return digests


def test_every_image_is_pinned_where_it_is_after_the_mirror(
    repository: Repository, oci: str, pushed: dict[str, str]
) -> None:
    unlocked = repository.run("render")
    assert unlocked.status == 1
    assert f"error[not-locked]: image '{oci}/web:1.0' of Deployment.apps app/web" in unlocked.err
    assert "profiles/web.yaml:" in unlocked.err
    repository.ok("lock")
    asked = ["profile web 1.0.0, layer app"]
    assert yamldoc.load_one(repository.lock.encode(), "lamella.lock").value["images"] == [
        {"image": image, "digest": digest, "askedBy": asked} for image, digest in sorted(pushed.items())
    ]
    repository.ok("render")
    listed = (repository.root / "output/clusters/prod/images.txt").read_text().splitlines()
    assert listed == sorted([*(f"{i}@{d}" for i, d in pushed.items()), f"example.com/fixed@sha256:{FIXED}"])
    rendered = [yamldoc.load_one(text.encode(), path).value for path, text in repository.rendered().items()]
    app, deployment = (next(body for body in rendered if body["kind"] == kind) for kind in ("App", "Deployment"))
    tag = f"3@{pushed[f'{oci}/runtime:3']}"
    assert app["spec"]["runtime"] == {"repository": f"{oci}/runtime", "tag": tag}
    pod = deployment["spec"]["template"]["spec"]
    assert pod["volumes"][0]["image"]["reference"] == f"{oci}/data@{pushed[f'{oci}/data']}"
    assert pod["initContainers"][0]["image"] == f"{oci}/init:1@{pushed[f'{oci}/init:1']}"
    repository.ok("lock", "--check")
    repository.ok("render", "--check", "--offline")


def test_the_digest_is_that_of_the_index(repository: Repository, oci: str, pushed: dict[str, str]) -> None:
    index, manifest = push_image(f"http://{oci}", "web", "1.0", "web")
    assert index == pushed[f"{oci}/web:1.0"] != manifest
    accept = {"Accept": f"{INDEX}, {MANIFEST}"}
    head = urllib3.request("HEAD", f"http://{oci}/v2/web/manifests/1.0", headers=accept)
    assert head.headers["Docker-Content-Digest"] == index


def test_a_tag_that_moved_stays_until_it_is_upgraded(repository: Repository, oci: str, pushed: dict[str, str]) -> None:
    repository.ok("lock")
    before = repository.lock
    moved, _ = push_image(f"http://{oci}", "web", "1.0", "rebuilt")
    push_image(f"http://{oci}", "init", "1", "rebuilt")
    repository.ok("lock")
    assert repository.lock == before
    said = repository.ok("lock", "--upgrade", f"{oci}/web")
    assert f"~ image {oci}/web:1.0 {pushed[f'{oci}/web:1.0']} -> {moved}" in said.err
    assert pushed[f"{oci}/init:1"] in repository.lock
    repository.ok("lock", "--upgrade")
    assert pushed[f"{oci}/init:1"] not in repository.lock
    unknown = repository.run("lock", "--upgrade", f"{oci}/wbe")
    assert "error[lock-nothing-asked]" in unknown.err
    push_image(f"http://{oci}", "web", "1.0", "web")
    push_image(f"http://{oci}", "init", "1", "init")


def test_a_stale_lock_is_told_and_what_nobody_asks_for_leaves_it(
    repository: Repository, oci: str, pushed: dict[str, str]
) -> None:
    repository.ok("lock")
    objects = (repository.root / "profiles/objects.yaml").read_text()
    repository.write({"profiles/objects.yaml": objects.replace(f"{oci}/init:1", f"{oci}/web")})
    said = repository.run("lock", "--check")
    assert said.status == 1
    assert f"missing: image {oci}/web\n" in said.err
    missing = repository.run("lock")
    assert missing.status == 1
    assert f"image '{oci}/web'" in missing.err
    assert "error[registry-missing]" in missing.err  # it has no tag latest
    repository.write({"profiles/objects.yaml": objects.replace(f"{oci}/init:1", f"{oci}/web:1.0")})
    assert f"- image {oci}/init:1 " in repository.run("lock", "--check").err
    repository.ok("lock")
    assert "init" not in repository.lock


@pytest.mark.parametrize(
    ("settings", "layer", "more"),
    [
        ("", "      images: {pin: digest}\n", ""),
        ("", "", "  images: {pin: digest}\n"),
        ("images: {pin: digest}\n", "      images: {pin: none}\n", ""),
        ("images: {pin: digest, except: ['127.0.0.1:*', 'example.org/*']}\n", "", ""),
    ],
    ids=["layer", "profile", "off in a layer", "except"],
)
def test_levels(repository: Repository, oci: str, settings: str, layer: str, more: str, pushed: dict[str, str]) -> None:
    repository.write(
        {
            "lamella.yaml": SETTINGS.replace("images: {pin: digest}\n", settings),
            "profiles/web.yaml": profile(layer + MIRROR.format(host=oci), more),
        }
    )
    repository.ok("lock")
    repository.ok("render")
    is_pinned = "none" not in layer and "except" not in settings
    listed = (repository.root / "output/clusters/prod/images.txt").read_text()
    assert (f"{oci}/web:1.0@{pushed[f'{oci}/web:1.0']}" in listed) == is_pinned
    assert (repository.root / "lamella.lock").exists() == is_pinned


def test_nothing_is_rendered_where_nothing_pins(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def renders(*_: object) -> None:
        raise AssertionError("a renderer was opened")

    monkeypatch.setattr("compiler.cli.lock.open_session", renders)
    repository.write({"profiles/web.yaml": profile(), "profiles/objects.yaml": OBJECTS.format(host="h", fixed=FIXED)})
    repository.ok("lock")
    repository.ok("lock", "--check")


def test_images_of_a_private_registry_by_the_login_of_docker(
    repository: Repository, private_oci: str, ca: servers.Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = base64.b64encode(f"{servers.USERNAME}:{servers.PASSWORD}".encode()).decode()
    options: dict[str, Any] = {"headers": {"Authorization": f"Basic {pair}"}, "ca_certs": str(ca.ca)}
    digest, _ = push_image(f"https://{private_oci}", "team/app", "1", **options)
    repository.write(
        {
            "lamella.yaml": SETTINGS + f"registries: [{{name: corp, kind: helm, url: 'oci://{private_oci}/charts'}}]\n",
            "profiles/web.yaml": profile(),
            "profiles/objects.yaml": f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n"
            f"spec: {{containers: [{{name: a, image: '{private_oci}/team/app:1'}}]}}\n",
        }
    )
    monkeypatch.setenv("LAMELLA_REGISTRY_CORP_CA_FILE", str(ca.ca))
    refused = repository.run("lock")
    assert refused.status == 3
    assert "error[registry-auth]" in refused.err
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/config.json").write_text(json.dumps({"auths": {private_oci: {"auth": pair}}}))
    repository.ok("lock")
    assert digest in repository.lock


def test_what_is_no_image_is_told(repository: Repository) -> None:
    repository.write(
        {
            "lamella.yaml": SETTINGS,
            "profiles/web.yaml": profile(),
            "profiles/objects.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
            "spec: {containers: [{name: a, image: 'Not An Image'}]}\n",
        }
    )
    said = repository.run("lock")
    assert said.status == 1
    assert "error[image-unpinnable]: 'Not An Image'" in said.err


@pytest.mark.parametrize(
    ("image", "place"),
    [
        ("nginx", ("registry-1.docker.io", "library/nginx", "latest")),
        ("grafana/grafana:11", ("registry-1.docker.io", "grafana/grafana", "11")),
        ("docker.io/library/redis:7", ("registry-1.docker.io", "library/redis", "7")),
        ("index.docker.io/library/redis:7", ("registry-1.docker.io", "library/redis", "7")),
        ("localhost:5000/a", ("localhost:5000", "a", "latest")),
        ("example.com/a/b:1", ("example.com", "a/b", "1")),
    ],
)
def test_where_an_image_is(image: str, place: tuple[str, str, str]) -> None:
    assert image_place(image) == place


def test_ephemeral_containers_and_templates_in_custom_resources_are_pinned() -> None:
    digest = f"sha256:{'1' * 64}"
    spec = {"ephemeralContainers": [{"image": "a:1"}], "jobTemplate": {"spec": {"containers": [{"image": "b:1"}]}}}
    body, missing = pinned({"kind": "Any", "apiVersion": "x.example.com/v1", "spec": spec}, {"a:1": digest}, ())
    assert missing == ("b:1",)
    assert images(body) == (f"a:1@{digest}", "b:1")
    again, _ = pinned(body, {"b:1": digest}, ())
    assert images(again) == (f"a:1@{digest}", f"b:1@{digest}")
