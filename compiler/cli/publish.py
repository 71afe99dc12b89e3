"""`lamella publish`: commit the rendered output, and nothing else, and push it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

import click

from compiler.app import publish
from compiler.app.provenance import Commit, check
from compiler.cli.console import Console
from compiler.cli.helm import open_session
from compiler.cli.repository import repo_option, with_locked
from compiler.codes import Code
from compiler.delivery import consequences
from compiler.delivery.handover import handovers
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems, fail
from compiler.files.mapping import MappingFiles
from compiler.host import git
from compiler.host.disk import DirectoryFiles
from compiler.load.settings import read_settings_file
from compiler.output import committed
from compiler.output.removals import Objects, check_removals


@click.command("publish")
@repo_option()
@click.option("--remote", default="origin", metavar="REMOTE", help="Where to push to (default: origin).")
@click.option("--branch", default="", metavar="BRANCH", help="Refuse unless this branch is checked out.")
@click.option("--no-push", is_flag=True, help="Commit only.")
@click.option("--allow-removal", is_flag=True, help="Remove clusters, or more than a quarter of the objects.")
@click.option("--message", "subject", default="", metavar="TEXT", help="First line of the commit message.")
@click.pass_obj
def publish_command(
    console: Console, *, repo: Path, remote: str, branch: str, no_push: bool, allow_removal: bool, subject: str
) -> int:
    """Commit the rendered output to the branch that is checked out, and push it.

    One commit, of output/ only, whatever else is staged or changed; none where output
    is as committed. Files that were edited by hand since they were rendered are
    refused, and output of files that are not as in the commit that is checked out. The
    commit's id is printed.

    \b
    Examples:
      lamella publish                 after `lamella render`
      lamella publish --no-push       commit only
      lamella publish --branch main   in CI: of main, and no other branch
    """
    repository = git.Repository.at(repo)
    current = _branch(repository, branch)
    problems = Problems()
    name = read_settings_file(DirectoryFiles(repo), problems).output
    problems.raise_if_any()
    now = publish.rendered(DirectoryFiles(repo / name), name, problems)
    problems.raise_if_any()
    before, objects_before, moved = _last_published(repo / name, now, name)
    problems.diagnostics.extend(moved)
    if not allow_removal:
        output = DirectoryFiles(repo / name)
        check_removals(objects_before, committed.object_ids(output, committed.clusters(output)), name, problems)
    changed = publish.changed_clusters(before, now)
    inputs = publish.inputs(now, changed, name, problems)
    problems.raise_if_any()
    if changed:
        _check_sources(repository, inputs, changed - inputs.keys(), problems, console)
    problems.raise_if_any()
    message = publish.message(
        before, now, source_commit=repository.head_commit() or "", source_ref=f"refs/heads/{current}", subject=subject
    )
    commit = git.commit_tree(
        repo,
        prefix=name,
        files=now.files,
        removed=sorted(before.keys() - now.files.keys()),
        subject=message.subject,
        body=message.body,
        trailers=message.trailers,
        problems=problems,
    )
    console.problems(problems.warnings)
    if commit:
        console.say(f"committed {commit[:12]} to {current}: {message.subject}")
        console.data(f"{commit}\n")
    elif not _is_unpushed(repository, remote, current, name):
        console.say("output is as committed: nothing to publish")
        return 0
    if not no_push:
        git.push(repo, remote, current)
        console.say(f"pushed {current} to {remote}")
    return 0


def _branch(repository: git.Repository, wanted: str) -> str:
    """The branch that is checked out. Raises `git-detached-head`, `git-other-branch`."""
    current = repository.branch()
    if not current:
        raise fail(Code.GIT_DETACHED_HEAD, "no branch is checked out", hint="run `git switch BRANCH`")
    if wanted and wanted != current:
        raise fail(
            Code.GIT_OTHER_BRANCH, f"branch '{current}' is checked out, not '{wanted}'", hint=f"git switch {wanted}"
        )
    return current


def _check_sources(
    repository: git.Repository,
    inputs: Mapping[str, Mapping[str, str]],
    removed: set[str],
    problems: Problems,
    console: Console,
) -> None:
    """Refuses output that its source commit does not give."""
    directory = with_locked(DirectoryFiles(repository.directory))
    with ExitStack() as stack:
        try:
            head = stack.enter_context(git.CommitFiles(repository.directory))
        except CompileError as error:
            if not _is_new(error):
                raise
            commit = Commit(MappingFiles({}), directory, lambda _: (), repository.ignored)
        else:
            commit = Commit(
                with_locked(head), directory, lambda paths: _same(repository, head, paths), repository.ignored
            )
        check(inputs, removed, commit, stack.enter_context(open_session(console, jobs=1)).evaluate, problems)


def _same(repository: git.Repository, head: git.CommitFiles, paths: Iterable[str]) -> set[str]:
    return {path for path, name in repository.names_of_files(paths).items() if name == head.object_id(path)}


def _is_new(error: CompileError) -> bool:
    """Whether there is no commit yet, or none with the directory."""
    return {d.code for d in error.diagnostics} <= {Code.GIT_NO_DIRECTORY, Code.GIT_UNBORN_BRANCH}


def _last_published(
    output: Path, now: publish.Rendered, name: str
) -> tuple[dict[str, str], Objects, tuple[Diagnostic, ...]]:
    """Digests by path and objects by cluster of what is committed, and what the controllers will do to objects that
    something else delivers in `now`; nothing of all three the first time."""
    try:
        with git.CommitFiles(output) as files:
            before = publish.last_published(files)
            changed = sorted(publish.changed_clusters(before, now))
            moved = handovers(committed.listed(files, changed), committed.listed(MappingFiles(now.files), changed))
            told = consequences.warnings(moved, lambda *_: Position(name))
            return before, committed.object_ids(files, committed.clusters(files)), told
    except CompileError as error:
        if not _is_new(error):
            raise
        return {}, {}, ()


def _is_unpushed(repository: git.Repository, remote: str, branch: str, output: str) -> bool:
    """Whether an earlier commit of output has not reached the remote, as far as is known without asking it."""
    known = repository.run(["rev-parse", "--verify", "--quiet", f"refs/remotes/{remote}/{branch}"])
    if known.status:
        return False
    newer = ["rev-list", "--max-count=1", f"{known.out.decode().strip()}..refs/heads/{branch}", "--", output]
    return bool(repository.git(newer).strip())
