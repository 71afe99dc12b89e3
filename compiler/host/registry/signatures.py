"""Who signed what a registry gave: Helm's provenance files, checked by `gpg`, and signatures that `cosign` checks.

Only the keys that the registry's owner gave count, never those of this machine. What is signed is read from what the
checker prints as signed, never from the file around it.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compiler import yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic
from compiler.ports import Registry

_TIMEOUT_S = 60
_PRINTED = 200
# Source: GnuPG's doc/DETAILS, "General status codes". Anything of these, and the signature is not one that counts.
_BAD = frozenset({"BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "NO_PUBKEY", "NODATA", "UNEXPECTED"})
_FINGERPRINT = re.compile(r"[0-9A-F]{40,64}")


def signer(registry: Registry, provenance: bytes, keyring: bytes, name: str, version: str, archive: bytes) -> str:
    """The fingerprint of the key in the keyring that signed a provenance file of this chart and archive. Raises
    CompileError: `signature-invalid`; `signature-tool` (environment) without gpg. Source: helm pkg/provenance: a
    clear-signed text of Chart.yaml, a line `...`, and the digests of archives by file name."""
    what = f"chart '{name}' {version} of {registry.source}"
    text, fingerprint = _gpg(registry, provenance, keyring, what)
    metadata, _, sums = text.replace("\r\n", "\n").partition("\n...\n")
    chart, files = _mapping(metadata), _mapping(sums).get("files")
    file, found = f"{name}-{version}.tgz", f"sha256:{hashlib.sha256(archive).hexdigest()}"
    if (chart.get("name"), chart.get("version")) != (name, version):
        raise invalid(registry, f"{what}: the provenance is that of {chart.get('name')} {chart.get('version')}")
    expected = files.get(file) if isinstance(files, dict) else None
    if expected != found:
        raise invalid(registry, f"{what}: {file} is signed with {expected or 'no digest'}, found {found}")
    return fingerprint


def cosigned(registry: Registry, reference: str, key: bytes, ca: str) -> str:
    """`cosign` and the digest of the public key by which it verified an artifact of an OCI registry (`HOST/REPO@sha256:…`);
    '' if it finds no signature at all. Raises CompileError: `signature-invalid`; `signature-tool` (environment)."""
    with tempfile.TemporaryDirectory(prefix="lamella-") as directory:
        path = Path(directory, "cosign.pub")
        path.write_bytes(key)
        command = ["cosign", "verify", "--key", str(path), *(["--registry-cacert", ca] if ca else []), reference]
        done = _run(registry, command, b"", {})
    if b"no signatures found" in done.stderr and done.returncode:
        return ""
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no reason"]
        raise invalid(registry, f"{reference}: cosign: {reason[0][:_PRINTED]}")
    return f"cosign:{hashlib.sha256(key).hexdigest()}"


def no_key(registry: Registry) -> CompileError:
    """The problem of a registry that is to be verified, and no key is known for it."""
    name = registry.name.upper().replace("-", "_")
    hint = f"set keyring: FILE in lamella.yaml, or LAMELLA_REGISTRY_{name}_KEYRING"
    text = f"{registry.source}: verify: {registry.verify} needs the keys that may sign"
    return CompileError([Diagnostic(Code.SIGNATURE_TOOL, text, registry.at, hint)])


def invalid(registry: Registry, message: str) -> CompileError:
    hint = "do not use it: ask who publishes there, or correct the key"
    return CompileError([Diagnostic(Code.SIGNATURE_INVALID, message, registry.at, hint)])


def _gpg(registry: Registry, signed: bytes, keyring: bytes, what: str) -> tuple[str, str]:
    """The signed text and the fingerprint of the signing key."""
    with tempfile.TemporaryDirectory(prefix="lamella-") as home:
        own = {"GNUPGHOME": home, "LC_ALL": "C"}
        gpg = ["gpg", "--batch", "--no-tty", "--no-autostart", "--no-auto-key-locate", "--status-fd", "2"]
        imported = _run(registry, [*gpg, "--import"], keyring, own)
        if b"IMPORT_OK" not in imported.stderr:
            raise invalid(registry, f"{registry.source}: the keyring has no key that gpg reads")
        done = _run(registry, [*gpg, "--output", "-", "--decrypt"], signed, own)
    status = [
        line.removeprefix("[GNUPG:] ").split()
        for line in done.stderr.decode("utf-8", "replace").splitlines()
        if line.startswith("[GNUPG:] ")
    ]
    valid = [fields for fields in status if fields[0] == "VALIDSIG"]
    bad = sorted({fields[0] for fields in status} & _BAD)
    if done.returncode or bad or len(valid) != 1 or not _FINGERPRINT.fullmatch(valid[0][-1]):
        reason = {"NO_PUBKEY": "the key is not in the keyring", "EXPKEYSIG": "the key has expired"}
        told = next((reason[each] for each in bad if each in reason), "the signature is not valid")
        raise invalid(registry, f"{what}: {told} ({', '.join(bad) or 'gpg'})")
    return done.stdout.decode("utf-8", "replace"), valid[0][-1]


def _run(registry: Registry, command: list[str], stdin: bytes, own: Mapping[str, str]) -> Any:
    environment = {**os.environ, **own}
    try:
        return subprocess.run(  # noqa: S603
            command, input=stdin, capture_output=True, check=False, timeout=_TIMEOUT_S, env=environment
        )
    except (OSError, subprocess.SubprocessError) as error:
        text = "is not installed" if isinstance(error, FileNotFoundError) else f"cannot be run: {type(error).__name__}"
        hint = f"install {command[0]}: {registry.source} has verify: {registry.verify}"
        problem = Diagnostic(Code.SIGNATURE_TOOL, f"{command[0]} {text}", registry.at, hint)
        raise CompileError([problem], environment=True) from None


def _mapping(text: str) -> Mapping[str, Any]:
    try:
        value = yamldoc.load_one(text.encode(), "provenance").value
    except CompileError:
        return {}
    return value if isinstance(value, dict) else {}
