"""One host of OCI repositories, as the distribution specification 1.1 has it: manifests, blobs, tags, the catalog, uploads.

Every manifest and blob is checked against its digest here. A login goes to the registry's own origin, and to a token
service that this origin itself names, over TLS.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import threading
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from compiler import jsontext
from compiler.codes import Code
from compiler.diagnostics import CompileError
from compiler.host.registry.credentials import Login
from compiler.host.registry.http import Answer, Client, origin

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
MANIFESTS = (MANIFEST, "application/vnd.docker.distribution.manifest.v2+json")
INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_MAX_MANIFEST = 4 * 1024 * 1024  # the limit that the specification asks registries to have at least
_MAX_LISTED = 100_000
_PARAMETER = re.compile(r'([a-zA-Z_]+)="([^"]*)"')
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ERROR_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,40}")
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Distribution:
    """The registry at a host. Safe in threads."""

    def __init__(self, host: str, client: Client) -> None:
        self._client = client
        self.root = f"{_scheme(urlsplit(f'//{host}').hostname or '', client)}://{host}/v2/"
        self._guard = threading.Lock()
        self._authorizations: dict[tuple[str, str], str] = {}

    def tags(self, repository: str) -> Collection[str]:
        """The tags of a repository. Raises CompileError, as `Client.send` and `Client.refused`."""
        return self._listed(f"{repository}/tags/list", "tags", repository, f"the tags of {repository}")

    def catalog(self) -> Collection[str] | None:
        """The repositories of the registry; None where it does not list them, or not for us. Raises as `Client.send`."""
        answer = self._answer("GET", f"{self.root}_catalog?n=1", "")
        if answer.status in (401, 403, 404, 405, 501):
            return None
        return self._listed("_catalog", "repositories", "", "the catalog")

    def digest(self, repository: str, reference: str, what: str) -> str:
        """The digest of what a tag or digest means: of an index, where it is an image for several platforms."""
        url = f"{self.root}{repository}/manifests/{reference}"
        accept = ", ".join((*INDEXES, *MANIFESTS))
        answer = self._request("HEAD", url, repository, what, accept=accept)
        digest = answer.headers.get("docker-content-digest", "")
        if not is_digest(digest):
            body = self._request("GET", url, repository, what, accept=accept, limit=_MAX_MANIFEST).body
            digest = digest_of(body)
        if is_digest(reference):
            self._check(url, reference, digest)
        return digest

    def manifest(self, repository: str, reference: str, what: str) -> tuple[Mapping[str, Any], str]:
        """A manifest by tag or digest, and its digest."""
        url = f"{self.root}{repository}/manifests/{reference}"
        answer = self._request("GET", url, repository, what, accept=", ".join(MANIFESTS), limit=_MAX_MANIFEST)
        digest = digest_of(answer.body)
        said = answer.headers.get("docker-content-digest", digest)
        expected = reference if is_digest(reference) else said if said.startswith("sha256:") else digest
        self._check(url, expected, digest)
        return self.json(answer), digest

    def blob(self, repository: str, descriptor: Mapping[str, Any], what: str) -> bytes:
        """The content that a descriptor of a manifest names, checked."""
        expected, size = str(descriptor.get("digest", "")), descriptor.get("size")
        url = f"{self.root}{repository}/blobs/{expected}"
        if not is_digest(expected):
            raise self._client.problem(Code.REGISTRY_ANSWER, url, f"expected a sha256 digest, found '{expected[:80]}'")
        answer = self._request("GET", url, repository, what)
        self._check(url, expected, digest_of(answer.body))
        if isinstance(size, int) and size != len(answer.body):
            raise self._client.problem(Code.REGISTRY_DIGEST, url, f"expected {size} bytes, found {len(answer.body)}")
        return answer.body

    def upload(self, repository: str, content: bytes, what: str) -> str:
        """Puts a blob there, in one piece, unless the repository has it; its digest. Source: "Pushing a blob
        monolithically" of the specification."""
        digest = digest_of(content)
        if self._has(repository, digest):
            return digest
        start = self._request(
            "POST", f"{self.root}{repository}/blobs/uploads/", repository, what, push=True, body=b"", expected=(202,)
        )
        location = urljoin(start.url, start.headers.get("location", ""))
        if location == start.url or urlsplit(location).scheme not in ("https", urlsplit(self.root).scheme):
            raise self._client.problem(Code.REGISTRY_ANSWER, start.url, f"{what}: no place to upload to")
        url = f"{location}{'&' if '?' in location else '?'}{urlencode({'digest': digest})}"
        answer = self._answer(
            "PUT", url, repository, push=True, body=content, headers={"Content-Type": "application/octet-stream"}
        )
        # One that was tried again after its answer was lost has been refused, and is there.
        if answer.status not in (201, 202, 204) and not self._has(repository, digest):
            raise self._refused(answer, what)
        self._check(url, digest, answer.headers.get("docker-content-digest") or digest)
        return digest

    def put_manifest(self, repository: str, tag: str, manifest: bytes, what: str) -> str:
        """Puts a manifest under a tag, and reads it back; its digest."""
        url = f"{self.root}{repository}/manifests/{tag}"
        headers = {"Content-Type": MANIFEST}
        self._request("PUT", url, repository, what, push=True, body=manifest, headers=headers, expected=(201, 202))
        digest = digest_of(manifest)
        self._check(url, digest, self.manifest(repository, tag, what)[1])
        return digest

    def json(self, answer: Answer) -> Mapping[str, Any]:
        try:
            data = jsontext.load(answer.body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise self._client.problem(
                Code.REGISTRY_ANSWER, answer.url, "expected JSON, found something else", "is this an OCI registry?"
            )
        return data

    def _has(self, repository: str, digest: str) -> bool:
        return self._answer("HEAD", f"{self.root}{repository}/blobs/{digest}", repository, push=True).status == 200

    def _listed(self, path: str, key: str, repository: str, what: str) -> Collection[str]:
        """A list that comes in pages."""
        items: list[str] = []
        url = f"{self.root}{path}?n=1000"
        while url and len(items) < _MAX_LISTED:
            answer = self._request("GET", url, repository, what)
            listed = self.json(answer).get(key)
            items += [item for item in listed if isinstance(item, str)] if isinstance(listed, list) else []
            url = self._next(answer)
        return tuple(dict.fromkeys(items))

    def _next(self, answer: Answer) -> str:
        """The next page of a list, on the same host; '' where there is none. Source: RFC 5988, as the specification says."""
        link = re.match(r'<([^>]+)>\s*;\s*rel="?next"?', answer.headers.get("link", ""))
        target = urljoin(answer.url, link[1]) if link else ""
        return target if target.startswith(self.root) and target != answer.url else ""

    def _check(self, url: str, expected: str, found: str) -> None:
        if expected != found:
            raise self._client.problem(
                Code.REGISTRY_DIGEST,
                url,
                f"expected {expected}, found {found}",
                "something on the way changed it: try again, then tell the registry's owner",
            )

    def _request(
        self,
        method: str,
        url: str,
        repository: str,
        what: str,
        *,
        accept: str = "",
        expected: Collection[int] = (200,),
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Answer:
        """The answer, if its status is one of those expected. Raises CompileError."""
        sent = {**(headers or {}), **({"Accept": accept} if accept else {})}
        answer = self._answer(method, url, repository, headers=sent, **options)
        if answer.status not in expected:
            raise self._refused(answer, what)
        return answer

    def _answer(
        self,
        method: str,
        url: str,
        repository: str,
        *,
        push: bool = False,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = 0,
    ) -> Answer:
        """The answer with the login that the registry asks for: none, basic, or a token of its own token service."""
        options: dict[str, Any] = {"headers": headers, "body": body} | ({"limit": limit} if limit else {})
        if origin(url) != origin(self.root):  # storage that the registry sends us to: it gets no login
            return self._client.send(method, url, **options)
        actions = "pull,push" if push else "pull"
        known = self._authorizations.get((repository, actions), "")
        answer = self._client.send(method, url, authorization=known, **options)
        if answer.status == 401:
            with self._guard:
                authorization = self._authorization(answer, repository, actions)
            if authorization and authorization != known:
                self._authorizations[(repository, actions)] = authorization
                answer = self._client.send(method, url, authorization=authorization, **options)
        return answer

    def _refused(self, answer: Answer, what: str) -> CompileError:
        """The problem of a status, with the codes that the specification has for errors."""
        try:
            errors = jsontext.load(answer.body or b"{}").get("errors") or ()
            codes = [str(error.get("code")) for error in errors]
        except (ValueError, AttributeError, TypeError):
            codes = []
        shown = ", ".join(code for code in codes if _ERROR_CODE.fullmatch(code) and code != "UNAUTHORIZED")
        return self._client.refused(answer, f"{what} ({shown})" if shown else what)

    def _authorization(self, answer: Answer, repository: str, actions: str) -> str:
        """The header that the challenge of a 401 asks for, '' if we have none. Only the registry itself may ask: where a
        redirect led elsewhere, the challenge is somebody else's."""
        scheme, _, rest = answer.headers.get("www-authenticate", "").partition(" ")
        login = self._client.login
        if origin(answer.url) != origin(self.root):
            return ""
        if scheme.lower() == "basic" or (login and login.token):
            return login.header if login else ""
        if scheme.lower() != "bearer":
            return ""
        asked = {key.lower(): value for key, value in _PARAMETER.findall(rest)}
        self._check_realm(answer.url, asked.get("realm", ""))
        scope = asked.get("scope") or (f"repository:{repository}:{actions}" if repository else "registry:catalog:*")
        query = {"service": asked.get("service", ""), "scope": scope}
        given = self._token(asked["realm"], {key: value for key, value in query.items() if value}, login)
        if given.status != 200:
            raise self._client.refused(given, f"a token for {repository or 'the catalog'}")
        data = self.json(given)
        token = data.get("token") or data.get("access_token")
        return f"Bearer {token}" if isinstance(token, str) and token else ""

    def _token(self, realm: str, query: Mapping[str, str], login: Login | None) -> Answer:
        """The answer of a token service. Source: "Token Authentication Specification" and "OAuth2 Token Authentication"
        of distribution: an identity token of docker's is a refresh token, and goes there by POST."""
        if login and login.refresh:
            form = {**query, "grant_type": "refresh_token", "client_id": "lamella", "refresh_token": login.refresh}
            body = urlencode(form).encode()
            return self._client.send("POST", realm, headers=_FORM, body=body, limit=_MAX_MANIFEST)
        address = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
        return self._client.send("GET", address, authorization=login.header if login else "", limit=_MAX_MANIFEST)

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


def _scheme(host: str, client: Client) -> str:
    """TLS everywhere but on this machine, unless a CA is set for it: the rule of docker."""
    return "http" if _is_loopback(host) and not client.ca else "https"


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
