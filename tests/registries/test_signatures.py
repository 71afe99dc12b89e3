"""Signed charts: signed by the real helm with a throw-away key, verified by the real gpg when they are locked."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.registries.conftest import Repository, layer, package, profile
from tests.support import servers

pytestmark = pytest.mark.skipif(shutil.which("gpg") is None, reason="no gpg")


class Keys:
    """A gpg home with the key of one person; `public` and `secret` are keyrings as Helm reads them."""

    def __init__(self, home: Path, user: str, directory: Path, expires: str = "never") -> None:
        self.home, self.user = home, user
        home.mkdir(mode=0o700, exist_ok=True)
        self.gpg("--passphrase", "", "--quick-gen-key", user, "rsa2048", "sign", expires)
        self.secret, self.public = directory / f"{user}.secret.gpg", directory / f"{user}.gpg"
        self.secret.write_bytes(self.gpg("--passphrase", "", "--export-secret-keys", user))
        self.public.write_bytes(self.gpg("--export", user))
        listed = self.gpg("--with-colons", "--list-keys", user).decode()
        self.fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))

    def gpg(self, *arguments: str) -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--pinentry-mode", "loopback", *arguments]
        return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Keys, Keys]]:
    """Of the owner of the registry, and of somebody else. The home is in a short path: gpg's sockets need one."""
    home, directory = Path(tempfile.mkdtemp(prefix="gpg-")), tmp_path_factory.mktemp("keys")
    try:
        yield Keys(home, "owner", directory), Keys(home, "other", directory)
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


def signed(helm: Path, directory: Path, keys: Keys, version: str = "1.0.0", text: str = "") -> Path:
    """demo in a version, with its provenance beside it."""
    archive = package(helm, directory, "demo", version, text)
    source = directory / ".source" / "demo"
    command: list[str | Path] = [
        helm,
        "package",
        source,
        "-d",
        directory,
        "--sign",
        "--key",
        keys.user,
        "--keyring",
        keys.secret,
    ]
    subprocess.run(command, check=True, capture_output=True)
    assert (directory / f"{archive.name}.prov").exists()
    return archive


def index(helm: Path, directory: Path) -> None:
    subprocess.run([helm, "repo", "index", "."], cwd=directory, check=True, capture_output=True)


def declare(repository: Repository, url: str, more: str, version: str = "1.x") -> None:
    repository.write(
        {
            "lamella.yaml": "apiVersion: lamella/v1\nkind: Settings\nregistries:\n"
            f"  - {{name: corp, kind: helm, url: '{url}'{more}}}\n",
            "profiles/web.yaml": profile(layer("demo", f"name: demo, version: {version}, registry: corp")),
        }
    )


def trust(repository: Repository, keys: Keys) -> None:
    (repository.root / "keys").mkdir(parents=True, exist_ok=True)
    shutil.copy(keys.public, repository.root / "keys/owner.gpg")


ALWAYS = ", verify: always, keyring: keys/owner.gpg"


@pytest.mark.parametrize("verify", ["always", "if-present"])
def test_a_signed_chart_is_verified_when_it_is_locked(
    repository: Repository, helm: Path, keys: tuple[Keys, Keys], tmp_path: Path, verify: str
) -> None:
    owner, _ = keys
    signed(helm, tmp_path / "charts", owner)
    index(helm, tmp_path / "charts")
    with servers.static_files(tmp_path / "charts") as url:
        declare(repository, url, ALWAYS.replace("always", verify))
        trust(repository, owner)
        repository.ok("lock")
    assert f'verified: "{owner.fingerprint}"' in repository.lock or f"verified: {owner.fingerprint}" in repository.lock
    repository.ok("render", "--offline")  # the registry is gone
    repository.ok("lock", "--check")


def test_a_layer_that_names_the_url_does_not_get_around_it(
    repository: Repository, helm: Path, keys: tuple[Keys, Keys], tmp_path: Path
) -> None:
    package(helm, tmp_path / "charts", "demo", "1.0.0")
    index(helm, tmp_path / "charts")
    with servers.static_files(tmp_path / "charts") as url:
        declare(repository, url, ALWAYS)
        trust(repository, keys[0])
        repository.write({"profiles/web.yaml": profile(layer("demo", f"name: demo, version: 1.x, repo: '{url}/'"))})
        assert "error[not-signed]" in repository.run("lock").err


def test_the_provenance_in_an_oci_registry(
    repository: Repository, helm: Path, keys: tuple[Keys, Keys], tmp_path: Path, oci: str
) -> None:
    owner, other = keys
    archive = signed(helm, tmp_path / "charts", owner)
    push: list[str | Path] = [helm, "push", archive, f"oci://{oci}/signed", "--plain-http"]
    subprocess.run(push, check=True, capture_output=True)
    declare(repository, f"oci://{oci}/signed", ALWAYS)
    trust(repository, other)
    assert "error[signature-invalid]" in repository.run("lock").err
    trust(repository, owner)
    repository.ok("lock")
    assert owner.fingerprint in repository.lock


def test_a_keyring_of_the_environment(
    repository: Repository, helm: Path, keys: tuple[Keys, Keys], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Armored, as people publish their keys."""
    owner, _ = keys
    armored = tmp_path / "owner.asc"
    armored.write_bytes(owner.gpg("--armor", "--export", "owner"))
    signed(helm, tmp_path / "charts", owner)
    index(helm, tmp_path / "charts")
    with servers.static_files(tmp_path / "charts") as url:
        declare(repository, url, ", verify: always")
        without = repository.run("lock")
        assert "error[signature-tool]" in without.err
        assert "LAMELLA_REGISTRY_CORP_KEYRING" in without.err
        monkeypatch.setenv("LAMELLA_REGISTRY_CORP_KEYRING", str(tmp_path / "nothing.gpg"))
        assert "cannot read" in repository.run("lock").err
        monkeypatch.setenv("LAMELLA_REGISTRY_CORP_KEYRING", str(armored))
        repository.ok("lock")
    assert owner.fingerprint in repository.lock


def forged(case: str, charts: Path, helm: Path, owner: Keys, other: Keys) -> None:
    """A registry with something wrong, from one that is right."""
    provenance = charts / "demo-1.0.0.tgz.prov"
    text = provenance.read_text()
    match case:
        case "not signed":
            provenance.unlink()
        case "another key":
            signed(helm, charts, other)
        case "another archive":
            package(helm, charts, "demo", "1.0.0", "changed")
        case "a changed digest":
            before = text.partition("sha256:")[2][:64]
            provenance.write_text(text.replace(before, "0" * 64))
        case "another version":
            signed(helm, charts, owner, "1.0.1")
            (charts / "demo-1.0.1.tgz").unlink()
            shutil.move(charts / "demo-1.0.1.tgz.prov", provenance)
        case "text around the signed one":
            archive = package(helm, charts, "demo", "1.0.0", "changed")
            new = hashlib.sha256(archive.read_bytes()).hexdigest()
            head = f"name: demo\nversion: 1.0.0\n\n...\nfiles:\n  demo-1.0.0.tgz: sha256:{new}\n"
            provenance.write_text(head + text)
        case "no signature":
            provenance.write_text(text.partition("-----BEGIN PGP SIGNATURE")[0])
        case "a web page":
            provenance.write_text("<html></html>")
    index(helm, charts)


@pytest.mark.parametrize(
    ("case", "code", "text"),
    [
        ("not signed", "not-signed", "chart 'demo' 1.0.0"),
        ("another key", "signature-invalid", "the key is not in the keyring"),
        ("another archive", "signature-invalid", "is signed with sha256:"),
        ("a changed digest", "signature-invalid", "the signature is not valid (BADSIG"),
        ("another version", "signature-invalid", "the provenance is that of demo 1.0.1"),
        ("text around the signed one", "signature-invalid", ""),
        ("no signature", "signature-invalid", ""),
        ("a web page", "signature-invalid", "NODATA"),
    ],
)
def test_what_is_not_signed_rightly_is_not_locked(
    repository: Repository, helm: Path, keys: tuple[Keys, Keys], tmp_path: Path, case: str, code: str, text: str
) -> None:
    owner, other = keys
    charts = tmp_path / "charts"
    signed(helm, charts, owner)
    forged(case, charts, helm, owner, other)
    with servers.static_files(charts) as url:
        for verify in ("always", "if-present"):
            declare(repository, url, ALWAYS.replace("always", verify))
            trust(repository, owner)
            said = repository.run("lock")
            if case == "not signed" and verify == "if-present":
                assert said.status == 0
                assert "verified" not in repository.lock
                continue
            assert said.status == 1
            assert f"error[{code}]" in said.err
            assert text in said.err
            assert not (repository.root / "lamella.lock").exists()


def test_what_was_locked_before_is_verified_afterwards(
    repository: Repository, helm: Path, keys: tuple[Keys, Keys], tmp_path: Path
) -> None:
    owner, other = keys
    signed(helm, tmp_path / "charts", owner)
    index(helm, tmp_path / "charts")
    with servers.static_files(tmp_path / "charts") as url:
        declare(repository, url, "")
        repository.ok("lock")
        before = repository.lock
        signed(helm, tmp_path / "charts", owner, "1.1.0")
        index(helm, tmp_path / "charts")
        declare(repository, url, ALWAYS)
        trust(repository, other)
        assert "error[not-verified]" in repository.run("render").err
        assert "unverified: chart demo 1.0.0 (profile web 1.0.0, layer demo)" in repository.run("lock", "--check").err
        assert "error[signature-invalid]" in repository.run("lock").err
        assert repository.lock == before
        trust(repository, owner)
        repository.ok("lock")
        assert [line for line in repository.lock.splitlines() if "verified" not in line] == before.splitlines()
        repository.ok("lock", "--check")
        repository.ok("render")


def test_without_gpg_nothing_passes(
    repository: Repository, helm: Path, keys: tuple[Keys, Keys], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _ = keys
    signed(helm, tmp_path / "charts", owner)
    index(helm, tmp_path / "charts")
    with servers.static_files(tmp_path / "charts") as url:
        declare(repository, url, ALWAYS)
        trust(repository, owner)
        monkeypatch.setenv("PATH", str(tmp_path))
        said = repository.run("lock")
    assert said.status == 3
    assert "error[signature-tool]: gpg is not installed" in said.err


def test_without_cosign_nothing_passes(
    repository: Repository, helm: Path, charts: Path, tmp_path: Path, oci: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    push: list[str | Path] = [helm, "push", charts / "demo-1.2.3.tgz", f"oci://{oci}/cosign", "--plain-http"]
    subprocess.run(push, check=True, capture_output=True)
    declare(repository, f"oci://{oci}/cosign", ", verify: always, cosignKey: keys/cosign.pub")
    repository.write({"keys/cosign.pub": "-----BEGIN PUBLIC KEY-----\n"})
    monkeypatch.setenv("PATH", str(tmp_path))
    said = repository.run("lock")
    assert said.status == 3
    assert "error[signature-tool]: cosign is not installed" in said.err
    assert not (repository.root / "lamella.lock").exists()


@pytest.mark.parametrize(
    ("prints", "status", "code"),
    [
        ("Error: no signatures found", 1, "not-signed"),
        ("Error: no matching signatures: invalid signature", 1, "signature-invalid"),
        ("", 0, ""),
    ],
)
def test_what_cosign_answers(
    repository: Repository,
    helm: Path,
    charts: Path,
    tmp_path: Path,
    oci: str,
    monkeypatch: pytest.MonkeyPatch,
    prints: str,
    status: int,
    code: str,
) -> None:
    """cosign itself is not to be had here: a program that answers as it does, and notes what it was asked."""
    push: list[str | Path] = [helm, "push", charts / "demo-1.2.3.tgz", f"oci://{oci}/cosign", "--plain-http"]
    subprocess.run(push, check=True, capture_output=True)
    program = tmp_path / "bin" / "cosign"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho \"$@\" > '{tmp_path}/asked'\necho '{prints}' >&2\nexit {status}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    declare(repository, f"oci://{oci}/cosign", ", verify: always, cosignKey: keys/cosign.pub")
    repository.write({"keys/cosign.pub": "-----BEGIN PUBLIC KEY-----\n"})
    said = repository.run("lock")
    assert said.status == (1 if code else 0), said.err
    assert code in said.err
    asked = (tmp_path / "asked").read_text().split()
    assert asked[:2] == ["verify", "--key"]
    assert asked[-1].startswith(f"{oci}/cosign/demo@sha256:")
    if not code:
        assert "verified: cosign:" in repository.lock
        repository.ok("render", "--offline")


@pytest.mark.parametrize(
    "registry",
    [
        "{name: a, kind: helm, path: charts, verify: always}",
        "{name: a, kind: pack, url: 'oci://registry.example.com/a', verify: always}",
        "{name: a, kind: pack, url: 'oci://registry.example.com/a', keyring: k.gpg}",
        "{name: a, kind: helm, url: 'https://charts.example.com', cosignKey: k.pub}",
        "{name: a, kind: helm, url: 'oci://registry.example.com/a', cosignKey: k.pub, keyring: k.gpg}",
    ],
)
def test_registries_that_nobody_can_verify(repository: Repository, registry: str) -> None:
    repository.write({"lamella.yaml": f"apiVersion: lamella/v1\nkind: Settings\nregistries: [{registry}]\n"})
    said = repository.run("lock")
    assert "error[registry-source]" in said.err
