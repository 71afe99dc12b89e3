"""One problem in many clusters is told once, with the clusters, for people, for GitHub and for machines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, told_once
from tests.cli.conftest import Lamella, edit

NAMES = [f"c{number:02}" for number in range(12)]
SECRET = "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: hunter2}}\n"
PROBLEM = Diagnostic(Code.PACK_MISSING, "no pack named 'x'", Position("p.yaml", 3), "add it")


@pytest.fixture
def fleet(shop: Path) -> Path:
    """The shop with twelve clusters that are equal but for their names."""
    written = (shop / "profiles/clusters/dev.yaml").read_text()
    for path in (shop / "profiles/clusters").iterdir():
        path.unlink()
    for name in NAMES:
        (shop / f"profiles/clusters/{name}.yaml").write_text(written.replace("name: dev", f"name: {name}"))
    return shop


def in_a_secret(fleet: Path) -> None:
    (fleet / "profiles/settings.yaml").write_text(SECRET)


def in_a_template(fleet: Path) -> None:
    edit(fleet / "packs/web/templates/web.yaml.j2", "{{ values.image }}", "{{ values.picture }}")


def in_a_macro(fleet: Path) -> None:
    edit(fleet / "profiles/settings.yaml", "var.greeting", "var.greting")


def in_a_reference(fleet: Path) -> None:
    edit(fleet / "profiles/shop.yaml", "pack: {name: web", "pack: {name: wep")


def in_an_object(fleet: Path) -> None:
    edit(fleet / "packs/web/templates/web.yaml.j2", "replicas: {{ values.replicas }}", "replicas: two")


@pytest.mark.parametrize(
    "break_it", [in_a_secret, in_a_template, in_a_macro, in_a_reference, in_an_object], ids=lambda each: each.__name__
)
def test_one_problem_of_twelve_clusters(
    fleet: Path, lamella: Lamella, monkeypatch: pytest.MonkeyPatch, break_it: object
) -> None:
    break_it(fleet)  # type: ignore[operator]
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = lamella("check", "--format", "json")
    assert said.status == 1
    assert said.err.endswith("1 error\n")
    assert said.err.count("(in 12 clusters: c00, c01, c02, c03, c04, …)") == 2, "for people and for GitHub"
    assert said.err.count("error[") == said.err.count("::error") == 1
    assert [problem["clusters"] for problem in said.json["problems"]] == [NAMES]


def test_a_warning_of_some_clusters_names_these(fleet: Path, lamella: Lamella) -> None:
    for name in ("c03", "c07"):
        edit(fleet / f"profiles/clusters/{name}.yaml", "1.33.4", "1.99.0")
    said = lamella("check", "-o", "json")
    assert said.status == 0
    assert "(in 2 clusters: c03, c07)\n" in said.err
    assert [(each["severity"], each["clusters"]) for each in said.json["problems"]] == [("warning", ["c03", "c07"])]


def test_places_of_each_cluster_are_problems_of_their_own(fleet: Path, lamella: Lamella) -> None:
    for name in ("c03", "c07"):
        edit(fleet / f"profiles/clusters/{name}.yaml", "name: shop,", "name: shp,")
    said = lamella("check")
    assert said.err.count("(in cluster c03)") == said.err.count("(in cluster c07)") == 1
    assert said.err.endswith("2 errors\n")


def test_what_differs_in_more_than_the_cluster_is_kept_apart() -> None:
    others = [
        replace(PROBLEM, message="no pack named 'y'"),
        replace(PROBLEM, at=Position("p.yaml", 4)),
        replace(PROBLEM, hint="drop it"),
        replace(PROBLEM, severity="warning"),
        replace(PROBLEM, code=Code.PACK_VERSION),
        replace(PROBLEM, related=((Position("q.yaml"), "first"),)),
    ]
    problems = [each.within(name) for name in ("b", "a") for each in (PROBLEM, *others)]
    assert told_once(problems) == tuple(replace(each, clusters=("a", "b")) for each in (PROBLEM, *others))
    assert CompileError(problems).diagnostics == told_once(problems)


def test_the_clusters_come_at_the_end_of_the_first_line() -> None:
    assert PROBLEM.text == "no pack named 'x'"
    assert PROBLEM.within("a").text == "no pack named 'x' (in cluster a)"
    assert (
        replace(PROBLEM, message="it fails\nat x", clusters=("a", "b")).text == "it fails (in 2 clusters: a, b)\nat x"
    )
    assert replace(PROBLEM, clusters=tuple("abcdef")).text == "no pack named 'x' (in 6 clusters: a, b, c, d, e, …)"
