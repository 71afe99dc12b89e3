"""Same inputs, same bytes: whatever the environment, the place, the number of workers, the Python."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import oracles

ENVIRONMENTS = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C", "jobs": "1", "umask": "022"},
    {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "jobs": "2", "umask": "077"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "jobs": "2", "umask": "000"},
)
INPUTS = ("lamella.yaml", "lamella.lock", "profiles", "packs")


def digest(root: Path) -> str:
    """sha256 over (path, mode, content) of every file and directory below `root`, sorted."""
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        found.update(f"{path.relative_to(root)} {path.stat().st_mode:o} ".encode())
        found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()


def copy_of_this_repository(place: Path) -> Path:
    for name in INPUTS:
        source = oracles.ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name)
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, place / name)
    return place


def render(repository: Path, python: str, environment: dict[str, str], cwd: Path) -> str:
    """The digest of what `lamella render` writes."""
    settings = dict(environment)
    jobs, umask = settings.pop("jobs", "2"), settings.pop("umask", "022")
    command = f'umask {umask}; exec "$0" -m compiler render --repo "$1" --jobs {jobs}'
    done = subprocess.run(
        ["sh", "-c", command, python, str(repository)],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(oracles.ROOT), "HOME": str(cwd), **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return digest(repository / "output")


def test_environment_place_and_workers_do_not_show(tmp_path: Path) -> None:
    digests = set()
    for index, environment in enumerate(ENVIRONMENTS):
        repository = copy_of_this_repository(tmp_path / f"place {index}" / ("deep/" * index) / "repository")
        cwd = tmp_path / f"cwd-{index}"
        cwd.mkdir()
        digests.add(render(repository, sys.executable, environment, cwd))
    assert len(digests) == 1


def test_committed_output_is_what_a_fresh_render_gives(tmp_path: Path) -> None:
    repository = copy_of_this_repository(tmp_path / "repository")
    assert render(repository, sys.executable, {}, tmp_path) == digest_of_committed(tmp_path)


def digest_of_committed(tmp_path: Path) -> str:
    """The committed output with the modes that the writer sets: git keeps only the executable bit."""
    copy = tmp_path / "committed"
    shutil.copytree(oracles.ROOT / "output", copy)
    for path in copy.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return digest(copy)


def installed(version: str) -> str | None:
    """A Python of this version that starts: on PATH, or one that pyenv has installed and not put there."""
    on_path = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for found in [on_path, *sorted(str(path) for path in pyenv.glob(f"{version}.*/bin/python"))]:
        if found and not subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
            return found
    return None


def interpreter(version: str) -> str:
    """A Python of this version with our locked dependencies, made under .oracles/ where the machine has that Python."""
    place = oracles.DIRECTORY / f"python{version}"
    python = place / "bin" / "python"
    lock = oracles.ROOT / "requirements.lock"
    stamp = place / "lock"
    if stamp.exists() and stamp.read_text() == lock.read_text():
        return str(python)
    base = installed(version)
    if base is None:
        pytest.skip(f"no python{version} on this machine")
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([base, "-m", "venv", str(place)], check=True, capture_output=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(lock)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"dependencies cannot be installed for python{version}: {done.stderr.strip()[-200:]}")
    stamp.write_text(lock.read_text())
    return str(python)


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_python_versions_do_not_show(version: str, tmp_path: Path) -> None:
    repository = copy_of_this_repository(tmp_path / "repository")
    assert render(repository, interpreter(version), {}, tmp_path) == digest_of_committed(tmp_path)
