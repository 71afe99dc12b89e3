"""HTTP as a registry's client needs it: bounded, repeated where that helps, and never careless with credentials.

Over urllib3, whose own redirects and retries are off: what a redirect may take along, and what is worth another try, are
rules of ours.
"""

from __future__ import annotations

import email.utils
import random
import ssl
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import urllib3

from compiler import __version__
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic
from compiler.host.registry.credentials import Credentials
from compiler.ports import Registry

MAX_ARCHIVE = 100 * 1024 * 1024
CONNECT_S, READ_S, TOTAL_S = 10.0, 30.0, 300.0
TRIES, REDIRECTS = 3, 5
_LONGEST_WAIT_S = 30.0
_AGAIN = (429, 500, 502, 503, 504)
_MOVED = (301, 302, 303, 307, 308)
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: header names in lower case; `url` is where it came from, after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Client:
    """Requests to one registry, with its TLS settings. Safe in threads."""

    def __init__(self, registry: Registry, credentials: Credentials) -> None:
        self.registry = registry
        self.login = credentials.login(registry)
        self._tls = credentials.tls(registry)
        self._pools: dict[str, urllib3.PoolManager] = {}

    @property
    def ca(self) -> str:
        """The file with the CA that is set for this registry, '' for none."""
        return self._tls.ca

    def send(
        self,
        method: str,
        url: str,
        *,
        authorization: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = MAX_ARCHIVE,
    ) -> Answer:
        """The answer, whatever its status, after redirects and repeats. `authorization` goes to the host of `url` only.

        Raises CompileError (environment): `registry-unreachable`, `-tls`, `-answer`, `-too-large`.
        """
        deadline = time.monotonic() + TOTAL_S
        sent = dict(headers or {})
        first = origin(url)
        for _ in range(REDIRECTS + 1):
            own = {**sent, "Authorization": authorization} if authorization and origin(url) == first else sent
            answer = self._repeated(method, url, own, body, limit, deadline)
            if answer.status not in _MOVED or "location" not in answer.headers:
                return answer
            target = urljoin(url, answer.headers["location"])
            self._check_redirect(url, target)
            url = target
        raise self.problem(Code.REGISTRY_ANSWER, url, f"more than {REDIRECTS} redirects")

    def problem(self, code: Code, url: str, message: str, hint: str = "") -> CompileError:
        """A problem of the environment at this registry. The URL is shown without user and query."""
        return CompileError(
            [Diagnostic(code, f"{shown(url)}: {message}", self.registry.at, hint)],
            environment=True,
        )

    def refused(self, answer: Answer, what: str) -> CompileError:
        """The problem that an answer's status means; `what` was asked for."""
        if answer.status in (401, 403):
            who = "the login was refused" if self.login else "it wants a login, and none is known for it"
            name = self.registry.name.upper().replace("-", "_") or "NAME"
            return self.problem(
                Code.REGISTRY_AUTH,
                answer.url,
                f"{what}: HTTP {answer.status}, {who}",
                f"set LAMELLA_REGISTRY_{name}_USERNAME and _PASSWORD (or _TOKEN), or log in with `helm registry login` or"
                " `docker login`",
            )
        if answer.status == 404:
            return CompileError(
                [
                    Diagnostic(
                        Code.REGISTRY_MISSING,
                        f"{shown(answer.url)}: {what}: the registry has no such thing (HTTP 404)",
                        self.registry.at,
                        "correct the name, or the registry's URL",
                    )
                ]
            )
        return self.problem(
            Code.REGISTRY_ANSWER,
            answer.url,
            f"{what}: HTTP {answer.status}",
            "try again later; the server has a problem",
        )

    def _check_redirect(self, url: str, target: str) -> None:
        before, after = urlsplit(url), urlsplit(target)
        if after.scheme not in ("http", "https") or (before.scheme == "https" and after.scheme == "http"):
            raise self.problem(Code.REGISTRY_ANSWER, url, f"a redirect to {after.scheme}: is not followed")

    def _repeated(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int, deadline: float
    ) -> Answer:
        """The answer of the first try that is worth no other."""
        for attempt in range(1, TRIES + 1):
            last = attempt == TRIES
            try:
                answer = self._once(method, url, headers, body, limit, deadline)
            except urllib3.exceptions.HTTPError as error:
                if last or time.monotonic() > deadline or _is_tls(error):
                    raise self._unreachable(url, error) from None
                wait = _backoff(attempt)
            else:
                if last or answer.status not in _AGAIN:
                    return answer
                wait = _retry_after(answer.headers.get("retry-after", ""), attempt)
            if time.monotonic() + wait > deadline:
                raise self.problem(Code.REGISTRY_UNREACHABLE, url, f"no answer within {TOTAL_S:.0f} seconds")
            time.sleep(wait)
        raise AssertionError

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int, deadline: float
    ) -> Answer:
        timeout = urllib3.Timeout(connect=CONNECT_S, read=min(READ_S, max(deadline - time.monotonic(), 1)))
        sent = {"User-Agent": f"lamella/{__version__}", "Accept-Encoding": "identity", **headers}
        response = self._pool(url).request(
            method, url, headers=sent, body=body, timeout=timeout, redirect=False, retries=False, preload_content=False
        )
        try:
            content = b"" if method == "HEAD" else self._body(response, url, limit, deadline)
        finally:
            response.release_conn()
        return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, content, url)

    def _body(self, response: Any, url: str, limit: int, deadline: float) -> bytes:
        parts, size = [], 0
        declared = response.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > limit:
            response.close()
            raise self._too_large(url, limit)
        while part := response.read1(_CHUNK, decode_content=False):  # what has come, so that the limits hold for a drip
            size += len(part)
            if size > limit:
                response.close()
                raise self._too_large(url, limit)
            if time.monotonic() > deadline:
                response.close()
                raise self.problem(Code.REGISTRY_UNREACHABLE, url, f"not complete within {TOTAL_S:.0f} seconds")
            parts.append(part)
        if declared.isdigit() and size < int(declared):
            raise urllib3.exceptions.ProtocolError(f"{size} of {declared} bytes came")
        return b"".join(parts)

    def _too_large(self, url: str, limit: int) -> CompileError:
        return self.problem(Code.REGISTRY_TOO_LARGE, url, f"larger than {limit // 1024 // 1024} MiB")

    def _pool(self, url: str) -> urllib3.PoolManager:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
        proxy = "" if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(scheme, "")
        if proxy not in self._pools:
            options: dict[str, Any] = {"ssl_context": self._context(), "maxsize": 8}
            self._pools[proxy] = (
                urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(num_pools=8, **options)
            )
        return self._pools[proxy]

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        try:
            if self._tls.ca:
                context.load_verify_locations(self._tls.ca)
            if self._tls.certificate:
                context.load_cert_chain(self._tls.certificate, self._tls.key or None)
        except (OSError, ssl.SSLError) as error:
            text = f"cannot read the CA or client certificate: {error.strerror or error}"
            raise self.problem(Code.REGISTRY_TLS, self.registry.url, text) from None
        return context

    def _unreachable(self, url: str, error: urllib3.exceptions.HTTPError) -> CompileError:
        if _is_tls(error):
            return self.problem(
                Code.REGISTRY_TLS,
                url,
                f"TLS: {_reason(error)}",
                "for a CA of your own set LAMELLA_REGISTRY_NAME_CA_FILE to its file",
            )
        return self.problem(
            Code.REGISTRY_UNREACHABLE,
            url,
            f"no answer after {TRIES} tries: {_reason(error)}",
            "is the URL right, and is there network (a proxy: HTTPS_PROXY)?",
        )


def shown(url: str) -> str:
    """A URL as messages may have it: without user, password, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what a login belongs to."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port


def _is_tls(error: BaseException) -> bool:
    reason = getattr(error, "reason", None)
    return isinstance(error, urllib3.exceptions.SSLError) or isinstance(reason, urllib3.exceptions.SSLError)


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """What went wrong, without the URL, which urllib3 puts into its texts."""
    inner: Any = getattr(error, "reason", None) or error
    text = str(inner.args[-1] if getattr(inner, "args", None) else inner)
    text = text.rpartition(": ")[2] if "HTTP" in text.partition(": ")[0] else text
    return text.strip("'\"<>") or type(inner).__name__


def _backoff(attempt: int) -> float:
    return float(2 ** (attempt - 1) * random.uniform(0.3, 0.6))  # noqa: S311  spreads clients, hides nothing


def _retry_after(header: str, attempt: int) -> float:
    """Seconds to wait: as the server asks (seconds or a date), at most half a minute."""
    if header.isdigit():
        return min(float(header), _LONGEST_WAIT_S)
    when = email.utils.parsedate_tz(header)
    if when:
        return min(max(email.utils.mktime_tz(when) - time.time(), 0.0), _LONGEST_WAIT_S)
    return _backoff(attempt)
