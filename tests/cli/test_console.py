"""How problems look: with their line, in colour or not, for GitHub, and never as a terminal's commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Lamella, edit

ESC = "\x1b["


@pytest.fixture
def broken(shop: Path) -> Path:
    """The shop with an error in a file whose name and content are awkward."""
    edit(shop / "profiles/clusters/dev.yaml", "name: shop,", "name: shp,")
    (shop / "profiles/clusters/dev.yaml").rename(shop / "profiles/clusters/a,b:c%.yaml")
    return shop


def test_a_problem_has_place_line_caret_and_hint(shop: Path, lamella: Lamella) -> None:
    edit(shop / "profiles/clusters/dev.yaml", "name: shop,", "name: shp,")
    assert lamella("check") == (1, "", """\
profiles/clusters/dev.yaml:6:14: error[profile-missing]: no profile named 'shp' (in cluster dev)
     6 |   profiles: [{name: shp, version: 1.0.0}]
                      ^
       = hint: did you mean 'shop'?
1 error
""")  # fmt: skip


def test_quiet_leaves_out_all_but_errors(shop: Path, lamella: Lamella) -> None:
    assert lamella("-q", "render") == (0, "", "")
    assert lamella("-q", "check") == (0, "", "")
    (shop / "profiles/settings.yaml").write_text("{apiVersion: example.org/v1, kind: Widget, metadata: {name: w}}")
    assert "warning[api-unknown]" in lamella("check").err
    for command in ("check", "render", "diff"):
        assert lamella("-q", command).err == ""
    assert lamella("-q", "check", "--strict").status == 1
    assert "warning[api-unknown]" in lamella("-q", "check", "--strict").err, "what fails is shown"
    edit(shop / "profiles/clusters/dev.yaml", "name: shop,", "name: shp,")
    assert "error[profile-missing]" in lamella("-q", "check").err
    assert "warning" not in lamella("-q", "check").err
    assert "1 error" not in lamella("-q", "check").err


def test_colours_are_for_terminals_unless_told_otherwise(
    shop: Path, lamella: Lamella, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(shop / "profiles/clusters/dev.yaml", "name: shop,", "name: shp,")
    assert ESC not in lamella("check").err
    assert f"{ESC}31;1merror[profile-missing]{ESC}0m" in lamella("--color", "always", "check").err
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert ESC in lamella("check").err
    assert ESC not in lamella("--color", "never", "check").err
    monkeypatch.setenv("NO_COLOR", "1")
    assert ESC not in lamella("check").err
    assert ESC in lamella("--color=always", "check").err


def test_colours_do_not_change_the_words(shop: Path, lamella: Lamella) -> None:
    edit(shop / "profiles/clusters/dev.yaml", "name: shop,", "name: shp,")
    import re

    coloured = lamella("--color", "always", "check").err
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == lamella("check").err


def test_diffs_have_colours_on_request_and_data_for_programs_never(rendered: Path, lamella: Lamella) -> None:
    edit(rendered / "profiles/clusters/prod-eu.yaml", "replicas: 3", "replicas: 4")
    assert f"{ESC}32m+  replicas: 4{ESC}0m\n" in lamella("--color", "always", "diff").out
    assert ESC not in lamella("diff").out
    for arguments in (["diff", "-o", "json"], ["diff", "-o", "markdown"], ["render", "-o", "yaml"], ["list"], ["show"]):
        assert ESC not in lamella("--color", "always", *arguments).out, arguments


def test_annotations_for_github_are_escaped(broken: Path, lamella: Lamella, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "::" not in lamella("check").err
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    lines = [line for line in lamella("check").err.splitlines() if line.startswith("::")]
    assert lines == [
        "::error title=profile-missing,file=profiles/clusters/a%2Cb%3Ac%25.yaml,line=6,col=14"
        "::no profile named 'shp' (in cluster dev)%0Ahint: did you mean 'shop'?"
    ]


def test_warnings_are_annotations_too(shop: Path, lamella: Lamella, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "profiles/settings.yaml").write_text("{apiVersion: example.org/v1, kind: Widget, metadata: {name: w}}")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "\n::warning title=api-unknown,file=profiles/shop.yaml,line=9,col=7::" in lamella("check", "dev").err


def test_input_cannot_give_commands_to_the_runner(
    shop: Path, lamella: Lamella, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    edit(
        shop / "packs/web/templates/web.yaml.j2",
        "{{ values.image }}",
        '{{ nothing | required("a\\n::stop-commands::x") }}',
    )
    text = lamella("check", "dev").err
    assert "stop-commands" in text
    assert [line for line in text.splitlines() if line.lstrip().startswith(("::stop", "##["))] == []


def test_control_characters_of_input_are_shown_not_obeyed(shop: Path, lamella: Lamella) -> None:
    edit(shop / "profiles/clusters/dev.yaml", "name: shop,", '"na\\e[2J\\u202eme": shop,  # \x1b[31m\n   ')
    text = lamella("check").err
    assert "unknown key 'na\\u001b[2J\\u202eme'" in text or "error[yaml" in text
    assert ESC not in text
    assert "\u202e" not in text


def test_all_problems_come_sorted_by_place_warnings_first(shop: Path, lamella: Lamella) -> None:
    edit(shop / "profiles/clusters/dev.yaml", "labels: {env: dev}", "label: {env: dev}")
    edit(shop / "profiles/shop.yaml", "spec:\n", "spec:\n  typo: 1\n")
    edit(shop / "profiles/clusters/prod-us.yaml", "spec:\n", "spec:\n  typo: 1\n  another: 2\n")
    places = [line.partition(": error")[0] for line in lamella("check").err.splitlines() if ": error" in line]
    assert places == [
        "profiles/clusters/dev.yaml:3:23",
        "profiles/clusters/prod-us.yaml:5:3",
        "profiles/clusters/prod-us.yaml:6:3",
        "profiles/shop.yaml:5:3",
    ]
