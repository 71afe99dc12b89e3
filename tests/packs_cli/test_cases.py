# ruff: noqa: E501  output word for word
"""`lamella pack test`: golden renders that a pack keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packs_cli.conftest import Lamella, codes, tree, write
from tests.packs_cli.packs import DEPLOYMENT, NAMESPACE, PRESETS, VALUES, web

CASE = "packs/web/tests/default"
EXPECTED = {
    f"{CASE}/expected/deployment.apps-web-web.yaml": DEPLOYMENT,
    f"{CASE}/expected/namespace-web.yaml": NAMESPACE,
}

CLUSTER = "apiVersion: lamella/v1\nkind: Cluster\nmetadata: {name: prod-eu}\nspec: {kubernetesVersion: 1.30.1}\n"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    write(tmp_path, {**web(files={"presets.yaml": PRESETS}), f"{CASE}/values.yaml": "", **EXPECTED})
    return tmp_path / "packs/web"


def test_a_case_that_renders_what_it_expects(lamella: Lamella, pack: Path) -> None:
    assert lamella("pack", "test", "packs/web") == (0, f"ok    {CASE}\n", "1 case, 0 failed\n")
    assert lamella("pack", "test", "packs") == (0, f"ok    {CASE}\n", "1 case, 0 failed\n")


def test_a_case_that_does_not(lamella: Lamella, pack: Path) -> None:
    (pack / "tests/default/values.yaml").write_text("manifests: {web: {replicas: 2}}\npack: {namespace: shop}\n")
    (pack / "tests/default/expected/namespace-web.yaml").unlink()
    before = tree(pack)
    said = lamella("pack", "test", "packs/web")
    assert said.status == 1
    assert said.err == "1 case, 1 failed\n"
    added = f"{CASE}/expected/deployment.apps-shop-web.yaml (rendered)"
    assert said.out.startswith(f"FAIL  {CASE}\n--- /dev/null\n+++ {added}\n@@ -0,0 +1,21 @@\n+apiVersion: apps/v1\n")
    assert f"--- {CASE}/expected/deployment.apps-web-web.yaml\n+++ /dev/null\n" in said.out
    assert "+  replicas: 2\n" in said.out
    assert tree(pack) == before
    said = lamella("pack", "test", "packs/web", "--update")
    assert said == (0, f"ok    {CASE}: 2 added, 1 removed\n", "1 case, 0 failed\n")
    assert sorted(path.name for path in (pack / "tests/default/expected").iterdir()) == [
        "deployment.apps-shop-web.yaml",
        "namespace-shop.yaml",
    ]
    assert [path.name for path in (pack / "tests/default").iterdir() if path.name.startswith(".")] == []
    assert lamella("pack", "test", "packs/web").status == 0


def test_the_diff_is_from_what_is_expected_to_what_is_rendered(lamella: Lamella, pack: Path) -> None:
    (pack / "tests/default/values.yaml").write_text("manifests: {web: {replicas: 2}}\n")
    path = f"{CASE}/expected/deployment.apps-web-web.yaml"
    assert lamella("pack", "test", "packs/web").out == (
        f"FAIL  {CASE}\n--- {path}\n+++ {path} (rendered)\n@@ -4,7 +4,7 @@\n"
        "   name: web\n   namespace: web\n spec:\n-  replicas: 1\n+  replicas: 2\n   selector:\n     matchLabels:\n       app: web\n"
    )


def test_an_update_without_change_touches_nothing(lamella: Lamella, pack: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in pack.rglob("*")}
    assert lamella("pack", "test", "packs/web", "--update").out == f"ok    {CASE}\n"
    assert {path: path.stat().st_mtime_ns for path in pack.rglob("*")} == before


def test_presets_clusters_and_macros_of_a_case(lamella: Lamella, pack: Path) -> None:
    case = pack / "tests/ha"
    write(
        case,
        {
            "values.yaml": "# spectrocloud.com/enabled-presets: Size:ha\n"
            "manifests: {web: {cluster: '{{ .spectro.system.cluster.name }} on {{ .spectro.macro.WHERE }}'}}\n",
            "cluster.yaml": CLUSTER
            + "---\napiVersion: lamella/v1\nkind: Macros\nmetadata: {name: m}\nspec: {macros: {WHERE: rack}}\n",
        },
    )
    assert lamella("pack", "test", "packs/web", "--update").status == 0
    text = (case / "expected/deployment.apps-web-web.yaml").read_text()
    assert "replicas: 3\n" in text
    assert "value: prod-eu on rack\n" in text
    assert lamella("pack", "test", "packs/web").out == f"ok    {CASE}\nok    packs/web/tests/ha\n"


@pytest.mark.parametrize(
    ("files", "code", "place"),
    [
        ({"values.yaml": "manifests: {wbe: {}}\n"}, "pack-values-unmatched-manifest", "tests/default/values.yaml:1:13"),
        ({"values.yaml": "a: [\n"}, "yaml-syntax", "tests/default/values.yaml:2"),
        ({"values.yaml": "# spectrocloud.com/enabled-presets: Size:no\n"}, "preset-unknown", "pack.json"),
        ({"value.yaml": ""}, "pack-test-file", "tests/default/value.yaml"),
        ({"cluster.yaml": "a: 1\n"}, "pack-test-cluster", "tests/default/cluster.yaml:1"),
        (
            {
                "cluster.yaml": "apiVersion: lamella/v1\nkind: Cluster\nmetadata: {name: a}\nspec: {kubernetsVersion: 1.30.1}\n"
            },
            "unknown-key",
            "tests/default/cluster.yaml:4:8",
        ),
    ],
)
def test_what_is_wrong_with_a_case_has_its_place(
    files: dict[str, str | bytes], code: str, place: str, lamella: Lamella, pack: Path
) -> None:
    write(pack / "tests/default", files)
    before = tree(pack)
    for arguments in ((), ("--update",)):
        said = lamella("pack", "test", "packs/web", *arguments)
        assert (said.status, codes(said)) == (1, [code]), said.err
        assert said.err.startswith(f"packs/web/{place}"), said.err
        assert tree(pack) == before


def test_what_a_case_expects_is_a_directory(lamella: Lamella, pack: Path) -> None:
    write(pack / "tests/other", {"values.yaml": "", "expected": "kind: ConfigMap\n"})
    said = lamella("pack", "test", "packs/web")
    assert said.status == 1
    assert said.err.startswith("packs/web/tests/other/expected: error[directory-not-found]: "), said.err


def test_a_pack_without_tests_and_a_pack_that_cannot_be_used(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, web())
    assert codes(lamella("pack", "test", "packs/web")) == ["pack-tests-missing"]
    write(tmp_path, {**web(version="1.0", kubeManifests=["x"]), f"{CASE}/values.yaml": ""})
    assert codes(lamella("pack", "test", "packs/web")) == ["pack-file-missing"]


def test_schema_and_constraints_hold_in_tests(lamella: Lamella, pack: Path) -> None:
    write(pack, {"schema.yaml": "manifests.web.image: {schema: '{{ required }}'}\n"})
    write(pack, {"values.yaml": VALUES.replace("    image: registry.example.org/web:1.0.0", "    image: ''")})
    assert codes(lamella("pack", "test", "packs/web")) == ["schema-required"]


@pytest.mark.parametrize(
    "name", ["spegel-0.0.18", "hello-universe-1.3.1", "elastic-stack-0.17.0", "piraeus-operator-2.8.1"]
)
def test_public_packs_can_have_tests(name: str, lamella: Lamella, corpus: Path, tmp_path: Path) -> None:
    files = {f"packs/it/{path}": content for path, content in tree(corpus / "packs" / name).items()}
    write(tmp_path, {**files, "packs/it/tests/default/values.yaml": ""})
    said = lamella("pack", "test", "packs/it", "--update")
    if name.startswith("piraeus"):  # draws a passphrase
        assert (said.status, set(codes(said))) == (1, {"random-output"})
        return
    assert said.status == 0, said.err
    assert lamella("pack", "test", "packs/it") == (0, "ok    packs/it/tests/default\n", "1 case, 0 failed\n")
