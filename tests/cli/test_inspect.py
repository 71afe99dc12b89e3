"""`lamella list`, `show`, `check`, `version`: what a repository holds and whether it is right, without writing."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest

from compiler import __version__
from tests.cli.conftest import Lamella, edit, traces

TEMPLATE = """\
apiVersion: lamella/v1
kind: ClusterTemplate
metadata: {name: production}
spec:
  selector: env=prod
  extends: [base]
  profiles: [{name: extra, version: 1.10.0}]
---
apiVersion: lamella/v1
kind: ClusterTemplate
metadata: {name: base}
spec: {selector: {matchLabels: {nothing: matches}}}
---
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: extra, version: 1.9.0}
spec:
  type: add-on
  layers: [{name: extra, namespace: shop, manifests: [{file: settings.yaml}]}]
---
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: extra, version: 1.10.0}
spec:
  type: add-on
  layers: [{name: extra, manifests: [{name: x, inline: "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"}]}]
"""


@pytest.fixture
def fleet(shop: Path) -> Path:
    """The shop with a template and two versions of one more profile."""
    (shop / "profiles/fleet.yaml").write_text(TEMPLATE)
    return shop


def test_clusters_with_the_profiles_that_templates_give_them(fleet: Path, lamella: Lamella) -> None:
    assert lamella("list") == lamella("list", "clusters")
    assert lamella("list") == (0, """\
NAME      CLOUD   LABELS               PROFILES
dev               env=dev              shop 1.0.0
prod-eu           env=prod,region=eu   extra 1.10.0, shop 1.0.0
prod-us           env=prod,region=us   extra 1.10.0, shop 1.0.0
""", "")  # fmt: skip


def test_profiles_in_the_order_of_their_versions(fleet: Path, lamella: Lamella) -> None:
    assert (
        lamella("list", "profiles").out
        == """\
NAME    VERSION   TYPE     CLOUD   SCOPE     ORIGIN            LAYERS          CLUSTERS
extra   1.9.0     add-on   all     project   this repository   extra
extra   1.10.0    add-on   all     project   this repository   extra           prod-eu, prod-us
shop    1.0.0     add-on   all     project   this repository   web, settings   dev, prod-eu, prod-us
"""
    )


def test_templates_with_their_clusters(fleet: Path, lamella: Lamella) -> None:
    assert (
        lamella("list", "templates").out
        == """\
NAME         PROFILES       CLUSTERS
base                        prod-eu, prod-us
production   extra 1.10.0   prod-eu, prod-us
"""
    )


def test_packs(fleet: Path, lamella: Lamella) -> None:
    assert lamella("list", "packs").out == "NAME   VERSION   LAYER   PATH\nweb    1.0.0     addon   packs/web\n"


def test_lists_for_programs(fleet: Path, lamella: Lamella) -> None:
    assert lamella("list", "-o", "name").out == "dev\nprod-eu\nprod-us\n"
    assert lamella("list", "-o", "json").json[1] == {
        "name": "prod-eu",
        "cloud": "",
        "labels": {"env": "prod", "region": "eu"},
        "profiles": ["extra 1.10.0", "shop 1.0.0"],
    }
    assert lamella("list", "profiles", "-o", "json").json[2]["layers"] == ["web", "settings"]
    assert lamella("list", "templates", "-o", "json").json[0]["clusters"] == ["prod-eu", "prod-us"]
    assert lamella("list", "packs", "-o", "json").json == [
        {"name": "web", "version": "1.0.0", "layer": "addon", "path": "packs/web"}
    ]


def test_nothing_to_list(tmp_path: Path, lamella: Lamella) -> None:
    (tmp_path / "profiles").mkdir()
    said = lamella("list", "packs")
    assert (said.status, said.out) == (0, "no packs\n")
    assert lamella("list", "packs", "-o", "json").json == []
    assert lamella("list", "packs", "-o", "name").out == ""


def test_a_broken_repository_is_told_by_list_too(fleet: Path, lamella: Lamella) -> None:
    edit(fleet / "profiles/shop.yaml", "type: add-on", "typ: add-on")
    said = lamella("list")
    assert (said.status, said.out) == (1, "")
    assert "profiles/shop.yaml:5:3: error[unknown-key]" in said.err


def test_the_stack_of_a_cluster_as_a_tree(fleet: Path, lamella: Lamella) -> None:
    assert lamella("show", "prod-eu") == (0, """\
prod-eu  Kubernetes 1.33.4  (env=prod, region=eu)
├── 00 addon extra  manifests  from extra 1.10.0  namespace default
├── 00 addon web  pack web 1.0.0  [packs/web]  from shop 1.0.0  namespace shop
└── 01 addon settings  manifests  from shop 1.0.0  namespace shop
""", "")  # fmt: skip


def test_the_stacks_of_several_clusters(fleet: Path, lamella: Lamella) -> None:
    titles = [line.split()[0] for line in lamella("show", "-l", "env=prod").out.splitlines() if "Kubernetes" in line]
    assert titles == ["prod-eu", "prod-us"]


def test_the_stack_for_programs(fleet: Path, lamella: Lamella) -> None:
    (found,) = lamella("show", "dev", "-o", "json").json
    assert (found["cluster"], found["kubernetesVersion"]) == ("dev", "1.33.4")
    assert found["layers"][0] == {
        "name": "web",
        "type": "addon",
        "wave": 0,
        "profile": "shop",
        "profileVersion": "1.0.0",
        "source": "pack web 1.0.0",
        "path": "packs/web",
        "namespace": "shop",
        "output": "clusters/dev/web",
        "destination": "workload",
    }


def test_check_says_that_all_is_well_and_writes_nothing(shop: Path, lamella: Lamella) -> None:
    before = traces(shop)
    assert lamella("check") == (0, "", "3 clusters, 6 layers: no errors\n")
    assert traces(shop) == before


def test_check_finds_what_only_rendering_shows(shop: Path, lamella: Lamella) -> None:
    edit(shop / "packs/web/templates/web.yaml.j2", "values.image", "values.imgae")
    said = lamella("check", "dev")
    assert (said.status, said.out) == (1, "")
    assert "packs/web/templates/web.yaml.j2:9: error[" in said.err


def test_warnings_fail_where_check_is_strict(shop: Path, lamella: Lamella) -> None:
    (shop / "profiles/settings.yaml").write_text("{apiVersion: example.org/v1, kind: Widget, metadata: {name: w}}")
    said = lamella("check", "dev")
    assert said.status == 0
    assert "warning[api-unknown]" in said.err
    strict = lamella("check", "dev", "--strict")
    assert strict.status == 1
    assert "warning[api-unknown]" in strict.err
    (shop / "profiles/settings.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: w}}")
    assert lamella("check", "--strict").status == 0


def test_show_and_list_do_not_render(shop: Path, lamella: Lamella) -> None:
    (shop / "packs/web/templates/web.yaml.j2").write_text("{{ nothing.like.this }}")
    assert lamella("show").status == 0
    assert lamella("list").status == 0
    assert lamella("check").status == 1


def test_versions(lamella: Lamella) -> None:
    assert lamella("version").out == f"lamella {__version__}\nhelm 4.2.3\npython {platform.python_version()}\n"
    found = lamella("version", "-o", "json")
    assert json.loads(found.out) == {"lamella": __version__, "helm": "4.2.3", "python": platform.python_version()}
    assert lamella("--version").out == f"lamella {__version__}\n"
