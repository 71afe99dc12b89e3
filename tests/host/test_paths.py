"""What a path may look like in input and in output, as tables and as laws."""

from __future__ import annotations

import posixpath
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from compiler.diagnostics import CompileError, Position
from compiler.files.paths import collisions, fold, invalid_output_path, is_git_name, normalise

AT = Position("a/b/c.yaml", 1, 2)


def code(base: str, path: str) -> str:
    with pytest.raises(CompileError) as caught:
        normalise(base, path, AT)
    (problem,) = caught.value.diagnostics
    assert problem.at == AT
    problem.message.encode()  # can be printed, whatever was in the path
    return problem.code


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        ("a/b/c.yaml", "d.yaml", "a/b/d.yaml"),
        ("a/b/c.yaml", "./d.yaml", "a/b/d.yaml"),
        ("a/b/c.yaml", "../d/e.yaml", "a/d/e.yaml"),
        ("a/b/c.yaml", "../../e.yaml", "e.yaml"),
        ("a/b/c.yaml", "../..", ""),
        ("a/b/c.yaml", "rbac/", "a/b/rbac"),
        ("a/b/c.yaml", ".", "a/b"),
        ("a/b/c.yaml", "x//y/./z", "a/b/x/y/z"),
        ("c.yaml", "d", "d"),
        ("", "packs/nginx", "packs/nginx"),
        ("a/c.yaml", "v/**/[a-z]*.yaml", "a/v/**/[a-z]*.yaml"),
        ("a/c.yaml", "..data/...x", "a/..data/...x"),
        ("a/c.yaml", "x y; $(rm) ~/ü.yaml", "a/x y; $(rm) ~/ü.yaml"),
        ("a/c.yaml", ".github/.gitignore", "a/.github/.gitignore"),
        ("a/c.yaml", "/charts/x.tgz", "charts/x.tgz"),
        ("a/c.yaml", "/a/./b/", "a/b"),
        ("", "/v/*.yaml", "v/*.yaml"),
    ],
)
def test_paths_are_relative_to_the_file_that_names_them(base: str, path: str, expected: str) -> None:
    assert normalise(base, path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *[(p, "path-outside-repository") for p in ("/../etc", "file:///etc/passwd", "//etc/passwd", "https:/etc/x")],
        *[(p, "path-outside-repository") for p in ("../../..", "../../../other", "/", "~", "~root/x", "C:x", "c:/x")],
        *[(p, "path-outside-repository") for p in ("../../../a/b/c.yaml", "git::https://x/y", "oci://x")],
        *[(p, "path-invalid") for p in ("", "a/../../b", "a/..", "a\\b", "..\\x", "\\\\host\\share", "x\0y", "x\ny")],
        *[(p, "path-invalid") for p in ("../../base - ../../shared/prod", "x\x7f", "x\u0085", "x\udcff")],
        *[(p, "path-invalid") for p in (".git/config", "x/.GIT/hooks/y", ".git /x", "git~1/x", ".g\u200cit/x")],
        *[(p, "path-invalid") for p in (".git./x", ".git::$INDEX_ALLOCATION/x", "GIT~1", "x/.Git", ".git . ./x")],
    ],
)
def test_what_is_no_path_inside_the_repository_is_refused(path: str, expected: str) -> None:
    assert code("a/b/c.yaml", path) == expected


@pytest.mark.parametrize("name", [".gitignore", "git", "agit~1", ".git2", "git~2", ".gitt", "x.git", "legit.yaml"])
def test_names_that_only_resemble_gits_are_allowed(name: str) -> None:
    assert not is_git_name(name)
    assert invalid_output_path(f"a/{name}") == ""


component = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
anything = st.one_of(
    st.text(max_size=30), st.lists(st.sampled_from(["..", ".", "", "a", "b.yaml", ".git"]), max_size=8).map("/".join)
)


def accepted(base: str, path: str) -> bool:
    try:
        normalise(base, path)
    except CompileError:
        return False
    return True


@given(base=st.lists(st.sampled_from("abc"), max_size=4).map("/".join), path=anything)
def test_whatever_is_accepted_means_what_posix_says_and_is_inside(base: str, path: str) -> None:
    assume(accepted(base, path))
    result = normalise(base, path)
    assert f"/{result}" == posixpath.normpath(posixpath.join("/", posixpath.dirname(base), path))
    assert not {"..", ".git"} & set(result.lower().split("/"))
    assert normalise("", result or ".") == result


@given(path=st.lists(st.sampled_from(["..", ".", "a", "b"]), min_size=1, max_size=8).map("/".join))
def test_a_path_is_refused_just_where_it_leaves_or_turns_back(path: str) -> None:
    inside = not posixpath.normpath(f"x/{path}").startswith("..")
    turns = "../" in path.lstrip("./") or path.lstrip("./").endswith("..")
    assert accepted("x/p.yaml", path) == (inside and not turns)


@pytest.mark.parametrize(
    "path", ["", ".", "/x", "a//b", "a/", "./a", "../a", "a/../b", "a/./b", "a\n", ".git", "a/.GIT/b"]
)
def test_output_paths_are_in_their_shortest_spelling_or_refused(path: str) -> None:
    assert invalid_output_path(path)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], ()),
        (["a", "b/a", "b/b", "c/a"], ()),
        (["Foo.yaml", "foo.yaml"], (("Foo.yaml", "foo.yaml"),)),
        (["\u00e9", "e\u0301"], (("e\u0301", "\u00e9"),)),
        (["straße", "STRASSE"], (("STRASSE", "straße"),)),
        (["a.yaml", "a.yaml/b"], (("a.yaml", "a.yaml/b"),)),
        (["A.yaml", "a.yaml/b/c"], (("A.yaml", "a.yaml/b/c"),)),
        (["Dir/a", "dir/b"], (("Dir/a", "dir/b"),)),
        (["x/Dir/a", "x/Dir/b", "x/dir/c", "x/other"], (("x/Dir/a", "x/dir/c"),)),
        (["a", "a"], ()),
        (["a", "A", "B", "b"], (("A", "a"), ("B", "b"))),
    ],
)
def test_p20_paths_that_are_one_file_somewhere_collide(paths: list[str], expected: tuple[tuple[str, str], ...]) -> None:
    assert collisions(paths) == expected


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "A", "b", "\u00e9", "E\u0301", "e\u0301"]), min_size=1, max_size=3).map("/".join)
    )
)
def test_paths_do_not_collide_where_every_file_and_directory_has_one_spelling(paths: list[str]) -> None:
    spelled: dict[str, set[tuple[str, bool]]] = {}
    for path in paths:
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            prefix = "/".join(parts[:depth])
            key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", prefix).casefold())
            spelled.setdefault(key, set()).add((prefix, depth == len(parts)))
    assert bool(collisions(paths)) == any(len(ways) > 1 for ways in spelled.values())


@given(component)
def test_folding_is_stable(name: str) -> None:
    assert fold(fold(name)) == fold(name)
