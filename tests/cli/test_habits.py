"""What people type by habit from Helm and kubectl is answered with where it goes here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Lamella


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["render", "-f", "values.yaml"], "`valuesFiles: [FILE]` of the layer"),
        (["render", "-fvalues.yaml"], "`valuesFiles: [FILE]` of the layer"),
        (["render", "--values", "values.yaml"], "`valuesFiles: [FILE]` of the layer"),
        (["diff", "--values=values.yaml"], "`valuesFiles: [FILE]` of the layer"),
        (["render", "--set", "a=b"], "`values: {…}` of the layer"),
        (["render", "--set=a=b"], "`values: {…}` of the layer"),
        (["check", "--set-string", "a=b"], "`values: {…}` of the layer"),
        (["render", "-n", "shop"], "`namespace:` of the layer"),
        (["show", "--namespace", "shop"], "`namespace:` of the layer"),
        (["render", "--version", "1.0.0"], "`version:` of the layer"),
        (["render", "--kube-version", "1.33"], "`spec.kubernetesVersion` of the Cluster"),
        (["render", "--dry-run"], "`lamella render --check` and `lamella diff` write nothing"),
        (["publish", "--dry-run"], "`lamella render --check` and `lamella diff` write nothing"),
        (["render", "--context", "prod"], "Lamella talks to no cluster"),
        (["pack", "lint", "--kubeconfig", "x"], "Lamella talks to no cluster"),
        (["--namespace", "shop", "render"], "`namespace:` of the layer"),
        (["template", "."], "`lamella render` renders"),
        (["install"], "`lamella publish` commits and pushes"),
        (["lint"], "`lamella check` checks the repository"),
    ],
)
def test_a_habit_is_answered(shop: Path, lamella: Lamella, arguments: list[str], expected: str) -> None:
    said = lamella(*arguments)
    assert (said.status, said.out) == (2, "")
    assert expected in said.err
    assert "Did you mean" not in said.err


def test_debug_is_an_option_of_every_command(shop: Path, lamella: Lamella) -> None:
    assert lamella("list", "--debug", "-o", "name").status == 0


def test_an_option_that_a_command_has_is_its_own(shop: Path, lamella: Lamella) -> None:
    assert lamella("pack", "new", "web2", "--version", "1.2.3").status == 0
