"""Flags in, exit status out: the only package that prints. Commands are imported when they are called."""

from __future__ import annotations

import importlib.util
import io
import os
import signal
import sys
import traceback
from types import FrameType
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from compiler import __version__
from compiler.cli import habits
from compiler.cli.console import Console, wants_color
from compiler.codes import Code
from compiler.diagnostics import CompileError, did_you_mean
from compiler.host import watch

# name -> module of compiler.cli that holds a command of the same name ("-" and keywords: "_").
COMMANDS = {
    "render": "render",
    "diff": "diff",
    "check": "check",
    "list": "inspect",
    "show": "inspect",
    "publish": "publish",
    "lock": "lock",
    "outdated": "outdated",
    "vendor": "vendor",
    "cache": "cache",
    "pack": "pack",
    "import": "palette",
    "export": "palette",
    "version": "version",
}
_COMPLETE = "_LAMELLA_COMPLETE"  # by which a shell asks for completion
_EXIT_INPUT, _EXIT_ENVIRONMENT, _EXIT_BUG = 1, 3, 4
_EXIT_DIFF_FAILED = 2  # as kubectl diff: 1 says that something differs


class _Commands(click.Group):
    """Finds commands by the table above, so that `lamella list` does not import what `lamella publish` needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return [name for name, module in COMMANDS.items() if importlib.util.find_spec(f"compiler.cli.{module}")]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"compiler.cli.{COMMANDS[name]}")
        return getattr(module, f"{name}_command")  # type: ignore[no-any-return]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = habits.command(args[0]) or did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(f"{error.message} {hint[:1].upper()}{hint[1:]}", ctx) from None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, none of which is imported for its name, and options."""
        commands = [CompletionItem(name) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, message="lamella %(version)s")
@click.option("--quiet", "-q", is_flag=True, help="Errors only: no warnings, no summary, no progress.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colours of problems and of diffs (default: on a terminal).",
)
@click.option("--debug", is_flag=True, help="Tracebacks for bugs.")
@click.pass_context
def main(ctx: click.Context, quiet: bool, color: str, debug: bool) -> None:
    """Compile cluster profiles to deterministic Kubernetes manifests.

    Reads lamella.yaml, profiles/ and packs/ of a repository and writes output/, for
    Argo CD or Flux to apply.

    \b
    Examples:
      lamella check                 read and check everything, write nothing
      lamella render                compile all clusters into output/
      lamella diff --stat           what a render would change
      lamella publish               commit output/ and push it
      lamella COMMAND --help        the options of a command, and examples
    """
    console: Console = ctx.obj
    console.quiet = quiet
    console.color, console.color_data = wants_color(color, sys.stderr), wants_color(color, sys.stdout)
    ctx.meta["debug"] = debug


def run(arguments: list[str]) -> int:
    """Runs the command line; returns the exit status: 0 done, 1 input, 2 usage, 3 environment, 4 bug, 128 + n signals."""
    _end_on_signals()
    if instruction := os.environ.get(_COMPLETE):
        from compiler.cli import completion

        return completion.run(main, instruction, _COMPLETE)
    console = Console(color=wants_color("auto", sys.stderr), annotate=os.environ.get("GITHUB_ACTIONS") == "true")
    context: Any = None
    try:
        with main.make_context("lamella", _global_options_first(arguments), obj=console) as context:
            result = main.invoke(context)
            sys.stdout.flush()
            return int(result) if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return int(stop.exit_code)
    except click.ClickException as error:
        said = io.StringIO()
        (habits.option(error) if isinstance(error, click.NoSuchOption) else error).show(said)
        console.failure(said.getvalue().rstrip("\n"))
        return error.exit_code
    except CompileError as error:
        console.problems(error.diagnostics)
        if error.environment:
            return _EXIT_ENVIRONMENT
        if any(diagnostic.code == Code.INTERNAL for diagnostic in error.diagnostics):
            return _EXIT_BUG
        differs = context is not None and context.invoked_subcommand == "diff"
        return _EXIT_DIFF_FAILED if differs else _EXIT_INPUT
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        raise  # the reader left: for who owns the streams to handle
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        console.failure(f"error[{Code.ENVIRONMENT}]: {place}{error.strerror or error}")
        return _EXIT_ENVIRONMENT
    except watch.OutOfTimeError:
        return _limit(
            f"reading and planning took more than {watch.TIME_S:g} s of CPU and --timeout for each cluster",
            "what is large, deep or repeated? a higher --timeout allows more",
            _EXIT_INPUT,
        )
    except RecursionError:
        return _limit("values or names refer to each other too deeply", "flatten what is nested", _EXIT_INPUT)
    except MemoryError:
        return _limit(
            f"this needed more memory than there is, or than the {watch.memory_limit_mb()} MiB that Lamella may use",
            "compile fewer clusters in one run, or split what is large",
            _EXIT_ENVIRONMENT,
        )
    except Exception as error:
        if "--debug" in arguments:
            console.failure(traceback.format_exc().rstrip("\n"))
        console.failure(
            f"error[{Code.INTERNAL}]: {type(error).__name__}: {error}\n"
            "       = hint: this is a bug in Lamella; run again with --debug and report what it prints"
        )
        return _EXIT_BUG


def _limit(message: str, hint: str, status: int) -> int:
    """Tells of a limit of the process, which nothing that was read is known to have passed; returns the status."""
    sys.stderr.write(f"error[{Code.LIMIT_EXCEEDED}]: {message}\n       = hint: {hint}\n")
    return status


def _global_options_first(arguments: list[str]) -> list[str]:
    """The command line with the options of `lamella` itself before the command: people write them after it too."""
    before: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in ("-q", "--quiet", "--debug") or word.startswith("--color="):
            before.append(word)
        elif word == "--color":
            before += [word, *[value for value in [next(words, None)] if value is not None]]
        else:
            rest.append(word)
    return [*before, *rest]


def _end_on_signals() -> None:
    """SIGTERM and a terminal that hangs up end the run as Ctrl-C does: workers, locks and scratch files go with it."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _terminated)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as shells start what is to run in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _terminated(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
