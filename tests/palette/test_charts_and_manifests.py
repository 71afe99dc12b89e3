"""Which values a chart or manifest of a pack gets, and what its release is called."""

from __future__ import annotations

import pytest

from compiler.palette.charts import PackRelease, releases
from compiler.palette.manifests import Manifest, manifests
from compiler.palette.settings import read_settings
from compiler.palette.values import PackValues
from tests.palette.support import pack, pack_values, told

ONE = [("charts/front.tgz", "nginx")]
TWO = [("charts/b.tgz", "b"), ("charts/a.tgz", "a")]


def found(values: PackValues, charts: list[tuple[str, str]], **options: object) -> tuple[PackRelease, ...]:
    return releases(values, charts, read_settings(values), **options)  # type: ignore[arg-type]


def test_values_are_found_by_the_name_in_chart_yaml_and_charts_keep_their_order() -> None:
    values = pack_values("charts: {a: {x: 1}, b: {x: 2}}")
    assert found(values, TWO) == (
        PackRelease("charts/b.tgz", "b", "web-b", {"x": 2}, ("charts", "b")),
        PackRelease("charts/a.tgz", "a", "web-a", {"x": 1}, ("charts", "a")),
    )
    assert told(values.problems) == []


@pytest.mark.parametrize("text", ["", "charts:", "charts: {nginx: }"])
def test_a_chart_without_values_gets_none(text: str) -> None:
    assert found(pack_values(text), ONE) == (
        PackRelease("charts/front.tgz", "nginx", "web-nginx", {}, ("charts", "nginx")),
    )


@pytest.mark.parametrize("key", ["nginx", "front"])
def test_a_release_is_renamed_by_the_charts_name_or_its_archives(key: str) -> None:
    assert found(pack_values(f"pack: {{releaseNameOverride: {{{key}: edge}}}}"), ONE)[0].name == "edge"


def test_the_layer_names_the_release_of_a_single_chart() -> None:
    assert found(pack_values("pack: {releaseNameOverride: {nginx: edge}}"), ONE, release_name="mine")[0].name == "mine"


def test_the_layer_cannot_name_the_releases_of_two_charts() -> None:
    values = pack_values("")
    assert [release.name for release in found(values, TWO, release_name="mine")] == ["web-b", "web-a"]
    assert [d.code for d in values.problems.errors] == ["release-name"]


def test_an_override_for_what_is_no_chart_is_warned_about() -> None:
    values = pack_values("pack:\n  releaseNameOverride:\n    sub: x\n")
    found(values, ONE)
    assert told(values.problems) == [
        "warning pack-release-override 3: pack.releaseNameOverride: 'sub' is not a chart of this pack"
    ]


@pytest.mark.parametrize(("name", "fine"), [("a" * 53, True), ("a" * 54, False), ("Upper", False), ("a.b", True)])
def test_release_names_are_helms(name: str, fine: bool) -> None:
    values = pack_values(f"pack: {{releaseNameOverride: {{nginx: {name}}}}}")
    found(values, ONE)
    assert [d.code for d in values.problems.errors] == ([] if fine else ["release-name"])


def test_a_default_name_that_is_too_long_is_cut_and_told() -> None:
    values = pack_values("")
    assert found(values, [("c.tgz", "a" * 48 + "-tail")])[0].name == "web-" + "a" * 48
    assert [d.code for d in values.problems.diagnostics] == ["release-name-shortened"]
    values = pack_values("")
    assert found(values, [("c.tgz", "a" * 49)])[0].name == "web-" + "a" * 49
    assert values.problems.diagnostics == []


def test_two_charts_cannot_be_one_release() -> None:
    values = pack_values("pack: {releaseNameOverride: {a: same, b: same}}")
    assert len(found(values, TWO)) == 1
    assert told(values.problems) == [
        "error release-duplicate 1: charts charts/b.tgz and charts/a.tgz have the same release name 'same'"
    ]


def test_a_key_that_matches_no_chart_is_warned_about_where_the_pack_brings_it() -> None:
    values = pack_values("charts:\n  nginx: {}\n  frs: 1\n")
    found(values, ONE)
    assert told(values.problems) == [
        "warning pack-values-unmatched-chart 3: charts: 'frs' of pack 'web' match no chart and have no effect"
    ]


def test_a_key_that_matches_no_chart_is_an_error_where_a_profile_wrote_it() -> None:
    values = pack_values("charts:\n  ngnix: {}\n", of=pack(), path="profiles/p.yaml")
    found(values, ONE)
    (problem,) = values.problems.errors
    assert (problem.code, problem.hint) == ("pack-values-unmatched-chart", "did you mean 'nginx'?")


def test_values_directly_below_charts_are_used_only_when_asked_for() -> None:
    text = "charts: {replicas: 2, image: {tag: v1}}"
    values = pack_values(text)
    assert found(values, ONE)[0].values == {}
    assert "flatCharts: true" in values.problems.warnings[0].hint
    values = pack_values(text)
    assert found(values, ONE, flat=True)[0].values == {"replicas": 2, "image": {"tag": "v1"}}
    assert told(values.problems) == []


def test_flat_does_not_touch_a_pack_that_has_the_proper_form_or_several_charts() -> None:
    assert found(pack_values("charts: {nginx: {x: 1}}"), ONE, flat=True)[0].values == {"x": 1}
    assert [release.values for release in found(pack_values("charts: {x: 1}"), TWO, flat=True)] == [{}, {}]


@pytest.mark.parametrize("text", ["charts: text", "charts: [a]", "charts: {nginx: text}"])
def test_values_of_another_shape_are_refused(text: str) -> None:
    values = pack_values(text)
    found(values, ONE)
    assert [d.code for d in values.problems.errors] == ["pack-values"]


MANIFESTS = {"manifests__crds.v1_yaml": "", "manifests__deep__install_yaml": "", "manifests__raw_yaml": ""}


def test_a_manifest_is_a_template_where_the_values_have_its_block() -> None:
    json = '"kubeManifests": ["manifests/crds.v1.yaml", "manifests/deep/install.yaml", "manifests/raw.yaml"]'
    values = pack_values("manifests: {install: {a: 1}, crds.v1: }", of=pack(json=json, **MANIFESTS))
    assert manifests(values) == (
        Manifest("manifests/crds.v1.yaml", True, {}),
        Manifest("manifests/deep/install.yaml", True, {"a": 1}),
        Manifest("manifests/raw.yaml", False, {}),
    )
    assert told(values.problems) == []


def test_a_block_that_matches_no_manifest_is_reported() -> None:
    json = '"kubeManifests": ["manifests/raw.yaml"]'
    owner = pack("manifests: {other: {}}", json=json, manifests__raw_yaml="")
    values = pack_values("manifests: {other: {}}", of=owner)
    manifests(values)
    assert [(d.severity, d.code) for d in values.problems.diagnostics] == [
        ("warning", "pack-values-unmatched-manifest")
    ]
    values = pack_values("manifests: {rwa: {}}", of=owner, path="profiles/p.yaml")
    manifests(values)
    assert [(d.severity, d.hint) for d in values.problems.diagnostics] == [("error", "did you mean 'raw'?")]


@pytest.mark.parametrize("replaced", ["pack: {namespace: a}", "manifests: {}", "manifests:", "manifests: {raw: {}}"])
def test_a_manifest_stays_a_template_where_values_replace_those_of_the_pack(replaced: str) -> None:
    json = '"kubeManifests": ["manifests/crds.v1.yaml", "manifests/raw.yaml"]'
    owner = pack("manifests: {crds.v1: {a: 1}}", json=json, **MANIFESTS)
    first, _ = manifests(pack_values(replaced, of=owner, path="profiles/p.yaml"))
    assert first == Manifest("manifests/crds.v1.yaml", True, {"a": 1}, defaults=True)


def test_a_block_that_a_profile_gives_counts_and_not_the_packs() -> None:
    owner = pack("manifests: {raw: {a: 1}}", json='"kubeManifests": ["manifests/raw.yaml"]', **MANIFESTS)
    (only,) = manifests(pack_values("manifests: {raw: {b: 2}}", of=owner, path="profiles/p.yaml"))
    assert only == Manifest("manifests/raw.yaml", True, {"b": 2})
