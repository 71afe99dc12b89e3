"""Who we are at a registry: from the environment, and from the files of docker, Helm and netrc. Never from a repository.

The first of these that knows the host counts:

1. `LAMELLA_REGISTRY_<NAME>_USERNAME` and `_PASSWORD`, or `_TOKEN`, for a registry that lamella.yaml declares; NAME in
   capitals, with `_` for other characters;
2. docker's config.json (`DOCKER_CONFIG`, `~/.docker`): `auths`, `credHelpers`, `credsStore`;
3. Helm's registry config (`HELM_REGISTRY_CONFIG`), and its repositories.yaml (`HELM_REPOSITORY_CONFIG`);
4. netrc (`NETRC`, `~/.netrc`), for HTTP repositories.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from compiler import jsontext, yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic
from compiler.ports import Registry

_HELPER = re.compile(r"[A-Za-z0-9_.-]+")
_HELPER_TIMEOUT_S = 30
_DOCKER_HUB = ("https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io")


@dataclass(frozen=True, slots=True)
class Login:
    """A user with a password, a bearer token, or a token that a token service takes for others (`refresh`), for one host.
    Nothing of it is shown."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)

    @property
    def header(self) -> str:
        """The value of the Authorization header; '' for a login that only a token service takes."""
        if self.refresh:
            return ""
        if self.token:
            return f"Bearer {self.token}"
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths of files: a CA to trust beside the system's, a client certificate and its key."""

    ca: str = ""
    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where to look: the environment and the home directory."""

    environment: Mapping[str, str]
    home: Path

    @classmethod
    def of_this_machine(cls) -> Credentials:
        return cls(dict(os.environ), Path.home())

    def login(self, registry: Registry) -> Login | None:
        """How to log in to a registry's own host; None for nobody."""
        own = self._own(registry)
        if own:
            return own
        parts = urlsplit(registry.url)
        found = next(self._docker(parts.netloc), None)
        if not found:
            added = (entry for entry in self._helm(registry.url) if entry.get("username"))
            found = next((Login(str(e["username"]), str(e.get("password", ""))) for e in added), None)
        return found or (self._netrc(parts.hostname or "") if parts.scheme != "oci" else None)

    def tls(self, registry: Registry) -> Tls:
        """`LAMELLA_REGISTRY_<NAME>_CA_FILE`, `_CERT_FILE` and `_KEY_FILE`; else what `helm repo add` was given."""
        name = _variable(registry.name)
        own = Tls(*(self.environment.get(f"{name}_{what}_FILE", "") for what in ("CA", "CERT", "KEY")))
        if own != Tls():
            return own
        files = (Tls(*(str(e.get(f"{w}File") or "") for w in ("ca", "cert", "key"))) for e in self._helm(registry.url))
        return next(files, Tls())

    def keyring(self, registry: Registry) -> bytes:
        """The file that `LAMELLA_REGISTRY_<NAME>_KEYRING` names, b"" without. Raises CompileError: `signature-tool`
        (environment) if it cannot be read."""
        path = self.environment.get(f"{_variable(registry.name)}_KEYRING", "") if registry.name else ""
        try:
            return Path(path).read_bytes() if path else b""
        except OSError as error:
            text = f"cannot read {path}, which {_variable(registry.name)}_KEYRING names: {error.strerror}"
            raise CompileError([Diagnostic(Code.SIGNATURE_TOOL, text, registry.at)], environment=True) from None

    def _own(self, registry: Registry) -> Login | None:
        if not registry.name:
            return None
        name = _variable(registry.name)
        token = self.environment.get(f"{name}_TOKEN", "")
        username, password = (self.environment.get(f"{name}_{what}", "") for what in ("USERNAME", "PASSWORD"))
        return Login(username, password, token) if token or username or password else None

    def _docker(self, host: str) -> Iterator[Login]:
        """The logins of docker's and Helm's registry configs for a host."""
        docker = Path(self.environment.get("DOCKER_CONFIG") or self.home / ".docker") / "config.json"
        helm = self.environment.get("HELM_REGISTRY_CONFIG") or self._helm_home() / "registry" / "config.json"
        for path in (docker, Path(helm)):
            config = _json(path)
            auths = _mapping(config.get("auths"))
            for key in _names_of(host, auths):
                login = _docker_login(_mapping(auths[key]))
                if login:
                    yield login
            helpers = _mapping(config.get("credHelpers"))
            helper = next((helpers[key] for key in _names_of(host, helpers)), config.get("credsStore"))
            if isinstance(helper, str) and _HELPER.fullmatch(helper):
                login = self._from_helper(helper, next(iter(_names_of(host, auths)), host))
                if login:
                    yield login

    def _from_helper(self, helper: str, server: str) -> Login | None:
        """What `docker-credential-HELPER get` answers. Source: docker/docker-credential-helpers."""
        try:
            answer = subprocess.run(  # noqa: S603  the helper is the user's own choice, in their own file
                [f"docker-credential-{helper}", "get"],
                input=server,
                capture_output=True,
                text=True,
                timeout=_HELPER_TIMEOUT_S,
                check=True,
                env=dict(self.environment),
            )
            given = jsontext.load(answer.stdout)
        except (OSError, subprocess.SubprocessError, ValueError):
            return None
        username, secret = str(_mapping(given).get("Username", "")), str(_mapping(given).get("Secret", ""))
        if not secret:
            return None
        return Login(refresh=secret) if username == "<token>" else Login(username, secret)

    def _helm(self, url: str) -> Iterator[Mapping[str, Any]]:
        """The entries of Helm's repositories.yaml for a chart repository."""
        path = self.environment.get("HELM_REPOSITORY_CONFIG") or self._helm_home() / "repositories.yaml"
        try:
            document = yamldoc.load_one(Path(path).read_bytes(), str(path)).value
        except (OSError, CompileError):
            return
        for entry in _mapping(document).get("repositories") or ():
            given = _mapping(entry)
            if str(given.get("url", "")).rstrip("/") == url.rstrip("/"):
                yield given

    def _helm_home(self) -> Path:
        config = self.environment.get("HELM_CONFIG_HOME")
        return (
            Path(config) if config else Path(self.environment.get("XDG_CONFIG_HOME") or self.home / ".config") / "helm"
        )

    def _netrc(self, host: str) -> Login | None:
        import netrc

        path = self.environment.get("NETRC") or str(self.home / ".netrc")
        try:
            known = netrc.netrc(path)
        except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
            return None
        entry = None if host == "default" else known.hosts.get(host)  # never `default`: it is for every host
        return Login(entry[0], entry[2]) if entry else None


def _variable(name: str) -> str:
    return "LAMELLA_REGISTRY_" + re.sub(r"[^A-Z0-9]", "_", name.upper())


def _names_of(host: str, known: Mapping[str, Any]) -> list[str]:
    """The keys that mean the host: itself, with a scheme, and docker's own name for its hub."""
    wanted = {host, f"https://{host}", f"http://{host}", f"https://{host}/"}
    if host in _DOCKER_HUB:
        wanted |= set(_DOCKER_HUB)
    return [key for key in known if key in wanted or key.rstrip("/").removesuffix("/v1").removesuffix("/v2") in wanted]


def _docker_login(entry: Mapping[str, Any]) -> Login | None:
    if token := entry.get("identitytoken"):
        return Login(refresh=str(token))
    if token := entry.get("registrytoken"):
        return Login(token=str(token))
    if entry.get("username"):
        return Login(str(entry["username"]), str(entry.get("password", "")))
    try:
        username, _, password = base64.b64decode(str(entry.get("auth", "")), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Login(username, password.rstrip("\0")) if username else None


def _json(path: Path) -> Mapping[str, Any]:
    try:
        return _mapping(jsontext.load(path.read_bytes()))
    except (OSError, ValueError):
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
