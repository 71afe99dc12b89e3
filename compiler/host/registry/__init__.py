"""The registries outside: HTTP chart repositories and OCI registries. `app.gitpacks` adds git repositories.

Charts are fetched here rather than by Helm's own client (helm-python-sdk has no call for it that takes credentials, checks
a digest and keeps what it fetched in memory). OCI is spoken by hand over urllib3: oras-py does not check the digests of
blobs, extracts archives unfiltered and sends credentials wherever a `realm` points to (tried in 0.2.43).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from compiler.host.registry.credentials import Credentials
from compiler.host.registry.distribution import Distribution
from compiler.host.registry.http import Client
from compiler.host.registry.index import IndexedRepository
from compiler.host.registry.oci import OciRegistry
from compiler.host.registry.signatures import cosigned, no_key, signer
from compiler.kubernetes.images import normal, parts
from compiler.ports import Fetched, Kind, Registry

_DOCKER_HUB = "registry-1.docker.io"  # where the images of docker.io are


def image_place(image: str) -> tuple[str, str, str]:
    """Host, repository and tag or digest of a valid image reference, docker's defaults filled in."""
    name, tag, digest = parts(normal(image)) or ("", "", "")
    host, _, repository = name.partition("/")
    return (_DOCKER_HUB if host == "docker.io" else host), repository, digest or tag


class _Source(Protocol):
    """One registry: what it has of a name, and the archive of a version."""

    def versions(self, kind: Kind, name: str) -> Collection[str]: ...
    def fetch(self, kind: Kind, name: str, version: str, revision: str) -> Fetched: ...
    def names(self, kind: Kind) -> Collection[str]: ...
    def provenance(self, name: str, version: str, revision: str) -> bytes: ...


class NetworkRegistries:
    """`model.lock.Registries` for real; safe in threads. What a registry said once (an index) it is not asked again."""

    def __init__(self, credentials: Credentials | None = None) -> None:
        self._credentials = credentials or Credentials.of_this_machine()
        self._opened: dict[str, _Source] = {}
        self._hosts: dict[str, Distribution] = {}

    def versions(self, registry: Registry, kind: Kind, name: str) -> Collection[str]:
        return self._source(registry).versions(kind, name)

    def fetch(self, registry: Registry, kind: Kind, name: str, version: str, revision: str = "") -> Fetched:
        return self._source(registry).fetch(kind, name, version, revision)

    def names(self, registry: Registry, kind: Kind) -> Collection[str]:
        return self._source(registry).names(kind)

    def push(self, registry: Registry, name: str, version: str, archive: bytes) -> str:
        source = self._source(registry)
        assert isinstance(source, OciRegistry)
        return source.push(name, version, archive)

    def verify(self, registry: Registry, kind: Kind, name: str, version: str, fetched: Fetched, key: bytes) -> str:
        source = self._source(registry)
        key = self._credentials.keyring(registry) or key
        if not key:
            raise no_key(registry)
        if registry.cosign_key and isinstance(source, OciRegistry):
            return cosigned(registry, source.reference(kind, name, fetched.revision), key, source.ca)
        provenance = source.provenance(name, version, fetched.revision)
        return signer(registry, provenance, key, name, version, fetched.data) if provenance else ""

    def image_digest(self, image: str, declared: Sequence[Registry]) -> str:
        host, repository, reference = image_place(image)
        same = (each for each in declared if each.url.startswith("oci://") and urlsplit(each.url).netloc == host)
        registry = next(same, Registry("", None, url=f"oci://{host}"))
        key = f"{registry.name} {host}"
        if key not in self._hosts:
            self._hosts.setdefault(key, Distribution(host, Client(registry, self._credentials)))
        return self._hosts[key].digest(repository, reference, f"image '{image}'")

    def _source(self, registry: Registry) -> _Source:
        key = f"{registry.name} {registry.source}"
        if key not in self._opened:
            self._opened.setdefault(key, self._open(registry))
        return self._opened[key]

    def _open(self, registry: Registry) -> _Source:
        client: Any = Client(registry, self._credentials)
        return (
            OciRegistry(registry, client) if registry.url.startswith("oci://") else IndexedRepository(registry, client)
        )
