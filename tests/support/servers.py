"""Real servers on 127.0.0.1 for tests: files, git over http, Debian's docker-registry with a login and TLS.

`python -m tests.support.servers` puts docker-registry into `.oracles/` where apt-get can fetch it. Tests that need it are
skipped with the reason where it cannot be had.
"""

from __future__ import annotations

import base64
import http.server
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.oracles import DIRECTORY
from tests.support.processes import fresh

USERNAME, PASSWORD = "fleet", "corr3ct"
# bcrypt, the only form that docker-registry takes: `htpasswd -nbB`.
_HTPASSWD = "fleet:$2y$05$01UhyqM5Idi4x1ymiYNMFuK8jl3Ar/CdVHt3RPj.gEM7cGrkWrLfK"
_PACKAGE = "docker-registry"
_START_S = 20.0


def registry_binary() -> Path | None:
    """docker-registry, or None where it has not been installed."""
    own = DIRECTORY / "root" / "usr" / "bin" / _PACKAGE
    if own.is_file():
        return own
    installed = shutil.which(_PACKAGE)
    return Path(installed) if installed else None


def install() -> str:
    """Unpacks docker-registry into .oracles where there is none. Returns the reason where that is impossible, else ''."""
    if registry_binary():
        return ""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return "docker-registry comes from Debian's archive, and there is no apt-get"
    with tempfile.TemporaryDirectory() as directory:
        for command in (["apt-get", "download", _PACKAGE], ["apt-get", "update"], ["apt-get", "download", _PACKAGE]):
            done = subprocess.run(command, cwd=directory, check=False, capture_output=True, text=True)
            packages = list(Path(directory).glob("*.deb"))
            if packages:
                DIRECTORY.mkdir(exist_ok=True)
                subprocess.run(["dpkg", "-x", str(packages[0]), str(DIRECTORY / "root")], check=True)
                return ""
    return f"apt-get could not download {_PACKAGE}: {done.stderr.strip()[-200:]}"


@dataclass(frozen=True)
class Authority:
    """A throw-away certificate authority, and a certificate for 127.0.0.1 and localhost."""

    ca: Path
    certificate: Path
    key: Path


def authority(directory: Path) -> Authority:
    """Makes one with openssl."""
    made = Authority(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    ca_key = directory / "ca.key"
    (directory / "server.ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")

    def openssl(*arguments: object) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=directory)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", ca_key, "-out", made.ca, "-subj", "/CN=throw-away", "-days", 2)
    openssl("req", *key, "-keyout", made.key, "-out", "server.csr", "-subj", "/CN=127.0.0.1")
    openssl(
        *("x509", "-req", "-in", "server.csr", "-CA", made.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", 2),
        *("-extfile", "server.ext", "-out", made.certificate),
    )
    return made


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def docker_registry(
    directory: Path, *, login: bool = False, tls: Authority | None = None, tokens: tuple[str, Path] | None = None
) -> Iterator[str]:
    """Runs docker-registry over a directory; gives HOST:PORT. `tokens` are the realm of a token service, and the
    certificate of the key that signs its tokens."""
    binary = registry_binary()
    assert binary is not None
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "REGISTRY_HTTP_ADDR": f"127.0.0.1:{port}",
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(directory / "data"),
        "REGISTRY_LOG_LEVEL": "error",
        "OTEL_TRACES_EXPORTER": "none",
    }
    if login:
        (directory / "htpasswd").write_text(f"{_HTPASSWD}\n")
        environment |= {
            "REGISTRY_AUTH": "htpasswd",
            "REGISTRY_AUTH_HTPASSWD_REALM": "tests",
            "REGISTRY_AUTH_HTPASSWD_PATH": str(directory / "htpasswd"),
        }
    if tokens:
        environment |= {
            "REGISTRY_AUTH": "token",
            "REGISTRY_AUTH_TOKEN_REALM": tokens[0],
            "REGISTRY_AUTH_TOKEN_SERVICE": "tests",
            "REGISTRY_AUTH_TOKEN_ISSUER": "tests",
            "REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE": str(tokens[1]),
        }
    if tls:
        environment |= {
            "REGISTRY_HTTP_TLS_CERTIFICATE": str(tls.certificate),
            "REGISTRY_HTTP_TLS_KEY": str(tls.key),
        }
    config = directory / "config.yml"
    config.write_text("version: 0.1\nstorage: {filesystem: {}, delete: {enabled: true}}\nhttp: {}\n")
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(binary), "serve", str(config)],
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=fresh,  # noqa: PLW1509
        )
    try:
        _wait_for(port, process, directory / "log")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text()[-2000:]}")


class StaticFiles(http.server.SimpleHTTPRequestHandler):
    """Serves the files of a directory, quietly."""

    directory: str

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, directory=self.directory)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(
    handler: type[http.server.BaseHTTPRequestHandler], tls: Authority | None = None, *, mutual: bool = False
) -> Iterator[str]:
    """Serves with a handler in threads; gives the URL. `mutual`: to those with a certificate of the authority only."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate, tls.key)
        if mutual:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(tls.ca)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def static_files(directory: Path, tls: Authority | None = None) -> Iterator[str]:
    """A web server of the files in a directory; gives its URL."""
    handler = type("Files", (StaticFiles,), {"directory": str(directory)})
    with serving(handler, tls) as url:
        yield url


class GitBackend(http.server.BaseHTTPRequestHandler):
    """git's own server (`git http-backend`) behind CGI; with `login`, for those only who have it. Without `modern` it speaks
    the first protocol, in which commits are not given by their id."""

    root: str
    login: bool
    modern: bool
    asked: list[str]

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.asked.append(self.path)
        expected = "Basic " + base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        if self.login and self.headers.get("Authorization") != expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="tests"')
            self.end_headers()
            return
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": self.root,
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            **({"GIT_PROTOCOL": self.headers.get("Git-Protocol", "")} if self.modern else {}),
        }
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        done = subprocess.run(
            ["git", "http-backend"], env=environment, input=body, capture_output=True, check=False
        )  # http-backend answers what it refuses, too
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        self.send_response(int(next((value[:3] for name, value in headers if name == "Status"), "200")))
        for name, value in headers:
            if name != "Status":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def git_repositories(
    directory: Path, *, login: bool = False, modern: bool = True, tls: Authority | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Serves the git repositories in a directory; gives the URL, and a list of what is asked."""
    own = {"root": str(directory), "login": login, "modern": modern, "asked": []}
    handler = type("Backend", (GitBackend,), own)
    with serving(handler, tls) as url:
        yield url, own["asked"]  # type: ignore[misc]


if __name__ == "__main__":
    reason = install()
    print(f"docker-registry: {reason or 'ready'}", file=sys.stderr if reason else sys.stdout)
