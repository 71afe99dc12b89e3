"""From nothing to a locked render, against a real HTTP chart repository and real OCI registries."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.registries.conftest import Repository, layer, package, profile, settings
from tests.support import servers


def test_unlocked_charts_are_refused_with_the_command_that_helps(repository: Repository, http_charts: str) -> None:
    repository.write(
        {
            "lamella.yaml": settings(web=http_charts),
            "profiles/web.yaml": profile(layer("demo", "name: demo, version: ^1.2, registry: web")),
        }
    )
    result = repository.run("render")
    assert result.status == 1
    assert f"error[not-locked]: chart 'demo' ^1.2 of {http_charts} is not in lamella.lock" in result.err
    assert "run `lamella lock`" in result.err
    assert not (repository.root / "output").exists()


def test_lock_then_render_by_registry_by_repo_and_by_an_override(repository: Repository, http_charts: str) -> None:
    repository.write(
        {
            "lamella.yaml": settings(web=http_charts),
            "profiles/web.yaml": profile(
                layer("demo", "name: demo, version: ^1.2, registry: web"),
                layer("extra", f"name: extra, version: '*', repo: '{http_charts}'"),
                cluster="  layers: {demo: {version: 1.2.x}}\n",
            ),
        }
    )
    repository.ok("lock")
    assert '  version: "1.3.0"' in repository.lock
    repository.ok("render")
    rendered = repository.rendered()
    assert 'version: "1.2.3"' in rendered["prod/demo/configmap-demo-demo.yaml"]  # the cluster's own range
    assert 'version: "0.1.0"' in rendered["prod/extra/configmap-extra-extra.yaml"]
    repository.ok("lock", "--check")
    repository.ok("render", "--check", "--offline")


def test_a_render_is_the_same_from_a_registry_and_from_a_directory(
    repository: Repository, http_charts: str, charts: Path
) -> None:
    by_registry = layer("demo", f"name: demo, version: 1.3.0, repo: '{http_charts}'")
    repository.write({"profiles/web.yaml": profile(by_registry)})
    repository.ok("lock")
    repository.ok("render")
    rendered = repository.rendered()
    shutil.copytree(charts, repository.root / "charts")
    repository.write({"profiles/web.yaml": profile(layer("demo", "path: ../charts/demo-1.3.0.tgz"))})
    repository.ok("render")
    assert repository.rendered() == rendered


@pytest.mark.parametrize("command", [["render"], ["render", "--check"], ["check"], ["diff"], ["show"]])
@pytest.mark.parametrize(
    ("chart", "difference"),
    [
        ("name: extra, version: '*', registry: web", "missing: chart extra * (profile web 1.0.0, layer extra)"),
        ("path: ../extra", "- chart extra 0.1.0"),
        ("name: extra, version: '>=0', registry: web", "missing: chart extra >=0"),
    ],
    ids=["missing", "left over", "another range"],
)
def test_locked_refuses_a_lock_that_lock_would_change_and_fetches_nothing(
    repository: Repository, http_charts: str, tmp_path: Path, command: list[str], chart: str, difference: str
) -> None:
    demo, extra = (f"name: {name}, version: '>=0.1', registry: web" for name in ("demo", "extra"))
    before = [layer("demo", demo), *([] if "'*'" in chart else [layer("extra", extra)])]
    repository.write({"lamella.yaml": settings(web=http_charts), "profiles/web.yaml": profile(*before)})
    repository.ok("lock")
    repository.ok("show", "--locked")
    shutil.rmtree(tmp_path / "cache")
    repository.write({"profiles/web.yaml": profile(layer("demo", demo), layer("extra", chart))})
    said = repository.run(*command, "--locked")
    assert said.status == (2 if command == ["diff"] else 1)
    assert "error[lock-stale]: lamella.lock is not up to date: " in said.err
    assert difference in said.err
    assert not [path for path in tmp_path.rglob("archives/**/*") if path.is_file()]


def test_without_locked_an_entry_that_nobody_asks_for_is_no_word_worth(
    repository: Repository, http_charts: str
) -> None:
    repository.write(
        {
            "lamella.yaml": settings(web=http_charts),
            "profiles/web.yaml": profile(
                *(layer(n, f"name: {n}, version: '*', registry: web") for n in ("demo", "extra"))
            ),
        }
    )
    repository.ok("lock")
    repository.write({"profiles/web.yaml": profile(layer("demo", "name: demo, version: '*', registry: web"))})
    assert "lamella.lock" not in repository.ok("render").err


def test_pre_releases_are_chosen_on_request_only(repository: Repository, http_charts: str) -> None:
    chart = "name: demo, version: '{}', registry: web"
    repository.write(
        {
            "lamella.yaml": settings(web=http_charts),
            "profiles/web.yaml": profile(
                layer("stable", chart.format("*")),
                layer("next", chart.format(">=2.0.0-0")),
                layer("all", chart.format(">=1")),
            ),
        }
    )
    repository.ok("lock")
    versions = [line.strip() for line in repository.lock.splitlines() if line.startswith("  version:")]
    assert versions == ['version: "1.3.0"', 'version: "2.0.0-rc.1"']


def test_what_is_locked_stays_until_upgrade(repository: Repository, helm: Path, tmp_path: Path) -> None:
    upstream = tmp_path / "upstream"
    upstream.mkdir()

    def publish(version: str, text: str = "") -> None:
        package(helm, upstream, "demo", version, text)
        subprocess.run([helm, "repo", "index", "."], cwd=upstream, check=True, capture_output=True)

    publish("1.0.0")
    with servers.static_files(upstream) as url:
        chart = f"name: demo, version: ^1, repo: '{url}'"
        repository.write({"profiles/web.yaml": profile(layer("demo", chart))})
        repository.ok("lock")
        publish("1.1.0")
        before = repository.lock
        repository.ok("lock")
        assert repository.lock == before
        assert "~ chart demo 1.0.0 -> 1.1.0" in repository.ok("lock", "--upgrade").err
        # Withdrawn: the lock keeps it, an upgrade to something older needs a flag.
        (upstream / "demo-1.1.0.tgz").unlink()
        subprocess.run([helm, "repo", "index", "."], cwd=upstream, check=True, capture_output=True)
        repository.ok("lock")
        refused = repository.run("lock", "--upgrade")
        assert refused.status == 1
        assert "lock-downgrade" in refused.err
        repository.ok("lock", "--upgrade", "--allow-downgrade")
        assert "1.0.0" in repository.lock
        # The same version with other content.
        publish("1.0.0", text="other")
        locked = repository.lock
        changed = repository.run("lock", "--upgrade", "demo")
        assert changed.status == 1
        assert "lock-changed" in changed.err
        assert changed.err.count("sha256:") == 2
        assert repository.lock == locked
        shutil.rmtree(tmp_path / "cache")
        render = repository.run("render")
        assert render.status == 1
        assert "lock-changed" in render.err


def test_the_cache_and_then_nothing_when_the_registry_is_gone(
    repository: Repository, charts: Path, tmp_path: Path
) -> None:
    with servers.static_files(charts) as url:
        repository.write({"profiles/web.yaml": profile(layer("demo", f"name: demo, version: ^1, repo: '{url}'"))})
        repository.ok("lock")
    repository.ok("render")
    shutil.rmtree(tmp_path / "cache")
    for flags in ([], ["--offline"]):
        result = repository.run("render", "--check", *flags)
        assert result.status == 3
        assert "registry-unreachable" in result.err or "lock-archive" in result.err


def test_a_damaged_cache_is_not_believed(repository: Repository, http_charts: str, tmp_path: Path) -> None:
    repository.write({"profiles/web.yaml": profile(layer("demo", f"name: demo, version: ^1, repo: '{http_charts}'"))})
    repository.ok("lock")
    repository.ok("render")
    (archive,) = (path for path in (tmp_path / "cache" / "archives").rglob("*") if path.is_file())
    archive.write_bytes(archive.read_bytes()[:-100] + b"x" * 100)
    assert repository.run("render", "--check", "--offline").status == 3
    archive.parent.mkdir(exist_ok=True)
    archive.write_bytes(b"other")
    repository.ok("render", "--check")


@pytest.mark.parametrize("base", ["", "/team/charts"])
def test_charts_that_helm_pushed_to_an_oci_registry(
    repository: Repository, oci: str, charts: Path, helm: Path, base: str
) -> None:
    for archive in sorted(charts.glob("demo-*.tgz")):
        push = [str(helm), "push", str(archive), f"oci://{oci}{base}", "--plain-http"]
        subprocess.run(push, check=True, capture_output=True)
    repository.write(
        {"profiles/web.yaml": profile(layer("demo", f"name: demo, version: 1.x, repo: 'oci://{oci}{base}'"))}
    )
    repository.ok("lock")
    assert "revision: sha256:" in repository.lock
    repository.ok("render")
    assert 'version: "1.3.0"' in repository.rendered()["prod/demo/configmap-demo-demo.yaml"]


def test_a_private_registry_behind_a_ca_of_its_own(
    repository: Repository,
    private_oci: str,
    charts: Path,
    helm: Path,
    ca: servers.Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    login = ["--username", servers.USERNAME, "--password", servers.PASSWORD, "--ca-file", str(ca.ca)]
    push = [helm, "push", charts / "demo-1.2.3.tgz", f"oci://{private_oci}/private", *login]
    subprocess.run([str(part) for part in push], check=True, capture_output=True)
    repository.write(
        {
            "lamella.yaml": settings(corp=f"oci://{private_oci}/private"),
            "profiles/web.yaml": profile(layer("demo", "name: demo, version: 1.x, registry: corp")),
        }
    )
    monkeypatch.setenv("LAMELLA_REGISTRY_CORP_CA_FILE", str(ca.ca))
    refused = repository.run("lock")
    assert refused.status == 3
    assert "registry-auth" in refused.err
    assert "LAMELLA_REGISTRY_CORP_USERNAME" in refused.err
    monkeypatch.setenv("LAMELLA_REGISTRY_CORP_USERNAME", servers.USERNAME)
    monkeypatch.setenv("LAMELLA_REGISTRY_CORP_PASSWORD", servers.PASSWORD)
    repository.ok("lock")
    repository.ok("render")
    assert servers.PASSWORD not in repository.lock
    assert servers.PASSWORD not in refused.err


def test_two_branches_that_each_add_a_layer_merge(repository: Repository, http_charts: str) -> None:
    """The common case: different charts. git merges the lock without a conflict, and it is what `lock` would write."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=repository.root, check=True, capture_output=True)

    def add(name: str, chart: str) -> None:
        text = profile(layer(name, f"name: {chart}, version: '*', repo: '{http_charts}'"))
        repository.write({f"profiles/{name}.yaml": text.replace("web", f"p-{name}").replace("prod", f"c-{name}")})
        repository.ok("lock")
        git("add", "-A")
        git("commit", "-qm", name)

    repository.root.mkdir(parents=True)
    git("init", "-qb", "main")
    add("middle", "demo")
    git("switch", "-qc", "other")
    add("one", "extra")
    git("switch", "-q", "main")
    repository.write({"profiles/two.yaml": profile(layer("two", f"name: demo, version: 1.2.3, repo: '{http_charts}'"))})
    repository.ok("lock")
    git("add", "-A")
    git("commit", "-qm", "two")
    git("merge", "-q", "--no-edit", "other")
    repository.ok("lock", "--check")
