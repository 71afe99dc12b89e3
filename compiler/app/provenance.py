"""Whether a commit gives the output to publish: the files that it was rendered from must be the commit's.

First each input that an inventory names is compared with the commit. Then the commit is planned: a render of it must
read exactly the same files, or the directory had a file that is not committed, or lacked one that is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from compiler.app.pipeline import Request, select
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems
from compiler.files.record import Recorder, committed_digest
from compiler.load.repository import load
from compiler.model.lock import LOCK_PATH
from compiler.model.rendering import Evaluator
from compiler.output.inputs import inputs_of
from compiler.ports import Entry, Files
from compiler.resolve.plan import plan

LISTED = 20  # files that are named; the others are counted
_LFS = b"version https://git-lfs.github.com/spec/"

Inputs = Mapping[str, str]
"""{path: digest or target}, as `output.inputs` has it."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit and the directory beside it. `object_id` gives git's id of a file of the commit, `ignored`, of files of
    the directory, those that git ignores."""

    files: Files
    directory: Files
    object_id: Callable[[str], str]
    ignored: Callable[[Collection[str]], Collection[str]]


@dataclass(frozen=True, slots=True)
class _CheckedOut:
    """The files of a commit; of some paths the content is the directory's, which is what a checkout of it gives."""

    commit: Commit
    paths: Collection[str]

    def entry(self, path: str) -> Entry | None:
        return self.commit.files.entry(path)

    def names(self, path: str) -> tuple[str, ...]:
        return self.commit.files.names(path)

    def read(self, path: str) -> bytes:
        return (self.commit.directory if path in self.paths else self.commit.files).read(path)


@dataclass(slots=True)
class _Refusals:
    """The first files are named, the others are counted."""

    problems: Problems
    by_path: dict[str, list[Diagnostic]] = field(default_factory=dict)

    def add(self, path: str, message: str, hint: str, at: Position | None = None, *, cluster: str = "") -> None:
        """Of a path only the first message counts, for all clusters that have it."""
        refusal = Diagnostic(Code.PUBLISH_UNCOMMITTED, message, at or Position(path), hint)
        kept = self.by_path.setdefault(path, [])
        if not kept or (cluster and kept[0].message == message):
            kept.append(refusal.within(cluster) if cluster else refusal)

    def close(self) -> None:
        paths = list(self.by_path)
        self.problems.diagnostics.extend(refusal for path in paths[:LISTED] for refusal in self.by_path[path])
        more = len(paths) - LISTED
        if more > 0:
            text = "this file too" if more == 1 else f"this file too, and {more - 1} more"
            self.problems.error(Code.PUBLISH_UNCOMMITTED, text, Position(paths[LISTED]))


def check(
    rendered: Mapping[str, Inputs], removed: Collection[str], commit: Commit, evaluate: Evaluator, problems: Problems
) -> None:
    """Records `publish-uncommitted` for each file that keeps the commit from giving the output.

    `rendered` has the inputs of the clusters that are published; `removed` are those whose output is deleted: the commit
    must not have them.
    """
    refusals = _Refusals(problems)
    inputs = sorted({pair for inputs_of_cluster in rendered.values() for pair in inputs_of_cluster.items()})
    same = _check_inputs(inputs, commit, refusals)
    if not refusals.by_path:
        _check_plan(rendered, removed, _CheckedOut(commit, same), evaluate, refusals)
    refusals.close()


def check_unchanged(rendered: Mapping[str, Inputs], commit: Commit, problems: Problems) -> None:
    """Records `publish-uncommitted` where the commit has changed since output was rendered that is as committed: there is
    nothing to commit, but what somebody changed is not in it. `rendered` has the inputs of all clusters. Nothing is planned:
    what files and clusters there are is enough to see it."""
    refusals = _Refusals(problems)
    _check_inputs(sorted({pair for inputs in rendered.values() for pair in inputs.items()}), commit, refusals)
    try:
        clusters = load(Recorder(commit.files))[0].clusters
    except CompileError as error:
        problems.add(error)
        return
    for name in sorted(clusters.keys() ^ rendered.keys()):
        at = clusters[name].at if name in clusters else Position("profiles")
        where = "in the commit and not in output" if name in clusters else "in output and not in the commit"
        refusals.add(at.path, f"cluster '{name}' is {where}", "render again, and publish", at)
    refusals.close()


def _check_inputs(inputs: Iterable[tuple[str, str]], commit: Commit, refusals: _Refusals) -> Collection[str]:
    """Records inputs that the commit does not have as they were read; the paths of those that a checkout makes so: their
    `$Id$` is expanded, or they are in git's large file storage."""
    differ = []
    for path, seen in inputs:
        if _seen(commit.files, path) == seen:
            continue
        if path.startswith(f"{LOCK_PATH}/"):
            message = "output was rendered from charts or packs that the commit's lamella.lock does not pin"
            refusals.add(LOCK_PATH, message, "commit lamella.lock (or render again), and publish")
        else:
            differ.append((path, seen))
    as_read = {path for path, seen in differ if _seen(commit.directory, path) == seen}
    same = {
        path
        for path, seen in differ
        if path in as_read and (_is_pointer(commit.files, path, seen) or _has_its_id(commit, path))
    }
    ignored = commit.ignored(as_read)
    for path, _ in differ:
        if path in same:
            continue
        if path not in as_read:
            refusals.add(path, "this file is not as it was when output was rendered", "render again, and publish")
        elif path in ignored:
            refusals.add(
                path, "output was rendered from this file, which git ignores", "git add --force it, commit, and publish"
            )
        elif commit.files.entry(path) is None:
            refusals.add(
                path, "output was rendered from this file, which is not committed", "git add it, commit, and publish"
            )
        else:
            refusals.add(
                path, "output was rendered from changes in this file that are not committed", "commit them, and publish"
            )
    return same


def _seen(files: Files, path: str) -> str:
    """What is at the path, in the form of an inventory's inputs; '' where nothing is."""
    entry = files.entry(path)
    if entry is None or entry.kind not in ("file", "link"):
        return ""
    return f"-> {entry.target}" if entry.kind == "link" else committed_digest(files.read(path))


def _is_pointer(files: Files, path: str, seen: str) -> bool:
    """Whether the file is a pointer to content of that digest. Source: the pointers of git-lfs, docs/spec.md."""
    entry = files.entry(path)
    content = files.read(path) if entry is not None and entry.kind == "file" else b""
    return content.startswith(_LFS) and f"oid sha256:{seen}\n".encode() in content


def _has_its_id(commit: Commit, path: str) -> bool:
    """Whether the file is the commit's but for `$Id$`, with the file's own id in it. Git itself takes any text there for
    equal, as it does for whatever an encoding in .git/info/attributes makes of a file: none of that is in the commit.
    Source: gitattributes(5), ident."""
    name = commit.object_id(path)
    here, there = commit.directory.entry(path), commit.files.entry(path)
    if not name or here is None or there is None or (here.kind, there.kind) != ("file", "file"):
        return False
    collapsed = commit.directory.read(path).replace(b"$Id: %b $" % name.encode(), b"$Id$")
    return committed_digest(collapsed) == committed_digest(commit.files.read(path))


def _check_plan(
    rendered: Mapping[str, Inputs], removed: Collection[str], files: Files, evaluate: Evaluator, refusals: _Refusals
) -> None:
    recorder = Recorder(files)
    try:
        source, _ = load(recorder)
        for name in sorted(removed & source.clusters.keys()):
            at = source.clusters[name].at
            message = f"cluster '{name}' is in the commit, and output was rendered without it"
            refusals.add(at.path, message, "commit its removal, or render again", at)
        wanted = select(source, Request(tuple(rendered), lenient=True)) if rendered else ()
        planned, planning = plan(source, recorder, wanted, evaluate)
        planning.raise_if_any()
    except CompileError as error:
        refusals.problems.add(error)
        refusals.add("", "the commit cannot be rendered, so it does not give this output", "commit what is missing")
        return
    now = {cluster.name: inputs_of(cluster.reads) for cluster in planned.clusters}
    for name, inputs in rendered.items():
        for path in sorted(now.get(name, {}).keys() - inputs.keys()):
            message = "this file is in the commit, and output was rendered without it"
            refusals.add(path, message, "render again, and publish", cluster=name)
        for path in sorted(inputs.keys() - now.get(name, {}).keys()):
            message = "output was rendered from this file, and a render of the commit does not read it"
            refusals.add(path, message, "render again, and publish", cluster=name)
