# ruff: noqa: E501  a rule is a line of the table
"""`lamella pack lint`: each rule by a pack that breaks it and nothing else, the public packs, damaged ones."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from compiler.charts.archive import write_tgz
from tests.packs_cli.conftest import Lamella, codes, write
from tests.packs_cli.packs import MANIFEST, PRESETS, VALUES, web
from tests.support import oracles


def chart(name: str = "web", version: str = "0.1.0", template: str = "", values: str = "") -> bytes:
    files = {
        "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n".encode(),
        "values.yaml": values.encode(),
        "templates/a.yaml": (template or "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n").encode(),
    }
    return write_tgz(files, name)


def charted(values: str, **files: bytes) -> dict[str, Any]:
    """Arguments for `web` that make it a pack of charts."""
    archives = {f"charts/{name}.tgz": content for name, content in (files or {"web": chart()}).items()}
    return {
        "kubeManifests": None,
        "charts": list(archives),
        "files": archives,
        "without": ("manifests/web.yaml",),
        "values": values,
    }


CHART_VALUES = "pack:\n  namespace: web\n  content: {images: [{image: web:1}]}\ncharts:\n  web: {}\n"
DEPENDENCY = {"packName": "kubernetes", "layer": "k8s", "type": "optional", "minVersion": "1.25", "maxVersion": "1.40"}
BROKEN = MANIFEST.replace("{{ .Values.replicas }}", "{{ if }}")


def depends(**changes: str) -> dict[str, Any]:
    return {"constraints": {"dependencies": [{**DEPENDENCY, **changes}]}}


RULES: dict[str, tuple[dict[str, Any], str, str]] = {
    # case: (what `web` is given, the code, where)
    "no readme": ({"without": ("README.md",)}, "pack-readme-missing", "pack.json:2:3"),
    "no logo": ({"without": ("logo.png",)}, "pack-logo-missing", "pack.json:2:3"),
    "a logo that is none": ({"files": {"logo.png": b"GIF89a"}}, "pack-logo-missing", "logo.png"),
    "no values": ({"without": ("values.yaml",), "files": {"manifests/web.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}}, "pack-values-missing", "pack.json:2:3"),
    "a name that no registry takes": ({"name": "Web_"}, "pack-name", "pack.json:2:3"),
    "a version with v": ({"version": "v1.2.0"}, "pack-version-prefix", "pack.json:4:3"),
    "a version that is no tag": ({"version": "1.2.0+a"}, "pack-version-tag", "pack.json:4:3"),
    "a version that is not SemVer": ({"version": "1.02.0"}, "pack-version-semver", "pack.json:4:3"),
    "a layer that is none": ({"layer": "add-on"}, "pack-layer-unknown", "pack.json:5:3"),
    "no display name": ({"displayName": None}, "pack-display-name", "pack.json:1:1"),
    "no addon type": ({"addonType": None}, "pack-addon-type", "pack.json:1:1"),
    "no clouds": ({"cloudTypes": None}, "pack-clouds", "pack.json:1:1"),
    "an unknown cloud": ({"cloudTypes": ["asw"]}, "pack-clouds", "pack.json:7:3"),
    "an unknown state": ({"annotations": {"system_state": "deprecate"}}, "pack-state", "pack.json:14:5"),
    "a deleted pack": ({"annotations": {"system_state": "deleted"}}, "pack-deleted", "pack.json:2:3"),
    "an end of life that is no date": ({"eol": "soon"}, "pack-eol", "pack.json:13:3"),
    "an annotation that is not a string": ({"annotations": {"a": 1}}, "pack-annotation", "pack.json:14:5"),
    "a misspelt field": ({"kubeManifest": []}, "pack-key-unknown", "pack.json:13:3"),
    "nothing to render": ({"kubeManifests": None, "without": ("manifests/web.yaml",), "values": VALUES.partition("manifests:")[0]}, "pack-empty", "pack.json:2:3"),
    "a file that is not there": ({"kubeManifests": ["manifests/web.yaml", "manifests/x.yaml"]}, "pack-file-missing", "pack.json:12:5"),
    "a file that nothing names": ({"files": {"manifests/deep/y.yaml": ""}}, "pack-file-unused", "manifests/deep/y.yaml"),
    "an archive that nothing names": ({"files": {"charts/y.tgz": b""}}, "pack-file-unused", "charts/y.tgz"),
    "presets.yaml without presets": ({"files": {"presets.yaml": "presets: []\n"}}, "pack-file-empty", "presets.yaml"),
    "odd indentation": ({"values": VALUES + "   # comment\nmore:\n   a: 1\n"}, "values-indentation", "values.yaml:12:4"),
    "no pack block": ({"values": "manifests: {web: {replicas: 1, image: web:1}}\n"}, "pack-block-missing", "values.yaml:1"),
    "no images": ({"values": VALUES.replace("  content:\n    images:\n      - image: registry.example.org/web:1.0.0\n", "")}, "pack-images-missing", "values.yaml:1:1"),
    "an image that is none": ({"values": VALUES.replace("- image: registry", "- image: https://registry")}, "pack-image", "values.yaml:5:9"),
    "an image without tag": ({"values": VALUES.replace("- image: registry.example.org/web:1.0.0", "- image: registry.example.org:5000/web")}, "pack-image-floating", "values.yaml:5:9"),
    "a namespace that is none": ({"values": VALUES.replace("namespace: web", "namespace: Web")}, "pack-setting", "values.yaml:2:3"),
    "a setting one level too deep": ({"values": VALUES.replace("    images:", "    namespace: a\n    images:")}, "pack-setting-misplaced", "values.yaml:4:5"),
    "labels of another namespace": ({"values": VALUES.replace("  content:", "  namespaceLabels: {wbe: a=b}\n  content:")}, "pack-namespace-unknown", "values.yaml:3:21"),
    "a manifest key that matches none": ({"values": VALUES + "  wbe: {}\n"}, "pack-values-unmatched-manifest", "values.yaml:10:3"),
    "a chart key that matches none": (charted(CHART_VALUES + "  wbe: {}\n"), "pack-values-unmatched-chart", "values.yaml:6:3"),
    "values directly below charts": (charted(CHART_VALUES.replace("  web: {}", "  image: a")), "pack-values-unmatched-chart", "values.yaml:5:3"),
    "a chart without values": (charted(CHART_VALUES, web=chart(), other=chart("other", template="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\n")), "chart-values-missing", "values.yaml:4:1"),
    "a chart without namespace": (charted(CHART_VALUES.replace("  namespace: web\n", "")), "pack-namespace-missing", "values.yaml:1:1"),
    "a release that is not a chart": (charted(CHART_VALUES.replace("  namespace", "  releaseNameOverride: {wbe: a}\n  namespace")), "pack-release-override", "values.yaml:2:25"),
    "another version of the chart": (charted(CHART_VALUES.replace("content: {", "content: {charts: [{name: web, version: 9.9.9}], ")), "pack-content-chart", "values.yaml:3:22"),
    "a chart that is damaged": (charted(CHART_VALUES, web=b"x"), "archive-not-gzip", "charts/web.tgz"),
    "a preset that changes nothing": ({"files": {"presets.yaml": PRESETS.replace("replicas: 3", "replicas: 1")}}, "preset-without-effect", "presets.yaml:2:5"),
    "a preset for another manifest": ({"files": {"presets.yaml": PRESETS.replace("{web: {", "{wbe: {")}}, "pack-values-unmatched-manifest", "presets.yaml:2:5"),
    "a record of an unknown preset": ({"values": f"# spectrocloud.com/enabled-presets: Size:x\n{VALUES}", "files": {"presets.yaml": PRESETS}}, "preset-record", "values.yaml:1"),
    "a record without presets": ({"values": f"# spectrocloud.com/enabled-presets: Size:x\n{VALUES}"}, "preset-record", "values.yaml:1"),
    "a rule that cannot be read": ({"files": {"schema.yaml": "manifests.web.replicas: {schema: '{{ requird }}'}\n"}}, "schema-rule", "schema.yaml:1:1"),
    "a default that breaks its rule": ({"files": {"schema.yaml": "manifests.web.replicas: {schema: '{{ format \"${number:[2-9]}\" }}'}\n"}}, "schema-format", "values.yaml:8:5"),
    "a rule for no manifest": ({"files": {"schema.yaml": "manifests.wbe.replicas: {schema: '{{ format \"${number}\" }}'}\n"}}, "schema-path", "schema.yaml:1:1"),
    "a dependency without type": (depends(type=""), "dependency-type", "pack.json:15:7"),
    "a dependency of unknown type": (depends(type="needs"), "dependency-type", "pack.json:15:7"),
    "a dependency in no layer": (depends(layer="kube"), "dependency-layer", "pack.json:15:7"),
    "a dependency that no version meets": (depends(minVersion="1.30", maxVersion="1.29"), "dependency-bounds", "pack.json:15:7"),
    "a bound that is no version": (depends(minVersion="new"), "dependency-bounds", "pack.json:15:7"),
    "a dependency on itself": (depends(packName="web", layer="addon", type="notSupported", minVersion="1.30"), "dependency-self", "pack.json:15:7"),
    "resources of nothing": ({"constraints": {"resources": [{"type": "cpu", "components": [{"resourceRequestParamRef": "manifests.web.cpu"}]}]}}, "resources-reference", "pack.json:15:7"),
    "a known kind of secret": ({"values": VALUES + "    key: AKIAIOSFODNN7EXAMPLE\n"}, "secret-literal", "values.yaml:10:5"),
    "what looks like a secret": ({"values": VALUES + "    apiToken: 9fXq2LmZ81pRt0vW\n"}, "secret-literal", "values.yaml:10:5"),
    "a template that cannot be parsed": ({"files": {"manifests/web.yaml": BROKEN}}, "gotemplate-failed", "manifests/web.yaml:5"),
    "a template that fails": ({"values": VALUES.replace("    image: registry", "    img: registry"), "files": {"manifests/web.yaml": MANIFEST.replace("| quote", '| required "image is needed" | quote')}}, "gotemplate-failed", "manifests/web.yaml:11"),
    "an API that is gone": ({"files": {"manifests/web.yaml": MANIFEST + "---\napiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: p}\n"}}, "api-not-served", "pack.json:2:3"),
    "an API that later versions drop": ({"files": {"manifests/web.yaml": MANIFEST + "---\napiVersion: storage.k8s.io/v1beta1\nkind: VolumeAttributesClass\nmetadata: {name: p}\ndriverName: d\n"}}, "api-removed", "pack.json:2:3"),
    "a Secret in clear": ({"files": {"manifests/web.yaml": MANIFEST + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: p}\nstringData: {a: b}\n"}}, "plaintext-secret", "pack.json:2:3"),
    "random values": (charted(CHART_VALUES, web=chart(template="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: {{ randAlphaNum 8 }}}\n")), "random-output", "pack.json:2:3"),
    "a macro that nobody gives": ({"values": VALUES + "    who: '{{ .spectro.macro.WHO }}'\n"}, "macro-undefined", "values.yaml:10:5"),
}  # fmt: skip


@pytest.mark.parametrize("case", RULES)
def test_each_rule(case: str, lamella: Lamella, tmp_path: Path) -> None:
    given, code, place = RULES[case]
    write(tmp_path, web(**given))
    said = lamella("pack", "lint", "packs/web")
    assert codes(said) == [code], said.err
    assert f"packs/web/{place}" in said.err
    severity = "error" if f"error[{code}]" in said.err else "warning"
    assert said.status == (1 if severity == "error" else 0)
    assert said.out == ""


def test_warnings_fail_where_that_is_asked_for(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, web(without=("README.md",)))
    assert [lamella("pack", "lint", "packs/web", *more).status for more in ((), ("--strict",))] == [0, 1]


def test_a_pack_without_faults(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, web(files={"presets.yaml": PRESETS}))
    assert lamella("pack", "lint", "packs/web", "--strict") == (0, "", "1 pack checked\n")


def test_the_packs_of_this_repository(lamella: Lamella) -> None:
    said = lamella("pack", "lint", oracles.ROOT / "packs", "--strict")
    assert (said.status, codes(said)) == (0, [])


def test_findings_word_for_word(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, web(version="v1", values=VALUES + "    key: AKIAIOSFODNN7EXAMPLE\n"))
    assert lamella("pack", "lint", "packs") == (
        1,
        "",
        """\
packs/web/pack.json:4:3: error[pack-version-prefix]: version 'v1' has a leading v, which Palette refuses
     4 |   "version": "v1",
           ^
       = hint: write "1"
packs/web/values.yaml:10:5: error[secret-literal]: manifests.web.key holds an AWS access key
    10 |     key: ***
             ^
       = hint: whoever has the pack has it too: revoke it, and let the user give the value
2 errors
1 pack checked
""",
    )


def test_names_and_placeholders_are_no_secrets(lamella: Lamella, tmp_path: Path) -> None:
    harmless = (
        "existingSecret: web-tls-secret2",
        "password: changeme",
        "adminPassword: ''",
        "token: '{{ .spectro.system.cluster.uid }}'",
        "secret: /etc/tls/web-2",
        "apiKey: API_KEY_V2_X",
        "passwordSecret: secret-with-a-long-name-v2",
        "tokenUrl: https://example.org/token/v1x9",
        "digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    )
    write(tmp_path, web(values=VALUES + "".join(f"    {line}\n" for line in harmless)))
    assert codes(lamella("pack", "lint", "packs/web")) == []


def test_a_pack_beside_the_working_directory_and_the_directory_itself(
    lamella: Lamella, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, web(version="v1"))
    for here, argument in (("packs/web", "."), ("packs/web/manifests", ".."), ("", "packs/web/"), ("", "./packs/web")):
        monkeypatch.chdir(tmp_path / here)
        said = lamella("pack", "lint", argument)
        assert codes(said) == ["pack-version-prefix"]
        assert "web/pack.json:4:3: error" in said.err


def test_directories_without_packs_and_packs_that_cannot_be_read(lamella: Lamella, tmp_path: Path) -> None:
    write(tmp_path, {"none/a.yaml": "", "broken/x/pack.json": "{", "broken/y/pack.json": '{"name": "y"}'})
    assert codes(lamella("pack", "lint", "none")) == ["pack-missing"]
    assert lamella("pack", "lint", "nowhere").status == 2
    assert lamella("pack", "lint").status == 2
    said = lamella("pack", "lint", "broken")
    assert (said.status, codes(said)) == (1, ["pack-unreadable"] * 2)
    assert lamella("pack", "lint", "broken/y").status == 1


def test_a_pack_that_needs_others_is_compiled_beside_stand_ins(lamella: Lamella, tmp_path: Path) -> None:
    needs = [
        {"packName": "operator", "layer": "addon", "type": "required", "minVersion": "3.2.0"},
        {"packName": "kubernetes", "layer": "k8s", "type": "required", "minVersion": "1.34", "maxVersion": "1.35"},
        {"packName": "csi-x", "layer": "csi", "type": "required"},
    ]
    write(tmp_path, web(constraints={"dependencies": needs}))
    assert lamella("pack", "lint", "packs/web", "--strict") == (0, "", "1 pack checked\n")
    for layer in ("cni", "csi"):
        needs[2] |= {"layer": "cni" if layer == "csi" else "csi"}
        write(tmp_path, web(layer=layer, constraints={"dependencies": needs}))
        assert lamella("pack", "lint", "packs/web", "--strict") == (0, "", "1 pack checked\n")


def test_other_packs_profiles_and_settings_of_the_repository_have_no_part_in_it(
    lamella: Lamella, tmp_path: Path
) -> None:
    twin = {path.replace("packs/web", "packs/twin"): content for path, content in web().items()}
    broken: dict[str, str | bytes] = {"profiles/x.yaml": "a: [", "lamella.yaml": "b: [", "packs/odd/pack.json": "{"}
    write(tmp_path, {**web(), **twin, **broken})
    assert lamella("pack", "lint", "packs/web", "--strict").status == 0


# Defects of public Palette packs, where the packs are in the corpus.
KNOWN = {
    "haproxy-unified-gateway-1.0.1": ("pack-file-missing", "no file 'charts/gateway-api-crds-1.4.0.tgz' in the pack"),
    "ovn-kubernetes-1.2.0": ("pack-setting-misplaced", "pack.content.namespace has no effect"),
    "nvidia-nvsentinel-v1.1.0": ("pack-release-override", "are not charts of this pack"),
    "external-snapshotter-4.0.1": ("gotemplate-failed", "unexpected EOF"),
    "thanos-17.6.0": ("preset-record", "lists preset 'Compactor:enable-compactor', but its values differ"),
    "csi-driver-nfs": ("preset-record", "but the pack has none"),
    "kyverno-1.12.2": ("pack-file-empty", "presets.yaml is empty"),
    "argo-rollouts-1.2.1": ("pack-block-missing", "values.yaml has no pack: block"),
    "nvidia-dra-driver-25.8.1": ("dependency-type", "type: expected one of"),
    "outcold-5.0.0": ("api-not-served", "apiextensions.k8s.io/v1beta1"),
}
ERRORS = {
    "cks-trivy-0.4.12": ["api-not-served"],
    "external-snapshotter-4.0.1": ["gotemplate-failed"],
    "haproxy-unified-gateway-1.0.1": ["pack-file-missing"],
    "nvidia-dra-driver-25.8.1": ["dependency-type"],
    "nvidia-nvsentinel-v1.1.0": ["pack-version-prefix"],
    "outcold-5.0.0": ["api-not-served"],
    "piraeus-operator-addon-2.7.1": ["schema-invalid"],  # a Service with a name of more than 63 characters
    "piraeus-operator-addon-2.9.0": ["schema-invalid"],
}


def test_every_public_pack_is_judged_and_the_known_defects_are_found(lamella: Lamella, corpus: Path) -> None:
    said = lamella("pack", "lint", corpus / "packs")
    assert said.status == 1
    assert said.err.endswith("61 packs checked\n")
    lines = said.err.splitlines()
    missed = [
        name
        for name, (code, text) in KNOWN.items()
        if not any(f"/{name}/" in f"/{line}" and f"[{code}]" in line and text in line for line in lines)
    ]
    assert missed == []
    errors: dict[str, list[str]] = {}
    for line in lines:
        if ": error[" in line:
            errors.setdefault(line.split("/")[1], []).append(line.partition("error[")[2].partition("]")[0])
    assert errors == ERRORS
    assert [line for line in lines if "internal]" in line] == []


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_pack_gives_findings_and_no_traceback(seed: int, lamella: Lamella, tmp_path: Path) -> None:
    files = web(files={"presets.yaml": PRESETS, "schema.yaml": "manifests.web.image: {schema: '{{ required }}'}\n"})
    chance = random.Random(seed)
    path = chance.choice(sorted(files))
    content = bytearray(c if isinstance(c := files[path], bytes) else c.encode())
    for _ in range(chance.choice([1, 3, 20])):
        content[chance.randrange(len(content)) :][:1] = b""
        content.insert(chance.randrange(len(content)), chance.randrange(256))
    if path.endswith(".json") and seed % 2:
        fields: dict[str, Any] = json.loads(str(files[path]))
        fields[chance.choice(sorted(fields))] = chance.choice([None, 1, [], {}, [1], {"a": 1}, ["x"], "\u2028"])
        content = bytearray(json.dumps(fields).encode())
    write(tmp_path, {**files, path: bytes(content)})
    for command in ("lint", "show"):
        assert lamella("pack", command, "packs/web").status in (0, 1)


def test_links_out_of_the_repository_are_findings_and_others_are_followed(lamella: Lamella, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    write(repository, web(without=("manifests/web.yaml",)))
    write(tmp_path, {"secret.yaml": MANIFEST, "repository/shared/web.yaml": MANIFEST})
    manifest = repository / "packs/web/manifests/web.yaml"
    manifest.parent.mkdir()
    manifest.symlink_to("../../../../secret.yaml")
    os.chdir(repository)
    said = lamella("pack", "lint", "packs/web")
    assert (said.status, set(codes(said))) == (1, {"symlink-escape"})
    manifest.unlink()
    manifest.symlink_to("../../../shared/web.yaml")
    assert lamella("pack", "lint", "packs/web", "--strict") == (0, "", "1 pack checked\n")


def test_a_pack_in_our_format(lamella: Lamella, tmp_path: Path) -> None:
    pack = {
        "packs/web/pack.yaml": "name: web\nversion: 1.0.0\nlayer: addon\naddonType: system app\ncloudTypes: [all]\n",
        "packs/web/values.yaml": "pack: {namespace: web}\nreplicas: 1\n",
        "packs/web/templates/a.yaml.j2": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ values.replicas | quote }}}\n",
    }
    write(tmp_path, pack)
    assert lamella("pack", "lint", "packs/web", "--strict") == (0, "", "1 pack checked\n")
    for template, code, status in (
        ("{{ values.x }}", "jinja-undefined", 0),
        ("{% if %}", "jinja-syntax", 1),
    ):
        write(tmp_path, {"packs/web/templates/a.yaml.j2": f"# one\n{template}\n"})
        said = lamella("pack", "lint", "packs/web")
        assert (said.status, codes(said)) == (status, [code]), said.err
        assert said.err.startswith("packs/web/templates/a.yaml.j2:2")
