"""The output directory on disk: only owned files are written or removed, and all of them or none.

The new tree is built beside the old one, of hard links to every file that stays, and takes its place in one step. So a
crash leaves the old tree or the new one, and unchanged files keep their inode and time.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, fail
from compiler.files.paths import collisions, invalid_output_path, is_git_name
from compiler.host import lock, swap
from compiler.host.tree import Item, link_or_copy, read_file, scan, write_file

_HINTS = {
    errno.EROFS: "the file system is read-only; set --output to a writable directory",
    errno.EACCES: "make the output directory and its parent writable",
    errno.EBUSY: "if the output is a mount point, use a directory inside it",
    errno.EXDEV: "if the output is a mount point, use a directory inside it",
}


@dataclass(frozen=True, slots=True)
class Changes:
    """What writing the output changes or changed: paths relative to the output directory, each sorted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@contextmanager
def locked(root: Path, *, wait_s: float = lock.WAIT_S) -> Iterator[None]:
    """Holds the output `root` for one reading of its inventories and one `replace`; cleans up after a crashed run.

    Raises `output-root-refused`, `output-locked` (environment), `output-write-failed` (environment).
    """
    root = _checked(root)
    with _write_errors(root):
        if not root.parent.is_dir():
            root.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with ExitStack() as stack:
        with _write_errors(root):
            stack.enter_context(lock.held(_lock_path(root), wait_s=wait_s))
            swap.recover(root)
        yield


def _lock_path(root: Path) -> Path:
    return root.parent / f".{root.name}.lamella-lock"


def _tidy(root: Path) -> None:
    """Removes what a crashed run left behind, unless another run holds the lock."""
    if swap.leftovers(root) or os.path.lexists(_lock_path(root)):
        with suppress(CompileError), locked(root, wait_s=0):
            pass


Owned = Mapping[str, str] | Callable[[], Mapping[str, str]]
"""The last run's files, path → SHA-256 in hex; or a function that reads them, called under the lock."""


def publish(root: Path, new: Mapping[str, bytes], owned: Owned, *, force: bool = False) -> Changes:
    """Makes `new` (path → bytes) the owned files of the output directory `root`, and returns what that changed.

    Files of `owned` that are not in `new` are removed. Files in neither stay. Where nothing changes, nothing is
    touched, not even the lock. Raises as `compare`, `locked` and `replace`.
    """
    root = _checked(root)
    # Without the lock another run may replace the directory during the comparison: only "no change" is believed.
    with suppress(CompileError):
        changes = compare(root, new, _read(owned), force=force)
        if not changes:
            _tidy(root)
            return changes
    with locked(root):
        return replace(root, new, _read(owned), force=force)


def _read(owned: Owned) -> Mapping[str, str]:
    return owned() if callable(owned) else owned


def compare(root: Path, new: Mapping[str, bytes], owned: Mapping[str, str], *, force: bool = False) -> Changes:
    """What `publish` would change. Touches nothing.

    Raises all of: `output-path-invalid`, `output-collision`, `output-foreign-file` (something that Lamella does not own
    is where a file must go) and, unless `force`, `output-edited` (an owned file no longer has its recorded digest).
    """
    root = _checked(root)
    with _write_errors(root):
        return _compare(root, scan(root), new, owned, force)


def replace(root: Path, new: Mapping[str, bytes], owned: Mapping[str, str], *, force: bool = False) -> Changes:
    """`publish` for a caller that holds the lock (`locked`). Raises also `output-write-failed` (environment), with
    nothing changed, and `output-changed` where someone else wrote to the directory meanwhile."""
    root = _checked(root)
    with _write_errors(root, sum(map(len, new.values()))):
        before = scan(root)
        changes = _compare(root, before, new, owned, force)
        if changes:
            emptied = {parent for path in owned.keys() - new.keys() for parent in _parents(path)}
            _swap_in(root, before, _layout(before, changes, emptied), new)
        return changes


def _checked(root: Path) -> Path:
    """`root` as an absolute path. Raises `output-root-refused` unless it is new or an ordinary directory: not a
    repository, not in a `.git`, and not behind a link that may come from the repository around it."""
    root = root.absolute()
    reason = ""
    if root.parent == root:
        reason = "is the root of the file system"
    elif root.name == ".." or any(is_git_name(part) for part in root.parts):
        reason = "must not end in '..'" if root.name == ".." else "is inside a .git directory"
    elif _behind_link(root):
        reason = "is a link, or behind one"
    elif os.path.lexists(root) and not root.is_dir():
        reason = "is not a directory"
    elif os.path.lexists(root / ".git"):
        reason = "is a git repository"
    if reason:
        hint = "use a directory of its own, such as 'output'"
        raise fail(Code.OUTPUT_ROOT_REFUSED, f"the output directory {root.name or str(root)!r} {reason}", hint=hint)
    return root


def _behind_link(root: Path) -> bool:
    """Whether `root`, or a directory between it and the repository that it is in, is a link."""
    if root.is_symlink():
        return True
    links = False
    for parent in root.parents:
        if os.path.lexists(parent / ".git"):
            return links
        links = links or parent.is_symlink()
    return False


def _compare(
    root: Path, there: Mapping[str, Item], new: Mapping[str, bytes], owned: Mapping[str, str], force: bool
) -> Changes:
    problems = Problems()
    _check_paths(problems, root, new, owned)
    problems.raise_if_any()
    changes: dict[str, list[str]] = {"added": [], "changed": [], "removed": [], "unchanged": []}
    for path in sorted(new.keys() | owned.keys()):
        item = there.get(path)
        content = read_file(root / path) if item and item.kind == "file" else None
        if path in new and content == new[path]:
            changes["unchanged"].append(path)
        elif path in new and (blocker := _blocker(path, there, owned)):
            conflict = "already exists" if blocker == path else f"conflicts with {path!r}"
            problems.error(
                Code.OUTPUT_FOREIGN_FILE,
                f"{conflict}, and Lamella did not write it",
                Position(f"{root.name}/{blocker}"),
                hint="move it away, or rename the object that is rendered to this path",
            )
        elif item is None or item.kind == "directory":
            if path in new:
                changes["added"].append(path)
        elif not force and (content is None or hashlib.sha256(content).hexdigest() != owned[path]):
            problems.error(
                Code.OUTPUT_EDITED,
                "this file was edited since it was rendered",
                Position(f"{root.name}/{path}"),
                hint="move the change into the profile, then render with --force to replace this file",
            )
        else:
            changes["changed" if path in new else "removed"].append(path)
    problems.raise_if_any()
    return Changes(**{kind: tuple(paths) for kind, paths in changes.items()})


def _check_paths(problems: Problems, root: Path, new: Mapping[str, bytes], owned: Mapping[str, str]) -> None:
    for path in sorted(new.keys() | owned.keys()):
        if reason := invalid_output_path(path):
            problems.error(Code.OUTPUT_PATH_INVALID, f"{path!r} cannot be a file in the output: {reason}")
    for first, second in collisions(new):
        at, other = (Position(f"{root.name}/{path}") for path in (first, second))
        problems.error(
            Code.OUTPUT_COLLISION,
            f"{first!r} and {second!r} are the same path on some file systems",
            at,
            hint="rename one of the two objects",
            related=[(other, "the other one")],
        )


def _blocker(path: str, there: Mapping[str, Item], owned: Mapping[str, str]) -> str:
    """The path that Lamella does not own and that blocks a file at `path` (itself, a parent or below it), or ''."""
    for parent in _parents(path):
        if parent in there and there[parent].kind != "directory" and parent not in owned:
            return parent
    item = there.get(path)
    if item is None:
        return ""
    if item.kind != "directory":
        return "" if path in owned else path
    below = [p for p in there if p.startswith(f"{path}/")]
    ours = {parent for p in below if p in owned for parent in (p, *_parents(p))}
    return next((p for p in sorted(below) if p not in ours), "" if below else path)


def _parents(path: str) -> Iterator[str]:
    """The parent directories of `path`, innermost first."""
    while path := path.rpartition("/")[0]:
        yield path


@dataclass(frozen=True, slots=True)
class _Layout:
    """The new tree: directories with their modes, the paths that stay, and those that are written."""

    directories: Mapping[str, int]
    kept: tuple[str, ...]
    written: tuple[str, ...]


def _layout(before: Mapping[str, Item], changes: Changes, emptied: Set[str]) -> _Layout:
    """The layout after `changes`. Of the `emptied` directories only those with something in them remain."""
    written = (*changes.added, *changes.changed)
    gone = {*written, *changes.removed}
    kept = tuple(path for path, item in before.items() if item.kind != "directory" and path not in gone)
    modes = {path: item.mode for path, item in before.items() if item.kind == "directory"}
    stay = modes.keys() - emptied - gone
    needed = stay.union(parent for path in (*kept, *written, *stay) for parent in _parents(path))
    return _Layout({path: modes.get(path, 0o755) for path in needed}, kept, written)


def _swap_in(root: Path, before: Mapping[str, Item], layout: _Layout, new: Mapping[str, bytes]) -> None:
    """Builds the new tree beside `root` and replaces `root` by it."""
    identity = root.lstat() if os.path.lexists(root) else None
    staged = swap.staging_directory(root)
    try:
        _build(staged, root, layout, new)
        os.chmod(staged, stat.S_IMODE(identity.st_mode) if identity else 0o755)
        if identity is None:
            os.rename(staged, root)
            return
        staged = swap.exchange(root, staged)  # from here on, the old tree
        if not _is_still(staged, identity, before):
            staged = swap.exchange(root, staged)
            hint = "run again when nothing else writes to it"
            raise fail(Code.OUTPUT_CHANGED, f"{root.name!r} was written to while it was replaced", hint=hint)
    finally:
        swap.remove(staged)


def _is_still(directory: Path, identity: os.stat_result, items: Mapping[str, Item]) -> bool:
    """Whether `directory` is the one that was read before, and nobody has written to it since."""
    try:
        return os.path.samestat(directory.lstat(), identity) and scan(directory) == items
    except OSError:
        return False


def _build(staged: Path, root: Path, layout: _Layout, new: Mapping[str, bytes]) -> None:
    """Fills `staged`: links to what stays in `root`, and the new files."""
    for path in sorted(layout.directories):
        os.mkdir(staged / path)
    for path in layout.kept:
        link_or_copy(root / path, staged / path)
    for path in layout.written:
        write_file(staged / path, new[path])
    for path in sorted(layout.directories, reverse=True):  # last, as a directory may be read-only
        os.chmod(staged / path, layout.directories[path])


@contextmanager
def _write_errors(root: Path, needed: int = 0) -> Iterator[None]:
    """Raises `output-write-failed` (environment) for an OSError."""
    try:
        yield
    except OSError as error:
        path = str(error.filename or root).replace(str(root.parent) + os.sep, "")
        hint = _HINTS.get(error.errno or 0, "")
        if error.errno in (errno.ENOSPC, errno.EDQUOT) and needed:
            hint = f"free at least {needed} bytes for the new files"
        message = f"cannot write the output: {path}: {error.strerror or error}; nothing was changed"
        raise CompileError([Diagnostic(Code.OUTPUT_WRITE_FAILED, message, hint=hint)], environment=True) from error
