"""`lamella render`: what it writes, what it leaves alone, what it prints."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from compiler import yamldoc
from tests.cli.conftest import Lamella, edit, files, traces

DEV = "output/clusters/dev"


def test_one_line_says_what_was_done(shop: Path, lamella: Lamella) -> None:
    said = lamella("render")
    assert said == (0, "", "3 clusters, 6 layers, 12 objects: 20 added\n")


def test_a_second_run_touches_nothing(rendered: Path, lamella: Lamella) -> None:
    before = traces(rendered)
    assert lamella("render").err.endswith("output is up to date\n")
    assert traces(rendered) == before


def test_only_files_that_change_are_written(rendered: Path, lamella: Lamella) -> None:
    before = {path: path.stat().st_mtime_ns for path in (rendered / "output").rglob("*.yaml")}
    edit(rendered / "profiles/clusters/prod-eu.yaml", "replicas: 3", "replicas: 4")
    assert lamella("render").err.endswith("objects: 2 changed\n"), "the object and its cluster's inventory"
    after = {path: path.stat().st_mtime_ns for path in (rendered / "output").rglob("*.yaml")}
    changed = [path.name for path in before if before[path] != after[path]]
    assert changed == ["deployment.apps-shop-web.yaml"]
    assert "replicas: 4" in (rendered / "output/clusters/prod-eu/web/deployment.apps-shop-web.yaml").read_text()


def test_check_says_what_would_change_and_writes_nothing(shop: Path, lamella: Lamella) -> None:
    said = lamella("render", "--check", "dev")
    assert said.status == 1
    assert not (shop / "output").exists()
    lines = said.err.splitlines()
    assert lines[0] == "1 cluster, 2 layers, 4 objects: 8 added (not written)"
    assert "  + clusters/dev/web/deployment.apps-shop-web.yaml" in lines
    lamella("render")
    assert lamella("render", "--check").status == 0
    edit(shop / "profiles/clusters/prod-eu.yaml", "replicas: 3", "replicas: 4")
    (shop / "profiles/clusters/dev.yaml").unlink()
    before = traces(shop)
    said = lamella("render", "--check")
    assert (said.status, said.out) == (1, "")
    assert "  ~ clusters/prod-eu/web/deployment.apps-shop-web.yaml" in said.err.splitlines()
    assert "  - clusters/dev/inventory.json" in said.err.splitlines()
    assert traces(shop) == before


def test_output_goes_where_it_is_told(shop: Path, lamella: Lamella, tmp_path: Path) -> None:
    assert lamella("render", "--output", tmp_path / "elsewhere/deep").status == 0
    assert not (shop / "output").exists()
    assert lamella("render").status == 0
    assert files(tmp_path / "elsewhere/deep") == files(shop / "output")
    assert lamella("render", "--output", "../elsewhere/deep", "--check").status == 0


def test_settings_name_the_output_directory(shop: Path, lamella: Lamella) -> None:
    (shop / "lamella.yaml").write_text("{apiVersion: lamella/v1, kind: Settings, output: rendered/manifests}\n")
    assert lamella("render").status == 0
    assert (shop / "rendered/manifests/clusters/dev/inventory.json").is_file()
    assert not (shop / "output").exists()


def test_yaml_on_stdout_is_the_files_one_after_the_other(shop: Path, lamella: Lamella) -> None:
    said = lamella("render", "-o", "yaml", "dev")
    assert (said.status, said.err) == (0, "")
    assert not (shop / "output").exists()
    lamella("render")
    names = ["web/namespace-shop.yaml", "web/service-shop-web.yaml", "web/deployment.apps-shop-web.yaml",
             "settings/configmap-shop-settings.yaml"]  # fmt: skip
    assert said.out == "".join("---\n" + (shop / DEV / name).read_text() for name in names)


def test_json_on_stdout_is_one_list_of_the_same_objects(shop: Path, lamella: Lamella) -> None:
    documents = yamldoc.load(lamella("render", "-o", "yaml").out, "stdout")
    found = lamella("render", "--format", "json")
    assert found.json == {"apiVersion": "v1", "kind": "List", "items": [document.value for document in documents]}
    assert len(documents) == 12


def test_names_on_stdout_have_cluster_layer_and_object(shop: Path, lamella: Lamella) -> None:
    assert lamella("render", "-o", "name", "dev").out.splitlines() == [
        "dev\tweb\tNamespace shop",
        "dev\tweb\tService shop/web",
        "dev\tweb\tDeployment.apps shop/web",
        "dev\tsettings\tConfigMap shop/settings",
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["dev", "prod-eu", "prod-us"]),
        (["prod-us", "dev"], ["dev", "prod-us"]),
        (["-l", "env=prod"], ["prod-eu", "prod-us"]),
        (["--selector", "env=prod,region in (eu, ch)"], ["prod-eu"]),
        (["-l", "!region"], ["dev"]),
        (["-l", "region!=eu", "prod-eu", "prod-us"], ["prod-us"]),
    ],
)
def test_clusters_are_chosen_by_name_and_label(
    shop: Path, lamella: Lamella, arguments: list[str], expected: list[str]
) -> None:
    assert lamella("render", *arguments).status == 0
    assert sorted(path.name for path in (shop / "output/clusters").iterdir()) == expected


def test_unknown_clusters_are_all_named_and_nothing_is_written(shop: Path, lamella: Lamella) -> None:
    said = lamella("render", "prod-eu1", "dev", "test")
    assert said.status == 1
    assert "no cluster named 'prod-eu1'\n       = hint: did you mean 'prod-eu'?" in said.err
    assert "no cluster named 'test'" in said.err
    assert not (shop / "output").exists()


def test_a_selector_without_a_match_is_an_error(shop: Path, lamella: Lamella) -> None:
    assert lamella("render", "-l", "env=staging").status == 1


def test_a_partial_render_leaves_the_others_alone(rendered: Path, lamella: Lamella) -> None:
    root = json.loads((rendered / "output/inventory.json").read_text())
    others = [path for path in (rendered / "output").rglob("*") if path.is_file() and "dev" not in path.parts]
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_text()) for path in others}
    edit(rendered / "packs/web/values.yaml", "web:1", "web:2")
    assert lamella("render", "dev").status == 0
    assert "web:2" in (rendered / DEV / "web/deployment.apps-shop-web.yaml").read_text()
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_text()) for path in others} == before
    assert json.loads((rendered / "output/inventory.json").read_text()) == root
    assert root["clusters"] == ["dev", "prod-eu", "prod-us"]
    assert lamella("render", "--check", "dev").status == 0
    assert lamella("render", "--check").status == 1


def test_a_partial_render_of_a_new_cluster_adds_it_to_the_fleet(rendered: Path, lamella: Lamella) -> None:
    (rendered / "profiles/clusters/test.yaml").write_text(
        (rendered / "profiles/clusters/dev.yaml").read_text().replace("name: dev", "name: test")
    )
    assert lamella("render", "test").status == 0
    assert json.loads((rendered / "output/inventory.json").read_text())["clusters"] == [
        "dev",
        "prod-eu",
        "prod-us",
        "test",
    ]
    assert lamella("render", "--check").status == 0


def test_what_is_gone_from_the_source_goes_from_the_output_and_nothing_else(rendered: Path, lamella: Lamella) -> None:
    before = files(rendered / "output")
    template = rendered / "packs/web/templates/web.yaml.j2"
    template.write_text(template.read_text().partition("---\n")[0])
    edit(rendered / "profiles/clusters/prod-eu.yaml", "layers: {web:", "layers: {settings: {disabled: true}, web:")
    (rendered / "profiles/clusters/prod-us.yaml").unlink()
    refused = lamella("render")
    assert (refused.status, files(rendered / "output") == before) == (1, True)
    assert "error[output-removal]" in refused.err
    assert lamella("render", "--allow-removal").status == 0
    gone = before.keys() - files(rendered / "output").keys()
    assert gone == {
        "clusters/dev/web/service-shop-web.yaml",
        "clusters/prod-eu/web/service-shop-web.yaml",
        "clusters/prod-eu/settings/configmap-shop-settings.yaml",
        *(path for path in before if path.startswith("clusters/prod-us/")),
    }
    assert not (rendered / "output/clusters/prod-us").exists()
    assert not (rendered / "output/clusters/prod-eu/settings").exists()
    assert json.loads((rendered / "output/inventory.json").read_text())["clusters"] == ["dev", "prod-eu"]


def test_a_gone_cluster_stays_until_everything_is_rendered(rendered: Path, lamella: Lamella) -> None:
    (rendered / "profiles/clusters/prod-us.yaml").unlink()
    assert lamella("render", "dev").status == 0
    assert (rendered / "output/clusters/prod-us/inventory.json").is_file()
    assert lamella("render", "--allow-removal").status == 0
    assert not (rendered / "output/clusters/prod-us").exists()


def test_files_of_others_stay(rendered: Path, lamella: Lamella) -> None:
    notes = {
        "output/README.md": "by hand",
        "output/clusters/prod-us/notes.txt": "by hand",
        "output/clusters/prod-us/web/extra.yaml": "a: b",
        "output/clusters/not-ours/x.yaml": "a: b",
    }
    for path, text in notes.items():
        (rendered / path).parent.mkdir(parents=True, exist_ok=True)
        (rendered / path).write_text(text)
    (rendered / "profiles/clusters/prod-us.yaml").unlink()
    assert lamella("render", "--allow-removal").status == 0
    assert {path: (rendered / path).read_text() for path in notes} == notes
    assert not (rendered / "output/clusters/prod-us/web/service-shop-web.yaml").exists()


def test_a_file_of_others_in_the_way_is_an_error(shop: Path, lamella: Lamella) -> None:
    place = shop / DEV / "web/service-shop-web.yaml"
    place.parent.mkdir(parents=True)
    place.write_text("by hand")
    said = lamella("render")
    assert said.status == 1
    assert f"{DEV}/web/service-shop-web.yaml: error[output-foreign-file]" in said.err
    assert files(shop / "output") == {"clusters/dev/web/service-shop-web.yaml": "by hand"}


def test_a_file_edited_by_hand_is_told_and_kept_until_forced(rendered: Path, lamella: Lamella) -> None:
    path = rendered / DEV / "web/service-shop-web.yaml"
    good = path.read_text()
    path.write_text(good + "# fixed at night\n")
    before = traces(rendered / "output")
    for command in (["render"], ["render", "--check"]):
        said = lamella(*command)
        assert said.status == 1
        assert f"{DEV}/web/service-shop-web.yaml: error[output-edited]" in said.err
    assert traces(rendered / "output") == before
    assert lamella("render", "prod-eu").status == 0, "another cluster's files are not this render's business"
    said = lamella("render", "--force")
    assert said.status == 0
    assert said.err.endswith("1 changed\n")
    assert path.read_text() == good


def test_a_file_deleted_by_hand_comes_back(rendered: Path, lamella: Lamella) -> None:
    path = rendered / DEV / "web/service-shop-web.yaml"
    path.unlink()
    assert lamella("render").err.endswith("1 added\n")
    assert path.is_file()


def test_an_edit_that_the_source_caught_up_with_is_no_problem(rendered: Path, lamella: Lamella) -> None:
    edit(rendered / "output/clusters/prod-eu/web/deployment.apps-shop-web.yaml", "replicas: 3", "replicas: 4")
    edit(rendered / "profiles/clusters/prod-eu.yaml", "replicas: 3", "replicas: 4")
    assert lamella("render").status == 0
    assert lamella("render", "--check").status == 0


def test_an_error_in_one_cluster_keeps_all_from_being_written(rendered: Path, lamella: Lamella) -> None:
    edit(rendered / "packs/web/values.yaml", "web:1", "web:2")
    edit(rendered / "profiles/clusters/prod-eu.yaml", "greeting:", "greting:")
    before = traces(rendered)
    said = lamella("render")
    assert (said.status, said.out) == (1, "")
    assert "error[" in said.err
    assert traces(rendered) == before


def test_the_inventory_says_where_each_file_comes_from(rendered: Path) -> None:
    found = json.loads((rendered / DEV / "inventory.json").read_text())
    assert {key: found[key] for key in ("apiVersion", "kind", "cluster", "kubernetesVersion")} == {
        "apiVersion": "lamella/v1", "kind": "Inventory", "cluster": "dev", "kubernetesVersion": "1.33.4",
    }  # fmt: skip
    assert found["layers"]["web"] == {
        "profile": "shop 1.0.0",
        "source": {"kind": "pack", "name": "web", "version": "1.0.0"},
        "type": "addon",
        "wave": 0,
        "path": "clusters/dev/web",
    }  # fmt: skip
    on_disk = {path for path in files(rendered / "output") if path.startswith("clusters/dev/")}
    assert set(found["files"]) == on_disk - {"clusters/dev/inventory.json"}
    service = found["files"]["clusters/dev/web/service-shop-web.yaml"]
    content = (rendered / DEV / "web/service-shop-web.yaml").read_bytes()
    assert service == {
        "sha256": hashlib.sha256(content).hexdigest(),
        "layer": "web",
        "object": {"kind": "Service", "namespace": "shop", "name": "web"},
        "template": "packs/web/templates/web.yaml.j2",
    }


def test_the_number_of_workers_and_the_engine_do_not_show(rendered: Path, lamella: Lamella, helm: Path) -> None:
    shutil.copytree(
        Path(__file__).parents[1] / "golden/renders/hooks-are-dropped-where-the-policy-says-so/input", "charts-too"
    )
    embedded = lamella("render", "--repo", "charts-too", "-o", "yaml", "--jobs", "1")
    assert embedded.status == 0
    assert lamella("render", "--repo", "charts-too", "-o", "yaml", "-j", "2", "--timeout", "30") == embedded
    by_binary = lamella("render", "--repo", "charts-too", "-o", "yaml", "--helm-engine", "cli", "--helm-binary", helm)
    assert by_binary == embedded


def test_a_helm_binary_that_is_not_there_is_wrong_usage(shop: Path, lamella: Lamella) -> None:
    said = lamella("render", "--helm-engine", "cli", "--helm-binary", "nowhere/helm")
    assert said.status == 2
    assert "--helm-binary" in said.err


FAKE_HELM = """\
#!/bin/sh
case "$1" in version) echo v4.2.2 ;; *) kill -9 $PPID ;; esac
"""


def fake_helm(place: Path, script: str) -> Path:
    binary = place / "helm"
    binary.write_text(script)
    binary.chmod(0o755)
    return binary


def test_another_helm_than_ours_is_told_and_renders(shop: Path, lamella: Lamella, tmp_path: Path) -> None:
    said = lamella("render", "--helm-engine", "cli", "--helm-binary", fake_helm(tmp_path, FAKE_HELM))
    assert said.status == 0
    assert "warning[helm-version]: the helm binary is version 4.2.2, the embedded engine is" in said.err


def test_a_helm_that_does_not_tell_its_version_is_not_used(shop: Path, lamella: Lamella, tmp_path: Path) -> None:
    helm = fake_helm(tmp_path, "#!/bin/sh\necho 'Error: broken' >&2\nexit 1\n")
    said = lamella("render", "--helm-engine", "cli", "--helm-binary", helm)
    assert (said.status, said.err) == (3, "error[helm-version]: broken\n1 error\n")


def test_a_renderer_that_dies_is_told_of_its_layer(shop: Path, lamella: Lamella, tmp_path: Path) -> None:
    """What the machine does when memory is short, done by a Helm that kills the worker."""
    (shop / "charts/app").mkdir(parents=True)
    (shop / "charts/app/Chart.yaml").write_text("apiVersion: v2\nname: app\nversion: 1.0.0\n")
    edit(shop / "profiles/shop.yaml", "  layers:\n", "  layers:\n    - {name: app, chart: {path: ../charts/app}}\n")
    said = lamella("render", "--helm-engine", "cli", "--helm-binary", fake_helm(tmp_path, FAKE_HELM), "dev")
    assert said.status == 1
    assert "profiles/shop.yaml:8:7: error[render-crashed]: " in said.err
    assert not (shop / "output").exists()


def test_an_endless_template_ends_at_the_timeout(shop: Path, lamella: Lamella) -> None:
    text = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    (shop / "packs/web/templates/web.yaml.j2").write_text(text)
    said = lamella("render", "--timeout", "1", "dev")
    assert said.status == 1
    assert "error[render-timeout]" in said.err or "error[jinja" in said.err
    assert not (shop / "output").exists()


@pytest.mark.parametrize("broken", ["inventory.json", "clusters/dev/inventory.json"])
@pytest.mark.parametrize("text", ["<<<<<<< HEAD\n", "[]", '{"kind": "Inventory", "files": {"x": {"sha256": 1}}}', "{}"])
def test_a_broken_inventory_is_told_and_replaced_by_force(shop: Path, lamella: Lamella, broken: str, text: str) -> None:
    """After a merge conflict, when what is rendered has changed too, and with the files of delivery."""
    settings = "{apiVersion: lamella/v1, kind: Settings, delivery: [argocd, flux], argocd: {repoURL: %s}}"
    (shop / "lamella.yaml").write_text(settings % '"https://git.example.org/old.git"')
    assert lamella("render").status == 0
    (shop / "lamella.yaml").write_text(settings % '"https://git.example.org/new.git"')
    edit(shop / "packs/web/values.yaml", "web:1", "web:2")
    (shop / "output" / broken).write_text(text)
    for command in (["render"], ["render", "--check"], ["diff"]):
        said = lamella(*command)
        assert said.status > 0
        assert f"{broken}:1: error[inventory-broken]" in said.err
    assert lamella("render", "--force").status == 0
    assert lamella("render", "--check").status == 0
    assert "old.git" not in "".join(files(shop / "output").values())


@pytest.mark.parametrize(
    "output", ["packs", "packs/new", "profiles", "profiles/clusters/out", ".github/x", "charts", "charts/own/out"]
)
def test_sources_are_no_output(shop: Path, lamella: Lamella, output: str) -> None:
    chart = shop / "charts/own"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: own, version: 1.0.0}\n")
    with (shop / "profiles/shop.yaml").open("a") as profile:
        profile.write("    - {name: own, chart: {name: own, path: ../charts/own}}\n")
    before = files(shop)
    said = lamella("render", "--output", output)
    assert (said.status, files(shop)) == (1, before)
    assert "output-root-refused" in said.err


@pytest.mark.parametrize("output", ["out", "out/x", "out/x/y", "out/../out/x", "in/out/x"])
@pytest.mark.parametrize("given", [True, False])
def test_an_output_behind_a_link_of_the_repository_is_refused(
    shop: Path, lamella: Lamella, output: str, given: bool
) -> None:
    victim = shop.parent / "victim"
    victim.mkdir()
    (shop / "in").mkdir()
    for link in (shop / "out", shop / "in/out"):
        link.symlink_to(victim)
    if not given:
        (shop / "lamella.yaml").write_text(f"apiVersion: lamella/v1\nkind: Settings\noutput: {output}\n")
    said = lamella("render", *(["--output", output] if given else []))
    assert (said.status, list(victim.iterdir())) == (1, [])
    assert "output-root-refused" in said.err or "output-path" in said.err
