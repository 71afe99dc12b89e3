"""Help: every command has examples that are right, and fits a terminal of 80 columns."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from compiler.cli import main
from tests.cli.conftest import Lamella


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group, `lamella` itself as ()."""
    yield path
    if isinstance(command, click.Group):
        with click.Context(command, info_name=" ".join(("lamella", *path))) as context:
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                yield from commands(inner, (*path, name))


ALL = list(commands(main))


def test_all_commands_are_walked() -> None:
    assert {(), ("render",), ("pack", "lint"), ("import", "palette")} < set(ALL)
    assert len(ALL) > 15


@pytest.mark.parametrize("words", ALL, ids=lambda words: " ".join(words) or "lamella")
def test_help_has_examples_and_fits_80_columns(words: tuple[str, ...], lamella: Lamella) -> None:
    said = lamella(*words, "--help")
    assert said.status == 0
    assert [line for line in said.out.splitlines() if len(line) > 80] == []
    name = " ".join(("lamella", *words))
    examples = re.findall(r"^    (lamella .*?)(?: {3,}.*)?$", said.out.partition("Examples:\n")[2], re.MULTILINE)
    assert examples
    assert not words or all(example.startswith(name) for example in examples)


@pytest.mark.parametrize("words", [words for words in ALL if words], ids=" ".join)
def test_the_options_of_examples_exist(words: tuple[str, ...], lamella: Lamella) -> None:
    text = lamella(*words, "--help").out.partition("Examples:\n")[2].partition("\nOptions:")[0]
    examples = [shlex.split(line)[1:] for line in re.findall(r"^    (lamella .*?)(?: {3,}.*)?$", text, re.MULTILINE)]
    assert examples
    for example in examples:
        command: click.Command = main
        while isinstance(command, click.Group):
            inner = command.get_command(click.Context(command), example.pop(0))
            assert inner is not None
            command = inner
        command.make_parser(click.Context(command)).parse_args(example)
