"""Finding and reading packs of both formats; what is wrong with one stays with it."""

from __future__ import annotations

import pytest

from compiler.diagnostics import Problems
from compiler.load.pack import find_packs, read_pack
from compiler.model import Pack, Preset, ResourceComponent
from compiler.model.overlays import MergePatch, Overlay, StrategicMerge
from tests.palette.support import PACK_JSON, MemoryFiles, pack, told

FULL = """{
  "name": "web", "displayName": "Web", "version": "1.2.0", "layer": "cni", "addonType": "network",
  "cloudTypes": ["aws", "maas"], "group": "LTS", "eol": "2028-04-30", "kubeVersion": "1.2", "readme": 1,
  "annotations": {"source": "community", "docsURL": "", "n": 1},
  "charts": ["charts/b.tgz", "charts/a.tgz"], "kubeManifests": ["manifests/x/y.yaml"], "ansibleRoles": [],
  "constraints": {
    "dependencies": [
      {"packName": "kubernetes", "layer": "k8s", "minVersion": "1.29", "maxVersion": "", "type": "optional"},
      {"packName": "vault"}
    ],
    "resources": [
      {"type": "cpu", "minLimit": 100, "components": [
        {"resourceRequestParamRef": "a.cpu", "replicaCountParamRef": "a.n", "scheduleType": "master"},
        {"resourceRequestParamRef": "b.cpu", "scheduleType": "all"}]},
      {"type": "diskSize", "minLimit": 10}
    ]
  }
}"""


def test_every_field_of_pack_json_is_read() -> None:
    found = pack(
        "# spectrocloud.com/enabled-presets: G:p\npack: {namespace: web}\n",
        pack_json=FULL,
        presets_yaml="presets: [{name: p, displayName: P, group: G, remove: [a.b], add: 'x: 1'}]",
        schema_yaml="a.b: {schema: '{{ required }}'}",
        charts__a_tgz=b"",
        charts__b_tgz=b"",
        manifests__x__y_yaml="",
    )
    assert found.defects == ()
    assert (found.name, found.version, found.layer, found.directory) == ("web", "1.2.0", "cni", "packs/web")
    assert found.charts == ("charts/b.tgz", "charts/a.tgz")
    assert found.manifests == ("manifests/x/y.yaml",)
    assert found.cloud_types == ("aws", "maas")
    assert found.annotations == {"source": "community", "docsURL": "", "n": "1"}
    assert found.end_of_life == "2028-04-30"
    assert found.values.data == {"pack": {"namespace": "web"}}
    assert (found.values.label, found.values.at("pack").line) == ("pack web 1.2.0", 2)
    assert found.enabled_presets == ("G:p",)
    assert found.presets == (Preset("p", "G", ("a.b",), {"x": 1}, found.presets[0].at, "P"),)
    assert found.schema == {"a.b": "{{ required }}"}
    assert [(d.pack, d.layer, d.type, d.min_version, d.max_version, d.at.line) for d in found.dependencies] == [
        ("kubernetes", "k8s", "optional", "1.29", "", 8),
        ("vault", "", "", "", "", 9),
    ]
    assert [(need.type, need.minimum, need.components) for need in found.resources] == [
        ("cpu", 100, (ResourceComponent("a.cpu", "a.n", "control-plane"), ResourceComponent("b.cpu", "", "all"))),
        ("diskSize", 10, ()),
    ]
    assert found.metadata["kubeVersion"] == "1.2"
    assert not found.native


def test_a_pack_json_indented_by_tabs_is_read() -> None:
    found = pack(pack_json='{\n\t"name": "web",\n\t"version": "1.0.0",\n\t"layer": "os"\n}')
    assert (found.name, found.defects) == ("web", ())


@pytest.mark.parametrize("values", ["", "# nothing\n", "---\n", "null\n"])
def test_a_pack_may_have_no_values(values: str) -> None:
    found = pack(values)
    assert (found.values.data, found.defects) == ({}, ())


def test_a_pack_may_have_no_other_file_at_all() -> None:
    found = read_pack(MemoryFiles({"p/pack.json": PACK_JSON % ""}), "p")
    assert (found.values.data, found.presets, found.schema, found.defects) == ({}, (), {}, ())


def test_of_duplicate_keys_the_last_counts_as_in_helm_and_the_first_is_named() -> None:
    found = pack("a: 1\na: 2\n")
    assert found.values.data == {"a": 2}
    assert told(found.defects) == ["warning yaml-duplicate-key 2: key 'a' is defined twice, first on line 1"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"values_yaml": "a: [\n"}, "error yaml-syntax"),
        ({"values_yaml": "- a\n"}, "error values-shape 1: values: expected mapping, found list"),
        ({"values_yaml": b"\xff\xfea"}, "error encoding"),
        ({"schema_yaml": "a: [\n"}, "warning yaml-syntax"),
        ({"schema_yaml": "a: 1\n"}, "warning schema-rule 1: a: expected {schema: '{{ … }}'}"),
        ({"presets_yaml": "- a\n"}, "warning wrong-type 1: expected mapping, found list"),
        ({"presets_yaml": "presets: text\n"}, "warning wrong-type"),
        (
            {"json": '"charts": ["charts/no.tgz"]'},
            "error pack-file-missing 1: charts: no file 'charts/no.tgz' in the pack",
        ),
        ({"json": '"charts": ["../../etc/x.tgz"]'}, "error pack-file-outside"),
        ({"json": '"charts": ["../../../x.tgz"]'}, "error path-outside-repository"),
        ({"json": '"charts": ["/etc/passwd"]'}, "error pack-file-outside"),
        ({"json": '"charts": "a", "kubeManifests": {}'}, "error pack-file-missing"),
        ({"json": '"constraints": []'}, "error wrong-type 1: constraints: expected mapping, found list"),
        ({"json": '"constraints": {"dependencies": [{}]}'}, "error missing-key"),
        ({"json": '"constraints": {"resources": [{"type": "gpu"}]}'}, "error invalid-value"),
        ({"json": '"constraints": {"resources": [{"type": "cpu", "minLimit": "1"}]}'}, "error wrong-type"),
        ({"pack_json": "{"}, "error pack-unreadable 1: not valid JSON"),
        ({"pack_json": "[]"}, "error pack-unreadable 1: expected mapping, found list"),
        ({"pack_json": "[" * 100000}, "error pack-unreadable"),
        ({"pack_json": '{"name": "web", "version": 1}'}, "error wrong-type"),
        ({"pack_json": '{"name": "web", "version": "1"}'}, "error missing-key 1: layer is required (string)"),
    ],
)
def test_what_is_wrong_is_a_defect_of_the_pack(files: dict[str, str | bytes], expected: str) -> None:
    found = pack(**files)  # type: ignore[arg-type]
    assert told(found.defects)[0].startswith(expected)


NATIVE = "name: own\nversion: 0.1.0\nlayer: addon\n"


def native(extra: str = "", **files: str) -> Pack:
    named = {
        name.replace("__", "/").replace("_yaml", ".yaml").replace("_j2", ".j2"): text for name, text in files.items()
    }
    return read_pack(MemoryFiles({"p/pack.yaml": NATIVE + extra, **{f"p/{n}": t for n, t in named.items()}}), "p")


def test_our_format_has_templates_and_overlays_besides_the_same_fields() -> None:
    found = native(
        "overlays: [{target: {kind: Service}, merge: {spec: {type: ClusterIP}}}]\n",
        templates__b_j2="",
        templates__sub__a_j2="",
        templates___part_j2="",
        patches__2_yaml="- {target: {kind: Deployment}, patch: {spec: {replicas: 2}}}\n",
        patches__1_yaml="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: v}\n",
    )
    assert found.defects == ()
    assert found.native
    assert found.templates == ("templates/b.j2", "templates/sub/a.j2")
    overlays = [overlay for overlay in found.patches if isinstance(overlay, Overlay)]
    assert [type(overlay.operation) for overlay in overlays] == [MergePatch, StrategicMerge, StrategicMerge]
    assert [overlay.target.kind for overlay in overlays if overlay.target] == [
        "Service",
        "ConfigMap",
        "Deployment",
    ]


def test_templates_can_be_named_and_a_missing_one_is_told() -> None:
    found = native("templates: [templates/_only.j2, templates/*.j2]\n", templates___only_j2="", templates__b_j2="")
    assert (found.templates, found.defects) == (("templates/_only.j2", "templates/b.j2"), ())
    assert [d.code for d in native("templates: [templates/no.j2]\n").defects] == ["file-not-found"]
    assert [d.code for d in native("templates: [other/*.j2]\n").defects] == ["pack-file-missing"]


def test_our_format_refuses_unknown_keys_and_what_is_wrong_in_any_file() -> None:
    found = native("layr: addon\n", presets_yaml="presets: [{add: {}}]\n", patches__a_yaml="text\n")
    assert [(d.severity, d.code, d.hint) for d in found.defects] == [
        ("error", "unknown-key", "did you mean 'layer'?"),
        ("error", "wrong-type", ""),
        ("error", "missing-key", ""),
    ]


def test_both_formats_in_one_directory_are_refused() -> None:
    found = read_pack(MemoryFiles({"p/pack.yaml": NATIVE, "p/pack.json": PACK_JSON % ""}), "p")
    assert [d.code for d in found.defects] == ["pack-format"]


REPOSITORY = {
    "packs/web-1/pack.json": '{"name": "web", "version": "1.0.0", "layer": "addon"}',
    "packs/web-1/values.yaml": "a: 1\n",
    "packs/web-1/inner/pack.json": '{"name": "inner", "version": "1.0.0", "layer": "addon"}',
    "packs/deep/er/web-2/pack.json": '{"name": "web", "version": "2.0.0", "layer": "addon"}',
    "packs/deep/README.md": "",
    "packs/.hidden/pack.json": '{"name": "hidden", "version": "1.0.0", "layer": "addon"}',
    "packs/own/pack.yaml": NATIVE,
    "vendor/own/pack.yaml": NATIVE.replace("0.1.0", "0.2.0"),
}


def found_in(files: dict[str, str], *roots: str) -> tuple[dict[str, list[str]], list[str]]:
    problems = Problems()
    packs = find_packs(MemoryFiles(files), roots, problems)
    return {name: list(versions) for name, versions in packs.items()}, told(problems)


def test_packs_are_found_at_any_depth_but_not_inside_packs() -> None:
    assert found_in(REPOSITORY, "packs", "vendor") == ({"own": ["0.1.0", "0.2.0"], "web": ["1.0.0", "2.0.0"]}, [])


def test_overlapping_and_missing_roots_find_each_pack_once() -> None:
    packs = find_packs(MemoryFiles(REPOSITORY), ["packs", "packs/deep", "none"], Problems())
    assert {name: list(versions) for name, versions in packs.items()} == {"own": ["0.1.0"], "web": ["1.0.0", "2.0.0"]}
    assert packs["web"]["2.0.0"].defects == ()


def test_finding_reads_names_and_versions_only_and_a_pack_once() -> None:
    files = MemoryFiles(REPOSITORY)
    packs = find_packs(files, ["packs"], Problems())
    assert "packs/web-1/values.yaml" not in files.was_read
    assert packs["web"]["1.0.0"] is packs["web"]["1.0.0"]
    assert files.was_read.count("packs/web-1/values.yaml") == 1


def test_the_registry_is_that_of_the_nearest_root() -> None:
    registries = {"packs": "all", "packs/deep": "public"}
    packs = find_packs(MemoryFiles(REPOSITORY), ["packs", "packs/deep"], Problems(), registries=registries)
    assert {version: found.registry for version, found in packs["web"].items()} == {"1.0.0": "all", "2.0.0": "public"}


def test_the_same_name_and_version_twice_is_a_defect_that_names_both() -> None:
    twin = {**REPOSITORY, "packs/twin/pack.json": REPOSITORY["packs/web-1/pack.json"]}
    packs = find_packs(MemoryFiles(twin), ["packs"], Problems())
    (problem,) = packs["web"]["1.0.0"].defects
    assert (problem.code, problem.at and problem.at.path) == ("pack-duplicate", "packs/twin/pack.json")
    assert [at.path for at, _ in problem.related] == ["packs/web-1"]
    assert packs["web"]["2.0.0"].defects == ()


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "x"}', '{"name": "x", "version": 1}', "", "\x00"])
def test_a_pack_whose_name_cannot_be_read_is_warned_about_and_stops_no_other(text: str) -> None:
    packs, problems = found_in({**REPOSITORY, "packs/broken/pack.json": text}, "packs")
    assert packs == {"own": ["0.1.0"], "web": ["1.0.0", "2.0.0"]}
    assert [line.split()[:2] for line in problems] == [["warning", "pack-unreadable"]]
