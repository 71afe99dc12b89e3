"""The command line in this process, and a small shop of three clusters to run it on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from compiler.cli import run
from tests.support import textar

SHOP = """\
-- packs/web/pack.yaml --
name: web
version: 1.0.0
layer: addon
-- packs/web/values.yaml --
replicas: 1
image: example.org/web:1
-- packs/web/templates/web.yaml.j2 --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "{{ values.image }}"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
-- profiles/shop.yaml --
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: shop, version: 1.0.0}
spec:
  type: add-on
  variables: [{name: greeting, default: hello}]
  layers:
    - {name: web, namespace: shop, pack: {name: web, version: 1.0.0}}
    - name: settings
      namespace: shop
      installPriority: 10
      manifests: [{file: settings.yaml}]
-- profiles/settings.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {greeting: "{{ .spectro.var.greeting }} from {{ .spectro.system.cluster.name }}"}
-- profiles/clusters/dev.yaml --
apiVersion: lamella/v1
kind: Cluster
metadata: {name: dev, labels: {env: dev}}
spec:
  kubernetesVersion: 1.33.4
  profiles: [{name: shop, version: 1.0.0}]
-- profiles/clusters/prod-eu.yaml --
apiVersion: lamella/v1
kind: Cluster
metadata: {name: prod-eu, labels: {env: prod, region: eu}}
spec:
  kubernetesVersion: 1.33.4
  profiles: [{name: shop, version: 1.0.0, variables: {greeting: good day}}]
  layers: {web: {values: {replicas: 3}}}
-- profiles/clusters/prod-us.yaml --
apiVersion: lamella/v1
kind: Cluster
metadata: {name: prod-us, labels: {env: prod, region: us}}
spec:
  kubernetesVersion: 1.33.4
  profiles: [{name: shop, version: 1.0.0}]
"""


class Said(NamedTuple):
    """What a command left: exit status, stdout, stderr."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Lamella = Callable[..., Said]


@pytest.fixture
def lamella(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lamella:
    """Runs a command where the test is: in `shop`, or in an empty directory."""
    for name in ("GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Said:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback (most recent" not in said.err
        return Said(status, said.out, said.err)

    return call


@pytest.fixture
def shop(lamella: Lamella, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop's repository, which is the working directory; nothing is rendered yet."""
    place = tmp_path / "shop"
    textar.write(textar.parse(SHOP)[1], place)
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def rendered(shop: Path, lamella: Lamella) -> Path:
    """The shop with its output."""
    assert lamella("render", "-q").status == 0
    return shop


def edit(path: Path, old: str, new: str) -> None:
    """Replaces text that must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def files(root: Path) -> dict[str, str]:
    """{relative path: text} of every file below `root`."""
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


def traces(root: Path) -> dict[str, tuple[int, int, int]]:
    """What would show that somebody touched something: inode, change time, modification time of all that is there."""
    found = {path: path.lstat() for path in (root, *root.rglob("*"))}
    return {str(path): (stat.st_ino, stat.st_ctime_ns, stat.st_mtime_ns) for path, stat in found.items()}


def git(root: Path, *arguments: str) -> str:
    """Runs git in `root` as a person of no importance."""
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()
