"""One commit of the output directory: no hooks, no filters, and nothing else that is staged or changed is included."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.files.paths import invalid_output_path
from compiler.host.git import command
from compiler.host.git.message import environment, message
from compiler.host.git.publications import Checkout
from compiler.host.git.repository import Repository, check_ref, reason

# Mode 0 makes `git update-index --index-info` drop a path.
_FILE_MODE, _DROPPED = "100644", "0"
_INDEX_WAIT_S = 3.0


@dataclass(frozen=True, slots=True)
class _Edit:
    """The change of one path in the commit; `content` is empty where the path is dropped."""

    mode: str
    object_id: str
    content: bytes = b""


def commit_tree(
    directory: Path,
    *,
    prefix: str,
    files: Mapping[str, bytes],
    removed: Iterable[str],
    subject: str,
    body: Sequence[str],
    trailers: Sequence[tuple[str, str]],
    problems: Problems,
    checkout: Checkout | None = None,
) -> str | None:
    """Commits the output directory `prefix` of the work tree at `directory` to its current branch, as it was when
    `checkout` was made. Returns the commit's id, or None, with nothing written, where the branch has all of it already.

    Only `files` (path below `prefix` → bytes) and the tracked ones of the paths in `removed` change. The user's index
    gets the same changes, and everything else in it stays as staged; where it is locked, `problems` gets a warning.

    Raises `git-detached-head`, `git-identity`, `output-path-invalid`, and for the environment `git-ref-moved` (someone
    else committed meanwhile; nothing was changed), `git-failed`, and as `Repository.at`.
    """
    repository = Repository.at(directory)
    checkout = checkout or Checkout.of(repository)
    parent = checkout.parent
    check_ref(f"refs/heads/{checkout.branch}")
    removed = list(removed)
    _check_paths(prefix, [*files, *removed])
    top = f"{repository.prefix}{prefix}"
    tracked = _tracked(repository, parent, top)
    edits = _edits(files, removed, tracked, repository.object_format)
    if not edits:
        return None
    who = environment(repository)
    _write_blobs(repository, edits)
    commit = _write_commit(repository, parent, _index_lines(top, edits), message(subject, body, trailers), who)
    _move_branch(repository, checkout.branch, checkout.head, commit)
    if repository.work_tree is not None:
        if checkout.head != parent:
            edits = _between(_tracked(repository, checkout.head, top), _tracked(repository, commit, top))
        _update_index(repository, _index_lines(top, edits), problems)
    return commit


def _check_paths(prefix: str, paths: Iterable[str]) -> None:
    problems = Problems()
    for path in (prefix, *sorted(paths)):
        if wrong := invalid_output_path(path):
            problems.error(Code.OUTPUT_PATH_INVALID, f"{path!r} cannot be committed: {wrong}")
    problems.raise_if_any()


def _tracked(repository: Repository, parent: str | None, top: str) -> dict[str, tuple[str, str]]:
    """{path below `top`: (mode, object id)} in the commit `parent`."""
    if parent is None:
        return {}
    listed = repository.git(["ls-tree", "-r", "-z", "--full-tree", parent, "--", f"{top}/"])
    tracked = {}
    for line in listed.split(b"\0")[:-1]:
        description, _, name = line.partition(b"\t")
        mode, _, object_id = description.decode().split(" ")
        tracked[os.fsdecode(name).removeprefix(f"{top}/")] = (mode, object_id)
    return tracked


def _edits(
    files: Mapping[str, bytes], removed: Iterable[str], tracked: Mapping[str, tuple[str, str]], object_format: str
) -> dict[str, _Edit]:
    edits = {path: _Edit(_DROPPED, tracked[path][1]) for path in removed if path in tracked and path not in files}
    for path, content in files.items():
        edit = _Edit(_FILE_MODE, blob_id(content, object_format), content)
        if tracked.get(path) != (edit.mode, edit.object_id):
            edits[path] = edit
    return edits


def _between(before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]) -> dict[str, _Edit]:
    """The edits that make the one listing the other."""
    gone = {path: _Edit(_DROPPED, before[path][1]) for path in before.keys() - after.keys()}
    return gone | {path: _Edit(*now) for path, now in after.items() if before.get(path) != now}


def blob_id(content: bytes, object_format: str) -> str:
    """Git's object id of a file with this content, without filters. `object_format` is `sha1` or `sha256`."""
    return hashlib.new(object_format, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _index_lines(top: str, edits: Mapping[str, _Edit]) -> bytes:
    """Input of `git update-index -z --index-info`; dropped paths come first, as they may conflict with new ones."""
    ordered = sorted(edits.items(), key=lambda item: (item[1].mode != _DROPPED, item[0]))
    return b"".join(os.fsencode(f"{edit.mode} {edit.object_id}\t{top}/{path}\0") for path, edit in ordered)


def _write_blobs(repository: Repository, edits: Mapping[str, _Edit]) -> None:
    """Writes the new contents with fast-import: one pack, where `hash-object` would make 20,000 files."""
    blobs = {edit.object_id: edit.content for edit in edits.values() if edit.mode != _DROPPED}
    feed = b"".join(b"blob\ndata %d\n%b\n" % (len(content), content) for content in blobs.values())
    if blobs:
        repository.git(["fast-import", "--quiet", "--done"], stdin=feed + b"done\n")


def _write_commit(repository: Repository, parent: str | None, lines: bytes, text: bytes, who: Mapping[str, str]) -> str:
    """The id of a new commit on `parent`, made in a temporary index."""
    with tempfile.TemporaryDirectory(prefix="lamella-") as scratch:
        index = {"GIT_INDEX_FILE": os.path.join(scratch, "index")}
        whole = ("-c", "core.splitIndex=false", "-c", "index.sparse=false")
        repository.git([*whole, "read-tree", parent or "--empty"], environment=index)
        repository.git([*whole, "update-index", "-z", "--index-info"], stdin=lines, environment=index)
        tree = repository.git([*whole, "write-tree", "--missing-ok"], environment=index).decode().strip()
    parents = ["-p", parent] if parent else []
    made = repository.git(["commit-tree", "--no-gpg-sign", *parents, "-F", "-", tree], stdin=text, environment=who)
    return made.decode().strip()


def _move_branch(repository: Repository, branch: str, head: str | None, commit: str) -> None:
    """Compare and swap: moves the branch only if it is still at `head`."""
    expected = head or "0" * len(commit)
    ref = f"refs/heads/{branch}"
    done = repository.run(["update-ref", "-m", "commit: lamella publish", ref, commit, expected])
    if not done.status:
        return
    if "but expected" in done.err or "already exists" in done.err:
        hint = "render and publish again"
        raise command.failure(Code.GIT_REF_MOVED, f"branch {branch!r} has moved since it was read", hint=hint)
    raise command.failure(Code.GIT_FAILED, f"cannot move branch {branch!r}: {reason(done)}")


def _update_index(repository: Repository, lines: bytes, problems: Problems) -> None:
    """Updates these paths of the user's index, and no others, to the commit."""
    update = [*repository.without_filters(), "update-index"]
    deadline = time.monotonic() + _INDEX_WAIT_S
    while (done := repository.run([*update, "-z", "--index-info"], stdin=lines)).status:
        if "index.lock" not in done.err or time.monotonic() > deadline:
            hint = "the commit is made; run `git reset -- output` when no other git is running"
            problems.warning(Code.GIT_INDEX_NOT_UPDATED, f"cannot update git's index: {reason(done)}", hint=hint)
            return
        time.sleep(0.1)
    # Makes git compare the files once now, and not at each `git status`. The result does not matter.
    repository.run([*update, "-q", "--refresh"])
