"""One set of rules for reading, whether the files are in a directory or in a commit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from compiler import files
from compiler.diagnostics import CompileError, Diagnostic, Position
from compiler.host.disk import DirectoryFiles
from compiler.host.git import CommitFiles
from compiler.ports import Entry, Files
from tests.host import repositories
from tests.support import cost

Make = Callable[..., Files]
AT = Position("profiles/p.yaml", 7, 3)


@pytest.fixture(params=["directory", "commit"])
def tree(request: pytest.FixtureRequest, tmp_path: Path, git_home: Path) -> Iterator[Make]:
    """Makes the same tree of files, as a directory or as a commit of it."""
    with ExitStack() as stack:

        def make(**named: str | bytes | Path) -> Files:
            root = tmp_path / "repo"
            content = {"profiles/p.yaml": "p", **named}
            if request.param == "directory":
                repositories.write(root, content)
                return DirectoryFiles(root)
            repositories.repository(root, content)
            for name in content:
                (root / name).unlink()  # what is read can only come from the commit
            return stack.enter_context(CommitFiles(root, "HEAD"))

        yield make


def refused(action: Callable[[], object]) -> Diagnostic:
    """The one problem that `action` raises."""
    with pytest.raises(CompileError) as caught:
        action()
    assert len(caught.value.diagnostics) == 1
    return caught.value.diagnostics[0]


def test_a_tree_is_what_was_put_there(tree: Make) -> None:
    found = tree(**{"a/b.txt": "x", "a/c/d.bin": b"\x00\xff\r\n", "z": Path("a/b.txt"), "ä/名 前.yaml": "n", "a b": ""})
    assert found.names("") == ("a", "a b", "profiles", "z", "ä")
    assert found.names("a") == ("b.txt", "c")
    assert found.names("nope") == found.names("a/b.txt") == found.names("z") == ()
    assert [found.entry(p) for p in ("", "a", "a/c/d.bin", "z", "a/c", "nope", "a/b.txt/x")] == [
        Entry("directory"),
        Entry("directory"),
        Entry("file"),
        Entry("link", "a/b.txt"),
        Entry("directory"),
        None,
        None,
    ]
    assert found.read("a/c/d.bin") == b"\x00\xff\r\n"
    assert found.read("ä/名 前.yaml") == b"n"
    assert found.read("a b") == b""
    for path in ("nope", "a", "z", "../repo/a/b.txt", "a/../a/b.txt"):
        with pytest.raises(FileNotFoundError):
            found.read(path)


def test_links_that_stay_inside_are_followed_in_files_directories_and_chains(tree: Make) -> None:
    found = tree(
        **{
            "real/x.yaml": "x",
            "real/deep/y.yaml": "y",
            "alias": Path("real"),
            "profiles/x.yaml": Path("../alias/x.yaml"),
            "chain": Path("profiles/x.yaml"),
            "dots": Path("./real/.././real//deep/"),
        }
    )
    assert files.resolve_links(found, "profiles/x.yaml") == "real/x.yaml"
    assert files.read(found, "chain") == b"x"
    assert files.read(found, "alias/deep/y.yaml") == b"y"
    assert files.read(found, "dots/y.yaml") == b"y"
    assert files.is_directory(found, "alias/deep")
    assert files.is_directory(found, "")
    assert not files.is_directory(found, "chain")
    assert not files.is_directory(found, "nope")
    assert files.walk(found, "alias") == ("alias/deep/y.yaml", "alias/x.yaml")


ESCAPES = {
    "P3 to a system file": {"l": Path("/etc/hostname")},
    "P3 to a sibling": {"l": Path("../sibling/secret.yaml")},
    "P3 by a chain": {"l": Path("a/m"), "a/m": Path("../../sibling/secret.yaml")},
    "P3 by a directory": {"d": Path(".."), "l": Path("d/sibling/secret.yaml")},
    "P4 out and in again": {"l": Path("../repo/profiles/p.yaml")},
    "P6 a sibling with the same beginning": {"l": Path("../repo-evil/x")},
    "P13 into git's directory": {"l": Path(".git/config")},
    "P13 into git's directory by another spelling": {"l": Path(".GIT/config")},
}


@pytest.mark.parametrize("named", ESCAPES.values(), ids=ESCAPES.keys())
@pytest.mark.parametrize("use", ["read", "walk", "glob", "deep glob", "is_directory", "below"])
def test_a_link_that_leads_out_is_refused_wherever_it_is_met(tree: Make, named: dict[str, Path], use: str) -> None:
    found = tree(**named)
    actions: dict[str, Callable[[], object]] = {
        "read": lambda: files.read(found, "l", AT),
        "walk": lambda: files.walk(found, "", AT),
        "glob": lambda: files.glob(found, "l*", AT),
        "deep glob": lambda: files.glob(found, "**/l", AT),
        "is_directory": lambda: files.is_directory(found, "l"),
        "below": lambda: files.read(found, "l/x.yaml", AT),
    }
    with pytest.raises(CompileError) as caught:
        actions[use]()
    assert {d.code for d in caught.value.diagnostics} == {"symlink-escape"}
    told = " ".join(d.message + d.hint for d in caught.value.diagnostics)
    assert not any(word in told for word in ("etc", "hostname", "sibling", "secret", "evil", "config"))


def test_p5_an_absolute_link_is_refused_even_to_the_repository_itself(tree: Make, tmp_path: Path) -> None:
    found = tree(l=tmp_path / "repo" / "profiles" / "p.yaml")
    problem = refused(lambda: files.read(found, "l", AT))
    assert (problem.code, problem.at) == ("symlink-escape", AT)
    assert str(tmp_path) not in problem.message


def test_p7_a_pattern_does_not_care_about_links_that_it_does_not_match(tree: Make) -> None:
    found = tree(**{"values/a.yaml": "a", "values/evil.txt": Path("/etc/hostname")})
    assert files.glob(found, "values/*.yaml") == ("values/a.yaml",)
    assert refused(lambda: files.glob(found, "values/*")).code == "symlink-escape"


def test_all_bad_links_of_a_walk_are_told_at_once(tree: Make) -> None:
    found = tree(**{"d/a": Path("/x"), "d/b": Path("../../y"), "d/c": Path("gone"), "d/e": "fine"})
    with pytest.raises(CompileError) as caught:
        files.walk(found, "d", AT)
    assert [d.code for d in caught.value.diagnostics] == ["symlink-escape", "symlink-escape", "file-not-found"]


@pytest.mark.parametrize("start", ["a", "a/x", "self", "up/up/up", "up"])
def test_p12_loops_of_links_end_at_once(tree: Make, start: str) -> None:
    found = tree(a=Path("b"), b=Path("a"), self=Path("self"), **{"dir/up": Path("../dir"), "up": Path("dir/up/up")})
    if start == "up/up/up":
        assert files.resolve_links(found, start) == "dir"
    elif start == "up":
        assert refused(lambda: files.walk(found, "dir", AT)).code == "symlink-loop"
    else:
        assert refused(lambda: files.read(found, start, AT)).code == "symlink-loop"


def test_p12_a_directory_link_to_the_repository_itself_is_a_loop(tree: Make) -> None:
    found = tree(**{"d/loop": Path(".."), "d/f": "x"})
    for search in (lambda: files.walk(found, "d", AT), lambda: files.glob(found, "**/f", AT)):
        problem = refused(search)
        assert (problem.code, problem.message) == (
            "symlink-loop",
            "'d/loop' is a link to one of its parent directories",
        )


def test_p12_a_link_to_a_directory_around_where_a_walk_begins_is_a_loop_at_the_link(tree: Make) -> None:
    found = tree(**{"a/b/c/up": Path("../../../a"), "a/b/c/f": "x", "sides/to": Path("../side"), "side/f": "y"})
    assert (
        refused(lambda: files.walk(found, "a/b/c", AT)).message
        == "'a/b/c/up' is a link to one of its parent directories"
    )
    assert files.walk(found, "sides") == ("sides/to/f",)


def test_many_links_beside_each_other_do_not_multiply_without_end(tree: Make) -> None:
    doubling = {f"d{i}/{side}": Path(f"../d{i + 1}") for i in range(40) for side in ("l", "r")}
    found = tree(**doubling, **{"d40/f": "x"})
    assert cost.cpu_s(lambda: refused(lambda: files.walk(found, "d0", AT))) < 60  # 2**40 ways lead to the file
    assert refused(lambda: files.walk(found, "d0", AT)).code == "too-many-files"


def test_patterns_match_as_in_a_shell(tree: Make) -> None:
    names = ["v/a.yaml", "v/b.yaml", "v/b.yml", "v/.h.yaml", "v/d/c.yaml", "v/d/e/c.yaml", "v/[x].yaml", ".g/z.yaml"]
    found = tree(**dict.fromkeys(names, ""))
    expected = {
        "v/*.yaml": ("v/[x].yaml", "v/a.yaml", "v/b.yaml"),
        "v/?.y*ml": ("v/a.yaml", "v/b.yaml", "v/b.yml"),
        "v/[ab].yaml": ("v/a.yaml", "v/b.yaml"),
        "v/[!a].yaml": ("v/b.yaml",),
        "v/[[]x].yaml": ("v/[x].yaml",),
        "v/.*": ("v/.h.yaml",),
        "v/**/c.yaml": ("v/d/c.yaml", "v/d/e/c.yaml"),
        "**/c.yaml": ("v/d/c.yaml", "v/d/e/c.yaml"),
        "v/**": ("v/[x].yaml", "v/a.yaml", "v/b.yaml", "v/b.yml", "v/d/c.yaml", "v/d/e/c.yaml"),
        "v/**/**/*.yaml": ("v/[x].yaml", "v/a.yaml", "v/b.yaml", "v/d/c.yaml", "v/d/e/c.yaml"),
        "*/d/*/c.yaml": ("v/d/e/c.yaml",),
        "V/*.yaml": (),
        "v/a.yaml": ("v/a.yaml",),
        "v/a.yaml/*": (),
        "v": (),
        "nope/*": (),
        ".g/*": (".g/z.yaml",),
    }
    assert {pattern: files.glob(found, pattern) for pattern in expected} == expected
    assert files.walk(found, "v") == tuple(sorted(name for name in names if name.startswith("v/")))


def test_a_pattern_made_to_backtrack_ends_soon(tree: Make) -> None:
    found = tree(**{"a" * 200: "x"})
    assert files.glob(found, "*a" * 60 + "b") == ()
    assert cost.cpu_s(lambda: files.glob(found, "*a" * 60 + "b")) < 20


def test_what_is_missing_is_named_with_what_is_near(tree: Make) -> None:
    found = tree(**{"values/production.yaml": "x", "values/staging.yaml": "x"})
    problem = refused(lambda: files.read(found, "values/produktion.yaml", AT))
    assert (problem.code, problem.at, problem.hint) == ("file-not-found", AT, "did you mean 'production.yaml'?")
    assert "values/produktion.yaml" in problem.message
    assert refused(lambda: files.walk(found, "valeus", AT)).hint == "did you mean 'values'?"
    assert refused(lambda: files.read(found, "values", AT)).code == "file-not-regular"
    assert refused(lambda: files.read(found, "values/staging.yaml/x", AT)).code == "file-not-found"


def test_text_is_utf_8_with_the_place_of_the_first_byte_that_is_not(tree: Make) -> None:
    found = tree(
        ok="ä: ✓\r\n", bom=b"\xef\xbb\xbfa: 1", bad="ä: 1\nb: é".encode() + b"\xe9\xff", wide="a".encode("utf-16")
    )
    assert files.read_text(found, "ok") == "ä: ✓\r\n"
    assert files.read_text(found, "bom") == "a: 1"
    bad = refused(lambda: files.read_text(found, "bad", AT))
    assert (bad.code, bad.at, bad.message) == ("encoding", Position("bad", 2, 5), "byte 0xe9 is not UTF-8")
    assert refused(lambda: files.read_text(found, "wide", AT)).code == "encoding"


def test_names_that_are_not_utf_8_are_problems_and_no_crash(tree: Make) -> None:
    found = tree(**{"d/" + os.fsdecode(b"\xff.yaml"): "x", "d/line\nbreak": "y"})
    with pytest.raises(CompileError) as caught:
        files.walk(found, "d", AT)
    assert [d.code for d in caught.value.diagnostics] == ["path-invalid", "path-invalid"]
    for problem in caught.value.diagnostics:
        problem.message.encode()


def test_git_directories_are_not_there(tree: Make, tmp_path: Path) -> None:
    found = tree(**{"sub/x": "y"})
    (tmp_path / "repo" / "sub").mkdir(exist_ok=True)
    (tmp_path / "repo" / "sub" / ".git").write_text("gitdir: elsewhere")
    (tmp_path / "repo" / ".git").mkdir(exist_ok=True)
    assert ".git" not in found.names("")
    assert found.entry(".git") is found.entry("sub/.git") is None
    assert files.walk(found, "") == ("profiles/p.yaml", "sub/x")


def test_special_files_are_neither_read_nor_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found = DirectoryFiles(tmp_path)
    assert found.entry("pipe") == Entry("other")
    assert refused(lambda: files.read(found, "pipe", AT)).code == "file-not-regular"
    assert files.walk(found, "") == ()


def test_a_file_that_becomes_a_link_or_a_pipe_after_the_listing_is_not_read(tmp_path: Path) -> None:
    repositories.write(tmp_path, {"a": "x", "b": "x", "secret": "s"})
    found = DirectoryFiles(tmp_path)
    assert found.names("") == ("a", "b", "secret")
    (tmp_path / "a").unlink()
    (tmp_path / "a").symlink_to("secret")
    (tmp_path / "b").unlink()
    os.mkfifo(tmp_path / "b")
    for name in ("a", "b"):
        with pytest.raises(CompileError) as caught:
            files.read(found, name, AT)
        assert caught.value.environment
        assert caught.value.diagnostics[0].code == "file-unreadable"


def test_a_name_means_a_file_a_directory_or_a_pattern(tree: Make) -> None:
    here = tree(
        **{"m/a.yaml": "", "m/deep/b.json": "", "m/c.yml": "", "m/readme.md": "", "link": Path("m"), "x.txt": ""}
    )
    assert files.named(here, "m", endings=files.MANIFESTS) == ("m/a.yaml", "m/c.yml", "m/deep/b.json")
    assert files.named(here, "link", endings=(".yml",)) == ("link/c.yml",)
    assert files.named(here, "m") == ("m",)
    assert files.named(here, "m/*.y*ml") == ("m/a.yaml", "m/c.yml")
    assert files.named(here, "no.yaml", endings=files.MANIFESTS) == ("no.yaml",)
    assert files.manifests(here, "profiles/p.yaml", "../m/deep/", AT) == ("m/deep/b.json",)
    assert files.manifests(here, "profiles/p.yaml", "../x.txt", AT) == ("x.txt",)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("../m/*.yaml", "no file matches '../m/*.yaml'"),
        ("../m", "directory '../m' contains no manifests (*.yaml, *.yml, *.json)"),
    ],
)
def test_manifests_that_are_none_are_told(tree: Make, written: str, message: str) -> None:
    here = tree(**{"m/readme.md": ""})
    problem = refused(lambda: files.manifests(here, "profiles/p.yaml", written, AT))
    assert (problem.code, problem.message, problem.at) == ("manifest-no-match", message, AT)
