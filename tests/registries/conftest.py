"""Real registries with real charts, and repositories that use them."""

from __future__ import annotations

import contextlib
import io
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from compiler.cli import run
from tests.host.conftest import git_home as git_home  # noqa: PLC0414
from tests.support import servers


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> servers.Authority:
    return servers.authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def _registry_binary() -> None:
    if servers.registry_binary() is None:
        pytest.skip("no docker-registry; `make test` or `python -m tests.support.servers` installs it")


@pytest.fixture(scope="session")
def charts(helm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """demo 1.2.3, 1.3.0, 2.0.0-rc.1 and extra 0.1.0, packaged by the real helm, with an index.yaml of its making."""
    directory = tmp_path_factory.mktemp("charts")
    for name, versions in (("demo", ("1.2.3", "1.3.0", "2.0.0-rc.1")), ("extra", ("0.1.0",))):
        for version in versions:
            _package(helm, directory, name, version)
    subprocess.run([helm, "repo", "index", "."], cwd=directory, check=True, capture_output=True)
    return directory


def package(helm: Path, directory: Path, name: str, version: str, text: str = "") -> Path:
    """`NAME-VERSION.tgz` in a directory: one ConfigMap that says its version."""
    source = directory / ".source" / name
    (source / "templates").mkdir(parents=True, exist_ok=True)
    (source / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: {version}\n")
    (source / "values.yaml").write_text("greeting: hello\n")
    (source / "templates" / "config.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\n"
        f"data: {{version: '{version}', greeting: '{{{{ .Values.greeting }}}}', text: '{text}'}}\n"
    )
    subprocess.run([helm, "package", source, "-d", directory], check=True, capture_output=True)
    return directory / f"{name}-{version}.tgz"


_package = package


@pytest.fixture(scope="session")
def http_charts(charts: Path) -> Iterator[str]:
    """The URL of an HTTP chart repository."""
    with servers.static_files(charts) as url:
        yield url


@pytest.fixture(scope="session")
def oci(_registry_binary: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """HOST:PORT of a docker-registry without login."""
    with servers.docker_registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture(scope="session")
def private_oci(
    _registry_binary: None, ca: servers.Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """HOST:PORT of a docker-registry with a login, behind TLS of the throw-away CA."""
    with servers.docker_registry(tmp_path_factory.mktemp("private"), login=True, tls=ca) as host:
        yield host


class Said(NamedTuple):
    """What a command left: exit status, stdout, stderr."""

    status: int
    out: str
    err: str


def invoked(*arguments: str) -> Said:
    """A command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run([*arguments])
    return Said(status, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Repository:
    """A repository on disk, with its own cache."""

    root: Path

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    def run(self, *arguments: str) -> Said:
        """A command in it."""
        return invoked(*arguments, "--repo", str(self.root))

    def ok(self, *arguments: str) -> Said:
        said = self.run(*arguments)
        assert said.status == 0, said.err
        return said

    @property
    def lock(self) -> str:
        return (self.root / "lamella.lock").read_text()

    def rendered(self) -> dict[str, str]:
        """The objects of the output by path."""
        output = self.root / "output" / "clusters"
        return {
            str(path.relative_to(output)): path.read_text()
            for path in sorted(output.rglob("*"))
            if path.suffix == ".yaml"
        }


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setenv("LAMELLA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    return Repository(tmp_path / "repository")


def settings(**registries: str) -> str:
    """lamella.yaml with chart registries by name."""
    entries = "".join(f"  - {{name: {name}, kind: helm, url: '{url}'}}\n" for name, url in registries.items())
    return f"apiVersion: lamella/v1\nkind: Settings\nregistries:\n{entries}"


def profile(*layers: str, cluster: str = "") -> str:
    """A profile `web` with layers as YAML flow mappings, and a cluster `prod` that uses it; `cluster` is more of its
    spec."""
    listed = "".join(f"    - {layer}\n" for layer in layers)
    return (
        "apiVersion: lamella/v1\nkind: ClusterProfile\nmetadata: {name: web, version: 1.0.0}\n"
        f"spec:\n  type: add-on\n  cloud: all\n  layers:\n{listed}---\n"
        "apiVersion: lamella/v1\nkind: Cluster\nmetadata: {name: prod}\n"
        f"spec:\n  kubernetesVersion: 1.33.4\n  profiles: [{{name: web, version: 1.0.0}}]\n{cluster}"
    )


def layer(name: str, chart: str) -> str:
    return f"{{name: {name}, type: addon, namespace: {name}, chart: {{{chart}}}}}"
