"""What a path may look like: the rules that need no files, for paths in inputs, outputs and commits."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable

from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, fail

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# Control characters (Cc), and the surrogates (Cs) that Python uses for bytes that are not UTF-8.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Code points that HFS+ ignores in names. Source: git's utf8.c, next_hfs_char.
_HFS_IGNORED = dict.fromkeys([*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF])


IMPORTS = "lamella.lock/imports"
"""The folder with the imports of other repositories, each in a folder of its name."""


def root_of(path: str) -> str:
    """The folder that paths in the file `path` cannot leave: '' for the repository, or that of the import it is in."""
    return "/".join(path.split("/")[:3]) if path.startswith(f"{IMPORTS}/") else ""


def import_name(path: str) -> str:
    """The name of the import that the file `path` is in; '' for a file of the repository."""
    return root_of(path).removeprefix(IMPORTS).strip("/")


def normalise(base_file: str, relative: str, at: Position | None = None) -> str:
    """The repository path that `relative` means in `base_file` ("" = the repository itself, also as `base_file`).

    `relative` is POSIX and relative to the directory of the file that names it, or to the repository where it begins
    with `/`; `..` is allowed only at its start. A glob pattern is normalised like a path. Links are not followed. In a
    file of an import, the import is the repository.
    Raises `path-outside-repository` or `path-invalid`.
    """
    refuse_foreign(relative, at)
    parts = [part for part in relative.split("/") if part not in ("", ".")]
    root = root_of(base_file)
    base = root if relative.startswith("/") else posixpath.dirname(base_file)
    directory = [part for part in base.split("/") if part]
    top = len([part for part in root.split("/") if part])
    climbing = True
    for part in parts:
        if part == "..":
            if not climbing:
                # Where `a` is a link, `a/../b` means one thing to a person and another to the system.
                raise fail(
                    Code.PATH_INVALID, f"{relative!r} contains '..' after a name", at, hint="write the short path"
                )
            if len(directory) == top:
                where = f"import '{import_name(base_file)}'" if root else "the repository"
                raise fail(Code.PATH_OUTSIDE_REPOSITORY, f"{relative!r} is outside {where}", at)
            directory.pop()
            continue
        climbing = False
        if is_git_name(part):
            raise fail(Code.PATH_INVALID, f"{relative!r} leads into a .git directory", at)
        directory.append(part)
    return "/".join(directory)


def refuse_foreign(relative: str, at: Position | None) -> None:
    """Refuses what is not a POSIX path in the repository: spellings of other systems, the shell and the web.

    Raises `path-invalid` or `path-outside-repository`.
    """
    if not relative:
        raise fail(Code.PATH_INVALID, "the path is empty", at)
    if _CONTROL.search(relative):
        raise fail(Code.PATH_INVALID, f"{relative!r} contains a control character or is not UTF-8", at)
    if "\\" in relative:
        raise fail(Code.PATH_INVALID, f"{relative!r} contains a backslash", at, hint="separate directories with '/'")
    if relative == "/" or relative.startswith(("//", "~")):
        raise fail(
            Code.PATH_OUTSIDE_REPOSITORY,
            f"{relative!r} is not a path in the repository",
            at,
            hint="write it relative to this file's directory, or from the root of the repository with one '/' before it",
        )
    if _SCHEME.match(relative):
        raise fail(
            Code.PATH_OUTSIDE_REPOSITORY,
            f"{relative!r} is a URL or has a drive letter",
            at,
            hint="give the path of a file",
        )


def is_git_name(name: str) -> bool:
    """Whether some file system takes `name` for `.git`: by case, by NTFS's trailing dots, streams and short names, or
    by characters that HFS+ ignores. Source: git's path.c is_ntfs_dotgit and utf8.c is_hfs_dotgit."""
    if name.isascii() and "git" not in name.lower():
        return False
    if name.translate(_HFS_IGNORED).casefold() == ".git":
        return True
    return name.partition(":")[0].rstrip(". ").casefold() in (".git", "git~1")


def invalid_output_path(path: str) -> str:
    """Why `path` cannot be a file below an output directory, '' where it can. It must be relative, in its shortest
    form, without control characters, and no component may mean `.git`."""
    try:
        return "" if normalise("", path) == path else "not in its shortest form"
    except CompileError as error:
        return error.diagnostics[0].message


def collisions(paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of `paths` that are one file on some file system, sorted: equal except for case or Unicode normal form in
    any component, or one is a directory of the other."""
    spelled: dict[str, tuple[str, bool, str]] = {}
    pairs: list[tuple[str, str]] = []
    for path in sorted(set(paths)):
        prefix, is_file = path, True
        while prefix:
            key = fold(prefix)
            known = spelled.setdefault(key, (prefix, is_file, path))
            if known[:2] != (prefix, is_file):
                pairs.append((known[2], path))
                break
            if not is_file and known[2] != path:
                break  # this directory, and so all above it, are known in this spelling
            prefix, is_file = prefix.rpartition("/")[0], False
    return tuple(sorted(pairs))


def fold(path: str) -> str:
    """The caseless form of `path`: equal for paths that a case-insensitive, normalising file system does not distinguish."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
