"""Wrong usage: exit status 2, what is wrong, and what was meant; nothing on stdout. Help for every command."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.cli import COMMANDS
from tests.cli.conftest import Lamella


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["rendr"], "No such command 'rendr'. Did you mean 'render'?"),
        (["lst"], "No such command 'lst'. Did you mean 'list'?"),
        (["render", "--chek"], "No such option '--chek'"),
        (["render", "--chek"], "--check"),
        (["diff", "--agains", "main"], "--against"),
        (["--qiet", "render"], "--quiet"),
        (["list", "profile"], "'profile' is not one of 'clusters', 'profiles', 'templates', 'packs'"),
        (["list", "-o", "yml"], "'yml' is not one of 'table', 'json', 'name'"),
        (["render", "-o", "yml"], "'yml' is not one of 'yaml', 'json', 'name'"),
        (["diff", "-o", "html"], "'html' is not one of 'text', 'json', 'markdown'"),
        (["show", "-o", "yaml"], "'yaml' is not one of 'tree', 'json'"),
        (["render", "--jobs", "0"], "0 is not in the range x>=1"),
        (["render", "--jobs", "two"], "'two' is not a valid integer"),
        (["render", "--timeout", "0"], "is not in the range x>=1"),
        (["render", "--helm-engine", "tiller"], "'tiller' is not one of 'auto', 'embedded', 'cli'"),
        (["render", "--color", "blue"], "'blue' is not one of 'auto', 'always', 'never'"),
        (["render", "-l", "a in (b"], "expected ',' or ')', found the end"),
        (["render", "--ref"], "'--ref' requires an argument"),
        (["render", "--ref", "HEAD"], "--output"),
        (["version", "extra"], "unexpected extra argument"),
        (["check", "--output", "x"], "--output"),
    ],
)
def test_wrong_usage(shop: Path, lamella: Lamella, arguments: list[str], expected: str) -> None:
    said = lamella(*arguments)
    assert (said.status, said.out) == (2, "")
    assert expected in said.err


def test_no_command_is_a_question_for_help(lamella: Lamella) -> None:
    said = lamella()
    assert said.status == 2
    assert "render" in said.err


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=lambda command: " ".join(command) or "-")
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help_on_stdout(lamella: Lamella, command: list[str], option: str) -> None:
    said = lamella(*command, option)
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith(" ".join(["Usage: lamella", *command]))


def test_options_of_lamella_stand_before_or_after_the_command(shop: Path, lamella: Lamella) -> None:
    for arguments in (["-q", "check"], ["check", "-q"], ["check", "--quiet", "--color", "never"]):
        assert lamella(*arguments) == (0, "", "")
