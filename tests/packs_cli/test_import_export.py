"""`lamella import palette` and `lamella export palette`, from the command line to the files and back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from compiler import yamldoc
from compiler.diagnostics import CompileError
from compiler.exchange.yamltext import write as as_yaml
from compiler.host import additions
from tests.packs_cli.conftest import Lamella, codes, tree, write

RULES = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: rules}\n"
EXPORT = {
    "metadata": {"name": "Shop Front", "description": "the shop"},
    "spec": {
        "version": "1.2.0",
        "template": {
            "type": "add-on",
            "cloudType": "all",
            "packs": [
                {
                    "name": "web",
                    "type": "oci",
                    "layer": "addon",
                    "version": "1.0.0",
                    "tag": "1.0.0",
                    "manifests": [{"name": "rules", "content": RULES}],
                    "values": "# why\npack:\n  namespace: web  # here",
                    "registry": {"metadata": {"uid": "u1", "name": "Vendor", "kind": "oci", "providerType": "pack"}},
                }
            ],
        },
        "variables": [],
    },
}  # fmt: skip

PROFILE = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata:
  name: shop-front
  version: "1.2.0"
  description: the shop
  annotations:
    lamella/palette: |
      name: Shop Front
      layers:
        web:
          type: oci
          registry: Vendor
      registries:
        Vendor:
          uid: u1
          name: Vendor
          kind: oci
          providerType: pack
spec:
  type: add-on
  cloud: all
  layers:
    - name: web
      type: addon
      pack:
        name: web
        version: "1.0.0"
      manifests:
        - file: manifests/1.2.0/web/rules.yaml
      valuesMode: replace
      values:
        # why
        pack:
          namespace: web  # here
"""

NOTES = """\
export.json: warning[import-provide]: the profile needs from registry 'Vendor': pack web 1.0.0
       = hint: put packs below packs/vendor/; or set url: and layout: palette in place of path: for 'Vendor' in\
 lamella.yaml, and run `lamella lock`
export.json:3:5: warning[import-renamed]: profile 'Shop Front' is named 'shop-front' here
     3 |     "name": "Shop Front",
             ^
2 warnings
profile shop-front 1.2.0: 3 files written
"""


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(EXPORT, indent=2))
    return path


def files_of(root: Path) -> dict[str, bytes]:
    return {path: content for path, content in tree(root).items() if not path.startswith("export.")}


def test_an_import_writes_profile_manifests_and_settings_and_says_so(
    lamella: Lamella, export: Path, tmp_path: Path
) -> None:
    said = lamella("import", "palette", export.name)
    assert said.status == 0
    assert (
        said.out == "lamella.yaml\nprofiles/shop-front/1.2.0.yaml\nprofiles/shop-front/manifests/1.2.0/web/rules.yaml\n"
    )
    assert said.err == NOTES
    assert sorted(files_of(tmp_path)) == said.out.split()
    assert (tmp_path / "profiles/shop-front/1.2.0.yaml").read_text() == PROFILE
    assert (tmp_path / "lamella.yaml").read_text() == (
        "apiVersion: lamella/v1\nkind: Settings\nregistries:\n  - name: Vendor\n    kind: pack\n    path: packs/vendor\n"
    )


def test_the_yaml_form_gives_the_same_files(lamella: Lamella, tmp_path: Path) -> None:
    (tmp_path / "export.yaml").write_text(as_yaml(EXPORT))
    assert lamella("import", "palette", "export.yaml").status == 0
    assert (tmp_path / "profiles/shop-front/1.2.0.yaml").read_text() == PROFILE


def test_imported_twice_changes_nothing(lamella: Lamella, export: Path, tmp_path: Path) -> None:
    lamella("import", "palette", export.name)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    said = lamella("import", "palette", export.name)
    assert (said.status, said.out) == (0, "")
    assert said.err.endswith("profile shop-front 1.2.0: files are up to date\n")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_what_is_there_is_not_overwritten_unless_forced(lamella: Lamella, export: Path, tmp_path: Path) -> None:
    lamella("import", "palette", export.name)
    profile = tmp_path / "profiles/shop-front/1.2.0.yaml"
    profile.write_text(PROFILE + "# mine\n")
    (tmp_path / "lamella.yaml").unlink()
    before = files_of(tmp_path)
    said = lamella("import", "palette", export.name)
    assert (said.status, said.out) == (1, "")
    assert said.err == (
        "profiles/shop-front/1.2.0.yaml: error[file-exists]: already exists with other content\n"
        "       = hint: move it away, or overwrite files with --force\n1 error\n"
    )
    assert files_of(tmp_path) == before
    said = lamella("import", "palette", export.name, "--force")
    assert (said.status, said.out) == (0, "lamella.yaml\nprofiles/shop-front/1.2.0.yaml\n")
    assert profile.read_text() == PROFILE


def test_comments_of_the_settings_stay(lamella: Lamella, export: Path, tmp_path: Path) -> None:
    settings = "# ours\napiVersion: lamella/v1\nkind: Settings\ndelivery: [flux]  # not argocd\n"
    (tmp_path / "lamella.yaml").write_text(settings)
    assert lamella("import", "palette", export.name).status == 0
    text = (tmp_path / "lamella.yaml").read_text()
    assert text == settings + "registries:\n  - name: Vendor\n    kind: pack\n    path: packs/vendor\n"


def test_a_profile_that_another_file_defines_is_refused(lamella: Lamella, export: Path, tmp_path: Path) -> None:
    lamella("import", "palette", export.name, "--output", "profiles/team")
    before = files_of(tmp_path)
    assert "profiles/team/shop-front/1.2.0.yaml" in before
    said = lamella("import", "palette", export.name)
    assert (said.status, codes(said)) == (1, ["duplicate-name"])
    assert said.err.startswith(
        "profiles/team/shop-front/1.2.0.yaml:4:3: error[duplicate-name]: profile shop-front 1.2.0"
    )
    assert files_of(tmp_path) == before


def test_versions_stand_side_by_side_each_with_its_manifests(lamella: Lamella, export: Path, tmp_path: Path) -> None:
    lamella("import", "palette", export.name)
    newer: Any = json.loads(json.dumps(EXPORT))
    newer["spec"]["version"] = "1.3.0"
    newer["spec"]["template"]["packs"][0]["manifests"][0]["content"] += "data: {a: b}\n"
    export.write_text(json.dumps(newer))
    said = lamella("import", "palette", export.name)
    assert said.out == "profiles/shop-front/1.3.0.yaml\nprofiles/shop-front/manifests/1.3.0/web/rules.yaml\n"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": "../../../x"}, "import-version"),
        ({"version": "1.2"}, "import-version"),
        ({"template": {"type": "system", "packs": []}}, "invalid-value"),
        ({"template": []}, "wrong-type"),
    ],
)
def test_what_is_no_profile_is_refused_and_nothing_is_written(
    change: dict[str, Any], code: str, lamella: Lamella, export: Path, tmp_path: Path
) -> None:
    export.write_text(json.dumps({**EXPORT, "spec": {**EXPORT["spec"], **change}}))  # type: ignore[dict-item]
    said = lamella("import", "palette", export.name)
    assert (said.status, said.out) == (1, "")
    assert code in codes(said)
    assert files_of(tmp_path) == {}


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"text"', "\x00\x01", "{" * 5000, '{"spec": {}}'])
@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_what_is_no_export_at_all_is_refused(content: str, suffix: str, lamella: Lamella, tmp_path: Path) -> None:
    (tmp_path / f"export{suffix}").write_text(content)
    said = lamella("import", "palette", f"export{suffix}")
    assert (said.status, said.out) == (1, "")
    assert codes(said)
    assert files_of(tmp_path) == {}


def test_wrong_usage(lamella: Lamella, export: Path) -> None:
    assert lamella("import", "palette", "nothing.json").status == 2
    assert lamella("import", "palette", export.name, "--output", "elsewhere").status == 2
    said = lamella("import", "palette", export.name, "--output", "profiles/../..")
    assert (said.status, codes(said)) == (1, ["path-invalid"])


def test_a_link_that_leads_out_is_not_followed(lamella: Lamella, export: Path, tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "repository/profiles").symlink_to("../outside")
    said = lamella("import", "palette", export.name, "--repo", "repository")
    assert (said.status, codes(said)) == (1, ["symlink-escape"])
    assert tree(tmp_path / "outside") == {}


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_after_a_failing_write_everything_is_as_it_was(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a/old": "before", "kept": "k"})
    real, calls = os.replace, []

    def replace(source: Any, target: Any) -> None:
        calls.append(target)
        if len(calls) == failing:
            raise OSError(28, "No space left on device", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(CompileError) as error:
        additions.add(tmp_path, {"b/c/new": b"1", "a/old": b"after", "z": b"2"}, replace={"a/old"})
    assert error.value.environment
    assert [found.code for found in error.value.diagnostics] == ["write-failed"]
    assert "No space left" in error.value.diagnostics[0].message
    assert tree(tmp_path) == {"a/old": b"before", "kept": b"k"}
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "kept", "old"]


def test_an_export_prints_what_was_imported(lamella: Lamella, export: Path, tmp_path: Path) -> None:
    lamella("import", "palette", export.name)
    said = lamella("export", "palette", "shop-front")
    assert (said.status, said.err) == (0, "")
    assert json.loads(said.out) == EXPORT
    assert lamella("export", "palette", "shop-front@1.2.0").out == said.out
    assert lamella("export", "palette", "shop-front", "--output", "again.json") == (0, "", "")
    assert (tmp_path / "again.json").read_text() == said.out
    again = lamella("import", "palette", "again.json")
    assert (again.status, again.out) == (0, "")  # every file is as it was


def test_an_export_takes_the_highest_version_and_names_what_there_is(
    lamella: Lamella, export: Path, tmp_path: Path
) -> None:
    for version in ("1.9.0", "1.10.0", "1.10.0-rc.1"):
        export.write_text(json.dumps({**EXPORT, "spec": {**EXPORT["spec"], "version": version}}))  # type: ignore[dict-item]
        lamella("import", "palette", export.name)
    assert json.loads(lamella("export", "palette", "shop-front").out)["spec"]["version"] == "1.10.0"
    said = lamella("export", "palette", "shop-front@2.0.0")
    assert said == (
        1,
        "",
        "error[profile-version-missing]: profile 'shop-front' has no version 2.0.0\n"
        "       = hint: set version to one of 1.9.0, 1.10.0-rc.1, 1.10.0\n1 error\n",
    )
    assert "did you mean 'shop-front'?" in lamella("export", "palette", "shopfront").err


STAND_IN = '{"name": "%s", "version": "%s", "layer": "%s", "kubeManifests": ["manifests/m.yaml"]}'
CLUSTER = """\
apiVersion: lamella/v1
kind: Cluster
metadata: {name: prod}
spec:
  profiles: [{name: brent-aws-profile-for-cluster-template, version: 1.0.0}]
"""


def test_a_real_export_names_the_packs_that_are_missing_and_renders_with_stand_ins(
    lamella: Lamella, corpus: Path, tmp_path: Path
) -> None:
    raw = corpus / "palette-exports/cluster-template-aws.json"
    assert lamella("import", "palette", raw).status == 0
    packs = json.loads(raw.read_text())["spec"]["template"]["packs"]
    for clusters in ({}, {"profiles/prod.yaml": CLUSTER}):  # without a cluster too
        write(tmp_path, clusters)
        said = lamella("check")
        assert (said.status, codes(said)) == (1, ["pack-missing"] * 5)
        assert [p["name"] for p in packs if f"no pack named '{p['name']}'" in said.err] == [p["name"] for p in packs]
    for pack in packs:
        config = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {pack['name']}}}\n"
        metadata = STAND_IN % (pack["name"], pack["version"], pack["layer"])
        folder = f"packs/public-repo/{pack['name']}"
        write(
            tmp_path,
            {f"{folder}/pack.json": metadata, f"{folder}/values.yaml": "", f"{folder}/manifests/m.yaml": config},
        )
    said = lamella("check")
    assert (said.status, codes(said)) == (0, []), said.err
    assert lamella("render").status == 0
    rendered = "".join(sorted(p for p in tree(tmp_path / "output") if "configmap" in p))
    assert [pack["name"] for pack in packs if f"-{pack['name']}.yaml" in rendered] == [pack["name"] for pack in packs]
    exported = lamella("export", "palette", "brent-aws-profile-for-cluster-template")
    assert json.loads(exported.out) == json.loads(raw.read_text())
    assert yamldoc.load_one((tmp_path / "lamella.yaml").read_bytes(), "lamella.yaml").value["registries"]
