"""What counts as a removal that somebody must ask for."""

from __future__ import annotations

import pytest

from compiler.diagnostics import Problems
from compiler.kubernetes import ObjectId
from compiler.output.removals import Objects, check_removals, objects_by_cluster


def cluster(*names: str, tree: str = "clusters") -> set[tuple[str, ObjectId]]:
    return {(tree, ObjectId("", "ConfigMap", "a", name)) for name in names}


def refused(before: Objects, after: Objects) -> list[str]:
    problems = Problems()
    check_removals(before, after, "output", problems)
    return [found.message for found in problems.diagnostics]


ABCD = cluster("a", "b", "c", "d")


@pytest.mark.parametrize(
    "after",
    [
        {"one": ABCD},
        {"one": cluster("a", "b", "c")},  # a quarter, and not more
        {"one": cluster("a", "b", "c", "x", "y")},
        {"one": ABCD, "two": cluster("z")},
    ],
)
def test_what_is_small_passes(after: Objects) -> None:
    assert refused({"one": ABCD}, after) == []


def test_more_than_a_quarter_is_refused_over_all_clusters_together() -> None:
    before = {"one": ABCD, "two": cluster("e", "f", "g", "h")}
    assert refused(before, {"one": cluster("a", "b"), "two": before["two"]}) == []
    assert refused(before, {"one": cluster("a", "b"), "two": cluster("e", "f", "g")}) == [
        "this removes 3 of 8 objects, which the controller then deletes"
    ]


def test_a_cluster_is_refused_even_if_it_has_nothing() -> None:
    assert refused({"one": ABCD, "two": set()}, {"one": ABCD}) == [
        "this removes cluster two and 0 of 4 objects, which the controller then deletes"
    ]
    assert refused({f"c{number}": cluster("a") for number in range(7)}, {}) == [
        "this removes clusters c0, c1, c2, c3, c4 and 2 more and 7 of 7 objects, which the controller then deletes"
    ]


def test_an_object_of_the_management_cluster_is_another_one() -> None:
    assert refused({"one": cluster("a")}, {"one": cluster("a", tree="management")}) != []


def test_delivery_and_files_above_all_clusters_do_not_count() -> None:
    config = ObjectId("", "ConfigMap", "a", "b")
    application = ObjectId("argoproj.io", "Application", "argocd", "one-app")
    files = [
        ("one", "clusters/one/app/configmap-a-b.yaml", config),
        ("one", "clusters/one/images.txt", None),
        ("one", "argocd/one/app.yaml", application),
        ("", "argocd/fleet.yaml", application),
        ("two", "clusters/two/images.txt", None),
    ]
    assert objects_by_cluster(files) == {"one": {("clusters", config)}, "two": set()}


def test_a_layer_that_is_renamed_moves_its_objects() -> None:
    config = ObjectId("", "ConfigMap", "a", "b")
    before = objects_by_cluster([("one", "clusters/one/old/configmap-a-b.yaml", config)])
    after = objects_by_cluster([("one", "clusters/one/new/configmap-a-b.yaml", config)])
    assert refused(before, after) == []
