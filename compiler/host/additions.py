"""New files among those that people keep: all of them or none, overwriting only what the caller names."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from pathlib import Path

from compiler import files as tree
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems
from compiler.host.disk import DirectoryFiles
from compiler.host.tree import write_file


def add(root: Path, new: Mapping[str, bytes], *, replace: Collection[str] = ()) -> tuple[str, ...]:
    """Writes `new` (path relative to `root` → bytes), in its order, and returns the paths that changed, sorted.

    A file that exists with other content is overwritten only where `replace` has its path. Raises `file-exists` for all
    others, as `files.resolve_links` for a path that leads out of `root`, and `write-failed` (environment); nothing is
    changed then. Each file is written whole before the first one takes its place.
    """
    wanted = _wanted(root, new, replace)
    try:
        with tempfile.TemporaryDirectory(prefix=".lamella-", dir=_above(root)) as staging, ExitStack() as undo:
            for number, content in enumerate(wanted.values()):
                write_file(Path(staging) / f"{number}", content)
            for number, path in enumerate(wanted):
                _place(Path(staging) / f"{number}", root / path, undo)
            undo.pop_all()
    except OSError as error:
        message = f"cannot write {error.filename or root}: {error.strerror or error}; nothing was changed"
        raise CompileError([Diagnostic(Code.WRITE_FAILED, message)], environment=True) from error
    return tuple(sorted(wanted))


def _wanted(root: Path, new: Mapping[str, bytes], replace: Collection[str]) -> dict[str, bytes]:
    """The files of `new` that differ from what is on disk, by real path."""
    files, problems, wanted = DirectoryFiles(root), Problems(), {}
    for path, content in new.items():
        at = Position(path)
        real = tree.resolve_links(files, tree.normalise("", path, at), at)
        entry = files.entry(real)
        if entry is not None and entry.kind == "file" and files.read(real) == content:
            continue
        blocker = real if entry else _blocker(files, real)
        if blocker and not (path in replace and entry is not None and entry.kind == "file"):
            message = "already exists with other content" if blocker == real else f"conflicts with new file {path!r}"
            problems.error(
                Code.FILE_EXISTS, message, Position(blocker), hint="move it away, or overwrite files with --force"
            )
        wanted[real] = content
    problems.raise_if_any()
    return wanted


def _blocker(files: DirectoryFiles, path: str) -> str:
    """The parent of `path` that exists and is not a directory, or ''."""
    parent = path.rpartition("/")[0]
    while parent:
        entry = files.entry(parent)
        if entry is not None:
            return "" if entry.kind == "directory" else parent
        parent = parent.rpartition("/")[0]
    return ""


def _above(root: Path) -> Path:
    """The nearest existing directory: files can be moved from there into the root."""
    return next(parent for parent in (root, *root.parents) if parent.is_dir())


def _place(staged: Path, target: Path, undo: ExitStack) -> None:
    """Moves a staged file to its place and registers in `undo` how to restore what was there."""
    for parent in reversed([above for above in target.parents if not above.exists()]):
        parent.mkdir()
        undo.callback(_quietly, parent.rmdir)
    if target.exists():
        backup = staged.with_suffix(".old")
        shutil.copy2(target, backup)
        os.chmod(staged, target.stat().st_mode)
        undo.callback(_quietly, lambda: os.replace(backup, target))
    else:
        undo.callback(_quietly, target.unlink)
    os.replace(staged, target)


def _quietly(step: Callable[[], object]) -> None:
    """Runs one undo step. Where it fails too, the others still run, and the first failure is reported."""
    try:
        step()
    except OSError:
        return
