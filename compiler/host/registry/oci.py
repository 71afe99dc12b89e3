"""OCI registries with charts, as Helm pushes them, and with packs, in two layouts.

A chart NAME of `oci://HOST/BASE` is the repository BASE/NAME; its version is the tag, with `_` for `+`. A pack is the
same in our layout, and BASE/spectro-packs/archive/NAME in Palette's.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from urllib.parse import urlsplit

from compiler.codes import Code
from compiler.host.registry.distribution import MANIFEST, Distribution, is_digest
from compiler.host.registry.http import Client
from compiler.ports import Fetched, Kind, Registry

PALETTE_FOLDER = "spectro-packs/archive"
CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
PROVENANCE_LAYER = "application/vnd.cncf.helm.chart.provenance.v1.prov"
# What `oras push` writes where it is told no type, as Palette's documentation has it pushed; the content is `{}`.
PACK_CONFIG = "application/vnd.unknown.config.v1+json"
PACK_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class OciRegistry:
    """A base of repositories at one host."""

    def __init__(self, registry: Registry, client: Client) -> None:
        self._registry, self._client = registry, client
        parts = urlsplit(registry.url)
        self._base = parts.path.strip("/")
        self._host = Distribution(parts.netloc, client)

    def names(self, kind: Kind) -> Collection[str]:
        """The charts or packs below the base, sorted. Raises `registry-no-catalog`, and as `Client.send`."""
        listed = self._host.catalog()
        if listed is None:
            raise self._client.problem(
                Code.REGISTRY_NO_CATALOG,
                self._registry.url,
                "the registry does not list its repositories, or not for us",
                "name what you look for: `lamella pack pull NAME` takes the newest version",
            )
        base = self.repository(kind, "")
        prefix = f"{base}/" if base else ""
        inside = (name.removeprefix(prefix) for name in listed if name.startswith(prefix))
        return tuple(sorted(name for name in inside if name and "/" not in name))

    def versions(self, kind: Kind, name: str) -> Collection[str]:
        """The tags of the repository as versions. Raises CompileError, as `Client.send` and `Client.refused`."""
        return tuple(tag.replace("_", "+") for tag in self._host.tags(self.repository(kind, name)))

    def fetch(self, kind: Kind, name: str, version: str, revision: str) -> Fetched:
        repository = self.repository(kind, name)
        reference = revision if is_digest(revision) else tag_of(version)
        what = f"{kind} '{name}' {version}"
        manifest, digest = self._host.manifest(repository, reference, what)
        layers = [layer for layer in manifest.get("layers") or () if isinstance(layer, dict)]
        wanted = [layer for layer in layers if layer.get("mediaType") == CHART_LAYER] if kind == "chart" else layers
        if len(wanted) != 1:
            raise self._client.problem(
                Code.REGISTRY_ANSWER,
                f"{self._host.root}{repository}:{reference}",
                f"expected one layer with a {kind}, found {len(wanted)}",
                "is it a chart that `helm push` put there?" if kind == "chart" else "is it a pack?",
            )
        return Fetched(self._host.blob(repository, wanted[0], what), digest)

    def provenance(self, name: str, version: str, revision: str) -> bytes:
        """The provenance file that `helm push` put beside a chart, b"" without."""
        repository, what = self.repository("chart", name), f"the provenance of chart '{name}' {version}"
        manifest, _ = self._host.manifest(repository, revision or tag_of(version), what)
        layers = [layer for layer in manifest.get("layers") or () if isinstance(layer, dict)]
        found = [layer for layer in layers if layer.get("mediaType") == PROVENANCE_LAYER]
        return self._host.blob(repository, found[0], what) if len(found) == 1 else b""

    def reference(self, kind: Kind, name: str, revision: str) -> str:
        """`HOST/REPOSITORY@sha256:…`, as other tools name what is there."""
        return f"{urlsplit(self._registry.url).netloc}/{self.repository(kind, name)}@{revision}"

    @property
    def ca(self) -> str:
        """The file with the CA that is set for it."""
        return self._client.ca

    def push(self, name: str, version: str, archive: bytes) -> str:
        """Puts a pack there under its version, and gives the digest of its manifest: the same for the same archive."""
        repository, what = self.repository("pack", name), f"pushing pack '{name}' {version}"
        config = b"{}"
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": PACK_CONFIG,
                "digest": self._host.upload(repository, config, what),
                "size": len(config),
            },
            "layers": [
                {
                    "mediaType": PACK_LAYER,
                    "digest": self._host.upload(repository, archive, what),
                    "size": len(archive),
                    "annotations": {"org.opencontainers.image.title": f"{name}-{version}.tar.gz"},
                }
            ],
        }
        body = json.dumps(manifest, separators=(",", ":")).encode()
        return self._host.put_manifest(repository, tag_of(version), body, what)

    def repository(self, kind: Kind, name: str) -> str:
        """The repository of a chart or pack."""
        folder = PALETTE_FOLDER if kind == "pack" and self._registry.layout == "palette" else ""
        return "/".join(part for part in (self._base, folder, name) if part)


def tag_of(version: str) -> str:
    """The tag of a version: a tag cannot have its `+`."""
    return version.replace("+", "_")
