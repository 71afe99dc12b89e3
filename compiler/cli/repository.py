"""--repo and --ref: which directory is the repository, and which of its commits is read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from compiler import files as tree
from compiler.app.archives import LockedFiles
from compiler.app.gitpacks import AllRegistries
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Problems
from compiler.host import additions
from compiler.host.disk import DirectoryFiles
from compiler.host.store import Store, default_directory
from compiler.host.threads import each
from compiler.load.registries import GIT_URLS
from compiler.load.repository import PROFILES
from compiler.load.settings import PATH as SETTINGS
from compiler.load.settings import read_settings_file
from compiler.ports import Files, Remote

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Input:
    """The place of the input: a directory's files as they are, or those of a commit.

    Of a repository elsewhere (`remote`) `path` is a scratch directory, which has the output of the commit and nothing else.
    """

    path: Path
    ref: str
    offline: bool = False
    remote: Callable[[str], Files] | None = None  # the files of a ref

    @classmethod
    def of(cls, repository: Path | str, ref: str, *, offline: bool = False) -> Input:
        """A directory, or a URL, of which the ref (the default branch) is fetched when its files are asked for."""
        if isinstance(repository, Path):
            return cls(repository.absolute(), ref, offline)
        if offline:
            raise click.UsageError("--offline fetches nothing: give a directory with --repo")
        from compiler.host.git import RemoteRepositories

        repositories = RemoteRepositories()
        context = click.get_current_context()
        context.call_on_close(repositories.close)
        scratch = context.with_resource(tempfile.TemporaryDirectory(prefix="lamella-output-"))
        return cls(Path(scratch), ref or "HEAD", remote=lambda ref: repositories.tree(Remote(repository, ref)))

    @contextmanager
    def files(self, ref: str = "") -> Iterator[LockedFiles]:
        """The files, with what the lock pins; of commit `ref` or the repository's own `ref`, else of the directory."""
        chosen = ref or self.ref
        if self.remote is not None:
            elsewhere = self.remote(chosen)
            if not ref:
                self._keep_output(elsewhere)
            yield with_locked(elsewhere)
            return
        if not chosen:
            if not self.path.is_dir():
                missing = Diagnostic(Code.REPOSITORY_MISSING, f"no directory {self.path}", hint="check --repo")
                raise CompileError([missing])
            yield with_locked(DirectoryFiles(self.path), offline=self.offline)
            return
        from compiler.host.git import CommitFiles

        with CommitFiles(self.path, chosen) as files:
            yield with_locked(files, offline=self.offline)

    def _keep_output(self, files: Files) -> None:
        """Writes the output of the commit into the scratch directory: what is committed is compared with, and random
        values that are committed stay."""
        folder = read_settings_file(files, Problems()).output
        if tree.is_directory(files, folder):
            additions.add(self.path, {path: tree.read(files, path) for path in tree.walk(files, folder)})


def with_locked(files: Files, *, offline: bool = False) -> LockedFiles:
    """The files of a repository with what its lock pins, from its `vendor/`, this machine's cache or the registries."""
    return LockedFiles(files, Store(default_directory()), None if offline else registries(), each=each)


def registries() -> AllRegistries:
    """Those of the network, and git repositories, which are read until the command ends."""
    from compiler.host.git import RemoteRepositories
    from compiler.host.registry import NetworkRegistries  # nothing that completes a word needs the network

    repositories = RemoteRepositories()
    click.get_current_context().call_on_close(repositories.close)
    return AllRegistries(NetworkRegistries(), repositories)


def root_of(directory: Path) -> Path:
    """The repository that the directory is in: itself, or the nearest one above it with a lamella.yaml or, inside one
    git work tree, with profiles/. The directory itself where none is: to be reported by who reads it."""
    absolute = Path(os.path.abspath(directory))
    in_work_tree = next((above for above in (absolute, *absolute.parents) if (above / ".git").exists()), None)
    for above in (absolute, *absolute.parents):
        tracked = in_work_tree is not None and above.is_relative_to(in_work_tree)
        if (above / SETTINGS).is_file() or ((above / PROFILES).is_dir() and (tracked or above == absolute)):
            return directory if above == absolute else above
        if above == in_work_tree:
            break  # what is outside of the work tree is another repository
    return directory


class _Place(click.Path):
    """A directory, or the URL of a git repository, which stays a text."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value.startswith(GIT_URLS):
            return value
        return super().convert(value, param, ctx)


def _root_of(context: click.Context, _: click.Parameter, directory: Path | str) -> Path | str:
    if isinstance(directory, str):
        return directory
    root = root_of(directory)
    if root != directory and not context.resilient_parsing and context.obj is not None:
        context.obj.say(f"the repository is {os.path.relpath(root)}")
    return root


def repo_option(
    help_: str = "The repository, or a directory in it (default: .).", *, exists: bool = False, urls: bool = False
) -> Callable[[F], F]:
    """--repo, which gives the root of the repository that the directory is in. `exists`: else it is wrong usage. With
    `urls`, the URL of a git repository, as text, is taken too."""
    kind = (_Place if urls else click.Path)(path_type=Path, exists=exists, file_okay=not exists)
    metavar = "PATH|URL" if urls else "PATH"
    return click.option("--repo", default=".", type=kind, metavar=metavar, callback=_root_of, help=help_)


def repository_options(command: F) -> F:
    """--repo and --ref."""
    ref = click.option(
        "--ref", default="", metavar="REF", help="Read this commit, branch or tag instead of the work tree."
    )
    help_ = "The repository, a directory in it, or the URL of a git repository (default: .)."
    return ref(repo_option(help_, urls=True)(command))
