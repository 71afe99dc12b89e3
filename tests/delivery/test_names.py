"""Names of delivery objects fit, differ, and do not change."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from compiler import delivery
from compiler.delivery.documents import MAX_NAME, object_name
from compiler.diagnostics import Problems
from tests.delivery.clusters import L, cluster, config_map, full_stack, settings

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,80}[a-z0-9])?", fullmatch=True)


@given(NAMES, NAMES)
def test_a_name_is_valid_and_short_enough_for_a_label(cluster_name: str, layer: str) -> None:
    name = object_name(cluster_name, layer)
    assert len(name) <= MAX_NAME
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", name)


@given(st.lists(NAMES, min_size=2, max_size=2, unique=True))
def test_layers_of_one_cluster_never_share_a_name(layers: list[str]) -> None:
    assert object_name("production-europe-west-1", layers[0]) != object_name("production-europe-west-1", layers[1])


def test_a_name_that_fits_is_plain_and_a_longer_one_ends_in_a_hash() -> None:
    assert object_name("prod-eu-1", "ingress") == "prod-eu-1-ingress"
    assert object_name("a" * 26, "b" * 26) == "a" * 26 + "-" + "b" * 26
    assert object_name("a" * 26, "b" * 27) == "a" * 26 + "-" + "b" * 17 + "-78896bb7"


def test_two_clusters_whose_layers_would_share_a_name_are_told() -> None:
    found = []
    for name, layer in (("a", "b-c"), ("a-b", "c"), ("d", "e")):
        given_cluster = cluster(name, L(layer, 0, config_map("x")))
        found += [
            *given_cluster.files(),
            *delivery.cluster_files(given_cluster, settings("argocd", "flux"), Problems()),
        ]
    problems = Problems()
    delivery.check_names(found, problems)
    assert [d.code for d in problems.errors] == ["delivery-name"] * 2
    assert "layer 'c' of cluster 'a-b' and layer 'b-c' of cluster 'a'" in problems.errors[0].message
    problems = Problems()
    delivery.check_names([f for f in found if f.cluster != "a"], problems)
    assert problems.diagnostics == []


def test_a_cluster_with_a_flux_of_its_own_has_its_name_in_two_clusters() -> None:
    """In its own for all of its layers, and in the management cluster for those that make it."""
    found = delivery.cluster_files(full_stack("eu"), settings("argocd", "flux"), Problems())
    assert [f.path for f in found if str(f.object).endswith("flux-system/eu")] == [
        "flux/_fleet/eu.yaml",
        "flux/eu/cluster.yaml",
    ]
    problems = Problems()
    delivery.check_names(found, problems)
    assert problems.diagnostics == []


def test_a_cut_leaves_no_label_that_begins_with_a_hyphen() -> None:
    assert object_name("a" * 43 + ".b", "c" * 20).startswith("a" * 43 + "-")
    assert ".-" not in object_name("a" * 43 + ".b", "c" * 20)
