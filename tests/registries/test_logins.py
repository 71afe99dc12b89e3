"""Who we are at a registry: every source of logins at real servers, and nobody else is told."""

from __future__ import annotations

import base64
import http.server
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from compiler.host.registry.credentials import Credentials, Login
from compiler.ports import Registry
from tests.packs_cli.conftest import write
from tests.packs_cli.packs import web
from tests.registries.conftest import Repository, layer, profile, settings
from tests.support import servers

PAIR = base64.b64encode(f"{servers.USERNAME}:{servers.PASSWORD}".encode()).decode()
BASIC = f"Basic {PAIR}"
TOKEN = "t0ken-of-tests"


class Home:
    """The files of a person: docker's, Helm's, netrc, and programs on PATH."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, helm: Path) -> None:
        self.root, self.helm = root, helm
        self.set = monkeypatch.setenv
        self.binaries = root / "bin"
        self.binaries.mkdir(parents=True)
        monkeypatch.setenv("HOME", str(root))
        monkeypatch.setenv("PATH", str(self.binaries), prepend=":")
        monkeypatch.setenv("DOCKER_CONFIG", str(root / "docker"))
        for variable in (
            "HELM_CONFIG_HOME",
            "HELM_REGISTRY_CONFIG",
            "HELM_REPOSITORY_CONFIG",
            "NETRC",
            "XDG_CONFIG_HOME",
        ):
            monkeypatch.delenv(variable, raising=False)

    def docker(self, **config: Any) -> None:
        write(self.root, {"docker/config.json": json.dumps(config)})

    def helper(self, name: str, username: str, secret: str, server: str) -> None:
        """A credential helper, as docker-credential-helpers describes them, that knows one server."""
        answer = json.dumps({"ServerURL": server, "Username": username, "Secret": secret})
        program = self.binaries / f"docker-credential-{name}"
        program.write_text(
            f'#!/bin/sh\n[ "$1" = get ] || exit 2\nread -r server\n[ "$server" = \'{server}\' ] || exit 1\n'
            f"cat <<'END'\n{answer}\nEND\n"
        )
        program.chmod(0o755)

    def run_helm(self, *arguments: str) -> None:
        subprocess.run([str(self.helm), *arguments], check=True, capture_output=True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, helm: Path, repository: Repository) -> Home:
    return Home(tmp_path / "home", monkeypatch, helm)


def in_environment(home: Home, _: str, __: servers.Authority) -> None:
    home.set("LAMELLA_REGISTRY_CORP_USERNAME", servers.USERNAME)
    home.set("LAMELLA_REGISTRY_CORP_PASSWORD", servers.PASSWORD)


def in_docker_config(home: Home, host: str, _: servers.Authority) -> None:
    home.docker(auths={host: {"auth": PAIR}})


def in_docker_config_with_a_scheme(home: Home, host: str, _: servers.Authority) -> None:
    home.docker(auths={f"https://{host}/v2/": {"username": servers.USERNAME, "password": servers.PASSWORD}})


def by_a_helper(home: Home, host: str, _: servers.Authority) -> None:
    home.helper("tests", servers.USERNAME, servers.PASSWORD, host)
    home.docker(credHelpers={host: "tests"}, credsStore="missing")


def by_the_store(home: Home, host: str, _: servers.Authority) -> None:
    home.helper("tests", servers.USERNAME, servers.PASSWORD, host)
    home.docker(auths={host: {}}, credsStore="tests")


def by_helm(home: Home, host: str, ca: servers.Authority) -> None:
    """`helm registry login` writes into its own config; docker has none."""
    login = ("--username", servers.USERNAME, "--password", servers.PASSWORD, "--ca-file", str(ca.ca))
    home.run_helm("registry", "login", host, *login)


SOURCES = (in_environment, in_docker_config, in_docker_config_with_a_scheme, by_a_helper, by_the_store, by_helm)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_logins_of_an_oci_registry(
    home: Home,
    source: Callable[[Home, str, servers.Authority], None],
    repository: Repository,
    private_oci: str,
    charts: Path,
    ca: servers.Authority,
    tmp_path: Path,
) -> None:
    login = ("--username", servers.USERNAME, "--password", servers.PASSWORD, "--ca-file", str(ca.ca))
    home.run_helm("push", str(charts / "demo-1.2.3.tgz"), f"oci://{private_oci}/logins", *login)
    repository.write(
        {
            "lamella.yaml": settings(corp=f"oci://{private_oci}/logins"),
            "profiles/web.yaml": profile(layer("demo", "name: demo, version: 1.x, registry: corp")),
        }
    )
    home.set("LAMELLA_REGISTRY_CORP_CA_FILE", str(ca.ca))
    refused = repository.run("--debug", "lock")
    assert refused.status == 3
    assert "error[registry-auth]" in refused.err
    source(home, private_oci, ca)
    said = [refused, repository.ok("--debug", "lock"), repository.ok("--debug", "render")]
    secrets = (servers.PASSWORD, PAIR)
    assert not [s for s in secrets for each in said if s in each.out + each.err]
    places = [*repository.root.rglob("*"), *(tmp_path / "cache").rglob("*")]
    texts = {path: path.read_bytes() for path in places if path.is_file()}
    assert len(texts) > 5
    assert not [path for path, text in texts.items() for s in secrets if s.encode() in text]


class Guarded(servers.StaticFiles):
    """Files for those with one of the logins; remembers every Authorization."""

    wanted: str
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("Authorization", ""))
        if self.headers.get("Authorization") == self.wanted:
            super().do_GET()
        else:
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()


@contextmanager
def guarded(directory: Path, wanted: str = BASIC) -> Iterator[tuple[str, type[Guarded]]]:
    handler = type("Handler", (Guarded,), {"directory": str(directory), "wanted": wanted, "asked": []})
    with servers.serving(handler) as url:
        yield url, handler


def by_helm_repo(home: Home, url: str) -> None:
    home.run_helm("repo", "add", "corp", url, "--username", servers.USERNAME, "--password", servers.PASSWORD)


def by_netrc(home: Home, _: str) -> None:
    write(home.root, {".netrc": f"machine 127.0.0.1 login {servers.USERNAME} password {servers.PASSWORD}\n"})


def by_variables(home: Home, _: str) -> None:
    in_environment(home, "", servers.Authority(Path(), Path(), Path()))


@pytest.mark.parametrize("source", [by_helm_repo, by_netrc, by_variables], ids=lambda source: source.__name__)
def test_logins_of_an_http_repository(
    home: Home, source: Callable[[Home, str], None], repository: Repository, charts: Path
) -> None:
    with guarded(charts) as (url, _):
        lock_demo(repository, url, 3)
        source(home, url)
        lock_demo(repository, url, 0)
    assert servers.PASSWORD not in repository.lock


def lock_demo(repository: Repository, url: str, status: int, name: str = "corp") -> str:
    repository.write(
        {
            "lamella.yaml": settings(**{name: url}),
            "profiles/web.yaml": profile(layer("demo", f"name: demo, version: ^1.2, registry: {name}")),
        }
    )
    said = repository.run("lock")
    assert said.status == status, said.err
    return said.err


def test_a_token_of_the_environment(home: Home, repository: Repository, charts: Path) -> None:
    with guarded(charts, f"Bearer {TOKEN}") as (url, handler):
        home.set("LAMELLA_REGISTRY_CORP_EU_TOKEN", TOKEN)
        lock_demo(repository, url, 0, "corp-eu")
        home.set("LAMELLA_REGISTRY_CORP_EU_TOKEN", "wr0ng")
        (repository.root / "lamella.lock").unlink()
        refused = lock_demo(repository, url, 3, "corp-eu")
    assert "the login was refused" in refused
    assert "LAMELLA_REGISTRY_CORP_EU_USERNAME" in refused
    assert "wr0ng" not in refused
    assert handler.asked[-1] == "Bearer wr0ng"


def test_the_environment_comes_first(home: Home, repository: Repository, charts: Path) -> None:
    home.docker(auths={"127.0.0.1": {"username": "other", "password": "other"}})
    with guarded(charts) as (url, handler):
        home.docker(auths={url: {"username": "other", "password": "other"}})
        by_netrc(home, url)
        by_variables(home, url)
        lock_demo(repository, url, 0)
    assert set(handler.asked) == {BASIC}


@pytest.mark.parametrize(
    "netrc",
    [
        "default login fleet password corr3ct\n",
        "machine 127.0.0.10 login fleet password corr3ct\n",
        "machine 127.0.0.1.example.com login fleet password corr3ct\n",
        "machine example.com login fleet password corr3ct\ndefault login fleet password corr3ct\n",
        "machine 127.0.0.1 password corr3ct extra",
    ],
    ids=["default", "a longer name", "a suffix", "another", "broken"],
)
def test_netrc_is_for_the_very_host(home: Home, repository: Repository, charts: Path, netrc: str) -> None:
    write(home.root, {".netrc": netrc})
    with guarded(charts) as (url, handler):
        lock_demo(repository, url, 3)
    assert set(handler.asked) == {""}


@pytest.mark.parametrize(
    ("key", "host", "is_known"),
    [
        ("registry.example.com", "registry.example.com", True),
        ("https://registry.example.com", "registry.example.com", True),
        ("https://registry.example.com/v1/", "registry.example.com", True),
        ("registry.example.com:5000", "registry.example.com:5000", True),
        ("registry.example.com", "registry.example.com:5000", False),
        ("registry.example.com", "registry.example.com.evil.example", False),
        ("registry.example.com", "evil-registry.example.com", False),
        ("example.com", "registry.example.com", False),
        ("https://index.docker.io/v1/", "registry-1.docker.io", True),
        ("docker.io", "registry-1.docker.io", True),
        ("https://index.docker.io/v1/", "registry.example.com", False),
    ],
)
def test_logins_of_docker_are_for_the_very_host(tmp_path: Path, key: str, host: str, is_known: bool) -> None:
    write(tmp_path, {"config.json": json.dumps({"auths": {key: {"auth": PAIR}}})})
    known = Credentials({"DOCKER_CONFIG": str(tmp_path)}, tmp_path)
    expected = Login(servers.USERNAME, servers.PASSWORD) if is_known else None
    assert known.login(Registry("", None, url=f"oci://{host}/base")) == expected


def test_netrc_is_not_asked_for_a_host_called_default(tmp_path: Path) -> None:
    write(tmp_path, {".netrc": "default login fleet password corr3ct\n"})
    assert Credentials({}, tmp_path).login(Registry("", None, url="http://default/charts")) is None


def test_a_login_shows_nothing() -> None:
    login = Login("fleet", "corr3ct", "t0ken", "refr3sh")
    assert not [secret for secret in ("fleet", "corr3ct", "t0ken", "refr3sh") if secret in f"{login} {login!r}"]


@pytest.mark.parametrize("how", ["environment", "helm repo add"])
def test_client_certificates(home: Home, repository: Repository, charts: Path, ca: servers.Authority, how: str) -> None:
    handler = type("Files", (servers.StaticFiles,), {"directory": str(charts)})
    with servers.serving(handler, ca, mutual=True) as url:
        home.set("LAMELLA_REGISTRY_CORP_CA_FILE", str(ca.ca))
        refused = lock_demo(repository, url, 3)
        assert "error[registry-tls]" in refused
        if how == "environment":
            home.set("LAMELLA_REGISTRY_CORP_CERT_FILE", str(ca.certificate))
            home.set("LAMELLA_REGISTRY_CORP_KEY_FILE", str(ca.key))
        else:
            home.set("LAMELLA_REGISTRY_CORP_CA_FILE", "")
            files = ("--ca-file", str(ca.ca), "--cert-file", str(ca.certificate), "--key-file", str(ca.key))
            home.run_helm("repo", "add", "corp", url, *files)
        lock_demo(repository, url, 0)
        home.set("LAMELLA_REGISTRY_CORP_CA_FILE", str(ca.ca))
        home.set("LAMELLA_REGISTRY_CORP_CERT_FILE", "/nowhere/client.pem")
        (repository.root / "lamella.lock").unlink()
        assert "cannot read the CA or client certificate" in lock_demo(repository, url, 3)


def test_an_index_over_tls_sends_no_login_in_clear(
    home: Home, repository: Repository, charts: Path, ca: servers.Authority, tmp_path: Path
) -> None:
    """index.yaml over TLS gives the archive's URL at the same name without TLS, or at another port."""
    with guarded(charts, "") as (plain, other):
        text = f"apiVersion: v1\nentries: {{demo: [{{version: 1.2.3, urls: ['{plain}/demo-1.2.3.tgz']}}]}}\n"
        write(tmp_path / "index", {"index.yaml": text})
        with servers.static_files(tmp_path / "index", ca) as url:
            by_variables(home, url)
            home.set("LAMELLA_REGISTRY_CORP_CA_FILE", str(ca.ca))
            lock_demo(repository, url, 3)
    assert set(other.asked) == {""}


# Token services


class Tokens(http.server.BaseHTTPRequestHandler):
    """A token service for docker-registry: signs what is asked for those with the login or the refresh token."""

    key: Path
    certificate: Path
    asked: list[tuple[str, str, dict[str, list[str]]]]

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.answer("GET", query, self.headers.get("Authorization") == BASIC)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer("POST", form, form.get("refresh_token") == [TOKEN] and form["grant_type"] == ["refresh_token"])

    def answer(self, method: str, asked: dict[str, list[str]], is_known: bool) -> None:
        self.asked.append((method, self.headers.get("Authorization", ""), asked))
        body = json.dumps({"token": self.signed(asked["scope"][0])} if is_known else {}).encode()
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def signed(self, scope: str) -> str:
        kind, name, actions = scope.split(":")
        now = int(time.time())
        der = subprocess.run(
            ["openssl", "x509", "-in", self.certificate, "-outform", "der"], capture_output=True, check=True
        )
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der.stdout).decode()]}
        access = [{"type": kind, "name": name, "actions": actions.split(",")}]
        claims = {
            "iss": "tests",
            "aud": "tests",
            "sub": "fleet",
            "nbf": now - 60,
            "exp": now + 300,
            "iat": now,
            "access": access,
        }
        text = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
        command: list[str | Path] = ["openssl", "dgst", "-sha256", "-sign", self.key]
        signature = subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout
        return f"{text}.{encoded(signature)}"

    def log_message(self, *_: object) -> None:
        pass


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture
def token_registry(_registry_binary: None, tmp_path: Path) -> Iterator[tuple[str, type[Tokens]]]:
    """A docker-registry that takes the tokens of a token service, which is on another port."""
    key, certificate = tmp_path / "signing.key", tmp_path / "signing.pem"
    make: list[str | Path] = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        certificate,
    ]
    subprocess.run([*make, "-subj", "/CN=tests", "-days", "2"], check=True, capture_output=True)
    handler = type("Service", (Tokens,), {"key": key, "certificate": certificate, "asked": []})
    (tmp_path / "registry").mkdir()
    with (
        servers.serving(handler) as realm,
        servers.docker_registry(tmp_path / "registry", tokens=(f"{realm}/token", certificate)) as host,
    ):
        yield host, handler


def test_tokens_of_the_registrys_own_service(
    home: Home, repository: Repository, token_registry: tuple[str, type[Tokens]], tmp_path: Path
) -> None:
    host, service = token_registry
    write(tmp_path, web())
    url = f"oci://{host}/team"
    repository.write({"README.md": ""})
    refused = repository.run("pack", "push", str(tmp_path / "packs/web"), url)
    assert refused.status == 3
    assert "error[registry-auth]" in refused.err
    home.docker(auths={host: {"auth": PAIR}})
    pushed = repository.ok("pack", "push", str(tmp_path / "packs/web"), url)
    repository.ok("pack", "pull", "web", "--registry", url)
    scopes = {asked["scope"][0] for _, _, asked in service.asked}
    assert scopes == {"repository:team/web:pull", "repository:team/web:pull,push"}
    assert {asked["service"][0] for _, _, asked in service.asked} == {"tests"}
    # docker's identity token goes to the service by POST, and never to the registry.
    service.asked.clear()
    home.docker(auths={host: {"identitytoken": TOKEN}})
    repository.ok("pack", "pull", "web", "--registry", url)
    assert {(method, login) for method, login, _ in service.asked} == {("POST", "")}
    assert TOKEN not in pushed.err


class Challenger(http.server.BaseHTTPRequestHandler):
    """Sends everybody elsewhere for a token."""

    realm: str
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("Authorization", ""))
        self.send_response(401)
        self.send_header("WWW-Authenticate", f'Bearer realm="{self.realm}",service="tests",scope="x"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    "realm",
    [
        "http://localhost:{port}/token",
        "http://127.0.0.1@localhost:{port}/token",
        "https://10.0.0.1/token",
        "https://localhost:{port}/token",
        "file:///etc/passwd",
        "//localhost:{port}/token",
        "",
    ],
)
def test_a_realm_that_is_not_the_registrys_gets_nothing(home: Home, repository: Repository, realm: str) -> None:
    elsewhere: type[Challenger] = type("Elsewhere", (Challenger,), {"realm": "", "asked": []})
    with servers.serving(elsewhere) as other:
        written = realm.format(port=urlsplit(other).port)
        registry: type[Challenger] = type("Registry", (Challenger,), {"realm": written, "asked": []})
        with servers.serving(registry) as url:
            by_variables(home, url)
            said = lock_demo(repository, url.replace("http://", "oci://"), 3)
    assert "error[registry-answer]" in said
    assert "logins are not sent there" in said
    assert elsewhere.asked == []
    assert servers.PASSWORD not in said


def test_a_challenge_from_where_a_redirect_led_is_not_answered(home: Home, repository: Repository) -> None:
    """The registry redirects to another host, and that asks for a login at a service of its own."""
    thief: type[Challenger] = type("Thief", (Challenger,), {"realm": "", "asked": []})
    with servers.serving(thief) as other:
        thief.realm = f"{other}/token"

        class Moved(Challenger):
            def do_GET(self) -> None:
                self.send_response(307)
                self.send_header("Location", f"{other}/v2/")
                self.send_header("Content-Length", "0")
                self.end_headers()

        with servers.serving(Moved) as url:
            by_variables(home, url)
            said = lock_demo(repository, url.replace("http://", "oci://"), 3)
    assert "error[registry-auth]" in said
    assert set(thief.asked) == {""}
