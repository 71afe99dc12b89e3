"""HTTP repositories with an index.yaml, as `helm repo index` writes it: of charts, and of packs in the same form."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError
from compiler.host.registry.http import Answer, Client, origin, shown
from compiler.ports import Fetched, Kind, Registry

MAX_INDEX = 64 * 1024 * 1024
MAX_PROVENANCE = 1024 * 1024


class IndexedRepository:
    """A repository at a URL. Its index is read once."""

    def __init__(self, registry: Registry, client: Client) -> None:
        self._client = client
        self._base = registry.url.rstrip("/") + "/"
        self._guard = threading.Lock()
        self._entries: Mapping[str, Any] | None = None

    def versions(self, kind: Kind, name: str) -> Collection[str]:  # noqa: ARG002  an index has one kind
        """The versions of a name; none where the index does not have it. Raises as `Client.send`."""
        return tuple(self._of(name))

    def names(self, kind: Kind) -> Collection[str]:  # noqa: ARG002
        """Every name in the index, sorted. Raises as `Client.send`."""
        return tuple(sorted(name for name in self._index() if isinstance(name, str)))

    def provenance(self, name: str, version: str, revision: str) -> bytes:  # noqa: ARG002  and no revisions
        """The provenance file beside the archive, b"" if the server has none."""
        parts = urlsplit(self._archive("chart", name, version)[0])
        try:
            url = urlunsplit(parts._replace(path=f"{parts.path}.prov"))
            return self._get(url, f"the provenance of chart '{name}' {version}", MAX_PROVENANCE).body
        except CompileError as error:
            if all(problem.code == Code.REGISTRY_MISSING for problem in error.diagnostics):
                return b""
            raise

    def fetch(self, kind: Kind, name: str, version: str, revision: str) -> Fetched:  # noqa: ARG002
        target, entry = self._archive(kind, name, version)
        answer = self._get(target, f"{kind} '{name}' {version}")
        digest = str("" if entry.get("digest") is None else entry["digest"]).removeprefix("sha256:")
        if digest and hashlib.sha256(answer.body).hexdigest() != digest.lower():
            raise self._client.problem(
                Code.REGISTRY_DIGEST,
                target,
                f"expected sha256:{digest}, found sha256:{hashlib.sha256(answer.body).hexdigest()}",
                "the index and the archive do not belong together: try again, then tell the repository's owner",
            )
        return Fetched(answer.body)

    def _archive(self, kind: str, name: str, version: str) -> tuple[str, Mapping[str, Any]]:
        """The URL of an archive, and its entry in the index."""
        entry = self._of(name).get(version)
        if entry is None:
            raise self._client.problem(Code.REGISTRY_MISSING, self._base, f"no {kind} '{name}' {version} in index.yaml")
        urls = [url for url in entry.get("urls") or () if isinstance(url, str)]
        if not urls:
            raise self._client.problem(
                Code.REGISTRY_ANSWER, self._base, f"index.yaml has no URL for '{name}' {version}"
            )
        target = urljoin(self._base, urls[0])
        if urlsplit(target).scheme not in ("http", "https"):
            raise self._client.problem(
                Code.REGISTRY_ANSWER, self._base, f"index.yaml gives '{urls[0][:80]}' as URL of '{name}' {version}"
            )
        return target, entry

    def _of(self, name: str) -> Mapping[str, Mapping[str, Any]]:
        """The entries of a name by version."""
        listed = self._index().get(name)
        found: dict[str, Mapping[str, Any]] = {}
        for entry in listed if isinstance(listed, list) else ():
            version = entry.get("version") if isinstance(entry, dict) else None
            if not isinstance(version, str):
                continue
            before = found.setdefault(version, entry)
            if before.get("digest") != entry.get("digest"):
                raise self._client.problem(
                    Code.REGISTRY_ANSWER, self._base, f"index.yaml has '{name}' {version} twice, with two digests"
                )
        return found

    def _index(self) -> Mapping[str, Any]:
        with self._guard:
            if self._entries is None:
                url = urljoin(self._base, "index.yaml")
                answer = self._get(url, "index.yaml", MAX_INDEX)
                try:
                    data = yamldoc.load_one(
                        answer.body, shown(url), positions=False, duplicates="warn", max_bytes=MAX_INDEX
                    ).value
                except CompileError as error:
                    text = f"index.yaml: {error.diagnostics[0].message}"
                    raise self._client.problem(Code.REGISTRY_ANSWER, url, text) from None
                entries = data.get("entries") if isinstance(data, dict) else None
                if not isinstance(entries, dict):
                    raise self._client.problem(
                        Code.REGISTRY_ANSWER,
                        url,
                        "expected an index of charts (a mapping with entries)",
                        "is this the URL of a chart repository? The index is at URL/index.yaml",
                    )
                self._entries = entries
            return self._entries

    def _get(self, url: str, what: str, limit: int = 0) -> Answer:
        login = self._client.login
        own = login.header if login and origin(url) == origin(self._base) else ""
        options: dict[str, Any] = {"limit": limit} if limit else {}
        answer = self._client.send("GET", url, authorization=own, **options)
        if answer.status != 200:
            raise self._client.refused(answer, what)
        return answer
