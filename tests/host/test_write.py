"""Only owned files are written or removed, all or none; what does not change is not touched (F23, F24, P13, P14)."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from compiler.diagnostics import CompileError, Diagnostic
from compiler.files.paths import collisions
from compiler.host import swap
from compiler.host.write import Changes, compare, publish
from tests.host.outputs import FOREIGN, NEW, OLD, contents, digests, identities, make


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "output"


def refused(action: Callable[[], object]) -> list[tuple[str, str]]:
    """(code, path) of each problem that `action` raises."""
    with pytest.raises(CompileError) as caught:
        action()
    assert not caught.value.environment
    return [(d.code, d.at.path if d.at else "") for d in caught.value.diagnostics]


def nothing_beside(root: Path) -> bool:
    return sorted(os.listdir(root.parent)) == [root.name]


def test_a_new_output_is_made_with_its_parents_whatever_the_umask(root: Path) -> None:
    root = root / "deeper" / "out"
    before = os.umask(0o077)
    try:
        changes = publish(root, OLD, {})
    finally:
        os.umask(before)
    assert changes == Changes(added=tuple(sorted(OLD)))
    assert contents(root) == OLD
    modes = {stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*") if path.is_file()}
    directories = {stat.S_IMODE(path.stat().st_mode) for path in [root, *root.rglob("*")] if path.is_dir()}
    assert (modes, directories) == ({0o644}, {0o755})
    assert nothing_beside(root)


def test_only_what_differs_is_written_and_foreign_files_stay(root: Path) -> None:
    publish(root, OLD, {})
    make(root, FOREIGN)
    (root / "empty").mkdir()
    (root / "link").symlink_to("nowhere")
    os.mkfifo(root / "clusters" / "pipe")
    before = identities(root)
    changes = publish(root, NEW, digests(OLD))
    assert changes.added == ("clusters/c3/00-l/f.yaml",)
    assert changes.changed == ("clusters/c1/00-l/f.yaml", "inventory.json")
    assert changes.removed == ("clusters/c2/00-l/f.yaml", "clusters/c2/01-l/f.yaml")
    assert changes.unchanged == ("clusters/c0/00-l/f.yaml", "clusters/c0/01-l/f.yaml", "clusters/c1/01-l/f.yaml")
    assert contents(root) == NEW | FOREIGN | {"empty/": b"", "link": b"-> nowhere"}
    assert (root / "clusters" / "pipe").is_fifo()
    after = identities(root)
    stayed = {*changes.unchanged, *FOREIGN}
    assert {path: after[path] for path in stayed} == {path: before[path] for path in stayed}
    assert nothing_beside(root)


def test_f23_nothing_to_do_touches_nothing_at_all(root: Path) -> None:
    publish(root, OLD, {})
    make(root, FOREIGN)
    everything = [root.parent, root, *root.rglob("*")]
    before = [(path.lstat().st_ino, path.lstat().st_mtime_ns, path.lstat().st_ctime_ns) for path in everything]
    assert publish(root, OLD, digests(OLD)) == Changes(unchanged=tuple(sorted(OLD)))
    assert [(p.lstat().st_ino, p.lstat().st_mtime_ns, p.lstat().st_ctime_ns) for p in everything] == before


def test_compare_says_what_publish_would_do_and_does_not_do_it(root: Path) -> None:
    publish(root, OLD, {})
    planned = compare(root, NEW, digests(OLD))
    assert contents(root) == OLD
    assert planned == publish(root, NEW, digests(OLD))


def test_f24_directories_that_become_empty_go_and_others_stay(root: Path) -> None:
    publish(root, OLD, {})
    (root / "clusters" / "c1" / "kept").mkdir()
    publish(root, {}, digests(OLD))
    assert contents(root) == {"clusters/c1/kept/": b""}
    publish(root, OLD, {})
    (root / "clusters" / "c1" / "kept").rmdir()
    publish(root, {}, digests(OLD))
    assert contents(root) == {}
    assert root.is_dir()


def test_f24_files_edited_by_hand_are_all_named_and_nothing_is_written(root: Path) -> None:
    publish(root, OLD, {})
    edits = {"clusters/c1/00-l/f.yaml": b"hotfix", "clusters/c2/01-l/f.yaml": b"hotfix"}
    make(root, edits)
    (root / "inventory.json").unlink()
    (root / "inventory.json").symlink_to("README.md")
    before = contents(root)
    assert refused(lambda: publish(root, NEW, digests(OLD))) == [
        ("output-edited", "output/clusters/c1/00-l/f.yaml"),
        ("output-edited", "output/clusters/c2/01-l/f.yaml"),
        ("output-edited", "output/inventory.json"),
    ]
    assert contents(root) == before
    assert nothing_beside(root)
    publish(root, NEW, digests(OLD), force=True)
    assert contents(root) == NEW


def test_an_owned_file_that_is_gone_or_already_as_it_should_be_is_no_edit(root: Path) -> None:
    publish(root, OLD, {})
    (root / "clusters/c0/00-l/f.yaml").unlink()
    (root / "clusters/c2/00-l/f.yaml").unlink()
    make(root, {"inventory.json": NEW["inventory.json"]})
    changes = publish(root, NEW, digests(OLD))
    assert "clusters/c0/00-l/f.yaml" in changes.added
    assert "inventory.json" in changes.unchanged
    assert contents(root) == NEW


def file(path: Path) -> None:
    path.write_bytes(b"mine")


def link(path: Path) -> None:
    path.symlink_to("/etc")


def full(path: Path) -> None:
    make(path, {"x/y": b"mine"})


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("at", "put", "named"),
    [
        ("clusters/c3/00-l/f.yaml", file, "clusters/c3/00-l/f.yaml"),
        ("clusters/c3/00-l/f.yaml", link, "clusters/c3/00-l/f.yaml"),
        ("clusters/c3/00-l/f.yaml", Path.mkdir, "clusters/c3/00-l/f.yaml"),
        ("clusters/c3/00-l/f.yaml", full, "clusters/c3/00-l/f.yaml/x"),
        ("clusters/c3/00-l", file, "clusters/c3/00-l"),
        ("clusters/c3", link, "clusters/c3"),
        ("clusters/c3", os.mkfifo, "clusters/c3"),
    ],
)
def test_p14_what_is_not_ours_and_in_the_way_is_never_replaced_nor_written_through(
    root: Path, at: str, put: Callable[[Path], object], named: str, force: bool
) -> None:
    publish(root, OLD, {})
    (root / at).parent.mkdir(parents=True, exist_ok=True)
    put(root / at)
    before = contents(root)
    assert refused(lambda: publish(root, NEW, digests(OLD), force=force)) == [
        ("output-foreign-file", f"output/{named}")
    ]
    assert contents(root) == before
    assert nothing_beside(root)


def test_p14_a_directory_of_ours_replaced_by_a_link_is_not_written_through(root: Path, tmp_path: Path) -> None:
    publish(root, OLD, {})
    elsewhere = tmp_path / "elsewhere"
    (root / "clusters").rename(elsewhere)
    (root / "clusters").symlink_to(elsewhere)
    kept = contents(elsewhere)
    assert set(refused(lambda: publish(root, NEW, digests(OLD)))) == {("output-foreign-file", "output/clusters")}
    publish(root, {"inventory.json": b"{}"}, digests(OLD))
    assert contents(elsewhere) == kept
    assert (root / "clusters").is_symlink()


def test_a_file_may_become_a_directory_and_back_where_all_is_ours(root: Path) -> None:
    as_file, as_directory = {"a": b"1", "b/c/d": b"2"}, {"a/x/y": b"1", "b": b"2"}
    publish(root, as_file, {})
    publish(root, as_directory, digests(as_file))
    assert contents(root) == as_directory
    assert stat.S_IMODE((root / "a").stat().st_mode) == 0o755
    publish(root, as_file, digests(as_directory))
    assert contents(root) == as_file


@pytest.mark.parametrize(
    "path", ["../x", "/x", "a/../../x", ".git/config", "a/.GIT /hooks/x", "a\\b", "a//b", "", "a\nb"]
)
@pytest.mark.parametrize("where", ["new", "owned"])
def test_p13_paths_that_leave_the_output_are_refused_from_objects_and_from_inventories(
    root: Path, path: str, where: str
) -> None:
    publish(root, OLD, {})
    new, owned = ({path: b"x"}, {}) if where == "new" else ({}, {path: "0" * 64})
    assert refused(lambda: publish(root, new, owned, force=True)) == [("output-path-invalid", "")]
    assert contents(root) == OLD


def test_p20_files_that_are_one_somewhere_are_refused_with_both_names(root: Path) -> None:
    with pytest.raises(CompileError) as caught:
        publish(root, {"c/Foo.yaml": b"", "c/foo.yaml": b""}, {})
    (problem,) = caught.value.diagnostics
    assert problem.code == "output-collision"
    assert [str(problem.at), *(str(at) for at, _ in problem.related)] == ["output/c/Foo.yaml", "output/c/foo.yaml"]
    assert not root.exists()


def refusal(root: Path) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        publish(root, NEW, {})
    (problem,) = caught.value.diagnostics
    return problem


def test_p2_directories_that_cannot_be_an_output_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "repo"
    (repository / ".git").mkdir(parents=True)
    (repository / "real").mkdir()
    (repository / "link").symlink_to("real")
    (repository / "out").symlink_to("/etc")
    (repository / "file").write_text("")
    monkeypatch.chdir(repository)
    places = [
        Path("/"),
        Path(),
        Path(".."),
        Path("real/.."),
        Path("link"),
        Path("link/new"),
        Path("out/x/y"),
        Path("file"),
    ]
    places += [repository, repository / ".git", repository / ".git/x", repository / ".GIT"]
    assert [refusal(place).code for place in places] == ["output-root-refused"] * len(places)
    assert sorted(os.listdir(repository)) == [".git", "file", "link", "out", "real"]
    assert os.listdir(repository / "real") == []


def test_an_output_named_from_the_current_directory_or_above_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repo").mkdir()
    monkeypatch.chdir(tmp_path / "repo")
    publish(Path("output"), OLD, {})
    publish(Path("../out"), OLD, {})
    assert contents(tmp_path / "repo" / "output") == contents(tmp_path / "out") == OLD


def test_a_link_outside_of_any_repository_is_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to("real")
    publish(tmp_path / "alias" / "output", OLD, {})
    assert contents(tmp_path / "real" / "output") == OLD


@pytest.mark.parametrize("change", [OLD, NEW], ids=["nothing to do", "something to do"])
def test_leftovers_of_crashed_runs_are_removed_and_nothing_else(root: Path, change: dict[str, bytes]) -> None:
    publish(root, OLD, {})
    left = [swap.staging_directory(root) for _ in range(2)]
    make(left[0], {"a/b/c/d": b"x"})
    keep = [".output.lamella-notes", ".output.lamella-new-short", ".other.lamella-new-12345678", "output.bak"]
    for name in keep:
        (root.parent / name).mkdir()
    (root.parent / ".output.lamella-new-linked12").symlink_to(root.parent / "output.bak")
    make(root.parent / "output.bak", {"x": b"mine"})
    publish(root, change, digests(OLD))
    assert sorted(os.listdir(root.parent)) == sorted([*keep, "output"])
    assert contents(root) == change
    assert contents(root.parent / "output.bak") == {"x": b"mine"}


def test_a_crash_between_two_renames_is_undone_by_the_next_run(root: Path) -> None:
    publish(root, OLD, {})
    root.rename(root.parent / ".output.lamella-old-abcd1234")
    make(root.parent / ".output.lamella-new-abcd1234", {"half": b"x"})
    changes = publish(root, NEW, digests(OLD))
    assert len(changes.unchanged) == 3
    assert contents(root) == NEW
    assert nothing_beside(root)


name = st.sampled_from(["a", "b", "c", "d/a", "d/b", "d/e/a", "a/x", "b/x/y"])
tree = st.dictionaries(name, st.binary(max_size=2), max_size=6).filter(lambda t: not collisions(t))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    old=tree,
    new=tree,
    foreign=tree,
    edits=st.dictionaries(name, st.binary(max_size=2), max_size=2),
    force=st.booleans(),
)
def test_every_run_ends_with_the_new_tree_and_all_foreign_files_or_with_what_was_there(
    tmp_path_factory: pytest.TempPathFactory,
    old: dict[str, bytes],
    new: dict[str, bytes],
    foreign: dict[str, bytes],
    edits: dict[str, bytes],
    force: bool,
) -> None:
    foreign = {path: content for path, content in foreign.items() if path not in old}
    assume(not collisions([*old, *foreign]))
    root = tmp_path_factory.mktemp("run") / "output"
    publish(root, old, {})
    make(root, foreign)
    edits = {path: content for path, content in edits.items() if path in old and content != old[path]}
    make(root, edits)
    before, inodes = contents(root), identities(root)
    try:
        changes = publish(root, new, digests(old), force=force)
    except CompileError as error:
        codes = {d.code for d in error.diagnostics}
        assert contents(root) == before
        blocked = collisions([*new, *foreign]) or any(new.get(p, c) != c for p, c in foreign.items())
        lost = any(new.get(path) != content for path, content in edits.items())
        assert codes <= {"output-foreign-file", "output-edited"}
        assert bool("output-foreign-file" in codes) <= bool(blocked)
        assert bool("output-edited" in codes) <= bool(lost and not force)
        return
    assert {p: c for p, c in contents(root).items() if not p.endswith("/")} == foreign | new
    assert changes.added == tuple(sorted(p for p in new if p not in before))
    same = [p for p in before if (foreign | new).get(p) == before[p] and not p.endswith("/")]
    after = identities(root)
    assert [after[p] for p in same] == [inodes[p] for p in same]
    assert publish(root, new, digests(new)) == Changes(unchanged=tuple(sorted(new)))
    assert set(os.listdir(root.parent)) <= {"output"}
