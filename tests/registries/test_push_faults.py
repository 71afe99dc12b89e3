"""What registries do wrong while a pack is pushed: a scripted registry on loopback, and what is said of it."""

from __future__ import annotations

import hashlib
import http.server
import json
from pathlib import Path
from typing import Any

import pytest

from compiler.host.registry import http as client
from tests.packs_cli.conftest import write
from tests.packs_cli.packs import web
from tests.registries.conftest import Repository, Said
from tests.support import servers


class Pushed(http.server.BaseHTTPRequestHandler):
    """A registry that keeps what it is given, and does one thing wrong: `wrong` is which."""

    wrong: str
    elsewhere: str
    blobs: dict[str, bytes]
    manifests: dict[str, bytes]
    asked: list[tuple[str, str, str]]

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        self.asked.append((self.command, path, self.headers.get("Authorization", "")))
        first = len([asked for asked in self.asked if asked[:2] == (self.command, path)]) == 1
        match self.command:
            case "POST" if self.wrong == "denied":
                error = {"errors": [{"code": "DENIED", "message": "corr3ct\x1b[31m"}]}
                self.answer(403, json.dumps(error).encode())
            case "POST" if self.wrong == "no place":
                self.answer(202)
            case "POST" if self.wrong == "read only":
                self.answer(405, b'{"errors":[{"code":"UNSUPPORTED"}]}')
            case "POST" if self.wrong == "down once" and first:
                self.answer(503, Retry_After="0")
            case "POST":
                self.answer(202, Location=f"{self.elsewhere}/upload?state=1")
            case "PUT" if "/manifests/" in path:
                self.manifests[path] = body if self.wrong != "another manifest" else body + b" "
                self.answer(201)
            case "PUT":
                digest = query.rpartition("digest=")[2].replace("%3A", ":")
                self.blobs[digest] = body
                if self.wrong == "answer lost" and first:
                    self.close_connection = True
                    self.connection.close()
                elif self.wrong == "answer lost":
                    self.answer(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')
                elif self.wrong == "another digest":
                    self.answer(201, Docker_Content_Digest=f"sha256:{'0' * 64}")
                else:
                    self.answer(201)
            case "HEAD":
                self.answer(200 if path.rpartition("/")[2] in self.blobs else 404)
            case _:
                manifest = self.manifests.get(path)
                self.answer(200 if manifest else 404, manifest or b"")

    do_GET = do_HEAD = do_POST = do_PUT = handle_request

    def log_message(self, *_: object) -> None:
        pass


def registry(wrong: str, elsewhere: str = "") -> type[Pushed]:
    own = {"wrong": wrong, "elsewhere": elsewhere, "blobs": {}, "manifests": {}, "asked": []}
    return type("Registry", (Pushed,), own)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_backoff", lambda _: 0.01)
    monkeypatch.setenv("LAMELLA_REGISTRY_CORP_TOKEN", servers.PASSWORD)


def push(repository: Repository, tmp_path: Path, handler: Any) -> Said:
    write(tmp_path, web())
    with servers.serving(handler) as url:
        address = url.replace("http://", "oci://")
        repository.write(
            {
                "lamella.yaml": "apiVersion: lamella/v1\nkind: Settings\n"
                f"registries: [{{name: corp, kind: pack, url: '{address}'}}]\n"
            }
        )
        return repository.run("pack", "push", str(tmp_path / "packs/web"), "corp")


@pytest.mark.parametrize(
    ("wrong", "code", "text"),
    [
        ("denied", "registry-auth", "pushing pack 'web' 1.2.0 (DENIED): HTTP 403, the login was refused"),
        ("no place", "registry-answer", "no place to upload to"),
        ("read only", "registry-answer", "(UNSUPPORTED): HTTP 405"),
        ("another digest", "registry-digest", f"found sha256:{'0' * 64}"),
        ("another manifest", "registry-digest", "expected sha256:"),
    ],
)
def test_what_a_registry_does_wrong_is_said(
    repository: Repository, tmp_path: Path, wrong: str, code: str, text: str
) -> None:
    said = push(repository, tmp_path, registry(wrong))
    assert said.status == 3
    assert f"error[{code}]" in said.err
    assert text in said.err
    assert said.out == ""
    assert servers.PASSWORD not in said.err
    assert "\x1b" not in said.err


@pytest.mark.parametrize("wrong", ["", "down once", "answer lost"])
def test_what_passes_is_tried_again(repository: Repository, tmp_path: Path, wrong: str) -> None:
    handler = registry(wrong)
    said = push(repository, tmp_path, handler)
    assert said.status == 0, said.err
    (manifest,) = handler.manifests.values()
    assert said.out == f"sha256:{hashlib.sha256(manifest).hexdigest()}\n"
    (layer,) = json.loads(manifest)["layers"]
    assert hashlib.sha256(handler.blobs[layer["digest"]]).hexdigest() == layer["digest"].removeprefix("sha256:")


def test_an_upload_that_is_sent_elsewhere_takes_no_login_along(repository: Repository, tmp_path: Path) -> None:
    storage = registry("")
    with servers.serving(storage) as url:
        handler = registry("", url)
        handler.blobs = storage.blobs
        said = push(repository, tmp_path, handler)
    assert said.status == 0, said.err
    assert {(method, login) for method, _, login in storage.asked} == {("PUT", "")}
