# ruff: noqa: E501  output word for word
"""`lamella pack images` and `lamella pack show`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.kubernetes import images as references
from tests.packs_cli.conftest import Lamella, codes, tree, write
from tests.packs_cli.packs import IMAGE, PRESETS, VALUES, web
from tests.packs_cli.test_lint import CHART_VALUES, charted


def listing(*images: str) -> str:
    entries = "".join(f"      - image: {image}\n" for image in images)
    return VALUES.replace(f"      - image: {IMAGE}\n", entries)


def test_images_that_are_listed_as_rendered(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, web())
    for arguments in ((), ("--check",), ("--check", "--strict")):
        assert lamella("pack", "images", "packs/web", *arguments) == (
            0,
            f"{IMAGE}\n",
            "1 rendered, 0 not listed, 0 listed and not used\n",
        )


def test_images_that_are_missing_and_unused(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, web(values=listing("registry.example.org/other:1", "redis:7")))
    said = lamella("pack", "images", "packs/web")
    assert said == (
        0,
        f"{IMAGE}\n",
        """\
packs/web/values.yaml:4:5: warning[pack-image-unlisted]: registry.example.org/web:1.0.0 is rendered but not in pack.content.images
     4 |     images:
             ^
packs/web/values.yaml:5:9: warning[pack-image-unused]: registry.example.org/other:1 is listed but not rendered
     5 |       - image: registry.example.org/other:1
                 ^
packs/web/values.yaml:6:9: warning[pack-image-unused]: redis:7 is listed but not rendered
     6 |       - image: redis:7
                 ^
3 warnings
1 rendered, 1 not listed, 2 listed and not used
""",
    )
    assert lamella("pack", "images", "packs/web", "--check").status == 1
    write(tmp_path, web(values=listing(IMAGE, "redis:7")))
    assert lamella("pack", "images", "packs/web", "--check").status == 0
    assert lamella("pack", "images", "packs/web", "--check", "--strict").status == 1


def test_an_image_in_an_argument_counts_as_used(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, web(values=listing(IMAGE, "docker.io/library/redis:7") + "    cluster: --image=redis:7\n"))
    assert lamella("pack", "images", "packs/web", "--check", "--strict").status == 0


def test_a_pack_that_does_not_render_has_no_images(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, web(files={"manifests/web.yaml": "{{ fail `no` }}"}))
    said = lamella("pack", "images", "packs/web", "--check")
    assert (said.status, said.out, codes(said)) == (1, "", ["gotemplate-failed"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("a/b:1", "docker.io/a/b:1"),
        ("index.docker.io/a/b:1", "docker.io/a/b:1"),
        ("localhost/b:1", "localhost/b:1"),
        ("r:5000/b", "r:5000/b:latest"),
        (f"r.io/b:1@sha256:{'a' * 64}", f"r.io/b@sha256:{'a' * 64}"),
    ],
)
def test_two_spellings_of_one_image(one: str, other: str) -> None:
    assert references.normal(one) == references.normal(other)


def test_different_images_stay_different() -> None:
    images = (
        "nginx",
        "nginx:1",
        "a/nginx",
        "r.io/nginx",
        "r.io:5000/nginx",
        f"nginx@sha256:{'a' * 64}",
        "localhost/nginx",
    )
    assert len({references.normal(image) for image in images}) == len(images)


TEXT = """\
web 1.2.0  (palette pack for layer addon)
  path          packs/web
  displayName   Web
  addonType     system app
  clouds        all
Annotations:
  source: community
Fields that nothing reads:
  readme: yes
Settings (pack:):
  namespace: web
Charts:
  web 0.1.0  release web-web  [charts/web.tgz]
Presets:
  Size: ha  (Three of them)  +manifests.web.replicas
Schema:
  charts.web.password: required, format "${password}", at least 8
Dependencies:
  optional kubernetes >= 1.25 in layer k8s
Images:
  web:1
A profile may set:
  charts.web.password: ***
  charts.web.service: …  (2 values)
"""


def described() -> dict[str, str | bytes]:
    values = CHART_VALUES.replace("web: {}", "web: {password: secret1, service: {port: 80, type: ClusterIP}}")
    given: Any = charted(values)
    given["files"] |= {
        "presets.yaml": PRESETS,
        "schema.yaml": 'charts.web.password: {schema: \'{{ required | format "${password}" | hints "at least 8" }}\'}\n',
    }
    dependencies = [{"packName": "kubernetes", "layer": "k8s", "type": "optional", "minVersion": "1.25"}]
    more: Any = {"readme": "yes", "annotations": {"source": "community"}, "constraints": {"dependencies": dependencies}}
    return web(**given, **more)


def test_show_says_everything(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, described())
    assert lamella("pack", "show", "packs/web") == (0, TEXT, "")
    write(tmp_path, {"profiles/x": ""})
    for name in ("web", "web@1.2.0", "web@1.x"):
        assert lamella("pack", "show", name).out == TEXT
    found = json.loads(lamella("pack", "show", "web", "-o", "json").out)
    assert found["otherFields"] == {"readme": "yes"}
    assert found["charts"] == [{"path": "charts/web.tgz", "name": "web", "version": "0.1.0", "release": "web-web"}]
    assert found["values"] == {
        "charts.web.password": "***",
        "charts.web.service.port": 80,
        "charts.web.service.type": "ClusterIP",
    }
    assert "problems" not in found


def test_show_of_what_is_not_there(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, {**web(), "profiles/x": ""})
    said = lamella("pack", "show", "wbe")
    assert (said.status, codes(said)) == (1, ["pack-missing"])
    assert "did you mean 'web'?" in said.err
    assert codes(lamella("pack", "show", "web@2.x")) == ["pack-version"]


def test_show_of_a_pack_with_faults_says_them_too(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, web(kubeManifests=["manifests/web.yaml", "manifests/x.yaml"]))
    said = lamella("pack", "show", "packs/web")
    assert said.status == 0
    assert (
        said.err
        == "packs/web/pack.json:12:5: error[pack-file-missing]: kubeManifests: no file 'manifests/x.yaml' in the pack\n"
    )


def test_every_public_pack_can_be_shown(lamella: Lamella, corpus: Path) -> None:
    packs = sorted((corpus / "packs").iterdir())
    shown = [lamella("pack", "show", pack, "-o", "json") for pack in packs]
    assert [said.status for said in shown] == [0] * 61
    found = [json.loads(said.out) for said in shown]
    metadata = [json.loads((pack / "pack.json").read_text()) for pack in packs]
    assert [(row["name"], row["version"]) for row in found] == [(data["name"], data["version"]) for data in metadata]
    assert sum(len(row.get("charts", ())) for row in found) == sum(len(data.get("charts", ())) for data in metadata) - 1
    assert all(lamella("pack", "show", pack).status == 0 for pack in packs)
    others = {
        pack.name: sorted(row["otherFields"]) for pack, row in zip(packs, found, strict=True) if "otherFields" in row
    }
    assert others == {"multus-3.9.0": ["commit_msg"]}


def test_showing_and_checking_write_nothing(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, described())
    before = tree(tmp_path)
    for command in ("show", "images", "lint", "test"):
        lamella("pack", command, "packs/web")
    assert tree(tmp_path) == before
