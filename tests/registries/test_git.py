"""Pack registries in git repositories: locked at a commit, rendered from it, and what goes wrong on the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.host.git import command
from tests.host.repositories import commit_all, git, write
from tests.host.repositories import repository as new_repository
from tests.registries.conftest import Repository, profile
from tests.support import servers


def pack(version: str, text: str = "hello") -> dict[str, str | bytes | Path]:
    """The files of a pack `greeting`: a ConfigMap."""
    return {
        "pack.yaml": f"name: greeting\nversion: {version}\nlayer: addon\nkubeManifests: [manifests/config.yaml]\n",
        "values.yaml": "pack: {namespace: greeting}\n",
        "manifests/config.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: greeting}}\ndata: {{text: {text}}}\n",
    }


def put(upstream: Path, *versions: str, text: str = "hello") -> str:
    """Commits these versions of the pack, below `platform/packs`; returns the commit."""
    for version in versions:
        write(upstream / "platform" / "packs" / f"greeting-{version}", pack(version, text))
    return commit_all(upstream, "packs")


@pytest.fixture(autouse=True)
def _git(git_home: Path) -> None:
    """No configuration of this machine."""


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """A repository with two versions of the pack, and what is of no use here."""
    root = new_repository(tmp_path / "remotes" / "packs", {"README": "packs"})
    put(root, "1.0.0", "1.1.0")
    return root


@pytest.fixture
def url(upstream: Path) -> Iterator[str]:
    with servers.git_repositories(upstream.parent) as (base, _):
        yield f"{base}/packs"


def using(repository: Repository, url: str, version: str = "1.x", *, ref: str = "main", path: str = "platform") -> None:
    """A profile with a layer of the pack, from this registry."""
    reference = f"name: greeting, version: '{version}', registry: packs"
    repository.write(
        {
            "lamella.yaml": "apiVersion: lamella/v1\nkind: Settings\nregistries:\n"
            f"  - {{name: packs, kind: pack, git: '{url}', ref: '{ref}', path: '{path}'}}\n",
            "profiles/web.yaml": profile(f"{{name: greeting, pack: {{{reference}}}}}"),
        }
    )


CONFIG = "prod/greeting/configmap-greeting-greeting.yaml"


def test_packs_of_a_git_repository_are_locked_at_a_commit(
    repository: Repository, upstream: Path, url: str, tmp_path: Path
) -> None:
    using(repository, url)
    assert repository.run("render").err.count("error[not-locked]") == 1
    repository.ok("lock")
    commit = git(upstream, "rev-parse", "HEAD")
    assert f"  source: git+{url}//platform?ref=main\n  revision: {commit}\n" in repository.lock.replace('"', "")
    repository.ok("render")
    assert "text: hello" in repository.rendered()[CONFIG]
    # What comes later changes nothing until --upgrade, from a cold cache neither.
    put(upstream, "1.2.0", text="later")
    shutil.rmtree(tmp_path / "cache")
    repository.ok("render", "--check")
    repository.ok("lock", "--check")
    before = repository.lock
    repository.ok("lock")
    assert repository.lock == before
    assert "~ pack greeting 1.1.0 -> 1.2.0" in repository.ok("lock", "--upgrade").err
    repository.ok("render")
    assert "text: later" in repository.rendered()[CONFIG]


def test_the_archive_of_a_pack_is_the_same_from_every_clone(
    repository: Repository, upstream: Path, url: str, tmp_path: Path
) -> None:
    using(repository, url)
    repository.ok("lock")
    digests = [line for line in repository.lock.splitlines() if "sha256:" in line]
    git(tmp_path, "clone", "--quiet", f"file://{upstream}", "clone")
    using(repository, f"file://{tmp_path}/clone")
    repository.ok("lock")
    assert [line for line in repository.lock.splitlines() if "sha256:" in line] == digests


def test_a_remote_that_is_gone_after_the_lock(repository: Repository, upstream: Path, tmp_path: Path) -> None:
    with servers.git_repositories(upstream.parent) as (base, asked):
        using(repository, f"{base}/packs")
        repository.ok("lock")
        before = len(asked)
        repository.ok("render")
        assert len(asked) == before
    repository.ok("render", "--check")
    shutil.rmtree(tmp_path / "cache")
    said = repository.run("render", "--check")
    assert said.status == 3
    assert "error[git-fetch]" in said.err
    offline = repository.run("render", "--check", "--offline")
    assert offline.status == 3
    assert "error[lock-archive]" in offline.err


def test_vendored_packs_need_neither_remote_nor_cache(repository: Repository, upstream: Path, tmp_path: Path) -> None:
    using(repository, f"file://{upstream}")
    repository.ok("lock")
    repository.ok("vendor")
    shutil.rmtree(tmp_path / "cache")
    shutil.rmtree(upstream)
    repository.ok("render", "--offline")
    assert "text: hello" in repository.rendered()[CONFIG]
    assert [path.name for path in (repository.root / "vendor").rglob("*.tgz")] == ["greeting-1.1.0.tgz"]


@pytest.mark.parametrize("modern", [True, False], ids=["commits by id", "commits by ref only"])
def test_a_commit_that_is_no_longer_the_newest(
    repository: Repository, upstream: Path, tmp_path: Path, modern: bool
) -> None:
    with servers.git_repositories(upstream.parent, modern=modern) as (base, _):
        using(repository, f"{base}/packs", "~1.1")
        repository.ok("lock")
        for version in ("1.2.0", "1.3.0"):
            put(upstream, version)
        shutil.rmtree(tmp_path / "cache")
        repository.ok("render")
        assert "text: hello" in repository.rendered()[CONFIG]


def test_a_commit_that_was_rewritten_away(repository: Repository, upstream: Path, tmp_path: Path) -> None:
    with servers.git_repositories(upstream.parent, modern=False) as (base, _):
        using(repository, f"{base}/packs")
        repository.ok("lock")
        git(upstream, "commit", "--quiet", "--amend", "-m", "other")
        repository.ok("render")
        shutil.rmtree(tmp_path / "cache")
        said = repository.run("render", "--check")
    assert said.status == 1
    assert "error[git-commit-gone]" in said.err
    assert "nor in the history of main" in said.err


def test_a_version_that_changed_in_its_place_is_refused(repository: Repository, upstream: Path, url: str) -> None:
    using(repository, url, "1.1.0")
    repository.ok("lock")
    before = repository.lock
    put(upstream, "1.1.0", text="other")
    repository.ok("render")
    said = repository.run("lock", "--upgrade")
    assert "error[lock-changed]" in said.err
    assert said.err.count("sha256:") == 2
    assert repository.lock == before


@pytest.mark.parametrize("ref", ["v1", "annotated", "topic/new", "", "COMMIT"])
def test_refs_of_every_kind(repository: Repository, upstream: Path, url: str, ref: str) -> None:
    git(upstream, "tag", "v1")
    git(upstream, "tag", "-a", "annotated", "-m", "x")
    git(upstream, "branch", "topic/new")
    commit = git(upstream, "rev-parse", "HEAD")
    using(repository, url, ref=ref.replace("COMMIT", commit))
    repository.ok("lock")
    assert commit in repository.lock


@pytest.mark.parametrize(
    ("ref", "path", "code", "text"),
    [
        ("mian", "", "git-unknown-ref", "has no branch, tag or commit 'mian'"),
        ("0123abc", "", "git-unknown-ref", "give a commit by its whole id"),
        ("0" * 39 + "1", "", "git-unknown-ref", "has no branch, tag or commit"),
        ("--upload-pack=touch x", "", "git-invalid-name", "cannot be a ref"),
        ("a..b", "", "git-invalid-name", "cannot be the name of a ref"),
        ("main", "plattform", "git-no-directory", "has no directory 'plattform'"),
        ("main", "../other", "path-outside-repository", "'../other' is outside the repository"),
    ],
)
def test_what_is_not_there_is_said_at_the_registry(
    repository: Repository, url: str, ref: str, path: str, code: str, text: str
) -> None:
    using(repository, url, ref=ref, path=path)
    said = repository.run("lock")
    assert said.status == 1
    assert f"lamella.yaml:4:5: error[{code}]" in said.err or "path-outside" in code
    assert f"error[{code}]" in said.err
    assert text in said.err
    assert not (repository.root / "lamella.lock").exists()


def test_a_pack_or_version_that_the_commit_does_not_have(repository: Repository, url: str) -> None:
    using(repository, url, "^2")
    said = repository.run("lock")
    assert "error[lock-no-version]" in said.err
    assert "it has 1.1.0, 1.0.0" in said.err


def test_two_directories_with_one_version(repository: Repository, upstream: Path, url: str) -> None:
    write(upstream / "platform" / "twin", pack("1.1.0"))
    commit_all(upstream, "twin")
    using(repository, url)
    said = repository.run("lock")
    assert "error[pack-duplicate]" in said.err
    assert "lamella.yaml:4:5" in said.err


def test_a_login_comes_from_gits_own_configuration(
    repository: Repository, upstream: Path, git_home: Path, tmp_path: Path
) -> None:
    with servers.git_repositories(upstream.parent, login=True) as (base, _):
        using(repository, f"{base}/packs")
        said = repository.run("lock")
        assert said.status == 3
        assert "error[git-fetch]" in said.err
        assert "configure a credential helper or a token" in said.err
        helper = f"!f() {{ echo username={servers.USERNAME}; echo password={servers.PASSWORD}; }}; f"
        git(tmp_path, "config", "--file", str(git_home), "credential.helper", helper)
        repository.ok("lock")
        shutil.rmtree(tmp_path / "cache")
        assert servers.PASSWORD not in repository.lock + repository.ok("render").err


def test_a_login_in_the_url_is_refused(repository: Repository, url: str) -> None:
    using(repository, url.replace("://", "://fleet:corr3ct@"))
    said = repository.run("lock")
    assert "error[registry-credentials]" in said.err


def test_nothing_that_the_remote_configures_runs(repository: Repository, upstream: Path, tmp_path: Path) -> None:
    """Hooks, filters, a monitor, submodules, replaced objects: everything that a repository can bring along."""
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    trap.chmod(0o755)
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc", "post-upload-pack"):
        shutil.copy(trap, upstream / ".git" / "hooks" / hook)
    write(
        upstream,
        {
            ".gitattributes": "* filter=trap\n",
            ".gitmodules": f"[submodule 'm']\n\tpath = m\n\turl = file://{upstream}\n\tupdate = !{trap}\n",
            ".lfsconfig": f"[lfs]\n\tcustomtransfer = {trap}\n",
        },
    )
    git(upstream, "update-index", "--add", "--cacheinfo", f"160000,{git(upstream, 'rev-parse', 'HEAD')},m")
    commit_all(upstream, "hostile")
    for name, value in {
        "core.fsmonitor": str(trap),
        "core.sshCommand": str(trap),
        "core.alternateRefsCommand": str(trap),
        "uploadpack.packObjectsHook": str(trap),
        "filter.trap.smudge": str(trap),
        "filter.trap.clean": str(trap),
        "credential.helper": f"!{trap}",
    }.items():
        git(upstream, "config", name, value)
    original = git(upstream, "rev-parse", "HEAD:platform/packs/greeting-1.1.0/manifests/config.yaml")
    other = git(upstream, "hash-object", "-w", "--stdin", stdin=b"kind: Replaced\n")
    git(upstream, "replace", original, other)
    (tmp_path / "ran").unlink(missing_ok=True)
    using(repository, f"file://{upstream}")
    repository.ok("lock")
    repository.ok("render")
    assert "text: hello" in repository.rendered()[CONFIG]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "target", ["/etc/hostname", "../../../../outside", "../../../../packs/../x", ".git/config"]
)  # fmt: skip
def test_links_out_of_the_repository_are_refused(
    repository: Repository, upstream: Path, url: str, tmp_path: Path, target: str
) -> None:
    (tmp_path / "remotes" / "outside").write_text("secret of the machine\n")
    write(upstream / "platform" / "packs" / "greeting-1.1.0", {"values.txt": Path(target)})
    commit_all(upstream, "link")
    using(repository, url)
    said = repository.run("lock")
    assert said.status == 1
    assert "lamella.yaml:4:5" in said.err
    assert "greeting-1.1.0/values.txt" in said.err
    assert not (repository.root / "lamella.lock").exists()


def test_a_link_inside_the_repository_is_its_file(repository: Repository, upstream: Path, url: str) -> None:
    write(upstream, {"shared/config.yaml": pack("1", "linked")["manifests/config.yaml"]})
    (upstream / "platform/packs/greeting-1.1.0/manifests/config.yaml").unlink()
    link = {"manifests/config.yaml": Path("../../../../shared/config.yaml")}
    write(upstream / "platform" / "packs" / "greeting-1.1.0", link)
    commit_all(upstream, "link")
    using(repository, url)
    repository.ok("lock")
    repository.ok("render")
    assert "text: linked" in repository.rendered()[CONFIG]


def test_a_pack_that_lists_its_templates_by_a_pattern(repository: Repository, upstream: Path, url: str) -> None:
    root = upstream / "platform" / "packs" / "greeting-1.2.0"
    template = pack("1")["manifests/config.yaml"]
    write(root, {"pack.yaml": "name: greeting\nversion: 1.2.0\nlayer: addon\ntemplates: ['templates/*.j2']\n"})
    write(root, {"values.yaml": "pack: {namespace: greeting}\n", "templates/config.yaml.j2": template})
    commit_all(upstream, "templates")
    using(repository, url)
    repository.ok("lock")
    repository.ok("render")
    assert "text: hello" in repository.rendered()[CONFIG]


def test_other_protocols_are_refused(repository: Repository, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "ssh")
    using(repository, url.replace("http://", "https://"))
    said = repository.run("lock")
    assert said.status == 3
    assert "transport 'https' not allowed" in said.err


def test_a_redirect_to_another_protocol_is_not_followed(
    repository: Repository, upstream: Path, ca: servers.Authority, git_home: Path, tmp_path: Path
) -> None:
    import http.server

    with servers.git_repositories(upstream.parent) as (plain, asked):

        class Redirect(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(302)
                self.send_header("Location", plain + self.path)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        git(tmp_path, "config", "--file", str(git_home), "http.sslCAInfo", str(ca.ca))
        with servers.serving(Redirect, ca) as url:
            using(repository, f"{url}/packs")
            said = repository.run("lock")
    assert said.status == 3
    assert "error[git-fetch]" in said.err
    assert asked == []


def test_a_server_that_stalls_is_given_up(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    import http.server
    import time

    class Stalled(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(8)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setattr(command, "TIMEOUT_S", 2.0)
    with servers.serving(Stalled) as url:
        using(repository, f"{url}/packs")
        started = time.monotonic()
        said = repository.run("lock")
    assert said.status == 3
    assert "error[git-timeout]" in said.err
    assert time.monotonic() - started < 7


@pytest.mark.parametrize("form", ["git@example.com:{path}", "ssh://git@example.com{path}"])
def test_ssh_by_a_command_that_stands_for_it(
    repository: Repository, upstream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """git's ssh transport, with a command in the place of ssh that runs what it is given on this machine."""
    stand_in = tmp_path / "ssh"
    stand_in.write_text('#!/bin/sh\nfor last; do :; done\ncase "$1" in -G) exit 1;; esac\nexec sh -c "$last"\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(stand_in))
    using(repository, form.format(path=upstream))
    repository.ok("lock")
    repository.ok("render")
    assert "text: hello" in repository.rendered()[CONFIG]


def test_a_lock_with_a_revision_that_is_no_commit(repository: Repository, upstream: Path) -> None:
    using(repository, f"file://{upstream}")
    repository.ok("lock")
    commit = git(upstream, "rev-parse", "HEAD")
    for wrong in ("main", "--upload-pack=touch", commit[:12], ""):
        text = repository.lock.replace(commit, wrong)
        (repository.root / "lamella.lock").write_text(text)
        said = repository.run("render")
        assert "error[lock-invalid]" in said.err or "error[missing-key]" in said.err
        (repository.root / "lamella.lock").write_text(text.replace(f'revision: "{wrong}"', f"revision: '{commit}'"))


def test_a_lock_of_a_registry_that_is_no_longer_declared(
    repository: Repository, upstream: Path, tmp_path: Path
) -> None:
    using(repository, f"file://{upstream}")
    repository.ok("lock")
    using(repository, f"file://{upstream}", ref="")
    shutil.rmtree(tmp_path / "cache")
    said = repository.run("vendor")
    assert said.status == 1
    assert "error[registry-unknown]" in said.err
    assert "run `lamella lock`" in said.err


def test_outdated_shows_what_the_ref_has_by_now(repository: Repository, upstream: Path, url: str) -> None:
    using(repository, url, "~1.1")
    repository.ok("lock")
    put(upstream, "1.1.3", "1.2.0")
    (_, row) = repository.ok("outdated").out.splitlines()
    assert row.split()[:6] == ["pack", "greeting", "~1.1", "1.1.0", "1.1.3", "1.2.0"]


def test_ssh_asks_nobody(repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in = tmp_path / "bin" / "ssh"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nexit 255\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    using(repository, "ssh://git@example.com/packs")
    said = repository.run("lock")
    assert said.status == 3
    assert "error[git-fetch]" in said.err
    assert "BatchMode=yes" in (tmp_path / "asked").read_text()


def test_sha256_repositories(repository: Repository, tmp_path: Path) -> None:
    root = tmp_path / "remotes" / "new"
    root.mkdir(parents=True)
    git(root, "init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    commit = put(root, "1.0.0")
    assert len(commit) == 64
    using(repository, f"file://{root}")
    repository.ok("lock")
    assert commit in repository.lock
    shutil.rmtree(tmp_path / "cache")
    repository.ok("render")


def test_many_at_once_on_a_cold_cache(repository: Repository, upstream: Path, url: str, tmp_path: Path) -> None:
    """Two processes of sixteen renders each: all succeed, and the cache has one whole archive."""
    using(repository, url)
    repository.ok("lock")
    repository.ok("render")
    shutil.rmtree(tmp_path / "cache")
    script = (
        "import sys, threading\n"
        "from compiler.app.archives import LockedFiles\n"
        "from compiler.app.gitpacks import AllRegistries\n"
        "from compiler.host.git import RemoteRepositories\n"
        "from compiler.host.registry import NetworkRegistries\n"
        "from compiler.host.store import Store, default_directory\n"
        "from compiler.host.disk import DirectoryFiles\n"
        "from pathlib import Path\n"
        "from compiler.load.lock import read_lock\n"
        "from compiler.diagnostics import Problems\n"
        "root = DirectoryFiles(Path(sys.argv[1]))\n"
        "(entry,) = read_lock(root, Problems()).entries\n"
        "outside = AllRegistries(NetworkRegistries(), RemoteRepositories())\n"
        "files = LockedFiles(root, Store(default_directory()), outside)\n"
        "got = []\n"
        "def read(): got.append(files.archives.read(entry))\n"
        "threads = [threading.Thread(target=read) for _ in range(16)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(len(got), len(set(got)))\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", script, str(repository.root)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate()[0] for process in started] == ["16 1\n"] * 2
    assert len([path for path in (tmp_path / "cache" / "archives").rglob("*") if path.is_file()]) == 1
    repository.ok("render", "--check", "--offline")
