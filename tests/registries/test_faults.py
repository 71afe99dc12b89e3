"""What servers do wrong: each answer of a scripted server on loopback, and what is said of it."""

from __future__ import annotations

import hashlib
import http.server
import io
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from compiler.host.registry import http as client
from tests.registries.conftest import Repository, Said, layer, profile, settings
from tests.support import servers

Answer = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers each path with the next of its answers; the last one stays. Keeps what was asked, with its login."""

    answers: dict[str, list[Answer]]
    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.asked.append((path, self.headers.get("Authorization", "")))
        answers = self.answers.get(path) or [status(404)]
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, *_: object) -> None:
        pass


def content(body: bytes, **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def status(code: int, **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in {"Content_Length": "0", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


def drip(body: bytes, pause_s: float) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        for byte in body:
            time.sleep(pause_s)
            try:
                handler.wfile.write(bytes([byte]))
            except OSError:
                return

    return answer


def reset(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()


@contextmanager
def scripted(answers: dict[str, list[Answer]], tls: servers.Authority | None = None) -> Iterator[tuple[str, Any]]:
    handler = type("Scripted", (Handler,), {"answers": answers, "asked": []})
    with servers.serving(handler, tls) as url:
        yield url, handler


def archive(name: str = "demo", version: str = "1.0.0") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        text = f"apiVersion: v2\nname: {name}\nversion: {version}\n".encode()
        member = tarfile.TarInfo(f"{name}/Chart.yaml")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text))
    return stream.getvalue()


def index(url: str = "demo.tgz", digest: str = "", version: str = "1.0.0") -> bytes:
    digest_line = f"\n    digest: '{digest}'" if digest else ""
    return f"apiVersion: v1\nentries:\n  demo:\n  - version: {version}\n    urls: ['{url}']{digest_line}\n".encode()


GOOD = archive()


def locked(repository: Repository, answers: dict[str, list[Answer]]) -> tuple[Said, Any]:
    """`lamella lock` of a chart in the scripted repository."""
    with scripted(answers) as (url, handler):
        repository.write(
            {
                "lamella.yaml": settings(corp=url),
                "profiles/web.yaml": profile(layer("demo", "name: demo, version: ^1, registry: corp")),
            }
        )
        return repository.run("lock"), handler


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of a test rather than of a network."""
    monkeypatch.setattr(client, "READ_S", 0.5)
    monkeypatch.setattr(client, "TOTAL_S", 4.0)
    monkeypatch.setattr(client, "_backoff", lambda _: 0.01)


WRONG: list[tuple[str, dict[str, list[Answer]], str, int, str]] = [
    ("no index", {}, "registry-missing", 1, "HTTP 404"),
    ("a web page", {"/index.yaml": [content(b"<!doctype html><html></html>")]}, "registry-answer", 3, "index"),
    ("no entries", {"/index.yaml": [content(b"entries: null")]}, "registry-answer", 3, "expected an index of charts"),
    ("broken YAML", {"/index.yaml": [content(b"a: b: c")]}, "registry-answer", 3, "index.yaml: "),
    ("a login is wanted", {"/index.yaml": [status(401)]}, "registry-auth", 3, "LAMELLA_REGISTRY_CORP_USERNAME"),
    ("forbidden", {"/index.yaml": [status(403)]}, "registry-auth", 3, "HTTP 403"),
    ("a broken server", {"/index.yaml": [status(500)]}, "registry-answer", 3, "HTTP 500"),
    ("a loop", {"/index.yaml": [status(302, Location="/index.yaml")]}, "registry-answer", 3, "5 redirects"),
    ("to a file", {"/index.yaml": [status(302, Location="file:///etc/passwd")]}, "registry-answer", 3, "redirect to file:"),
    ("nothing comes", {"/index.yaml": [drip(b"entries:", 2.0)]}, "registry-unreachable", 3, "no answer after 3 tries"),
    ("a drip", {"/index.yaml": [drip(b"x" * 1000, 0.3)]}, "registry-unreachable", 3, "seconds"),
    ("reset", {"/index.yaml": [reset]}, "registry-unreachable", 3, "no answer after 3 tries"),
    ("cut off", {"/index.yaml": [content(b"entries:", Content_Length="99")]}, "registry-unreachable", 3, "3 tries"),
    ("too large", {"/index.yaml": [content(b"", Content_Length="99999999")]}, "registry-too-large", 3, "64 MiB"),
    ("a path trick", {"/index.yaml": [content(index("file:///etc/passwd"))]}, "registry-answer", 3, "'file:///etc/passwd'"),
    (
        "another digest",
        {"/index.yaml": [content(index(digest="0" * 64))], "/demo.tgz": [content(GOOD)]},
        "registry-digest", 3, f"found sha256:{hashlib.sha256(GOOD).hexdigest()}",
    ),
    (
        "a page as archive",
        {"/index.yaml": [content(index())], "/demo.tgz": [content(b"<html>")]},
        "archive-not-gzip", 1, "an HTML page",
    ),
    (
        "another chart",
        {"/index.yaml": [content(index())], "/demo.tgz": [content(archive("other"))]},
        "lock-other-content", 1, "gives chart 'other' 1.0.0 as 'demo' 1.0.0",
    ),
    ("no version", {"/index.yaml": [content(index(version="2.0.0"))]}, "lock-no-version", 1, "it has 2.0.0"),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "code", "exit_status", "text"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_a_repository_does_wrong_is_said(
    repository: Repository, answers: dict[str, list[Answer]], code: str, exit_status: int, text: str
) -> None:
    said, _ = locked(repository, {path: list(each) for path, each in answers.items()})
    assert f"error[{code}]" in said.err
    assert text in said.err
    assert said.status == exit_status
    assert not (repository.root / "lamella.lock").exists()


@pytest.mark.parametrize(
    "first",
    [status(429, Retry_After="0"), status(503), status(500), reset, content(b"x", Content_Length="9")],
    ids=["429", "503", "500", "reset", "cut off"],
)
def test_what_passes_is_tried_again(repository: Repository, first: Answer) -> None:
    answers = {"/index.yaml": [first, content(index())], "/demo.tgz": [first, content(GOOD)]}
    said, handler = locked(repository, answers)
    assert said.status == 0, said.err
    assert [path for path, _ in handler.asked] == ["/index.yaml", "/index.yaml", "/demo.tgz", "/demo.tgz"]


def test_a_login_does_not_follow_a_redirect_to_another_host(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMELLA_REGISTRY_CORP_USERNAME", "fleet")
    monkeypatch.setenv("LAMELLA_REGISTRY_CORP_PASSWORD", "corr3ct")
    with scripted({"/demo.tgz": [content(GOOD)]}) as (elsewhere, other):
        answers = {
            "/index.yaml": [content(index())],
            "/demo.tgz": [status(302, Location="/moved.tgz")],
            "/moved.tgz": [status(307, Location=f"{elsewhere}/demo.tgz")],
        }
        said, handler = locked(repository, answers)
    assert said.status == 0, said.err
    assert all(login.startswith("Basic ") for _, login in handler.asked)
    assert other.asked == [("/demo.tgz", "")]


def test_no_way_from_tls_to_plain_http(
    repository: Repository, ca: servers.Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMELLA_REGISTRY_CORP_CA_FILE", str(ca.ca))
    with (
        scripted({"/index.yaml": [content(index())]}) as (plain, handler),
        scripted({"/index.yaml": [status(301, Location=f"{plain}/index.yaml")]}, ca) as (url, _),
    ):
        repository.write(
            {
                "lamella.yaml": settings(corp=url),
                "profiles/web.yaml": profile(layer("demo", "name: demo, version: ^1, registry: corp")),
            }
        )
        said = repository.run("lock")
    assert "registry-answer" in said.err
    assert "a redirect to http: is not followed" in said.err
    assert handler.asked == []


def test_a_certificate_that_nobody_vouches_for(repository: Repository, ca: servers.Authority) -> None:
    with scripted({}, ca) as (url, _):
        repository.write(
            {
                "lamella.yaml": settings(corp=url),
                "profiles/web.yaml": profile(layer("demo", "name: demo, version: ^1, registry: corp")),
            }
        )
        said = repository.run("lock")
    assert "error[registry-tls]" in said.err
    assert "LAMELLA_REGISTRY_NAME_CA_FILE" in said.err
    assert said.status == 3


def test_no_secret_of_an_address_is_shown(repository: Repository) -> None:
    answers = {
        "/index.yaml": [content(index("demo.tgz?sig=S3CRET"))],
        "/demo.tgz": [status(500)],
    }
    said, _ = locked(repository, answers)
    assert "demo.tgz: chart 'demo' 1.0.0: HTTP 500" in said.err
    assert "S3CRET" not in said.err


def test_names_that_nobody_asks_for(repository: Repository, http_charts: str) -> None:
    repository.write({"profiles/web.yaml": profile(layer("demo", f"name: demo, version: ^1, repo: '{http_charts}'"))})
    said = repository.run("lock", "--upgrade", "dmeo")
    assert "error[lock-nothing-asked]: nothing named 'dmeo' is asked for" in said.err
    assert "did you mean 'demo'?" in said.err
    stale = repository.run("lock", "--check")
    assert "error[lock-stale]" in stale.err
    assert "missing: chart demo ^1 (profile web 1.0.0, layer demo)" in stale.err


def test_lock_writes_whole_files_or_none(repository: Repository, http_charts: str, tmp_path: Path) -> None:
    """The repository cannot be written to: exit 3, the old lock stays."""
    repository.write({"profiles/web.yaml": profile(layer("demo", f"name: demo, version: ^1, repo: '{http_charts}'"))})
    (repository.root / "lamella.lock").mkdir()
    said = repository.run("lock")
    assert said.status != 0
    assert (repository.root / "lamella.lock").is_dir()
