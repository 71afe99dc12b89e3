"""A commit of the output takes nothing else along, and leaves the work tree and the index as they should be."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import CompileError, Diagnostic, Problems
from compiler.host.git import CommitFiles, Repository
from compiler.host.git.message import message
from tests.host.repositories import commit_all, committed, git, repository, write
from tests.support import cost
from tests.support.oracles import ROOT

SOURCE = {"profiles/p.yaml": "p\n", "README.md": "r\n"}
OUTPUT = {"output/a.yaml": "a\n", "output/c/b.yaml": "b\n"}
pytestmark = pytest.mark.usefixtures("git_home")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with an output of which everything but `a.yaml` changes, and work of the user's in all states."""
    made = repository(tmp_path / "repo", {**SOURCE, **OUTPUT, "output/gone.yaml": "x\n"})
    write(made, {"profiles/p.yaml": "staged\n", "profiles/new.yaml": "staged too\n"})
    git(made, "add", "profiles")
    write(made, {"README.md": "changed\n", "notes.txt": "untracked\n"})
    (made / "output/gone.yaml").unlink()
    write(made, {"output/c/b.yaml": "b2\n", "output/d/e f.yaml": "new\n"})
    return made


def status(repo: Path) -> list[str]:
    return git(repo, "status", "--porcelain", "--untracked-files=all").splitlines()


def changed(repo: Path, commit: str = "HEAD") -> list[str]:
    return git(repo, "show", "--format=", "--name-status", "--no-renames", commit).splitlines()


def refused(repo: Path, **options: Any) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        committed(repo, **options)
    (problem,) = caught.value.diagnostics
    return problem


USERS_OWN = ["A  profiles/new.yaml", "M  profiles/p.yaml", " M README.md", "?? notes.txt"]


def test_only_the_output_is_committed_and_all_else_stays_as_it_was(repo: Path) -> None:
    before = git(repo, "rev-parse", "HEAD")
    commit = committed(repo, subject="Render output", trailers=[("Lamella-Source", before)])
    assert commit == git(repo, "rev-parse", "refs/heads/main")
    assert git(repo, "rev-parse", "HEAD^") == before
    assert changed(repo) == ["M\toutput/c/b.yaml", "A\toutput/d/e f.yaml", "D\toutput/gone.yaml"]
    assert sorted(status(repo)) == sorted(USERS_OWN)
    assert git(repo, "diff-files", "--name-only") == "README.md"  # the index knows the files' times as well
    assert git(repo, "log", "-1", "--format=%an <%ae>|%cn|%s|%(trailers)").strip() == (
        f"Ada Writer <ada@example.com>|Ada Writer|Render output|Lamella-Source: {before}"
    )
    git(repo, "fsck", "--strict")


def test_f23_nothing_to_commit_writes_nothing(repo: Path) -> None:
    committed(repo, subject="first")
    before = sorted((str(p), p.lstat().st_mtime_ns) for p in repo.rglob("*"))
    assert committed(repo, subject="second") is None
    assert sorted((str(p), p.lstat().st_mtime_ns) for p in repo.rglob("*")) == before


def test_given_files_are_committed_and_foreign_ones_left_alone(repo: Path) -> None:
    files = {"c/b.yaml": b"b2\n", "from/memory.yaml": b"m\n", "a.yaml": b"a\n"}
    committed(repo, files=files, removed=["gone.yaml", "never-was.yaml"])
    assert changed(repo) == ["M\toutput/c/b.yaml", "A\toutput/from/memory.yaml", "D\toutput/gone.yaml"]
    assert committed(repo, files=files, removed=["gone.yaml"]) is None
    assert '?? "output/d/e f.yaml"' in status(repo)


def test_it_works_for_the_first_commit_of_a_branch(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    write(repo, {**SOURCE, **OUTPUT})
    commit = committed(repo, subject="first")
    assert commit is not None
    assert git(repo, "rev-list", "--parents", "HEAD") == commit
    assert git(repo, "ls-files").splitlines() == sorted(OUTPUT)
    assert status(repo) == ["?? README.md", "?? profiles/p.yaml"]


def test_it_works_in_a_subdirectory_a_linked_work_tree_and_a_bare_repository(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", {"team/p.yaml": "p", "output/other": "x"})
    write(repo / "team", OUTPUT)
    committed(repo / "team")
    assert changed(repo) == ["A\tteam/output/a.yaml", "A\tteam/output/c/b.yaml"]
    git(repo, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    write(tmp_path / "linked", OUTPUT)
    (tmp_path / "linked/output/other").unlink()
    committed(tmp_path / "linked")
    assert changed(repo, "side") == ["A\toutput/a.yaml", "A\toutput/c/b.yaml", "D\toutput/other"]
    assert status(tmp_path / "linked") == status(repo) == []
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), "bare")
    committed(tmp_path / "bare", files={"n": b"1"}, prefix="deep/er/output")
    assert changed(tmp_path / "bare") == ["A\tdeep/er/output/n"]


def test_a_file_that_becomes_a_directory_and_the_other_way_round(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", {"output/a": "1", "output/b/c": "2"})
    (repo / "output/a").unlink()
    (repo / "output/b/c").unlink()
    (repo / "output/b").rmdir()
    write(repo, {"output/a/x": "1", "output/b": "2"})
    committed(repo)
    assert git(repo, "ls-tree", "-r", "--name-only", "HEAD").splitlines() == ["output/a/x", "output/b"]
    assert status(repo) == []


def test_f28_bytes_are_committed_as_they_are_whatever_attributes_and_configuration_say(
    tmp_path: Path, git_home: Path
) -> None:
    with git_home.open("a") as config:
        config.write("[core]\n\tautocrlf = true\n\tsafecrlf = false\n")
    files = {"output/crlf": b"a\r\nb\r\n", "output/mixed": b"a\r\nb\n", "output/id": b"$Id$\n", "output/nul": b"\0\r\n"}
    repo = repository(tmp_path / "repo", {".gitattributes": "* text=auto ident\noutput/** -text -ident\n"})
    write(repo, files)
    committed(repo)
    with CommitFiles(repo) as stored:
        assert {path: stored.read(path) for path in files} == files
    assert status(repo) == []


def test_modes_and_links_of_foreign_files_are_kept(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", {"output/run.sh": "x", "output/to": Path("../nowhere")})
    (repo / "output/run.sh").chmod(0o755)
    commit_all(repo, "modes")
    write(repo, {"output/new": "x"})
    committed(repo, files={"new": b"x"})
    assert changed(repo) == ["A\toutput/new"]
    assert status(repo) == []


def test_what_cannot_be_committed_is_refused_before_anything_is_written(repo: Path) -> None:
    before = git(repo, "for-each-ref")
    for path in ("../x", ".git/config", "a/.GIT/x", "/x", "a//b", "a\nb", ""):
        assert refused(repo, files={path: b""}).code == "output-path-invalid"
        assert refused(repo, prefix=path, files={}).code == "output-path-invalid"
    git(repo, "checkout", "--quiet", "--detach")
    assert refused(repo).code == "git-detached-head"
    git(repo, "switch", "--quiet", "main")
    assert git(repo, "for-each-ref") == before


def test_files_that_a_sparse_checkout_leaves_out_stay(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo", {**SOURCE, **OUTPUT})
    git(repo, "sparse-checkout", "set", "--no-cone", "/*", "!/output/c/")
    assert not (repo / "output/c").exists()
    committed(repo, files={"a.yaml": b"a2\n"})
    assert changed(repo) == ["M\toutput/a.yaml"]


def test_someone_elses_commit_in_between_is_not_lost(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Repository.head_commit

    def then_another_commits(self: Repository) -> str | None:
        found = read(self)
        git(repo, "commit", "--quiet", "-m", "other", "--", "README.md")
        return found

    monkeypatch.setattr(Repository, "head_commit", then_another_commits)
    assert refused(repo).code == "git-ref-moved"
    assert git(repo, "log", "--format=%s").splitlines() == ["other", "first"]


def test_f14_a_dead_index_lock_does_not_keep_the_commit_from_being_made(repo: Path) -> None:
    (repo / ".git/index.lock").touch()
    problems = Problems()
    assert committed(repo, problems=problems) == git(repo, "rev-parse", "HEAD")
    assert [d.code for d in problems.warnings] == ["git-index-not-updated"]
    assert "index.lock" in problems.warnings[0].message
    assert (repo / ".git/index.lock").exists()
    (repo / ".git/index.lock").unlink()
    git(repo, "reset", "--quiet", "--", "output")
    assert sorted(status(repo)) == sorted(USERS_OWN)


@pytest.mark.parametrize("lock", ["refs/heads/main.lock", "HEAD.lock"])
def test_f14_a_dead_lock_of_the_branch_is_named_and_left(repo: Path, lock: str) -> None:
    (repo / ".git" / lock).touch()
    problem = refused(repo)
    assert problem.code == "git-failed"
    assert lock in problem.message
    assert (repo / ".git" / lock).exists()
    assert git(repo, "log", "--format=%s") == "first"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", ("user.name and user.email", '`git config --global user.name "Your Name"` and `git config')),
        ("[user]\n\tname = Ada\n", ("user.email", "run `git config --global user.email you@example.com`")),
        ("[user]\n\temail = a@example.com\n", ("user.name", 'run `git config --global user.name "Your Name"`')),
    ],
    ids=["nothing", "a name", "an address"],
)
def test_no_identity_is_made_up_for_a_person(
    repo: Path, git_home: Path, config: str, expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    git_home.write_text(config)
    objects = git(repo, "count-objects")
    problem = refused(repo)
    assert (problem.code, problem.message) == ("git-identity", f"git does not know who commits: {expected[0]} not set")
    assert expected[1] in problem.hint
    assert (git(repo, "log", "--format=%s"), git(repo, "count-objects")) == ("first", objects)


@pytest.mark.parametrize("variable", ["CI", "GITHUB_ACTIONS"])
def test_a_job_of_ci_without_an_identity_commits_as_the_bot(
    repo: Path, git_home: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "true")
    git_home.write_text("")
    committed(repo)
    assert git(repo, "log", "-1", "--format=%an|%ae|%cn") == (
        "github-actions[bot]|41898282+github-actions[bot]@users.noreply.github.com|github-actions[bot]"
    )


def test_g8_g10_texts_cannot_add_lines_trailers_or_time(repo: Path) -> None:
    evil = "x\nSigned-off-by: Eve <e@x>\0\r\n\nReviewed-by: Eve"
    committed(
        repo,
        subject=evil + "y" * 100_000,
        body=[evil, "Co-authored-by: Eve <e@x>", "plain; $(rm -rf /)"],
        trailers=[("Lamella-Profile", evil)],
    )
    trailers = git(repo, "log", "-1", "--format=%(trailers:only,unfold)").strip().splitlines()
    assert trailers == ["Lamella-Profile: x Signed-off-by: Eve <e@x> Reviewed-by: Eve"]
    subject = git(repo, "log", "-1", "--format=%s")
    assert subject.startswith("x Signed-off-by: Eve <e@x> Reviewed-by: Evey")
    assert len(subject) == 200


line = st.text(max_size=40) | st.sampled_from(
    ["Signed-off-by: Eve <e@x>", "A : b", "a: b\nC: d", "(cherry picked from x)"]
)


@settings(max_examples=50, deadline=None)
@given(line, st.lists(line, max_size=3), st.lists(st.tuples(st.sampled_from(["A-b", "C"]), line), max_size=2))
def test_g10_a_message_has_just_the_lines_and_trailers_that_it_was_given(
    subject: str, body: list[str], trailers: list[tuple[str, str]]
) -> None:
    text = message(subject, body, trailers)
    lines = text.decode().splitlines()
    assert len(lines) == 1 + bool(body) * (1 + len(body)) + bool(trailers) * (1 + len(trailers))
    assert "\0" not in text.decode()
    parsed = git(ROOT, "interpret-trailers", "--only-trailers", stdin=text).splitlines()
    assert [key.partition(":")[0] for key in parsed] == [key for key, _ in trailers]


def test_many_files_are_committed_in_linear_time(tmp_path: Path) -> None:
    def commit_of(number: int) -> None:
        repo = Path(tempfile.mkdtemp(dir=tmp_path))
        repository(repo, SOURCE)
        write(repo / "output", {f"clusters/c{i // 20}/{i}.yaml": b"a: %d\n" % i * 40 for i in range(number)})
        assert committed(repo)
        assert status(repo) == []
        assert subprocess.run(["git", "fsck", "--strict"], cwd=repo, capture_output=True, check=False).returncode == 0

    assert cost.is_linear(commit_of, 500)
