"""Import and export of Palette profiles: what comes in, what goes back, and what is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler import yamldoc
from compiler.diagnostics import CompileError
from compiler.exchange.exporting import Exported, export_profile
from compiler.exchange.importing import Imported, import_profile
from compiler.exchange.yamltext import write
from compiler.load.repository import load
from compiler.model import Profile, Source
from tests.palette.support import MemoryFiles

Json = dict[str, Any]


def profile(*packs: Json, variables: list[Json] | None = None, kind: str = "add-on", cloud: str = "all") -> Json:
    return {
        "metadata": {"name": "shop"},
        "spec": {
            "version": "1.2.0",
            "template": {"type": kind, "cloudType": cloud, "packs": list(packs)},
            "variables": variables or [],
        },
    }


def entry(name: str = "web", kind: str = "oci", **more: Any) -> Json:
    versioned = {} if kind == "manifest" else {"version": "1.0.0", "tag": "1.0.0"}
    return {"name": name, "type": kind, "layer": "addon", **versioned, "manifests": [], **more}


def imported(given_profile: Json, lamella: str = "", **there: str | bytes) -> Imported:
    """The import into a repository with this lamella.yaml and these files."""
    files = MemoryFiles({**({"lamella.yaml": lamella} if lamella else {}), **there})
    return import_profile(json.dumps(given_profile).encode(), "export.json", "json", repository=files)


def loaded(files: Imported, **extra: str) -> tuple[Profile, Source, MemoryFiles]:
    memory = MemoryFiles({**files.files, **extra})
    source, _ = load(memory)
    (found,) = source.profiles.values()
    return found, source, memory


def exported(files: Imported, **extra: str) -> Exported:
    return export_profile(*loaded(files, **extra))


def there_and_back(given_profile: Json) -> Json:
    return json.loads(exported(imported(given_profile)).text)  # type: ignore[no-any-return]


def document(files: Imported) -> Json:
    return yamldoc.load_one(files.files["profiles/shop/1.2.0.yaml"], "p").value  # type: ignore[no-any-return]


def codes(files: Imported) -> list[str]:
    return [note.code for note in files.notes]


def test_a_real_export_comes_back_as_it_was(corpus: Path) -> None:
    raw = (corpus / "palette-exports/cluster-template-aws.json").read_bytes()
    found = import_profile(raw, "export.json", "json")
    assert json.loads(exported(found).text) == json.loads(raw)


def test_the_yaml_form_says_the_same_as_the_json_form(corpus: Path) -> None:
    raw = (corpus / "palette-exports/cluster-template-aws.json").read_bytes()
    as_yaml = write(json.loads(raw)).encode()
    assert import_profile(as_yaml, "e.yaml", "yaml").files == import_profile(raw, "e.yaml", "json").files


VALUES = """\
# spectrocloud.com/enabled-presets: A:b
pack:
  namespace: web # ours
# about charts
charts:
  web:
    replicas: {{ .spectro.var.n }}
    host: "{{ .spectro.var.host }}"
"""


def test_values_of_a_pack_are_yaml_with_their_comments_and_replace_the_packs() -> None:
    found = imported(profile(entry(values=VALUES)))
    text = found.files["profiles/shop/1.2.0.yaml"]
    assert (
        "      valuesMode: replace\n      values:\n        # spectrocloud.com/enabled-presets: A:b\n        pack:\n"
        in text
    )
    assert "            replicas: {{ .spectro.var.n }}\n" in text
    (layer,) = loaded(found)[0].layers
    assert layer.settings.values_mode == "replace"
    assert layer.settings.values[0].data == yamldoc.load_one(VALUES, "v").value
    assert there_and_back(profile(entry(values=VALUES)))["spec"]["template"]["packs"][0]["values"] == VALUES.rstrip(
        "\n"
    )


@pytest.mark.parametrize("text", ["", "\n", None])
def test_a_pack_without_values_keeps_its_own(text: str | None) -> None:
    found = imported(profile(entry(**({} if text is None else {"values": text}))))
    assert set(document(found)["spec"]["layers"][0]) == {"name", "type", "pack"}
    assert "values" not in there_and_back(profile(entry(values=text)))["spec"]["template"]["packs"][0]


def test_values_of_comments_only_replace_by_nothing() -> None:
    (layer,) = loaded(imported(profile(entry(values="# nothing here"))))[0].layers
    assert (layer.settings.values_mode, layer.settings.values[0].data) == ("replace", {})


def test_duplicate_keys_are_settled_as_palette_does() -> None:
    found = imported(profile(entry(values="a: 1\nb: 2\na: 3\n")))
    assert document(found)["spec"]["layers"][0]["values"] == {"a": 3, "b": 2}
    assert "yaml-duplicate-key" in codes(found)


HELM = """\
pack:
  namespace: mon
  spectrocloud.com/install-priority: "20"
  content: {images: [{image: a:1}]}
charts:
  prom:
    # how long
    retention: 15d
"""
REGISTRY = {"metadata": {"uid": "64ea", "name": "Bitnami", "kind": "helm", "isPrivate": False}}


def test_a_helm_layer_is_a_chart_with_its_own_values() -> None:
    found = imported(profile(entry("prom", "helm", values=HELM, registry=REGISTRY)))
    (layer,) = document(found)["spec"]["layers"]
    assert layer == {
        "name": "prom",
        "type": "addon",
        "chart": {"name": "prom", "version": "1.0.0", "registry": "Bitnami"},
        "releaseName": "prom-prom",
        "namespace": "mon",
        "installPriority": 20,
        "values": {"retention": "15d"},
    }
    assert "# how long" in found.files["profiles/shop/1.2.0.yaml"]
    (back,) = there_and_back(profile(entry("prom", "helm", values=HELM, registry=REGISTRY)))["spec"]["template"][
        "packs"
    ]
    assert yamldoc.load_one(back["values"], "v").value == yamldoc.load_one(HELM, "v").value
    assert "# how long" in back["values"]
    assert back["registry"] == REGISTRY


def test_a_renamed_release_keeps_its_name() -> None:
    values = "pack: {releaseNameOverride: {prom: kps}}\n"
    found = imported(profile(entry("prom", "helm", values=values)))
    assert document(found)["spec"]["layers"][0]["releaseName"] == "kps"
    (back,) = json.loads(exported(found).text)["spec"]["template"]["packs"]
    assert yamldoc.load_one(back["values"], "v").value == {"pack": {"releaseNameOverride": {"prom": "kps"}}}


def test_a_manifest_layer_has_its_manifests_as_files() -> None:
    manifests = [{"name": "One Thing", "content": "kind: A\n"}, {"name": "one-thing", "content": "kind: B"}]
    given_profile = profile(entry("rules", "manifest", manifests=manifests, values="pack: {namespace: x}"))
    found = imported(given_profile)
    assert found.files["profiles/shop/manifests/1.2.0/rules/one-thing.yaml"] == "kind: A\n"
    assert found.files["profiles/shop/manifests/1.2.0/rules/one-thing-2.yaml"] == "kind: B"
    (layer,) = document(found)["spec"]["layers"]
    assert layer["manifests"] == [
        {"name": "One Thing", "file": "manifests/1.2.0/rules/one-thing.yaml"},
        {"name": "one-thing", "file": "manifests/1.2.0/rules/one-thing-2.yaml"},
    ]
    assert layer["namespace"] == "x"
    assert there_and_back(given_profile)["spec"]["template"]["packs"][0]["manifests"] == manifests


def test_labelled_namespaces_of_a_chart_become_a_manifest_that_keeps_macros() -> None:
    macro = "v{{ .spectro.system.kubernetes.version | substr 0 4 }}"
    values = f'pack: {{namespace: mon, additionalNamespaces: db, namespaceLabels: {{mon: "a=b,c={macro}"}}}}\n'
    given_profile = profile(entry("prom", "helm", values=values))
    (layer,) = document(imported(given_profile))["spec"]["layers"]
    assert layer["policy"] == {"namespaces": "never"}
    bodies = [found.value["metadata"] for found in yamldoc.load(layer["manifests"][0]["inline"], "m")]
    assert bodies == [{"name": "mon", "labels": {"a": "b", "c": macro}}, {"name": "db"}]
    (back,) = there_and_back(given_profile)["spec"]["template"]["packs"]
    assert back["manifests"] == []
    assert yamldoc.load_one(back["values"], "v").value == yamldoc.load_one(values, "v").value


def test_a_train_is_pinned_and_the_tag_goes_back() -> None:
    given_profile = profile(entry(version="1.33.9", tag="1.33.x"))
    found = imported(given_profile)
    assert document(found)["spec"]["layers"][0]["pack"]["version"] == "1.33.9"
    assert "import-train" in codes(found)
    assert there_and_back(given_profile) == given_profile


def test_names_that_cannot_be_kept_are_told_and_go_back() -> None:
    given_profile = profile(entry("dns", values='pack: {spectrocloud.com/display-name: "DNS 1"}'), entry("dns"))
    given_profile["metadata"] = {"name": "My Shop", "uid": "1", "labels": {"a": "b"}, "description": "x"}
    found = imported(given_profile)
    assert "profiles/my-shop/1.2.0.yaml" in found.files
    assert codes(found)[0] == "import-renamed"
    assert [layer.name for layer in loaded(found)[0].layers] == ["dns-1", "dns"]
    assert there_and_back(given_profile) == given_profile


def test_variables_keep_every_flag() -> None:
    full = {
        "name": "size", "displayName": "Size", "description": "d", "format": "number", "required": True,
        "defaultValue": "2", "regex": "^[0-9]$", "immutable": True, "hidden": True, "isSensitive": False,
        "inputType": "dropdown",
        "options": [{"value": "2", "label": "two", "description": "d", "default": True}, {"value": "3"}],
    }  # fmt: skip
    plain = {"name": "host", "format": "string", "required": False, "immutable": False, "hidden": False,
             "isSensitive": False, "inputType": "text"}  # fmt: skip
    given_profile = profile(entry(), variables=[full, plain])
    assert document(imported(given_profile))["spec"]["variables"][1] == {"name": "host"}
    assert there_and_back(given_profile) == given_profile


def test_a_masked_secret_is_not_taken_for_a_value() -> None:
    secret = {"name": "token", "isSensitive": True, "defaultValue": "********"}
    found = imported(profile(entry(), variables=[secret]))
    assert document(found)["spec"]["variables"] == [{"name": "token", "sensitive": True}]
    assert "import-masked" in codes(found)


def test_what_is_not_known_goes_back_too() -> None:
    given_profile = profile(entry(kind="spectro", digest="abc", params={"x": 1}))
    assert there_and_back(given_profile) == given_profile


def test_a_layer_that_cannot_be_rendered_is_left_out_and_told() -> None:
    found = imported(profile(entry(), entry("air", "zarf")))
    assert [layer["name"] for layer in document(found)["spec"]["layers"]] == ["web"]
    assert "import-layer-left-out" in codes(found)


def test_registries_are_added_to_the_settings_and_comments_stay() -> None:
    lamella = (
        "# ours\napiVersion: lamella/v1\nkind: Settings\nregistries:\n  - name: Own # first\n    path: packs/own\n"
    )
    found = imported(profile(entry("prom", "helm", registry=REGISTRY)), lamella)
    text = found.files["lamella.yaml"]
    assert text == lamella + "  - name: Bitnami\n    kind: helm\n    path: charts/bitnami\n"
    again = imported(profile(entry("prom", "helm", registry=REGISTRY)), text)
    assert again.files["lamella.yaml"] == text


def test_what_the_registries_must_provide_is_told_once_for_each() -> None:
    registry = {"metadata": {"name": "Public", "kind": "pack"}}
    found = imported(profile(entry("a", registry=registry), entry("b", registry=registry), entry("c")))
    assert [note.message for note in found.notes] == [
        "the profile needs from registry 'Public': pack a 1.0.0, pack b 1.0.0",
        "the profile needs from a registry that the export does not name: pack c 1.0.0",
    ]


@pytest.mark.parametrize(
    ("content", "form", "code"),
    [
        (b"{", "json", "import-format"),
        (b"[]", "json", "import-format"),
        (b"\xff", "json", "import-format"),
        (b"[" * 100000, "json", "import-format"),
        (b"a: [", "yaml", "yaml-syntax"),
        (b"kind: ClusterProfile", "yaml", "import-format"),
        (json.dumps(profile(kind="system")).encode(), "json", "invalid-value"),
        (b'{"metadata": {"name": "x"}, "spec": {}}', "json", "missing-key"),
        (json.dumps(profile(entry(values="a: ["))).encode(), "json", "yaml-syntax"),
        (json.dumps(profile(entry(values="- a"))).encode(), "json", "values-shape"),
        (json.dumps(profile(entry(manifests=[{"content": "x"}]))).encode(), "json", "missing-key"),
    ],
)
def test_what_is_no_profile_is_refused(content: bytes, form: Any, code: str) -> None:
    with pytest.raises(CompileError) as error:
        import_profile(content, "export", form)
    assert code in [problem.code for problem in error.value.diagnostics]


OWN = """
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: own, version: 2.0.0}
spec:
  type: full
  cloud: aws
  overlays: [{target: {kind: Service}, merge: {spec: {type: ClusterIP}}}]
  layers:
    - {name: os, type: os, builtin: true}
    - {name: k8s, type: k8s, builtin: true}
    - {name: cni, type: cni, builtin: true}
    - {name: csi, type: csi, builtin: true}
    - name: web
      type: addon
      pack: {name: web, version: 1.x, presets: [ha]}
      namespace: shop
      installPriority: 5
      values: {charts: {web: {tag: v2}}}
    - name: kps
      type: addon
      chart: {name: kps, version: 1.0.0, path: kps.tgz}
      values: {a: 1}
      valuesFiles: [more.yaml]
    - {name: rules, type: addon, manifests: [{file: rules/}, {name: extra, inline: "kind: C"}]}
    - {name: other, type: addon, pack: {name: other, version: ">=1"}, values: {x: 1}}
"""
PACK = {
    "packs/web/pack.json": '{"name": "web", "version": "1.4.0", "layer": "addon"}',
    "packs/web/values.yaml": "pack: {namespace: web, content: {}}\ncharts: {web: {tag: v1, replicas: 1}}\n",
    "packs/web/presets.yaml": "presets: [{name: ha, group: Size, add: 'charts: {web: {replicas: 3}}'}]",
}


def test_a_profile_of_our_own_is_exported_with_everything_worked_in() -> None:
    files = {"profiles/own.yaml": OWN, "profiles/more.yaml": "b: 2", "profiles/rules/a.yaml": "kind: A", **PACK}
    found = exported(Imported(files, ()))
    packs = {item["name"]: item for item in json.loads(found.text)["spec"]["template"]["packs"]}
    assert list(packs) == ["web", "kps", "rules", "other"]
    assert (packs["web"]["version"], packs["web"]["tag"]) == ("1.4.0", "1.x")
    assert packs["web"]["values"].startswith("# spectrocloud.com/enabled-presets: Size:ha\n")
    assert yamldoc.load_one(packs["web"]["values"], "v").value == {
        "pack": {"namespace": "shop", "content": {}, "spectrocloud.com/install-priority": "5"},
        "charts": {"web": {"tag": "v2", "replicas": 3}},
    }
    assert yamldoc.load_one(packs["kps"]["values"], "v").value == {
        "pack": {"releaseNameOverride": {"kps": "kps"}},
        "charts": {"kps": {"a": 1, "b": 2}},
    }
    assert packs["rules"]["manifests"] == [{"name": "a", "content": "kind: A"}, {"name": "extra", "content": "kind: C"}]
    assert {note.code for note in found.notes} == {"export-not-carried", "export-incomplete"}
    told = [note.message for note in found.notes]
    assert told[0] == "the profile has overlays, which Palette has no field for"
    assert sum("is builtin, which Palette has no field for" in message for message in told) == 4
    assert any("layer 'other' merges its values with those of pack 'other'" in message for message in told)


def test_the_earlier_names_of_a_layer_are_told_and_its_release_keeps_its_name() -> None:
    own = OWN.replace("- name: kps\n", "- name: kps\n      previousNames: [monitoring]\n")
    files = {"profiles/own.yaml": own, "profiles/more.yaml": "b: 2", "profiles/rules/a.yaml": "kind: A", **PACK}
    found = exported(Imported(files, ()))
    assert "layer 'kps' has previousNames, which are not exported" in [note.message for note in found.notes]
    packs = {item["name"]: item for item in json.loads(found.text)["spec"]["template"]["packs"]}
    values = yamldoc.load_one(packs["kps"]["values"], "v").value
    assert values["pack"] == {"releaseNameOverride": {"kps": "monitoring"}}


def test_lists_of_a_layers_own_levels_are_merged_as_in_a_render() -> None:
    own = OWN.replace("values: {a: 1}", "values: {a: [1]}\n      listStrategies: {a: append}")
    files = {"profiles/own.yaml": own, "profiles/more.yaml": "a: [2]", "profiles/rules/a.yaml": "kind: A", **PACK}
    packs = {item["name"]: item for item in json.loads(exported(Imported(files, ())).text)["spec"]["template"]["packs"]}
    assert yamldoc.load_one(packs["kps"]["values"], "v").value["charts"] == {"kps": {"a": [2, 1]}}


def test_manifests_that_are_not_there_are_refused_by_an_export_as_by_a_render() -> None:
    with pytest.raises(CompileError) as caught:
        exported(
            Imported({"profiles/own.yaml": OWN, "profiles/more.yaml": "b: 2", "profiles/rules/a.md": "", **PACK}, ())
        )
    assert [problem.code for problem in caught.value.diagnostics] == ["manifest-no-match"]


KEYS = st.sampled_from(["a", "b-c", "d.e", "on", "1", "x y"])
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | st.text("ab:#'\"{}- \n", max_size=8)
TREES = st.recursive(LEAVES, lambda t: st.lists(t, max_size=2) | st.dictionaries(KEYS, t, max_size=3), max_leaves=8)
DOCUMENTS = st.dictionaries(KEYS, TREES, min_size=1, max_size=3)
NAMES = st.from_regex(r"\A[a-z][a-z0-9-]{0,5}[a-z0-9]\Z")
REGISTRIES = st.sampled_from([{}, {"registry": {"metadata": {"uid": "1", "name": "Public Repo", "kind": "pack"}}}])
ENTRIES = st.builds(
    lambda name, kind, values, registry, tag, more: {
        **entry(name, kind, values=yamldoc.dump(values).rstrip("\n"), **registry, **more),
        **({"tag": tag} if kind != "manifest" else {}),
    },
    NAMES,
    st.sampled_from(["oci", "spectro"]),
    DOCUMENTS,
    REGISTRIES,
    st.sampled_from(["1.0.0", "1.x"]),
    st.sampled_from([{}, {"server": "s"}, {"manifests": [{"name": "m", "content": "kind: A\n# c"}]}]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=3, unique_by=lambda item: item["name"]))
def test_nothing_that_palette_knows_is_lost_there_and_back(entries: list[Json]) -> None:
    given_profile = profile(*entries)
    back = there_and_back(given_profile)
    for item, other in zip(given_profile["spec"]["template"]["packs"], back["spec"]["template"]["packs"], strict=True):
        assert yamldoc.load_one(other.pop("values"), "v").value == yamldoc.load_one(item.pop("values"), "v").value
    assert back == given_profile


def test_a_repeated_pack_is_the_pack_itself_under_its_display_name_and_goes_back_as_it_came() -> None:
    twice = profile(
        entry("uni-1--uni", values="pack:\n  spectrocloud.com/display-name: uni-1"), entry("uni-2--uni"), entry("a-b")
    )
    layers = document(imported(twice))["spec"]["layers"]
    assert [(layer["name"], layer["pack"]["name"]) for layer in layers] == [
        ("uni-1", "uni"),
        ("uni-2", "uni"),
        ("a-b", "a-b"),
    ]
    assert there_and_back(twice) == twice


@pytest.mark.parametrize("kind", ["oci", "spectro"])
def test_a_zarf_layer_is_left_out_with_a_warning(kind: str) -> None:
    registry = {"metadata": {"name": "z", "kind": "oci", "providerType": "zarf"}}
    files = imported(profile(entry("web"), entry("air", kind, registry=registry)))
    assert [layer["name"] for layer in document(files)["spec"]["layers"]] == ["web"]
    (note,) = (note for note in files.notes if note.code == "import-layer-left-out")
    assert "layer 'air' of type 'zarf'" in note.message


def test_manifests_attached_to_an_os_layer_come_in_for_the_cluster_itself_and_go_back_as_they_came() -> None:
    attached = [{"name": "motd", "content": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: motd\n"}]
    slots = [{**entry(name, values="a: 1"), "layer": name} for name in ("os", "k8s", "cni", "csi")]
    slots[0]["manifests"] = attached
    given_profile = profile(*slots, kind="infra", cloud="aws")
    assert document(imported(given_profile))["spec"]["layers"][0]["manifests"] == [
        {"file": "manifests/1.2.0/os/motd.yaml"}
    ]
    assert there_and_back(given_profile)["spec"]["template"]["packs"] == slots
    assert not exported(imported(given_profile)).notes


@pytest.mark.parametrize(
    "written",
    [
        "manifests: [{name: a, inline: 'a: 1', destination: management}]",
        "manifests: [{file: a.yaml, destination: workload}]",
        "destination: management\n      manifests: [a.yaml]",
    ],
)
def test_a_destination_is_told_by_an_export(written: str) -> None:
    text = (
        "apiVersion: lamella/v1\nkind: ClusterProfile\nmetadata: {name: shop, version: 1.2.0}\n"
        f"spec:\n  type: add-on\n  layers:\n    - name: web\n      {written}\n"
    )
    (note,) = exported(Imported({"profiles/p.yaml": text, "profiles/a.yaml": "a: 1"}, ())).notes
    assert note.message == "layer 'web' sets a destination, which Palette has no field for"


def infra(*packs: Json) -> Json:
    """An infra profile with these packs, and a plain one in each of the other slots."""
    slots = {name: {**entry(name), "layer": name} for name in ("os", "k8s", "cni", "csi")}
    return profile(*{**slots, **{pack["layer"]: pack for pack in packs}}.values(), kind="infra", cloud="aws")


MANIFEST = [{"name": "pool", "content": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: pool\n"}]


@pytest.mark.parametrize(
    "theirs",
    [
        {**entry("calico", values="pack:\n  namespace: net\ncharts:\n  calico:\n    a: 1 # why"), "layer": "cni"},
        {**entry("calico", "spectro", registry=REGISTRY), "layer": "cni", "tag": "1.0.x"},
        {**entry("calico", "helm", values="charts:\n  calico:\n    a: 1", registry=REGISTRY), "layer": "cni"},
        {
            **entry("calico", manifests=MANIFEST, values="pack: {namespace: net}\nm: '{{.spectro.var.x}}'"),
            "layer": "cni",
        },
    ],
)
def test_a_layer_that_the_clusters_have_already_is_builtin_and_goes_back_as_it_came(theirs: Json) -> None:
    given_profile = infra(theirs)
    found = import_profile(json.dumps(given_profile).encode(), "e.json", "json", builtin=("cni",))
    attached = {"manifests": [{"file": "manifests/1.2.0/calico/pool.yaml"}], "namespace": "net"}
    assert document(found)["spec"]["layers"][2] == {
        "name": "calico",
        "type": "cni",
        "builtin": True,
        **(attached if theirs["manifests"] else {}),
    }
    assert not any("calico" in note.message for note in found.notes)
    back = exported(found)
    assert json.loads(back.text) == given_profile
    assert not back.notes


def test_a_builtin_layer_without_a_record_is_told_by_an_export() -> None:
    found = import_profile(json.dumps(infra()).encode(), "e.json", "json", builtin=("csi",))
    text = {path: text.replace("lamella/palette", "other") for path, text in found.files.items()}
    (note,) = exported(Imported(text, ())).notes
    assert note.message == "layer 'csi' is builtin, which Palette has no field for: choose a pack there"


def test_a_type_that_no_layer_has_cannot_be_builtin() -> None:
    with pytest.raises(CompileError) as caught:
        import_profile(json.dumps(profile(entry())).encode(), "e.json", "json", builtin=("cni", "csi"))
    assert [d.message for d in caught.value.diagnostics] == [
        "the profile has no layer of type cni",
        "the profile has no layer of type csi",
    ]


# --- registries -------------------------------------------------------------------------------------------------------

CHART = {
    "charts/bitnami/prom/Chart.yaml": "apiVersion: v2\nname: prom\nversion: 1.0.0\n",
    "charts/bitnami/prom/templates/a.yaml": "",
}


def at_address(name: str, kind: str, **spec: Any) -> Json:
    metadata = {"uid": "1", "name": name, "kind": kind, **({"providerType": spec.pop("of")} if "of" in spec else {})}
    return {"metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        (at_address("R", "helm", endpoint="https://charts.example.com/a/"), "helm, url: https://charts.example.com/a"),
        (at_address("R", "helm", endpoint="charts.example.com"), "helm, url: https://charts.example.com"),
        (
            at_address("R", "oci", of="helm", endpoint="https://oci.example.com", baseContentPath="/team/charts"),
            "helm, url: oci://oci.example.com/team/charts",
        ),
        (
            at_address("R", "oci", of="pack", endpoint="oci.example.com", basePath="palette"),
            "pack, url: oci://oci.example.com/palette, layout: palette",
        ),
        # Several base paths: which one is for the user to choose.
        (at_address("R", "oci", of="helm", endpoint="oci.example.com", baseContentPath="a, b"), "helm, path: charts/r"),
        # Palette's own kind of registry speaks a protocol of its own.
        (at_address("R", "pack", endpoint="https://registry.example.com"), "pack, path: packs/r"),
        ({"metadata": {"name": "R", "kind": "helm", "endpoint": "https://c.example.com"}}, "helm, url: https://c.example.com"),
    ],
)  # fmt: skip
def test_a_registry_whose_address_the_export_has_is_written_with_it(registry: Json, expected: str) -> None:
    kind = "helm" if expected.startswith("helm") else "oci"
    given_profile = profile(entry("prom", kind, registry=registry))
    found = imported(given_profile)
    (written,) = yamldoc.load_one(found.files["lamella.yaml"], "l").value["registries"]
    assert written == {"name": "R", **yamldoc.load_one(f"{{kind: {expected}}}", "e").value}
    (layer,) = document(found)["spec"]["layers"]
    reference = layer["chart"] if kind == "helm" else layer["pack"]
    assert reference.get("registry") == ("R" if kind == "helm" or "url" in written else None)
    (note,) = found.notes
    assert note.code == "import-provide"
    assert note.hint.startswith("run `lamella lock`" if "url" in written else f"put {layer_kind(kind)}")
    assert there_and_back(given_profile) == given_profile


def layer_kind(kind: str) -> str:
    return "charts into charts/r/, as NAME-VERSION.tgz" if kind == "helm" else "packs below packs/r/"


@pytest.mark.parametrize(
    "registry",
    [
        at_address("R", "helm", endpoint="https://me:s3cret@charts.example.com"),
        at_address("R", "helm", endpoint="https://charts.example.com", auth={"type": "basic", "password": "s3cret"}),
        {"metadata": {"name": "R", "kind": "helm", "endpoint": "https://me:s3cret@charts.example.com"}},
        {"metadata": {"name": "R", "kind": "helm", "password": "s3cret"}},
    ],
)
def test_a_login_is_not_brought_into_the_repository(registry: Json) -> None:
    found = imported(profile(entry("prom", "helm", registry=registry)))
    assert "s3cret" not in "".join(found.files.values())
    (note,) = (note for note in found.notes if note.code == "import-masked")
    assert note.message.startswith("registry 'R': ")
    assert "s3cret" not in note.message
    assert "s3cret" not in exported(found).text


def test_what_is_in_the_folder_of_its_registry_is_not_asked_for_and_the_hint_names_the_folder() -> None:
    given_profile = profile(entry("prom", "helm", registry=REGISTRY), entry("other", "helm", registry=REGISTRY))
    (note,) = imported(given_profile, **CHART).notes
    assert note.message == "the profile needs from registry 'Bitnami': chart other 1.0.0"
    assert note.hint == (
        "put charts into charts/bitnami/, as NAME-VERSION.tgz; or set url: in place of path: for 'Bitnami' in lamella.yaml,"
        " and run `lamella lock`"
    )
    newer = profile(entry("prom", "helm", registry=REGISTRY, version="2.0.0", tag="2.0.0"))
    assert codes(imported(newer, **CHART)) == ["import-provide"]
    pack = {"packs/any/pack.json": '{"name": "web", "version": "1.0.0", "layer": "addon"}', "packs/any/values.yaml": ""}
    assert not codes(imported(profile(entry("web")), **pack))
    assert codes(imported(profile(entry("web", version="1.0.1", tag="1.0.1")), **pack)) == ["import-provide"]


def test_what_is_locked_is_not_asked_for() -> None:
    lamella = "apiVersion: lamella/v1\nkind: Settings\nregistries: [{name: Bitnami, kind: helm, url: 'https://c.example.com'}]\n"
    given_profile = profile(entry("prom", "helm", registry=REGISTRY))
    (note,) = imported(given_profile, lamella).notes
    assert note.hint == "run `lamella lock`, and commit lamella.lock"
    digest = f"sha256:{'0' * 64}"
    lock = (
        "apiVersion: lamella/v1\nkind: Lock\ncharts: [{name: prom, version: 1.0.0, source: 'https://c.example.com',"
        f" archive: '{digest}', content: '{digest}', requested: [1.0.0], askedBy: [x]}}]\n"
    )
    assert not codes(imported(given_profile, lamella, **{"lamella.lock": lock}))


def test_a_chart_whose_registry_the_export_does_not_name_is_looked_for_in_charts() -> None:
    given_profile = profile(entry("prom", "helm"))
    found = imported(given_profile)
    assert found.files["lamella.yaml"].endswith("  - name: helm\n    kind: helm\n    path: charts\n")
    assert found.notes[0].hint == "put charts into charts/, as NAME-VERSION.tgz"
    assert there_and_back(given_profile) == given_profile
    assert not exported(found).notes


FAR = {"name": "far", "kind": "oci", "providerType": "helm"}


@pytest.mark.parametrize(
    ("chart", "registry"),
    [
        ("{name: kps, version: 1.0.0, path: ../charts/corp/kps}", {"name": "corp", "kind": "helm"}),
        ("{name: kps, version: 1.0.0, registry: corp}", {"name": "corp", "kind": "helm"}),
        ("{name: kps, version: 1.0.0, registry: far}", FAR),
        ("{name: kps, version: 1.0.0, repo: 'oci://o.example.com/x/'}", FAR),
        ("{name: kps, version: 1.0.0, repo: 'https://c.example.com'}", None),
        ("{name: kps, version: 1.0.0, path: kps}", None),
    ],
)  # fmt: skip
def test_an_export_keeps_the_registry_of_a_chart_however_it_is_named(chart: str, registry: Json | None) -> None:
    own = OWN.replace("{name: kps, version: 1.0.0, path: kps.tgz}", chart)
    lamella = (
        "apiVersion: lamella/v1\nkind: Settings\nregistries:\n- {name: corp, kind: helm, path: charts/corp}\n"
        "- {name: far, kind: helm, url: 'oci://o.example.com/x'}\n"
    )
    files = {
        "profiles/own.yaml": own,
        "profiles/more.yaml": "",
        "profiles/rules/a.yaml": "",
        "lamella.yaml": lamella,
        **PACK,
    }
    found = exported(Imported(files, ()))
    (kps,) = (item for item in json.loads(found.text)["spec"]["template"]["packs"] if item["name"] == "kps")
    assert kps.get("registry") == ({"metadata": registry} if registry else None)
    told = [note.message for note in found.notes if "names no registry" in note.message]
    assert len(told) == (0 if registry else 1)
