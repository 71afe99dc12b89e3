"""Profiles, templates, macros and packs of other repositories: pinned, mounted, and nearer ones win."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.repositories import commit_all, git, write
from tests.host.repositories import repository as new_repository
from tests.registries.conftest import Repository, settings
from tests.support import servers

Tree = dict[str, str | bytes | Path]


def profile(name: str, text: str, version: str = "1.0.0", *, more: str = "") -> str:
    """A profile with a layer of its name: a ConfigMap from a file beside it, with a text."""
    return (
        f"apiVersion: lamella/v1\nkind: ClusterProfile\nmetadata: {{name: {name}, version: {version}}}\n"
        f"spec:\n  type: add-on\n  cloud: all\n  layers:\n"
        f"    - {{name: {name}, namespace: {name}, manifests: [{{name: text, inline: '{config(name, text)}'}}]}}\n{more}"
    )


def config(name: str, text: str) -> str:
    return (
        f'{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "{name}"}}, "data": {{"text": "{text}"}}}}'
    )


def cluster(*profiles: str, labels: str = "") -> str:
    listed = "".join(f"    - {{name: {each.split()[0]}, version: {each.split()[1]}}}\n" for each in profiles)
    return (
        f"apiVersion: lamella/v1\nkind: Cluster\nmetadata: {{name: prod, labels: {{{labels}}}}}\n"
        f"spec:\n  kubernetesVersion: 1.33.4\n  profiles:\n{listed}"
    ).replace("  profiles:\n", "  profiles:\n" if profiles else "")


def imports(*entries: str) -> str:
    listed = "".join(f"  - {{{entry}}}\n" for entry in entries)
    return f"apiVersion: lamella/v1\nkind: Settings\nimports:\n{listed}"


@pytest.fixture(autouse=True)
def _git(git_home: Path) -> None:
    """No configuration of this machine."""


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """A tenant's repository: a profile below `platform`."""
    return new_repository(
        tmp_path / "remotes" / "shared",
        {
            "platform/profiles/base.yaml": profile("base", "from the tenant"),
            "platform/output/left.yaml": "what is rendered is of no use here\n",
            "elsewhere/secret.yaml": "not below the path\n",
        },
    )


@pytest.fixture
def url(upstream: Path) -> Iterator[str]:
    with servers.git_repositories(upstream.parent) as (base, _):
        yield f"{base}/shared"


def change(upstream: Path, files: Tree) -> str:
    write(upstream, files)
    return commit_all(upstream, "change")


def objects(repository: Repository) -> str:
    """What is rendered for the layer of the imported profile."""
    return repository.rendered()["prod/base/configmap-base-base.yaml"]


def test_profiles_of_another_repository(repository: Repository, upstream: Path, url: str, tmp_path: Path) -> None:
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: '{url}', ref: main, path: platform"),
            "profiles/prod.yaml": cluster("base 1.0.0"),
        }
    )
    said = repository.run("render")
    assert said.status == 1
    assert said.err.count("error[") == 1
    assert "lamella.yaml:4:5: error[not-locked]: import 'shared'" in said.err
    assert repository.run("lock", "--check").err.startswith("missing: import shared\n")
    first = git(upstream, "rev-parse", "HEAD")
    assert f"+ import shared {first[:12]}  git+{url}//platform?ref=main" in repository.ok("lock").err
    assert first in repository.lock
    repository.ok("render")
    assert "text: from the tenant" in objects(repository)
    # What comes later changes nothing until --upgrade, from a cold cache neither.
    second = change(upstream, {"platform/profiles/base.yaml": profile("base", "changed")})
    shutil.rmtree(tmp_path / "cache")
    repository.ok("render", "--check")
    repository.ok("lock")
    assert first in repository.lock
    assert "import" in repository.ok("outdated").out
    assert second[:12] in repository.ok("outdated").out
    assert f"~ import shared {first[:12]} -> {second[:12]}" in repository.ok("lock", "--upgrade", "shared").err
    assert repository.run("render", "--check").status == 1
    repository.ok("render")
    assert "text: changed" in objects(repository)
    repository.ok("lock", "--check")
    said = repository.run("lock", "--upgrade", "shraed")
    assert "error[lock-nothing-asked]" in said.err
    assert "did you mean 'shared'?" in said.err


def test_another_url_path_or_ref_is_another_import(repository: Repository, upstream: Path, url: str) -> None:
    git(upstream, "tag", "v1")
    first = git(upstream, "rev-parse", "HEAD")
    second = change(upstream, {"platform/profiles/base.yaml": profile("base", "changed")})
    repository.write({"profiles/prod.yaml": cluster("base 1.0.0")})
    for ref, commit in (("main", second), ("v1", first), (second, second), ("''", second)):
        repository.write({"lamella.yaml": imports(f"name: shared, git: '{url}', ref: {ref}, path: platform")})
        assert "error[not-locked]" in repository.run("render").err
        repository.ok("lock")
        assert commit in repository.lock
        repository.ok("render")


def test_without_network_from_vendor(repository: Repository, upstream: Path, tmp_path: Path) -> None:
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: 'file://{upstream}', path: platform"),
            "profiles/prod.yaml": cluster("base 1.0.0"),
        }
    )
    repository.ok("lock")
    repository.ok("render", "--offline")
    shutil.rmtree(tmp_path / "cache")
    said = repository.run("render", "--check", "--offline")
    assert said.status == 3
    assert "error[lock-archive]: import 'shared'" in said.err
    repository.ok("vendor")
    assert (repository.root / "vendor/imports/shared.tgz").is_file()
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    shutil.rmtree(upstream)
    repository.ok("render", "--check", "--offline")
    repository.ok("lock")


def test_a_commit_with_other_content_is_refused(repository: Repository, upstream: Path, tmp_path: Path) -> None:
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: 'file://{upstream}', path: platform"),
            "profiles/prod.yaml": cluster("base 1.0.0"),
        }
    )
    repository.ok("lock")
    (content,) = (line.split()[1] for line in repository.lock.splitlines() if "content:" in line)
    text = repository.lock.replace(content, f"sha256:{'0' * 64}")
    archive = next(line.split()[1] for line in text.splitlines() if "archive:" in line)
    repository.write({"lamella.lock": text.replace(archive, f"sha256:{'1' * 64}")})
    shutil.rmtree(tmp_path / "cache")
    said = repository.run("render")
    assert "error[lock-changed]: import 'shared'" in said.err


def test_everything_that_a_profile_may_name_comes_along(repository: Repository, upstream: Path, url: str) -> None:
    """Values files, manifests by pattern and from the root, a chart, a pack with templates; a template and macros."""
    change(
        upstream,
        {
            "platform/profiles/deep/web.yaml": (
                "apiVersion: lamella/v1\nkind: ClusterProfile\nmetadata: {name: web, version: 1.0.0}\n"
                "spec:\n  type: add-on\n  cloud: all\n  layers:\n"
                "    - {name: chart, namespace: chart, chart: {path: ../../charts/demo},"
                " valuesFiles: [/values/demo.yaml]}\n"
                "    - {name: pack, pack: {name: greeting, version: 1.x}}\n"
                "    - {name: files, namespace: files, manifests: [{file: '../../manifests/*.yaml'}]}\n"
            ),
            "platform/charts/demo/Chart.yaml": "apiVersion: v2\nname: demo\nversion: 1.0.0\n",
            "platform/charts/demo/values.yaml": "text: default\n",
            "platform/charts/demo/templates/a.yaml": (
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: chart}\ndata: {text: '{{ .Values.text }}'}\n"
            ),
            "platform/values/demo.yaml": "text: of the values here\n",
            "platform/packs/greeting/pack.yaml": (
                "name: greeting\nversion: 1.0.0\nlayer: addon\ntemplates: ['templates/*.j2']\n"
            ),
            "platform/packs/greeting/values.yaml": "pack: {namespace: greeting}\ntext: hello\n",
            "platform/packs/greeting/templates/a.yaml.j2": (
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: pack}\ndata: {text: '{{ values.text }}'}\n"
            ),
            "platform/manifests/one.yaml": config("one", "'{{ .spectro.macro.team }}'")
            .replace("\"'", '"')
            .replace("'\"", '"'),
            "platform/profiles/template.yaml": (
                "apiVersion: lamella/v1\nkind: ClusterTemplate\nmetadata: {name: everywhere}\n"
                "spec:\n  selector: {matchLabels: {env: prod}}\n  profiles: [{name: web, version: 1.0.0}]\n"
            ),
            "platform/profiles/macros.yaml": (
                "apiVersion: lamella/v1\nkind: Macros\nmetadata: {name: teams}\nspec: {macros: {team: tenants}}\n"
            ),
        },
    )
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: '{url}', path: platform"),
            "profiles/prod.yaml": cluster(labels="env: prod"),
        }
    )
    repository.ok("lock")
    repository.ok("render")
    rendered = repository.rendered()
    assert "text: of the values here" in rendered["prod/chart/configmap-chart-chart.yaml"]
    assert "text: hello" in rendered["prod/pack/configmap-greeting-pack.yaml"]
    assert "tenants" in rendered["prod/files/configmap-files-one.yaml"]
    # Macros of this repository are nearer.
    repository.write(
        {
            "profiles/macros.yaml": "apiVersion: lamella/v1\nkind: Macros\nmetadata: {name: own}\n"
            "spec: {macros: {team: own}}\n"
        }
    )
    repository.ok("render")
    assert "own" in repository.rendered()["prod/files/configmap-files-one.yaml"]


def test_nearer_documents_shadow_those_of_imports_and_it_is_said(
    repository: Repository, upstream: Path, url: str, tmp_path: Path
) -> None:
    other = new_repository(
        tmp_path / "remotes" / "other", {"profiles/base.yaml": profile("base", "of the other import")}
    )
    both = (f"name: shared, git: '{url}', path: platform", f"name: other, git: 'file://{other}'")
    repository.write({"lamella.yaml": imports(*both), "profiles/prod.yaml": cluster("base 1.0.0")})
    said = repository.ok("lock")
    assert "warning[import-shadowed]: profile base 1.0.0 of import 'other' is not used: import 'shared'" in said.err
    said = repository.ok("render")
    assert said.err.count("warning[import-shadowed]") == 1
    assert "text: from the tenant" in objects(repository)
    # Scopes come before the order in lamella.yaml.
    repository.write({"lamella.yaml": imports(f"{both[0]}, scope: system", both[1])})
    repository.ok("lock")
    repository.ok("render")
    assert "text: of the other import" in objects(repository)
    # This repository is nearest.
    repository.write({"profiles/base.yaml": profile("base", "own")})
    said = repository.ok("render")
    assert said.err.count("warning[import-shadowed]") == 2
    assert "profiles/base.yaml:3:12: warning[import-shadowed]" in said.err
    assert "lamella.lock/imports/other/profiles/base.yaml:3:12: not used" in said.err
    assert "text: own" in objects(repository)
    # Another version shadows nothing.
    repository.write({"profiles/base.yaml": profile("base", "own", "2.0.0"), "lamella.yaml": imports(both[0])})
    repository.ok("lock")
    assert "import-shadowed" not in repository.ok("render").err


def test_packs_are_shadowed_by_version_unless_they_are_equal(repository: Repository, upstream: Path, url: str) -> None:
    def pack(version: str, text: str) -> Tree:
        return {
            "pack.yaml": f"name: greeting\nversion: {version}\nlayer: addon\nkubeManifests: [a.yaml]\n",
            "values.yaml": "pack: {namespace: greeting}\n",
            "a.yaml": config("greeting", text),
        }

    layer = "{name: base, pack: {name: greeting, version: 1.x}}"
    own = profile("base", "").partition("    - {")[0] + f"    - {layer}\n"
    for version in ("1.0.0", "1.1.0"):
        write(upstream / "platform" / "packs" / version, pack(version, "theirs"))
    commit_all(upstream, "packs")
    write(repository.root / "packs" / "greeting", pack("1.0.0", "theirs"))
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: '{url}', path: platform"),
            "profiles/prod.yaml": f"{own.replace('name: base, v', 'name: own, v')}---\n{cluster('own 1.0.0')}",
        }
    )
    repository.ok("lock")
    said = repository.ok("render")
    assert "import-shadowed" not in said.err
    assert "theirs" in repository.rendered()["prod/base/configmap-greeting-greeting.yaml"]
    assert "greeting   1.1.0" in repository.ok("list", "packs").out
    write(repository.root / "packs" / "greeting", pack("1.1.0", "own"))
    said = repository.ok("render")
    assert "warning[import-shadowed]: pack greeting 1.1.0 of import 'shared' is not used" in said.err
    assert "own" in repository.rendered()["prod/base/configmap-greeting-greeting.yaml"]


def test_clusters_of_an_import_are_not_taken_and_what_matches_nothing_there_is_not_told(
    repository: Repository, upstream: Path, url: str
) -> None:
    change(
        upstream,
        {
            "platform/profiles/clusters.yaml": cluster("nothing 9.9.9"),
            "platform/profiles/template.yaml": (
                "apiVersion: lamella/v1\nkind: ClusterTemplate\nmetadata: {name: nowhere}\nspec:\n"
                "  selector: {matchLabels: {env: dev}}\n  layers: {base: {namespace: other}}\n"
            ),
            "platform/profiles/unused.yaml": profile("unused", "x").replace(
                "manifests: [", "chart: {name: gone, version: 1.0.0, repo: 'https://127.0.0.1:1'}, manifests: ["
            ),
        },
    )
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: '{url}', path: platform"),
            "profiles/own.yaml": cluster("base 1.0.0").replace("prod", "mine"),
        }
    )
    repository.ok("lock")
    assert "charts:" not in repository.lock  # of an import only what clusters use is asked for
    assert repository.ok("render").err.count("warning") == 0
    assert repository.ok("check", "--strict")
    assert repository.ok("list", "-o", "name").out == "mine\n"


def test_charts_of_registries_that_an_import_asks_for(
    repository: Repository, upstream: Path, url: str, http_charts: str
) -> None:
    text = profile("base", "x").partition("    - {")[0] + (
        "    - {name: base, namespace: base, chart: {name: demo, version: ^1, registry: corp}}\n"
    )
    change(upstream, {"platform/profiles/base.yaml": text})
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: '{url}', path: platform"),
            "profiles/prod.yaml": cluster("base 1.0.0"),
        }
    )
    said = repository.run("lock")
    assert "lamella.lock/imports/shared/profiles/base.yaml" in said.err
    assert "error[registry-unknown]" in said.err
    registries = settings(corp=http_charts).partition("registries:")[2]
    repository.write(
        {"lamella.yaml": imports(f"name: shared, git: '{url}', path: platform") + f"registries:{registries}"}
    )
    repository.ok("lock")
    assert "name: demo" in repository.lock
    repository.ok("render")
    assert repository.rendered()["prod/base/configmap-base-base.yaml"]
    repository.ok("lock", "--check")


@pytest.mark.parametrize("way", ["../../elsewhere/secret.yaml", "../../../../../secret.yaml", "/../secret.yaml"])
def test_paths_of_an_import_cannot_leave_it(repository: Repository, upstream: Path, url: str, way: str) -> None:
    text = profile("base", "x").partition("    - {")[0] + f"    - {{name: base, manifests: [{{file: '{way}'}}]}}\n"
    change(upstream, {"platform/profiles/base.yaml": text})
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: '{url}', path: platform"),
            "profiles/prod.yaml": cluster("base 1.0.0"),
            "secret.yaml": config("stolen", "ours"),
        }
    )
    repository.ok("lock")
    said = repository.run("render")
    assert said.status == 1
    assert "lamella.lock/imports/shared/profiles/base.yaml:8" in said.err
    assert "error[path-outside-repository]" in said.err
    assert "is outside import 'shared'" in said.err


def test_a_path_from_the_root_is_from_the_imports_root(repository: Repository, upstream: Path, url: str) -> None:
    text = profile("base", "x").partition("    - {")[0] + "    - {name: base, manifests: [{file: '/secret.yaml'}]}\n"
    change(upstream, {"platform/profiles/base.yaml": text, "platform/profiles/secret.yaml": config("a", "b")})
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: '{url}', path: platform"),
            "profiles/prod.yaml": cluster("base 1.0.0"),
            "secret.yaml": config("stolen", "ours"),
        }
    )
    repository.ok("lock")
    said = repository.run("render")
    assert "error[file-not-found]" in said.err
    assert "did you mean 'secret.yaml', or '/profiles/secret.yaml' from the root of the repository?" in said.err


@pytest.mark.parametrize("target", ["/etc/hostname", "../../elsewhere/secret.yaml", "../../../x", "../.git/config"])
def test_links_out_of_an_import_are_refused(repository: Repository, upstream: Path, url: str, target: str) -> None:
    write(upstream / "platform/profiles", {"link.yaml": Path(target)})
    commit_all(upstream, "link")
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: '{url}', path: platform"),
            "profiles/prod.yaml": cluster("base 1.0.0"),
        }
    )
    said = repository.run("lock")
    assert said.status == 1
    assert "lamella.yaml:4:5: error[" in said.err
    assert "link.yaml" in said.err
    assert not (repository.root / "lamella.lock").exists()


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("ref: nope", "git-unknown-ref"),
        ("path: nope", "git-no-directory"),
        ("path: elsewhere", "no-profiles"),
    ],
)
def test_what_is_not_there_is_said_at_the_import(repository: Repository, url: str, entry: str, code: str) -> None:
    repository.write(
        {"lamella.yaml": imports(f"name: shared, git: '{url}', {entry}"), "profiles/prod.yaml": cluster("base 1.0.0")}
    )
    said = repository.run("lock")
    assert said.status == 1
    assert f"lamella.yaml:4:5: error[{code}]" in said.err
    assert not (repository.root / "lamella.lock").exists()


def test_a_lock_with_an_import_twice(repository: Repository, url: str) -> None:
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: '{url}', path: platform"),
            "profiles/prod.yaml": cluster("base 1.0.0"),
        }
    )
    repository.ok("lock")
    head, _, entry = repository.lock.partition("imports:\n")
    repository.write({"lamella.lock": f"{head}imports:\n{entry}{entry.replace('platform', 'other')}"})
    said = repository.run("render")
    assert "error[lock-invalid]: import 'shared' is locked twice" in said.err


def test_profiles_are_listed_with_scope_origin_and_clusters(repository: Repository, upstream: Path, url: str) -> None:
    change(upstream, {"platform/profiles/next.yaml": profile("base", "next", "1.1.0")})
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: '{url}', path: platform"),
            "profiles/prod.yaml": cluster("base 1.0.0", "own 1.0.0"),
            "profiles/own.yaml": profile("own", "own"),
        }
    )
    repository.ok("lock")
    rows = json.loads(repository.ok("list", "profiles", "-o", "json").out)
    shown = [(row["name"], row["version"], row["scope"], row["origin"], row["clusters"]) for row in rows]
    assert shown == [
        ("base", "1.0.0", "tenant", "import shared", ["prod"]),
        ("base", "1.1.0", "tenant", "import shared", []),
        ("own", "1.0.0", "project", "this repository", ["prod"]),
    ]


def test_output_is_published_from_a_commit_with_its_lock(repository: Repository, upstream: Path, url: str) -> None:
    repository.write(
        {
            "lamella.yaml": imports(f"name: shared, git: '{url}', path: platform"),
            "profiles/prod.yaml": cluster("base 1.0.0"),
        }
    )
    repository.ok("lock")
    new_repository(repository.root)
    git(repository.root, "add", "lamella.yaml", "profiles", "lamella.lock")
    git(repository.root, "commit", "--quiet", "-m", "input")
    repository.ok("render")
    repository.ok("publish", "--no-push")
    # The lock is input: what it pins must be in the commit.
    change(upstream, {"platform/profiles/base.yaml": profile("base", "changed")})
    repository.ok("lock", "--upgrade")
    repository.ok("render")
    said = repository.run("publish", "--no-push")
    assert said.status == 1
    assert "commit lamella.lock" in said.err
    git(repository.root, "commit", "--quiet", "-am", "upgrade")
    repository.ok("publish", "--no-push")
