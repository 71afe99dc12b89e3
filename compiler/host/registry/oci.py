"""OCI registries, as the distribution specification 1.1 has them: charts as Helm pushes them, packs in two layouts.

A chart NAME of `oci://HOST/BASE` is the repository BASE/NAME; its version is the tag, with `_` for `+`. A pack is the
same in our layout, and BASE/spectro-packs/archive/NAME in Palette's. Every manifest and blob is checked against its
digest here; a token is asked for only where the registry's own host says so, over TLS.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import threading
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from compiler.codes import Code
from compiler.host.registry.http import Answer, Client
from compiler.ports import Fetched, Kind, Registry

PALETTE_FOLDER = "spectro-packs/archive"
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_MAX_MANIFEST = 4 * 1024 * 1024  # the limit that the specification asks registries to have at least
_MAX_TAGS = 100_000
_PARAMETER = re.compile(r'([a-zA-Z_]+)="([^"]*)"')
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class OciRegistry:
    """A base of repositories at one host."""

    def __init__(self, registry: Registry, client: Client) -> None:
        self._registry, self._client = registry, client
        parts = urlsplit(registry.url)
        self._host, self._base = parts.netloc, parts.path.strip("/")
        self._root = f"{_scheme(parts.hostname or '', client)}://{self._host}/v2/"
        self._guard = threading.Lock()
        self._tokens: dict[str, str] = {}

    def versions(self, kind: Kind, name: str) -> Collection[str]:
        """The tags of the repository as versions. Raises CompileError, as `Client.send` and `Client.refused`."""
        repository = self.repository(kind, name)
        tags: list[str] = []
        url = f"{self._root}{repository}/tags/list?n=1000"
        while url and len(tags) < _MAX_TAGS:
            answer = self._get(url, repository, f"the tags of {repository}")
            listed = self._json(answer).get("tags")
            tags += [tag for tag in listed or () if isinstance(tag, str)] if isinstance(listed, list | None) else []
            url = self._next(answer)
        return tuple(dict.fromkeys(tag.replace("_", "+") for tag in tags))

    def fetch(self, kind: Kind, name: str, version: str, revision: str) -> Fetched:
        repository = self.repository(kind, name)
        reference = revision if _DIGEST.fullmatch(revision) else version.replace("+", "_")
        what = f"{kind} '{name}' {version}"
        manifest, digest = self.manifest(repository, reference, what)
        layers = [layer for layer in manifest.get("layers") or () if isinstance(layer, dict)]
        wanted = [layer for layer in layers if layer.get("mediaType") == CHART_LAYER] if kind == "chart" else layers
        if len(wanted) != 1:
            raise self._client.problem(
                Code.REGISTRY_ANSWER,
                f"{self._root}{repository}:{reference}",
                f"expected one layer with a {kind}, found {len(wanted)}",
                "is it a chart that `helm push` put there?" if kind == "chart" else "is it a pack?",
            )
        return Fetched(self.blob(repository, wanted[0], what), digest)

    def repository(self, kind: Kind, name: str) -> str:
        """The repository of a chart or pack."""
        folder = PALETTE_FOLDER if kind == "pack" and self._registry.layout == "palette" else ""
        return "/".join(part for part in (self._base, folder, name) if part)

    def manifest(self, repository: str, reference: str, what: str) -> tuple[Mapping[str, Any], str]:
        """A manifest by tag or digest, and its digest."""
        url = f"{self._root}{repository}/manifests/{reference}"
        answer = self._get(url, repository, what, accept=", ".join(MANIFESTS), limit=_MAX_MANIFEST)
        digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        said = answer.headers.get("docker-content-digest", digest)
        expected = reference if _DIGEST.fullmatch(reference) else said if said.startswith("sha256:") else digest
        self._check(url, expected, digest)
        return self._json(answer), digest

    def blob(self, repository: str, descriptor: Mapping[str, Any], what: str) -> bytes:
        """The content that a descriptor of a manifest names, checked."""
        expected, size = str(descriptor.get("digest", "")), descriptor.get("size")
        url = f"{self._root}{repository}/blobs/{expected}"
        if not _DIGEST.fullmatch(expected):
            raise self._client.problem(Code.REGISTRY_ANSWER, url, f"expected a sha256 digest, found '{expected[:80]}'")
        answer = self._get(url, repository, what)
        self._check(url, expected, f"sha256:{hashlib.sha256(answer.body).hexdigest()}")
        if isinstance(size, int) and size != len(answer.body):
            raise self._client.problem(Code.REGISTRY_DIGEST, url, f"expected {size} bytes, found {len(answer.body)}")
        return answer.body

    def _check(self, url: str, expected: str, found: str) -> None:
        if expected != found:
            raise self._client.problem(
                Code.REGISTRY_DIGEST,
                url,
                f"expected {expected}, found {found}",
                "something on the way changed it: try again, then tell the registry's owner",
            )

    def _get(self, url: str, repository: str, what: str, *, accept: str = "", limit: int = 0) -> Answer:
        """A GET with the login that the registry asks for: none, basic, or a token of its own token service."""
        headers = {"Accept": accept} if accept else {}
        options: dict[str, Any] = {"limit": limit} if limit else {}
        known = self._tokens.get(repository, "")
        answer = self._client.send("GET", url, headers=headers, authorization=known, **options)
        if answer.status == 401:
            with self._guard:
                authorization = self._authorization(answer, repository)
            if authorization and authorization != known:
                self._tokens[repository] = authorization
                answer = self._client.send("GET", url, headers=headers, authorization=authorization, **options)
        if answer.status != 200:
            raise self._client.refused(answer, what)
        return answer

    def _authorization(self, answer: Answer, repository: str) -> str:
        """The header that the challenge of a 401 asks for, '' if we have none."""
        scheme, _, rest = answer.headers.get("www-authenticate", "").partition(" ")
        login = self._client.login
        if scheme.lower() == "basic" or (login and login.token):
            return login.header if login else ""
        if scheme.lower() != "bearer":
            return ""
        asked = {key.lower(): value for key, value in _PARAMETER.findall(rest)}
        realm = asked.get("realm", "")
        self._check_realm(answer.url, realm)
        query = {"service": asked.get("service", ""), "scope": asked.get("scope") or f"repository:{repository}:pull"}
        address = f"{realm}{'&' if '?' in realm else '?'}{urlencode({k: v for k, v in query.items() if v})}"
        given = self._client.send("GET", address, authorization=login.header if login else "", limit=_MAX_MANIFEST)
        if given.status != 200:
            raise self._client.refused(given, f"a token for {repository}")
        data = self._json(given)
        token = data.get("token") or data.get("access_token")
        return f"Bearer {token}" if isinstance(token, str) and token else ""

    def _check_realm(self, url: str, realm: str) -> None:
        """A token service gets the login, so only one over TLS that is not an address inside somebody's network; or on the
        registry's own host. Source: CVE-2026-48978 of oras-go."""
        parts = urlsplit(realm)
        own = urlsplit(url)
        if parts.hostname == own.hostname and parts.scheme in ("https", own.scheme):
            return
        if parts.scheme != "https" or _is_private(parts.hostname or ""):
            raise self._client.problem(
                Code.REGISTRY_ANSWER, url, f"sends us to '{realm[:80]}' for a token: logins are not sent there"
            )

    def _next(self, answer: Answer) -> str:
        """The next page of a list, on the same host; '' where there is none. Source: RFC 5988, as the specification says."""
        link = re.match(r'<([^>]+)>\s*;\s*rel="?next"?', answer.headers.get("link", ""))
        target = urljoin(answer.url, link[1]) if link else ""
        return target if target.startswith(self._root) else ""

    def _json(self, answer: Answer) -> Mapping[str, Any]:
        try:
            data = json.loads(answer.body)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise self._client.problem(
                Code.REGISTRY_ANSWER, answer.url, "expected JSON, found something else", "is this an OCI registry?"
            )
        return data


def _scheme(host: str, client: Client) -> str:
    """TLS everywhere but on this machine, unless a CA is set for it: the rule of docker."""
    return "http" if _is_loopback(host) and not client.has_ca else "https"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost"
