"""`lamella publish`: commit the rendered output, and nothing else, and push it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from compiler.app import publish
from compiler.app.provenance import Commit, check, check_unchanged
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
    problems = Problems()
    name = read_settings_file(DirectoryFiles(repo), problems).output
    problems.raise_if_any()
    checkout = _checkout(repository, branch, name)
    now = publish.rendered(DirectoryFiles(repo / name), name, problems)
    problems.raise_if_any()
    before, objects_before, moved = _last_published(repo / name, checkout, now, name)
    problems.diagnostics.extend(moved)
    if not allow_removal:
        output = DirectoryFiles(repo / name)
        check_removals(objects_before, committed.object_ids(output, committed.clusters(output)), name, problems)
    changed = publish.changed_clusters(before, now)
    inputs = publish.inputs(now, changed, name, problems)
    problems.raise_if_any()
    if changed:
        with _commit(repository, checkout) as source, open_session(console, jobs=1) as session:
            check(inputs, changed - inputs.keys(), source, session.evaluate, problems)
    elif before:
        with _commit(repository, checkout) as source:
            check_unchanged(publish.inputs(now, publish.clusters(now), name, Problems()), source, problems)
    problems.raise_if_any()
    message = publish.message(
        before, now, source_commit=checkout.parent or "", source_ref=f"refs/heads/{checkout.branch}", subject=subject
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
        checkout=checkout,
    )
    console.problems(problems.warnings)
    if commit:
        console.say(f"committed {commit[:12]} to {checkout.branch}: {message.subject}")
        if checkout.parent != checkout.head:
            console.say("it replaces unpushed commits of output, whose source commits a rebase has replaced")
        console.data(f"{commit}\n")
    elif no_push:
        console.say("output is as committed: nothing to commit")
    elif git.is_pushed(repository, remote, checkout.branch, name):
        console.say("output is as committed: nothing to publish")
        return 0
    pushed = commit or checkout.head
    if pushed and not no_push:
        git.check_sources(repository, pushed)
        git.push(repo, remote, checkout.branch, pushed)
        console.say(f"pushed {checkout.branch} to {git.redact(remote)}")
    return 0


def _checkout(repository: git.Repository, wanted: str, output: str) -> git.Checkout:
    """What is checked out. Raises `git-detached-head`, `git-other-branch`."""
    checkout = git.Checkout.of(repository, output)
    if wanted and wanted != checkout.branch:
        raise fail(
            Code.GIT_OTHER_BRANCH,
            f"branch '{checkout.branch}' is checked out, not '{wanted}'",
            hint=f"git switch {wanted}",
        )
    return checkout


@contextmanager
def _commit(repository: git.Repository, checkout: git.Checkout) -> Iterator[Commit]:
    """For `with`: the source commit, beside the directory; an empty one before the first."""
    directory = with_locked(DirectoryFiles(repository.directory))
    with ExitStack() as stack:
        try:
            head = stack.enter_context(git.CommitFiles(repository.directory, checkout.parent or "HEAD"))
        except CompileError as error:
            if not _is_new(error):
                raise
            yield Commit(MappingFiles({}), directory, lambda _: "", repository.ignored)
        else:
            yield Commit(with_locked(head), directory, head.object_id, repository.ignored)


def _is_new(error: CompileError) -> bool:
    """Whether there is no commit yet, or none with the directory."""
    return {d.code for d in error.diagnostics} <= {Code.GIT_NO_DIRECTORY, Code.GIT_UNBORN_BRANCH}


def _last_published(
    output: Path, checkout: git.Checkout, now: publish.Rendered, name: str
) -> tuple[dict[str, str], Objects, tuple[Diagnostic, ...]]:
    """Digests by path and objects by cluster of what is committed, and what the controllers will do to objects that
    something else delivers in `now`; nothing of all three the first time."""
    try:
        with git.CommitFiles(output, checkout.parent or "HEAD") as files:
            before = publish.last_published(files)
            changed = sorted(publish.changed_clusters(before, now))
            moved = handovers(committed.listed(files, changed), committed.listed(MappingFiles(now.files), changed))
            told = consequences.warnings(moved, lambda *_: Position(name))
            return before, committed.object_ids(files, committed.clusters(files)), told
    except CompileError as error:
        if not _is_new(error):
            raise
        return {}, {}, ()
