"""The common ground of all commands: shared options, the repository, the session."""

from __future__ import annotations

import datetime
import functools
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from compiler import __version__
from compiler.app.archives import LockedFiles
from compiler.app.pipeline import Compilation, Request, compile_clusters
from compiler.app.schedule import Progress
from compiler.app.secrets import secret_texts
from compiler.app.session import Session
from compiler.cli.completion import names
from compiler.cli.console import Console
from compiler.cli.helm import ENGINES, open_session
from compiler.cli.repository import Input, repository_options
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, fail
from compiler.host import watch
from compiler.host.disk import existing_output
from compiler.kubernetes.selectors import Selector, parse_selector
from compiler.load.settings import SOURCES
from compiler.ports import Files
from compiler.render.helm import HELM_VERSION

F = TypeVar("F", bound=Callable[..., Any])
_OWN_DIRECTORY = "use a directory of its own, such as 'output'"


@dataclass(frozen=True, slots=True)
class Options:
    """The options that all compiling commands share."""

    repository: Input
    request: Request
    engine: str
    helm: str
    jobs: int | None
    timeout_s: float
    locked: bool = False

    def session(self, console: Console) -> Session:
        """For `with`; raises as `open_session`."""
        return open_session(console, engine=self.engine, helm=self.helm, jobs=self.jobs, timeout_s=self.timeout_s)

    def output_root(self, compiled: Compilation, given: Path | None) -> Path:
        """The output directory: as given, else the repository's. It must not hold the repository (or the working directory),
        for a render replaces it as a whole, nor be among what was read, nor behind a link of the repository."""
        root = given.absolute() if given else self.repository.path / compiled.plan.settings.output
        resolved = root.resolve()
        for inside, what in ((self.repository.path, "the repository itself"), (Path.cwd(), "the working directory")):
            if inside.resolve().is_relative_to(resolved):
                raise fail(
                    Code.OUTPUT_ROOT_REFUSED,
                    f"the output directory '{given or root}' contains {what}",
                    hint=_OWN_DIRECTORY,
                )
        if reason := _taken(root, self.repository.path, compiled):
            shown = root.relative_to(self.repository.path).as_posix()
            raise fail(Code.OUTPUT_ROOT_REFUSED, f"the output directory '{shown}' {reason}", hint=_OWN_DIRECTORY)
        return root

    def refuse_stale(self, files: LockedFiles, session: Session) -> None:
        """With --locked: raises CompileError where lamella.lock is not what `lamella lock` would write."""
        if self.locked:
            from compiler.app.locking import refuse_stale  # nothing that completes a word plans stacks

            refuse_stale(files, session)

    def compile(
        self, files: LockedFiles, session: Session, console: Console, output: Path | None = None
    ) -> Compilation:
        """Compiles the selected clusters; shows progress and prints warnings, also one about a different Helm."""

        def existing(name: str) -> Files | None:
            return existing_output(output or self.repository.path / name)

        def shown(progress: Progress) -> None:
            console.progress(progress.done, progress.tasks, "rendering layers")

        show_lines_of(console, files)
        self.refuse_stale(files, session)
        if session.engine.version != HELM_VERSION:
            text = f"the helm binary is version {session.engine.version}, the embedded engine is {HELM_VERSION}:"
            console.problems([Diagnostic(Code.HELM_VERSION, f"{text} output may differ", severity="warning")])
        return compile_clusters(
            files,
            self.request,
            session,
            existing=existing,
            archives=files.archives,
            progress=Progress(shown),
            selected_are=lambda clusters: watch.more_time(clusters * self.timeout_s),
        )


def _taken(root: Path, repository: Path, compiled: Compilation) -> str:
    """Why a directory of the repository cannot be the output's, '' where it can."""
    root = Path(os.path.abspath(root))
    if not root.is_relative_to(repository):
        return ""
    path = root.relative_to(repository)
    if any((repository / each).is_symlink() for each in (path, *path.parents[:-1])):
        return "is a link, or behind one"
    name, parents = path.as_posix(), {each.as_posix() for each in path.parents[:-1]}
    for read, seen in compiled.reads.by_path().items():
        if seen.kind in ("file", "link") and (read == name or read.startswith(f"{name}/")):
            return f"holds what the output is rendered from ({read})"
        if read in parents and seen.names is not None:
            return f"is in a directory that the output is rendered from ({read})"
    return "is a directory of sources" if path.parts[0] in (*SOURCES, compiled.plan.settings.vendor) else ""


def engine_versions() -> dict[str, str]:
    """What output depends on besides the repository; recorded in inventories. The embedded engine is this Helm."""
    return {"lamella": __version__, "helm": HELM_VERSION}


def show_lines_of(console: Console, *roots: Files, packs: Iterable[str] = ()) -> None:
    """From now on problems are shown with their lines of these files, and nothing with a secret of theirs. `packs` are
    directories of packs in the files. Reads what may hold secrets at once: the files of a commit are open for a while only.
    """
    packs = tuple(packs)
    console.source_line = lambda at: next((text for files in roots if (text := _source_line(files, at))), "")
    console.secrets = console.secrets.union(*(secret_texts(files, packs) for files in roots))


def _source_line(files: Files, at: Position) -> str:
    """The text of the line at the position, '' where it is not in the files."""
    try:
        entry = files.entry(at.path)
        if entry is None or entry.kind != "file":
            return ""
        lines = files.read(at.path).decode("utf-8", "replace").splitlines()
        return lines[at.line - 1] if 0 < at.line <= len(lines) else ""
    except (OSError, CompileError, ValueError):
        return ""


def places_of(compiled: Compilation) -> Callable[[str, str], Position | None]:
    """Where each layer of each cluster is written, by the names of both."""
    places = {
        (cluster.name, each.layer.name): each.layer.at for cluster in compiled.clusters for each in cluster.layers
    }
    return lambda cluster, layer: places.get((cluster, layer))


def _selector(_: click.Context, __: click.Parameter, value: str) -> Selector:
    try:
        return parse_selector(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


_COMPILE_OPTIONS = (
    click.option(
        "--timeout",
        type=click.FloatRange(min=1),
        default=60.0,
        metavar="SECONDS",
        help="Limit for one layer (default: 60).",
    ),
    click.option(
        "--jobs",
        "-j",
        type=click.IntRange(min=1),
        default=None,
        metavar="N",
        help="Worker processes (default: one a core).",
    ),
    click.option(
        "--helm-binary",
        default="",
        metavar="PATH",
        help="The helm of --helm-engine=cli, and of auto where none is embedded (default: from PATH).",
    ),
    click.option(
        "--helm-engine",
        type=click.Choice(ENGINES),
        default="auto",
        help="Helm in process, or a helm binary (default: auto, a binary where helm-python-sdk is not installed).",
    ),
    click.option(
        "--offline", is_flag=True, help="No network: charts and packs of registries from vendor/ or the cache."
    ),
    click.option("--locked", is_flag=True, help="Refuse a lamella.lock that `lamella lock` would change. For CI."),
    click.option(
        "--selector",
        "-l",
        callback=_selector,
        default="",
        metavar="SELECTOR",
        help="Clusters by label: env=prod,region in (eu,us).",
    ),
)


def compile_options(command: F) -> F:
    """Options of commands that compile: repository, clusters, engine, workers. They arrive as one `Options`."""

    @functools.wraps(command)
    def with_options(**given: Any) -> Any:
        repository = Input.of(given.pop("repo"), given.pop("ref"), offline=given.pop("offline"))
        request = Request(tuple(given.pop("clusters")), given.pop("selector"), datetime.date.today())
        options = Options(
            repository,
            request,
            given.pop("helm_engine"),
            given.pop("helm_binary"),
            given.pop("jobs"),
            given.pop("timeout"),
            given.pop("locked"),
        )
        return command(options=options, **given)

    decorated: Any = with_options
    for option in _COMPILE_OPTIONS:
        decorated = option(decorated)
    decorated = repository_options(decorated)
    clusters = click.argument("clusters", nargs=-1, metavar="[CLUSTER]...", shell_complete=names("clusters"))
    return clusters(decorated)  # type: ignore[no-any-return]
