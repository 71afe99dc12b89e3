"""The command as a process: streams that end early or are not there, signals, locales, directories that refuse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from compiler import yamldoc
from tests.cli.conftest import SHOP, edit, files, traces
from tests.docs.generate_errors import FULL_DISK
from tests.support import oracles, processes, textar

SLOW = """\
{{- if .Values.slow }}{{ range until 60000 }}{{ range until 60000 }}{{ end }}{{ end }}{{ end }}
apiVersion: v1
kind: ConfigMap
metadata: {name: slow}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The shop with a chart in all clusters that can be made slow."""
    shop = tmp_path / "shop"
    textar.write(textar.parse(SHOP)[1], shop)
    (shop / "charts/slow/templates").mkdir(parents=True)
    (shop / "charts/slow/Chart.yaml").write_text("{apiVersion: v2, name: slow, version: 1.0.0}\n")
    (shop / "charts/slow/templates/slow.yaml").write_text(SLOW)
    with (shop / "profiles/shop.yaml").open("a") as profile:
        profile.write("    - {name: slow, chart: {name: slow, path: ../charts/slow}, values: {slow: false}}\n")
    return shop


def environment(scratch: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of the environment of the tests, and scratch files where they can be counted."""
    scratch.mkdir(exist_ok=True)
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(oracles.ROOT), "HOME": str(scratch), "TMPDIR": str(scratch)}
    return {**base, **(more or {})}


def start(place: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "compiler", *arguments],
        cwd=place,
        env=environment(place.parent / "scratch"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        preexec_fn=processes.fresh,  # noqa: PLW1509 - one thread
    )


def shell(place: Path, line: str, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A line of bash in which `$lamella` is the command."""
    variables = environment(place.parent / "scratch", {"lamella": f"{sys.executable} -m compiler", **(more or {})})
    return subprocess.run(
        ["bash", "-c", line],
        cwd=place,
        env=variables,
        stdin=subprocess.DEVNULL,
        preexec_fn=processes.fresh,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_stdout_is_data_and_stderr_is_talk(place: Path) -> None:
    (place / "profiles/settings.yaml").write_text("{apiVersion: example.org/v1, kind: Widget, metadata: {name: w}}")
    done = start(place, "render", "dev", "-o", "yaml")
    out, err = done.communicate()
    assert done.returncode == 0
    assert "warning[api-unknown]" in err
    assert [document.value["kind"] for document in yamldoc.load(out, "stdout")] == [
        "Namespace", "Service", "Deployment", "ConfigMap", "Widget",
    ]  # fmt: skip


@pytest.mark.parametrize("arguments", ["render -o yaml", "render -o json", "show", "list", "--help", "--version"])
def test_a_reader_that_leaves_is_no_news(place: Path, arguments: str) -> None:
    done = shell(place, f"$lamella {arguments} | true; echo ${{PIPESTATUS[0]}}")
    assert done.stderr == ""
    assert done.stdout in ("0\n", "141\n"), "0 only where all was written before the reader left"


def test_a_reader_of_problems_that_leaves_does_not_make_them_right(place: Path) -> None:
    edit(place / "profiles/clusters/dev.yaml", "name: shop,", "name: shp,")
    done = shell(place, "$lamella check 2>&1 >/dev/null | true; echo ${PIPESTATUS[0]}")
    assert done.stdout.strip() in ("1", "141")
    assert done.stderr == ""


def test_streams_that_are_closed(place: Path) -> None:
    assert shell(place, "$lamella render dev >&- 2>&-").returncode == 0
    assert (place / "output/clusters/dev/inventory.json").is_file()
    edit(place / "profiles/clusters/dev.yaml", "name: shop,", "name: shp,")
    assert shell(place, "$lamella check >&- 2>&-").returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", ["render -o yaml", "list", "--version"])
def test_a_full_disk_behind_stdout(place: Path, arguments: str) -> None:
    done = shell(place, f"$lamella {arguments} > /dev/full")
    assert (done.returncode, done.stderr) == (3, FULL_DISK)


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_output_is_utf8_in_every_locale(place: Path, locale: Mapping[str, str]) -> None:
    edit(place / "profiles/clusters/prod-eu.yaml", "good day", "grüß Gott")
    done = shell(place, "$lamella show prod-eu && $lamella render -o yaml prod-eu && $lamella render prod-eu", locale)
    assert (done.returncode, done.stderr.count("added")) == (0, 1)
    assert "└── " in done.stdout
    assert "grüß Gott" in done.stdout
    written = place / "output/clusters/prod-eu/settings/configmap-shop-settings.yaml"
    assert "grüß Gott" in written.read_text(encoding="utf-8")


def test_progress_is_for_terminals(place: Path) -> None:
    _, err = start(place, "render").communicate()
    assert "\r" not in err
    assert len(err.splitlines()) == 1


def descendants(pid: int) -> list[int]:
    """The processes that this one has started, and those that they have."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def until(condition: Callable[[], bool], seconds: float = 120.0) -> bool:
    """Whether the condition came true in that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def is_working(pid: int) -> bool:
    """Whether a process has used most of a second of CPU: a worker in the slow template, past all imports."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") > 0.7


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=str,
)
def test_signals_end_it_with_all_that_it_has_started(place: Path, number: signal.Signals, status: int) -> None:
    scratch = place.parent / "scratch"
    assert shell(place, "$lamella render -q").returncode == 0
    before = files(place / "output"), traces(place / "output")
    edit(place / "packs/web/values.yaml", "web:1", "web:2")
    edit(place / "profiles/shop.yaml", "{slow: false}", "{slow: true}")
    done = start(place, "render")
    workers: list[int] = []

    def busy() -> bool:
        workers[:] = descendants(done.pid)
        return any(is_working(pid) for pid in workers)

    assert until(busy), "no worker began"
    done.send_signal(number)
    out, err = done.communicate(timeout=120)
    assert (done.returncode, out) == (status, "")
    assert "Traceback" not in err
    assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    assert (files(place / "output"), traces(place / "output")) == before
    assert [path.name for path in place.iterdir() if path.name.startswith(".output")] == []
    assert until(lambda: not any(scratch.iterdir())), list(scratch.iterdir())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")
def test_workers_do_not_outlive_a_killed_parent(place: Path) -> None:
    edit(place / "profiles/shop.yaml", "{slow: false}", "{slow: true}")
    done = start(place, "render")
    workers: list[int] = []

    def busy() -> bool:
        workers[:] = descendants(done.pid)
        return any(is_working(pid) for pid in workers)

    assert until(busy), "no worker began"
    done.kill()
    done.communicate(timeout=120)
    assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    assert not (place / "output").exists()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_an_output_that_cannot_be_written(place: Path) -> None:
    assert shell(place, "$lamella render -q").returncode == 0
    before = files(place / "output")
    edit(place / "packs/web/values.yaml", "web:1", "web:2")
    place.chmod(0o555)
    try:
        done = shell(place, "$lamella render")
    finally:
        place.chmod(0o755)
    assert done.returncode == 3
    assert "error[output-" in done.stderr
    assert files(place / "output") == before


def test_an_output_on_a_read_only_file_system(place: Path) -> None:
    """/proc refuses directories to everybody, root too."""
    if not Path("/proc").is_dir():
        pytest.skip("no /proc here")
    done = shell(place, "$lamella render --output /proc/lamella-output")
    assert done.returncode == 3
    assert "error[output-" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["compiler.load.repository", "compiler.render.jinja"], ids=["here", "in a worker"])
def test_bugs_are_told_as_bugs(place: Path, module: str) -> None:
    """A module of ours that is missing stands for any bug; templates are rendered by workers only."""
    scratch = place.parent / "scratch"
    scratch.mkdir()
    (scratch / "sitecustomize.py").write_text(f"import sys; sys.modules[{module!r}] = None\n")
    path = {"PYTHONPATH": f"{scratch}:{oracles.ROOT}"}
    said = {debug: shell(place, f"$lamella check dev {debug}", path) for debug in ("", "--debug")}
    assert [(done.returncode, done.stdout) for done in said.values()] == [(4, "")] * 2
    assert "error[internal]" in said[""].stderr
    assert "run again with --debug" in said[""].stderr
    assert ["Traceback" in done.stderr for done in said.values()] == [False, True]
