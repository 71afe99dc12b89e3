"""The files that a path in an input means: a file, a directory or a glob pattern."""

from __future__ import annotations

from compiler.codes import Code
from compiler.diagnostics import Position, fail
from compiler.files.paths import normalise
from compiler.files.read import from_elsewhere, glob, is_directory, is_pattern, walk
from compiler.ports import Files

MANIFESTS = (".yaml", ".yml", ".json")
"""Extensions of files with Kubernetes objects. Source: kubectl's FileExtensions (cli-runtime, pkg/resource)."""


def named(files: Files, path: str, at: Position | None = None, *, endings: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The files that `path` (normalised) means, sorted: the matches of a pattern, the files below a directory that end
    in one of `endings`, or the path itself, whether or not it exists. Without `endings` no directory is listed.

    Raises as `glob` and `walk`.
    """
    if is_pattern(path):
        return glob(files, path, at)
    if endings and is_directory(files, path):
        return tuple(name for name in walk(files, path, at) if name.endswith(endings))
    return (path,)


def manifests(files: Files, base_file: str, written: str, at: Position) -> tuple[str, ...]:
    """The manifest files that `written` means in `base_file`, at least one: a file, a directory or a pattern.

    Raises `manifest-no-match` at `at`, and as `normalise` and `named`.
    """
    path = normalise(base_file, written.rstrip("/") or written, at)
    matched = named(files, path, at, endings=MANIFESTS)
    if matched:
        return matched
    if is_pattern(path):
        hint = from_elsewhere(files, path, at) or f"searched for {path}"
        raise fail(Code.MANIFEST_NO_MATCH, f"no file matches '{written}'", at, hint=hint)
    listed = ", ".join(f"*{ending}" for ending in MANIFESTS)
    raise fail(Code.MANIFEST_NO_MATCH, f"directory '{written}' contains no manifests ({listed})", at)
