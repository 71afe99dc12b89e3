"""New files among those that people keep: all of them or none, and never over what is there without being told."""

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

    A file that is there with other content is written only where `replace` has its path. Raises `file-exists` with all
    others, as `files.resolve_links` for a path that leads out of `root`, and `write-failed` (environment); then
    everything is as it was. Each file is written whole before the first takes its place.
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
    """What differs from what is there, by real path."""
    files, problems, found = DirectoryFiles(root), Problems(), {}
    for path, content in new.items():
        at = Position(path)
        real = tree.resolve_links(files, tree.normalise("", path, at), at)
        entry = files.entry(real)
        if entry is not None and entry.kind == "file" and files.read(real) == content:
            continue
        blocker = real if entry else _blocker(files, real)
        if blocker and not (path in replace and entry is not None and entry.kind == "file"):
            message = (
                "this is there already, with other content" if blocker == real else f"this is in the way of {path}"
            )
            problems.error(
                Code.FILE_EXISTS, message, Position(blocker), hint="move it away, or overwrite files with --force"
            )
        found[real] = content
    problems.raise_if_any()
    return found


def _blocker(files: DirectoryFiles, path: str) -> str:
    """The directory above `path` that is something else."""
    parent = path.rpartition("/")[0]
    while parent:
        entry = files.entry(parent)
        if entry is not None:
            return "" if entry.kind == "directory" else parent
        parent = parent.rpartition("/")[0]
    return ""


def _above(root: Path) -> Path:
    """The nearest directory that exists: temporary files there can be moved into the root."""
    return next(parent for parent in (root, *root.parents) if parent.is_dir())


def _place(staged: Path, target: Path, undo: ExitStack) -> None:
    """Moves a staged file to its place; `undo` learns how it was."""
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
    """One step back; where it fails too, the others still run, and the first failure is what is told."""
    try:
        step()
    except OSError:
        return
