"""Any commit of any repository can be read, and nothing that a repository configures is ever run (F15, G1-G11)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import CompileError, Diagnostic
from compiler.host.git import CommitFiles, Repository, command
from compiler.host.git.repository import check_ref
from compiler.ports import Entry
from tests.host.repositories import commit_all, committed, git, repository, write
from tests.support.oracles import ROOT

pytestmark = pytest.mark.usefixtures("git_home")
FILES: dict[str, str | bytes] = {"a.yaml": "a: 1\n", "sub/b.yaml": "b: 1\n", "sub/deep/c.bin": b"\x00\xff"}


def refused(action: Callable[[], object]) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        action()
    (problem,) = caught.value.diagnostics
    return problem


def everything(files: CommitFiles, directory: str = "") -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name in files.names(directory):
        path = f"{directory}/{name}" if directory else name
        entry = files.entry(path)
        assert entry is not None
        found |= everything(files, path) if entry.kind == "directory" else {path: files.read(path)}
    return found


def as_bytes(files: dict[str, str | bytes]) -> dict[str, bytes]:
    return {path: content.encode() if isinstance(content, str) else content for path, content in files.items()}


def bare(origin: Path, at: Path) -> Path:
    git(at, "clone", "--quiet", "--bare", str(origin), "bare")
    return at / "bare"


def linked_work_tree(origin: Path, at: Path) -> Path:
    git(origin, "worktree", "add", "--quiet", "--detach", str(at / "linked"))
    return at / "linked"


def shallow(origin: Path, at: Path) -> Path:
    commit_all(origin, "second")
    git(at, "clone", "--quiet", "--depth=1", origin.as_uri(), "shallow")
    return at / "shallow"


def detached(origin: Path, at: Path) -> Path:
    git(origin, "checkout", "--quiet", "--detach")
    return origin


def sparse(origin: Path, at: Path) -> Path:
    git(origin, "sparse-checkout", "set", "nothing-at-all")
    return origin


def packed(origin: Path, at: Path) -> Path:
    git(origin, "gc", "--quiet")
    return origin


def separate(origin: Path, at: Path) -> Path:
    git(at, "clone", "--quiet", "--separate-git-dir", str(at / "elsewhere"), str(origin), "separate")
    return at / "separate"


def sha256(origin: Path, at: Path) -> Path:
    (at / "s").mkdir()
    git(at / "s", "init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    write(at / "s", FILES)
    commit_all(at / "s", "first")
    return at / "s"


@pytest.mark.parametrize("shape", [bare, linked_work_tree, shallow, detached, sparse, packed, separate, sha256])
def test_f15_a_commit_is_read_from_any_shape_of_repository(tmp_path: Path, shape: Callable[[Path, Path], Path]) -> None:
    (tmp_path / "at").mkdir()
    there = shape(repository(tmp_path / "origin", FILES), tmp_path / "at")
    with CommitFiles(there, "HEAD") as files:
        assert everything(files) == as_bytes(FILES)
        assert files.commit == git(there, "rev-parse", "HEAD")


def test_f15_reading_changes_nothing_in_the_repository(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", FILES)
    write(repo, {"a.yaml": "changed", "new.yaml": "untracked", "sub/b.yaml": "staged"})
    git(repo, "add", "sub/b.yaml")

    def state() -> list[tuple[str, int, int]]:
        return sorted((str(p), p.lstat().st_ino, p.lstat().st_mtime_ns) for p in repo.rglob("*"))

    os.utime(repo / "a.yaml")  # git would write the index back if it were asked for a plain status
    before = state()
    with CommitFiles(repo, "main") as files:
        assert everything(files) == as_bytes(FILES)
    opened = Repository.at(repo)
    assert opened.head_commit() == git(repo, "rev-parse", "HEAD")
    assert opened.ignored(["new.yaml"]) == set()
    assert state() == before


def test_branches_tags_remotes_and_object_names_are_refs(tmp_path: Path) -> None:
    origin = repository(tmp_path / "origin", {"f": "1"})
    git(origin, "tag", "-a", "v1", "-m", "one")
    git(origin, "branch", "feature/ünïcode;$(x)")
    write(origin, {"f": "2"})
    second = commit_all(origin, "second")
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    expected = {"HEAD": b"2", "HEAD~1": b"1", "HEAD^": b"1", "v1": b"1", second: b"2"}
    expected |= {"main": b"2", "refs/heads/main": b"2", "origin/main": b"2", "origin/feature/ünïcode;$(x)": b"1"}
    expected |= {second[:10]: b"2", "main~0^0": b"2", "refs/tags/v1": b"1", second.upper(): b"2"}
    found = {}
    for ref in expected:
        with CommitFiles(tmp_path / "clone", ref) as files:
            found[ref] = files.read("f")
    assert found == expected


def test_a_directory_in_a_work_tree_is_read_from_there(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", {**FILES, "other/d e/[x]*/f": "x"})
    with CommitFiles(repo / "sub") as files:
        assert everything(files) == {"b.yaml": b"b: 1\n", "deep/c.bin": b"\x00\xff"}
    with CommitFiles(repo / "other" / "d e" / "[x]*") as files:
        assert everything(files) == {"f": b"x"}
    (repo / "untracked").mkdir()
    problem = refused(lambda: CommitFiles(repo / "untracked"))
    assert problem.code == "git-no-directory"
    assert "'untracked'" in problem.message


def test_links_and_submodules_are_told_from_files(tmp_path: Path) -> None:
    library = repository(tmp_path / "library", {"l.yaml": "l"})
    repo = repository(tmp_path / "repo", {"to": Path("a.yaml"), "run.sh": "x"})
    (repo / "run.sh").chmod(0o755)
    git(repo, "submodule", "--quiet", "add", str(library), "vendor/library")
    commit_all(repo, "second")
    with CommitFiles(repo) as files:
        assert files.entry("to") == Entry("link", "a.yaml")
        assert files.entry("run.sh") == Entry("file")
        assert files.entry("vendor/library") == Entry("other")
        assert files.names("vendor/library") == ()
        for path in ("to", "vendor/library", "vendor"):
            with pytest.raises(FileNotFoundError):
                files.read(path)


def test_trees_made_by_hand_have_no_names_that_lead_elsewhere(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", {"f": "x"})
    blob = git(repo, "rev-parse", "HEAD:f")
    tree = git(repo, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=b"".join(
        b"100644 " + name + b"\0" + bytes.fromhex(blob) for name in (b".", b"..", b".git", b"f")
    ))  # fmt: skip
    commit = git(repo, "commit-tree", "-m", "evil", tree)
    with CommitFiles(repo, commit) as files:
        assert files.names("") == ("f",)


NO_REFS = ["", "-x", "--upload-pack=touch x", "a..b", "../../../etc/passwd", "../../x", "refs/heads/../../config", "@"]
NO_REFS += [
    "@{-1}",
    "main@{yesterday}",
    "x.lock",
    "a/.b",
    "a//b",
    "/a",
    "a/",
    "a.",
    "a b",
    "a\nb",
    "a\\b",
    "a:b",
    ":/x",
]
NO_REFS += ["HEAD:f", "a*", "a?", "a[", "^main", "main^{tree}", "main^{/x}", "a\x7f"]


@pytest.mark.parametrize("ref", NO_REFS)
def test_p15_p19_what_is_no_ref_is_refused_before_git_sees_it(tmp_path: Path, ref: str) -> None:
    repo = repository(tmp_path / "repo", {"f": "x"})
    assert refused(lambda: CommitFiles(repo, ref)).code == "git-invalid-name"


@given(st.text(st.sampled_from("ab/.@{}~^:?*[\\ -\x01\x7flockH€"), min_size=1, max_size=12))
def test_refs_are_allowed_as_git_check_ref_format_allows_them(name: str) -> None:
    accepted = True
    try:
        check_ref(name)
    except CompileError:
        accepted = False
    done = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], capture_output=True, check=False)
    # git also refuses a branch that begins with '-', by another command; and '@' alone is the only other difference.
    assert accepted == (done.returncode == 0 and not name.startswith("-") and name != "@")


def test_what_cannot_be_read_is_told_precisely(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert refused(lambda: CommitFiles(tmp_path / "plain")).code == "git-not-a-repository"
    assert refused(lambda: CommitFiles(tmp_path / "nothing")).code == "git-not-a-repository"
    unborn = repository(tmp_path / "unborn")
    problem = refused(lambda: CommitFiles(unborn))
    assert (problem.code, problem.message) == ("git-unborn-branch", "branch 'main' has no commit yet")
    assert Repository.at(unborn).head_commit() is None
    repo = repository(tmp_path / "repo", FILES)
    assert refused(lambda: CommitFiles(repo, "mian")).code == "git-unknown-ref"
    commit_all(repo, "second")
    git(tmp_path, "clone", "--quiet", "--depth=1", repo.as_uri(), "shallow")
    problem = refused(lambda: CommitFiles(tmp_path / "shallow", "HEAD~1"))
    assert problem.code == "git-unknown-ref"
    assert "shallow" in problem.hint
    (repo / ".git" / "HEAD").unlink()
    assert refused(lambda: CommitFiles(repo)).code == "git-not-a-repository"


def test_a_broken_or_missing_object_is_an_error_for_its_file_only(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", {"broken": "1", "missing": "2", "fine": "3"})
    for name in ("broken", "missing"):
        blob = git(repo, "rev-parse", f"HEAD:{name}")
        path = repo / ".git" / "objects" / blob[:2] / blob[2:]
        path.chmod(0o644)
        path.write_bytes(b"garbage") if name == "broken" else path.unlink()
    with CommitFiles(repo) as files:
        for name in ("missing", "broken", "missing"):
            with pytest.raises(OSError, match="git"):
                files.read(name)
        assert files.read("fine") == b"3"


def test_a_partial_clone_is_not_completed_behind_our_back(tmp_path: Path) -> None:
    origin = repository(tmp_path / "origin", FILES)
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:none", origin.as_uri(), "partial")
    with CommitFiles(tmp_path / "partial") as files:
        assert files.names("sub") == ("b.yaml", "deep")
        with pytest.raises(OSError, match="git"):
            files.read("a.yaml")


def test_another_users_repository_is_not_opened(tmp_path: Path, git_home: Path) -> None:
    repo = repository(tmp_path / "repo", FILES)
    if os.getuid():
        pytest.skip("only root can give a directory away")
    os.chown(repo, 65534, 65534)
    os.chown(repo / ".git", 65534, 65534)
    problem = refused(lambda: CommitFiles(repo))
    assert problem.code == "git-unsafe-owner"
    assert f"safe.directory {repo}" in problem.hint


def test_ignored_files_are_told_without_magic_and_without_those_that_are_tracked(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", FILES)
    write(repo, {".git/info/exclude": "*.yaml\n"})
    write(repo, {"sub/x.yaml": "x", ":(top)y.yaml": "y", "sub/z": "z"})
    assert Repository.at(repo).ignored([]) == set()
    asked = ["a.yaml", "sub/x.yaml", ":(top)y.yaml", "sub/z"]
    assert Repository.at(repo).ignored(asked) == {"sub/x.yaml", ":(top)y.yaml"}
    assert Repository.at(repo / "sub").ignored(["x.yaml", "b.yaml"]) == {"x.yaml"}


def test_the_repository_of_a_surrounding_hook_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = repository(tmp_path / "ours", {"f": "ours"})
    theirs = repository(tmp_path / "theirs", {"f": "theirs"})
    monkeypatch.setenv("GIT_DIR", str(theirs / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(theirs))
    monkeypatch.setenv("GIT_INDEX_FILE", str(theirs / ".git" / "index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(theirs / ".git" / "objects"))
    with CommitFiles(ours) as files:
        assert files.read("f") == b"ours"


HOSTILE = """
[core]
	fsmonitor = {run}
	hooksPath = {hooks}
	sshCommand = {run}
	askPass = {run}
	pager = {run}
	editor = {run}
	gitProxy = {run}
	alternateRefsCommand = {run}
	attributesFile = {attributes}
[filter "evil"]
	clean = {run}
	smudge = {run}
	process = {run}
	required = true
[filter "x=y"]
	clean = {run}
	required = true
[diff]
	external = {run}
[diff "evil"]
	textconv = {run}
	command = {run}
[merge "evil"]
	driver = {run}
[gpg]
	program = {run}
[commit]
	gpgSign = true
[push]
	gpgSign = if-asked
[credential]
	helper = !{run}
[uploadpack]
	packObjectsHook = {run}
[alias]
	status = !{run}
	rev-parse = !{run}
[log]
	showSignature = true
[remote "origin"]
	url = ext::{run}
	receivepack = {run}
	uploadpack = {run}
"""


@pytest.fixture
def hostile(tmp_path: Path) -> tuple[Path, Path]:
    """A repository that configures everything it can to run a program, and the file that the program would make."""
    marker = tmp_path / "it-ran"
    program = tmp_path / "run.sh"
    program.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{marker}'\n")
    program.chmod(0o755)
    repo = repository(
        tmp_path / "repo", {**FILES, ".gitattributes": "* filter=evil diff=evil merge=evil\nsub/** filter=x=y\n"}
    )
    hooks = [repo / ".git" / "hooks", tmp_path / "hooks"]
    names = [
        "reference-transaction",
        "post-index-change",
        "pre-commit",
        "post-commit",
        "pre-push",
        "fsmonitor-watchman",
    ]
    for directory in hooks:
        directory.mkdir(exist_ok=True)
        for name in [*names, "commit-msg", "prepare-commit-msg", "post-checkout", "post-rewrite", "pre-auto-gc"]:
            shutil.copy2(program, directory / name)
    (tmp_path / "attributes").write_text("* filter=evil\n")
    (repo / ".git" / "info").mkdir(exist_ok=True)
    (repo / ".git" / "info" / "attributes").write_text("*.yaml diff=evil\n")
    text = HOSTILE.format(run=program, hooks=tmp_path / "hooks", attributes=tmp_path / "attributes")
    with (repo / ".git" / "config").open("a") as config:
        config.write(text)
    return repo, marker


def test_g7_a_hostile_repository_runs_nothing_when_it_is_read_or_committed_to(hostile: tuple[Path, Path]) -> None:
    repo, marker = hostile
    os.utime(repo / "a.yaml", (1, 1))
    write(repo, {"output/x.yaml": "x\n", "sub/b.yaml": "b: 2\n"})
    with CommitFiles(repo) as files:
        assert everything(files)["a.yaml"] == b"a: 1\n"
    opened = Repository.at(repo)
    assert opened.ignored(["a.yaml"]) == set()
    commit = committed(repo, files={"x.yaml": b"x\n"})
    assert commit == opened.head_commit()
    assert not marker.exists()
    plain = subprocess.run(["git", "status"], cwd=repo, capture_output=True, check=False)
    assert marker.exists(), plain.stderr  # the trap does work for who walks into it


def test_g6_a_git_in_the_current_directory_is_not_run(
    tmp_path: Path, hostile: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, marker = hostile
    for name in ("git", "git.exe", "git.bat"):
        shutil.copy2(tmp_path / "run.sh", repo / name)
    script = "import sys; from pathlib import Path; from compiler.host.git import CommitFiles\n"
    script += "print(CommitFiles(Path('.'), 'main').names(''))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=repo,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "a.yaml" in done.stdout
    assert not marker.exists()


def test_g5_gitmodules_are_never_parsed(tmp_path: Path) -> None:
    evil = '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch pwned"\n\tupdate = !touch pwned\n'
    repo = repository(tmp_path / "repo", {**FILES, ".gitmodules": evil + "[include]\n\tpath = /etc/passwd\n"})
    with CommitFiles(repo) as files:
        assert files.read(".gitmodules").startswith(b"[submodule")


def test_without_git_it_says_so(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", FILES)
    script = "import sys; from pathlib import Path; from compiler.diagnostics import CompileError\n"
    script += "from compiler.host.git import CommitFiles\n"
    script += "try: CommitFiles(Path(sys.argv[1]))\nexcept CompileError as e: print(e.environment, e)"
    done = subprocess.run(
        [sys.executable, "-c", script, str(repo)],
        env={"PATH": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("True : git-missing: ")


def test_a_git_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "TIMEOUT_S", 0.5)
    repo = repository(tmp_path / "repo", FILES)
    git(repo, "config", "alias.hang", "!exec sleep 60")
    problem = refused(lambda: command.run(repo, ["hang"]))
    assert (problem.code, problem.message) == ("git-timeout", "git hang did not end within 0 seconds")


def test_a_repository_whose_configuration_is_damaged_is_told_as_git_tells_it(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", FILES)
    (repo / ".git/config").write_text("[core\n")
    problem = refused(lambda: CommitFiles(repo))
    assert problem.code == "git-unreadable"
    assert "bad config line 1" in problem.message


def test_gitpython_is_not_imported_before_it_is_needed() -> None:
    script = "import sys; import compiler.host.git; print('git.cmd' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=ROOT, check=True).stdout == b"False\n"
    )


def test_no_process_is_left_when_files_are_closed(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", FILES)
    before = children()  # the forkserver of a test that ran before in this process
    with CommitFiles(repo) as files:
        files.read("a.yaml")
        assert children() != before
    assert children() == before
    assert files.read("sub/b.yaml") == b"b: 1\n"
    files.close()
    files.close()
    assert children() == before


def children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
