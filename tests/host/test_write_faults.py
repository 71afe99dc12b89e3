"""Killed, refused, out of space or raced at every step: the output is the old tree or the new one (F1-F6, F8)."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from compiler.diagnostics import CompileError
from compiler.host.write import locked, publish
from tests.host.outputs import FOREIGN, NEW, OLD, contents, digests, make
from tests.support import processes
from tests.support.oracles import ROOT

WRITER = [sys.executable, "-B", "-m", "tests.host.outputs"]
BEFORE, AFTER = OLD | FOREIGN, NEW | FOREIGN
# Everything that changes something on disk, and the lock; `when` counts from 1 in each.
STEPS = ["mkdir", "linkat", "write", "fchmod", "chmod", "renameat2", "unlink", "unlinkat", "rmdir", "flock"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "place" / "output"
    make(made, BEFORE)
    return made


@pytest.fixture(scope="session")
def namespace() -> list[str]:
    """A command that runs another with mounts of its own."""
    command = ["unshare", "--mount", "--map-root-user"] if os.getuid() else ["unshare", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mount namespaces are refused here")
    return command


def traced(strace: str, root: Path, *options: str, log: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the writer under strace."""
    command = [strace, "-f", "-qqq", "-o", str(log or os.devnull), *options, *WRITER, str(root)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=300,
        preexec_fn=processes.fresh,
    )


def beside(root: Path) -> list[str]:
    return sorted(os.listdir(root.parent))


def counts(strace: str, root: Path, *options: str) -> dict[str, int]:
    """How often the writer takes each of STEPS; runs it."""
    log = root.parent.parent / "log"
    assert traced(strace, root, "-e", f"trace={','.join(STEPS)}", *options, log=log).returncode == 0
    calls = [line.split(maxsplit=1)[1] for line in log.read_text().splitlines()]
    return {step: sum(call.startswith(f"{step}(") for call in calls) for step in STEPS}


def again(root: Path) -> None:
    shutil.rmtree(root)
    make(root, BEFORE)


@pytest.mark.parametrize("step", STEPS)
def test_f1_f2_killed_at_any_step_the_tree_is_the_old_or_the_new_and_the_next_run_succeeds(
    strace: str, root: Path, step: str
) -> None:
    after_exchange = step in ("unlink", "unlinkat", "rmdir")
    for when in itertools.count(1):
        again(root)
        died = traced(strace, root, "-e", f"trace={step}", "-e", f"inject={step}:signal=KILL:when={when}")
        assert contents(root) == (AFTER if after_exchange or died.returncode == 0 else BEFORE)
        publish(root, NEW, digests(NEW if contents(root) == AFTER else OLD))
        assert contents(root) == AFTER
        assert beside(root) == ["output"]
        if died.returncode == 0:  # there is no such step any more
            break
    assert when > 1


@pytest.mark.parametrize("when", [1, 2, 3])
def test_f2_where_two_renames_are_needed_a_kill_between_them_is_undone_by_the_next_run(
    strace: str, root: Path, when: int
) -> None:
    two = ["-e", "trace=renameat2,rename", "-e", "inject=renameat2:error=EINVAL"]
    died = traced(strace, root, *two, "-e", f"inject=rename:signal=KILL:when={when}")
    assert (died.returncode == 0) == (when == 3)
    assert root.exists() == (when != 2)
    changes = publish(root, NEW, digests(NEW if when == 3 else OLD))
    assert bool(changes) == (when != 3)
    assert contents(root) == AFTER
    assert beside(root) == ["output"]


@pytest.mark.parametrize("when", [1, 2])
def test_where_the_second_way_fails_too_the_old_tree_is_back_in_its_place(strace: str, root: Path, when: int) -> None:
    failing = ["-e", "inject=renameat2:error=ENOSYS", "-e", f"inject=rename:error=EXDEV:when={when}"]
    done = traced(strace, root, "-e", "trace=renameat2,rename", *failing)
    assert done.returncode == 3
    assert contents(root) == BEFORE
    assert beside(root) == ["output"]


@pytest.mark.parametrize(
    ("step", "error", "said"),
    [
        ("mkdir", "ENOSPC", "No space left on device"),
        ("mkdir", "EACCES", "Permission denied"),
        ("linkat", "EIO", "Input/output error"),
        ("linkat", "ENOSPC", "No space left on device"),
        ("write", "EDQUOT", "Disk quota exceeded"),
        ("write", "EIO", "Input/output error"),
        ("fchmod", "EROFS", "Read-only file system"),
        ("chmod", "EPERM", "Operation not permitted"),
        ("renameat2", "EBUSY", "mount point"),
        ("flock", "ENOLCK", "No locks available"),
    ],
)
def test_f4_what_the_system_refuses_is_told_and_nothing_is_changed(
    strace: str, root: Path, step: str, error: str, said: str
) -> None:
    total = counts(strace, root)[step]
    assert total
    for when in sorted({1, (total + 1) // 2, total}):
        if (step, when) == ("write", 1):
            continue  # the lock's signature, without which it works as well
        again(root)
        done = traced(strace, root, "-e", f"trace={step}", "-e", f"inject={step}:error={error}:when={when}")
        assert (done.returncode, done.stderr) == (3, "")
        assert done.stdout.startswith("output-write-failed: ")
        assert said in done.stdout
        assert "nothing was changed" in done.stdout
        assert str(root.parent.parent) not in done.stdout
        assert contents(root) == BEFORE
        assert beside(root) == ["output"]


@pytest.mark.parametrize("error", ["EPERM", "EMLINK", "EXDEV", "EOPNOTSUPP"])
def test_where_files_cannot_be_linked_they_are_copied_with_their_times(strace: str, root: Path, error: str) -> None:
    times = {path: (root / path).stat().st_mtime_ns for path in FOREIGN}
    assert traced(strace, root, "-e", "trace=linkat", "-e", f"inject=linkat:error={error}").returncode == 0
    assert contents(root) == AFTER
    assert {path: (root / path).stat().st_mtime_ns for path in FOREIGN} == times


def test_what_cannot_be_removed_afterwards_is_no_failure_and_goes_with_the_next_run(strace: str, root: Path) -> None:
    done = traced(strace, root, "-e", "trace=rmdir,unlinkat", "-e", "inject=rmdir,unlinkat:error=EIO")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert contents(root) == AFTER
    assert len(beside(root)) == 2
    publish(root, NEW, digests(NEW))
    assert beside(root) == ["output"]


@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_f7_interrupted_while_it_builds_it_leaves_the_old_tree(strace: str, root: Path, name: str) -> None:
    done = traced(strace, root, "-e", "trace=linkat", "-e", f"inject=linkat:signal={name}:when=3")
    assert done.returncode != 0
    assert contents(root) == BEFORE
    if name == "INT":
        assert beside(root) == ["output"]


def test_f4_a_few_file_descriptors_are_enough(root: Path) -> None:
    limited = ["prlimit", "--nofile=16", *WRITER, str(root)]
    if not shutil.which("prlimit"):
        pytest.skip("no prlimit here")
    done = subprocess.run(limited, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "")
    assert contents(root) == AFTER
    assert beside(root) == ["output"]


def mounted(namespace: list[str], root: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Runs `script` in the parent of the output; what it leaves in `$out` is seen by the test as `root`."""
    result = root.parent.parent / "result"
    result.mkdir()
    variables = {**os.environ, "from": str(root.parent), "out": str(result), "writer": " ".join(WRITER)}
    return subprocess.run(
        [*namespace, "sh", "-ec", script], capture_output=True, text=True, check=False, cwd=ROOT, env=variables
    )


SMALL = """
mkdir "$out/fs"; mount -t tmpfs -o size=%s none "$out/fs"
cp -a "$from/output" "$out/fs/output"
status=0; $writer "$out/fs/output" || status=$?
cp -a "$out/fs" "$out/seen"
exit $status
"""


@pytest.mark.parametrize("size", ["80k", "64k,nr_inodes=40", "1m,nr_inodes=28"])
def test_f3_on_a_full_disk_the_old_tree_stays(namespace: list[str], root: Path, size: str) -> None:
    if "80k" in size:
        make(root, {"clusters/c1/01-l/big.bin": b"x" * 35_000})
    expected = contents(root)
    done = mounted(namespace, root, SMALL % size)
    assert (done.returncode, done.stderr) == (3, "")
    assert "output-write-failed: " in done.stdout
    assert "No space left on device; nothing was changed" in done.stdout
    seen = root.parent.parent / "result" / "seen"
    assert contents(seen) == {f"output/{path}": content for path, content in expected.items()}


READ_ONLY = """
mount --bind "$from" "$from"; mount -o remount,ro,bind "$from"
$writer "$from/output"
"""


def test_f5_a_read_only_output_is_told(namespace: list[str], root: Path) -> None:
    done = mounted(namespace, root, READ_ONLY)
    assert (done.returncode, done.stderr) == (3, "")
    assert "Read-only file system" in done.stdout


def test_f5_on_a_read_only_disk_nothing_to_do_is_no_problem(namespace: list[str], root: Path) -> None:
    shutil.rmtree(root)
    make(root, NEW)
    done = mounted(namespace, root, READ_ONLY)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_output_that_is_a_mount_point_is_told_as_such(namespace: list[str], root: Path) -> None:
    done = mounted(namespace, root, 'mount --bind "$from/output" "$from/output"; $writer "$from/output"')
    assert (done.returncode, done.stderr) == (3, "")
    assert "mount point" in done.stdout
    assert contents(root) == BEFORE


def replaced_by_link(root: Path, elsewhere: Path) -> None:
    root.rename(elsewhere)
    root.symlink_to(elsewhere)


def replaced_by_file(root: Path, elsewhere: Path) -> None:
    root.rename(elsewhere)
    root.write_bytes(b"mine")


def edited(root: Path, elsewhere: Path) -> None:
    (root / "README.md").write_bytes(b"edited meanwhile")


def added(root: Path, elsewhere: Path) -> None:
    (root / "clusters" / "TODO").write_bytes(b"new meanwhile")


def replaced_file(root: Path, elsewhere: Path) -> None:
    (root.parent / "tmp").write_bytes(b"replaced meanwhile")
    (root.parent / "tmp").rename(root / "README.md")


@pytest.mark.parametrize("meddle", [replaced_by_link, replaced_by_file, edited, added, replaced_file])
def test_f6_whoever_writes_meanwhile_is_neither_followed_nor_overwritten(
    strace: str, root: Path, tmp_path: Path, meddle: Callable[[Path, Path], None]
) -> None:
    slow = [strace, "-f", "-qqq", "-o", os.devnull, "-e", "trace=renameat2"]
    command = [*slow, "-e", "inject=renameat2:delay_enter=1500000:when=1", *WRITER, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        wait_for(lambda: any((root.parent / name / "inventory.json").is_file() for name in beside(root)[:-1]))
        time.sleep(0.4)  # by now the tree is built, and the writer waits at the exchange
        meddle(root, tmp_path / "elsewhere")
        mine = contents(root.parent)
        expected = {path: content for path, content in mine.items() if path.startswith("output")}
        assert expected
        out, _ = writer.communicate(timeout=120)
    assert (writer.returncode, out.split(":")[0]) == (1, "output-changed")
    assert contents(root.parent) == expected
    if (tmp_path / "elsewhere").exists():
        assert contents(tmp_path / "elsewhere") == BEFORE


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_f8_writers_of_one_output_take_turns(root: Path) -> None:
    shutil.rmtree(root)
    writers = [subprocess.Popen([*WRITER, str(root), f"w{i}"], cwd=ROOT) for i in range(8)]
    assert [writer.wait(timeout=600) for writer in writers] == [0] * 8
    names = {path.split("/")[1] for path in contents(root)}
    assert len(names) == 1
    assert next(iter(names)).endswith("-3")
    assert beside(root) == ["output"]


HOLD = "import sys, time; from pathlib import Path; from compiler.host.write import locked\n"
HOLD += "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"


@pytest.fixture
def holder(root: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of `root`."""
    command = [sys.executable, "-c", HOLD, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_f8_the_second_writer_waits_and_then_says_who_the_first_is(root: Path, holder: subprocess.Popen[str]) -> None:
    began = time.monotonic()
    with pytest.raises(CompileError) as caught, locked(root, wait_s=0.5):
        pass
    assert time.monotonic() - began > 0.4
    (problem,) = caught.value.diagnostics
    assert caught.value.environment
    assert problem.code == "output-locked"
    assert f"process {holder.pid} on '{os.uname().nodename}' since 20" in problem.message


def test_f8_the_lock_of_a_dead_writer_holds_nobody_up(root: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert beside(root) == [".output.lamella-lock", "output"]
    publish(root, NEW, digests(OLD))
    assert contents(root) == AFTER
    assert beside(root) == ["output"]


def test_p16_a_link_in_the_place_of_the_lock_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "bashrc").write_text("mine")
    (root.parent / ".output.lamella-lock").symlink_to(tmp_path / "bashrc")
    with pytest.raises(CompileError) as caught:
        publish(root, NEW, digests(OLD))
    assert [d.code for d in caught.value.diagnostics] == ["output-write-failed"]
    assert (tmp_path / "bashrc").read_text() == "mine"
    assert contents(root) == BEFORE


def opened_by(process: subprocess.Popen[str], path: Path) -> bool:
    """Whether a child of `process` has `path` open."""
    with suppress(FileNotFoundError):  # files close while they are looked at
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        return any(os.readlink(link) == str(path) for child in children for link in Path(f"/proc/{child}/fd").glob("*"))
    return False


def test_f8_a_lock_that_was_removed_between_opening_and_taking_it_is_not_a_lock(strace: str, root: Path) -> None:
    slow = [
        strace,
        "-f",
        "-qqq",
        "-o",
        os.devnull,
        "-e",
        "trace=flock",
        "-e",
        "inject=flock:delay_enter=1500000:when=1",
    ]
    with locked(root):
        writer = subprocess.Popen([*slow, *WRITER, str(root)], text=True, cwd=ROOT)
        wait_for(lambda: opened_by(writer, root.parent / ".output.lamella-lock"))
    with locked(root):  # a file of the same name, but another one
        time.sleep(2.5)
        assert contents(root) == BEFORE
    assert writer.wait(timeout=120) == 0
    assert contents(root) == AFTER
