"""What is published is what the commit that is checked out gives: every file that output was rendered from is in it, and
what a render of it would read was there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.cli import run

CHART = {
    "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "charts/web/values.yaml": "level: info\n",
    "charts/web/templates/map.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {level: {{ .Values.level }}}\n"
    ),
}
PACK = {
    "packs/own/pack.yaml": "name: own\nversion: 1.0.0\nlayer: addon\n",
    "packs/own/values.yaml": "text: hello\n",
    "packs/own/templates/map.yaml.j2": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndata: {text: '{{ values.text }}'}\n"
    ),
}
PROFILE = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: base, version: 1.0.0}
spec:
  type: add-on
  layers:
  - {name: web, chart: {name: web, path: ../charts/web}, valuesFiles: [../values/web.yaml]}
  - {name: own, pack: {name: own, version: 1.0.0}}
  - {name: text, manifests: [{file: ../manifests/}]}
"""
CLUSTER = """\
apiVersion: lamella/v1
kind: Cluster
metadata: {{name: {0}}}
spec: {{kubernetesVersion: 1.33.4, profiles: [{{name: base, version: 1.0.0}}]}}
"""
FILES = {
    **CHART,
    **PACK,
    "profiles/base.yaml": PROFILE,
    "profiles/dev.yaml": CLUSTER.format("dev"),
    "profiles/prod.yaml": CLUSTER.format("prod"),
    "values/web.yaml": "level: debug\n",
    "manifests/text.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: text}\ndata: {a: b}\n",
    "shared/linked.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: linked}\ndata: {a: b}\n",
    ".gitignore": "*.local.yaml\n.DS_Store\n",
}


class Repository:
    """A repository with one commit; `root` is where Lamella reads, which may be below the work tree's top."""

    def __init__(self, top: Path, below: str = "") -> None:
        self.top, self.root = top, top / below
        self.git("init", "--quiet", "--initial-branch=main")
        for key, value in (("user.name", "Ada"), ("user.email", "ada@example.com")):
            self.git("config", key, value)
        for path, text in FILES.items():
            self.write(path, text)
        (self.root / "manifests/link.yaml").symlink_to("../shared/linked.yaml")
        self.commit()

    def git(self, *arguments: str) -> str:
        self.top.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["git", *arguments], cwd=self.top, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(text.encode())

    def commit(self) -> None:
        self.git("add", "--all", "--", ".")
        self.git("commit", "--quiet", "--message", "sources")

    def commit_sources(self) -> None:
        """Commits changes of what is tracked and is no output."""
        self.git("add", "--update", "--", ".", ":!*output")
        self.git("commit", "--quiet", "--message", "more")

    def render(self, *arguments: str) -> None:
        assert run(["render", "--quiet", "--repo", str(self.root), *arguments]) == 0


Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def publish(repository: Repository, capsys: Capture, *arguments: str) -> tuple[int, list[str]]:
    """The exit status, and the problems without their hints."""
    capsys.readouterr()
    status = run(["--color", "never", "publish", "--no-push", "--repo", str(repository.root), *arguments])
    return status, [line for line in capsys.readouterr().err.splitlines() if "error[" in line]


UNCOMMITTED = "output was rendered from changes in this file that are not committed"
UNTRACKED = "output was rendered from this file, which is not committed"
IGNORED = "output was rendered from this file, which git ignores"
OTHER = "this file is not as it was when output was rendered"


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("profiles/base.yaml", f"{PROFILE}# more\n", UNCOMMITTED),
        ("values/web.yaml", "level: warn\n", UNCOMMITTED),
        ("charts/web/values.yaml", "level: none\n", UNCOMMITTED),
        ("charts/web/templates/_new.tpl", "", UNTRACKED),
        ("packs/own/values.yaml", "text: goodbye\n", UNCOMMITTED),
        ("packs/own/presets.yaml", "presets: []\n", UNTRACKED),
        ("manifests/text.yaml", FILES["manifests/text.yaml"].replace("b}", "c}"), UNCOMMITTED),
        ("shared/linked.yaml", FILES["shared/linked.yaml"].replace("b}", "c}"), UNCOMMITTED),
        ("manifests/new.yaml", FILES["manifests/text.yaml"].replace("name: text", "name: new"), UNTRACKED),
        ("manifests/x.local.yaml", FILES["manifests/text.yaml"].replace("name: text", "name: new"), IGNORED),
        ("lamella.yaml", "apiVersion: lamella/v1\nkind: Settings\n", UNTRACKED),
    ],
)
def test_a_file_that_was_read_and_is_not_in_the_commit_is_refused_by_name(
    repository: Repository, capsys: Capture, path: str, text: str, said: str
) -> None:
    repository.write(path, text)
    repository.render()
    assert publish(repository, capsys) == (1, [f"{path}: error[publish-uncommitted]: {said}"])
    repository.git("add", "--force", "--all", "--", ".", ":!output")
    assert publish(repository, capsys)[0] == 1  # staged is not committed
    repository.git("commit", "--quiet", "--message", "more")
    assert publish(repository, capsys) == (0, [])


@pytest.mark.parametrize(
    "path", ["profiles/notes.txt", "profiles/.DS_Store", "packs/notes.txt", "manifests/.DS_Store", "x"]
)
def test_a_file_that_nobody_reads_is_in_nobodys_way(repository: Repository, capsys: Capture, path: str) -> None:
    repository.write(path, "noise")
    repository.render()
    assert publish(repository, capsys) == (0, [])


def test_what_is_changed_after_rendering_is_in_nobodys_way_where_the_commit_gives_the_output(
    repository: Repository, capsys: Capture
) -> None:
    repository.render()
    repository.write("values/web.yaml", "level: later\n")
    assert publish(repository, capsys) == (0, [])


def test_a_commit_after_rendering_is_not_what_output_was_rendered_from(repository: Repository, capsys: Capture) -> None:
    repository.render()
    repository.write("values/web.yaml", "level: later\n")
    repository.commit_sources()
    assert publish(repository, capsys) == (1, [f"values/web.yaml: error[publish-uncommitted]: {OTHER}"])


@pytest.mark.parametrize("path", ["manifests/text.yaml", "packs/own/templates/map.yaml.j2", "profiles/prod.yaml"])
def test_a_file_that_is_gone_after_rendering_is_told_where_the_commit_lacks_it_too(
    repository: Repository, capsys: Capture, path: str
) -> None:
    repository.render()
    (repository.root / path).unlink()
    assert publish(repository, capsys) == (0, [])


def test_a_file_that_was_gone_when_output_was_rendered_and_is_in_the_commit_is_told(
    repository: Repository, capsys: Capture
) -> None:
    (repository.root / "manifests/text.yaml").unlink()
    repository.render()
    without = "this file is in the commit, and output was rendered without it"
    assert publish(repository, capsys) == (
        1,
        [f"manifests/text.yaml: error[publish-uncommitted]: {without} (in 2 clusters: dev, prod)"],
    )


def test_a_link_to_another_file_than_in_the_commit_is_told(repository: Repository, capsys: Capture) -> None:
    (repository.root / "manifests/link.yaml").unlink()
    (repository.root / "manifests/link.yaml").symlink_to("../shared/other.yaml")
    shutil.copy(repository.root / "shared/linked.yaml", repository.root / "shared/other.yaml")
    repository.render()
    assert publish(repository, capsys) == (
        1,
        [
            f"manifests/link.yaml: error[publish-uncommitted]: {UNCOMMITTED}",
            f"shared/other.yaml: error[publish-uncommitted]: {UNTRACKED}",
        ],
    )


def test_a_cluster_whose_removal_is_not_committed_is_told(repository: Repository, capsys: Capture) -> None:
    repository.render()
    assert publish(repository, capsys)[0] == 0
    (repository.root / "profiles/prod.yaml").unlink()
    repository.render("--allow-removal")
    message = "cluster 'prod' is in the commit, and output was rendered without it"
    assert publish(repository, capsys, "--allow-removal") == (
        1,
        [f"profiles/prod.yaml:3:12: error[publish-uncommitted]: {message}"],
    )


def test_only_what_is_published_is_asked_for(repository: Repository, capsys: Capture) -> None:
    repository.render()
    assert publish(repository, capsys)[0] == 0
    repository.write("values/web.yaml", "level: later\n")
    repository.commit_sources()
    repository.render("dev")
    assert publish(repository, capsys) == (0, [])


def test_line_ends_of_a_checkout_are_no_change(repository: Repository, capsys: Capture) -> None:
    repository.git("config", "core.autocrlf", "true")
    for path in ("values/web.yaml", "profiles/base.yaml", "packs/own/values.yaml", "charts/web/Chart.yaml"):
        repository.write(path, FILES[path].replace("\n", "\r\n"))
    repository.render()
    assert publish(repository, capsys) == (0, [])
    repository.git("config", "core.autocrlf", "false")
    repository.write("values/web.yaml", "level: debug\r\n# more\r\n")
    repository.render()
    assert f"values/web.yaml: error[publish-uncommitted]: {UNCOMMITTED}" in publish(repository, capsys)[1]


def test_a_file_in_gits_large_file_storage_is_the_one_that_its_pointer_names(
    repository: Repository, capsys: Capture
) -> None:
    repository.render()
    sha = json.loads((repository.root / "output/clusters/dev/inventory.json").read_text())["inputs"]["values/web.yaml"]
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha}\nsize 13\n"
    repository.write("values/web.yaml", pointer)
    repository.commit_sources()
    repository.write("values/web.yaml", FILES["values/web.yaml"])
    assert publish(repository, capsys) == (0, [])


def test_a_repository_below_the_top_of_the_work_tree(tmp_path: Path, capsys: Capture) -> None:
    repository = Repository(tmp_path / "top", "fleet/eu")
    repository.write("values/web.yaml", "level: warn\n")
    repository.write("manifests/x.local.yaml", FILES["manifests/text.yaml"].replace("name: text", "name: new"))
    repository.render()
    assert publish(repository, capsys) == (
        1,
        [
            f"manifests/x.local.yaml: error[publish-uncommitted]: {IGNORED}",
            f"values/web.yaml: error[publish-uncommitted]: {UNCOMMITTED}",
        ],
    )
    (repository.root / "manifests/x.local.yaml").unlink()
    repository.git("checkout", "--", ".")
    repository.render()
    assert publish(repository, capsys) == (0, [])


def test_many_files_are_counted(repository: Repository, capsys: Capture) -> None:
    for number in range(30):
        repository.write(
            f"manifests/{number:02}.yaml", FILES["manifests/text.yaml"].replace("name: text", f"name: n{number}")
        )
    repository.render()
    status, said = publish(repository, capsys)
    assert status == 1
    assert said[-2:] == [
        f"manifests/19.yaml: error[publish-uncommitted]: {UNTRACKED}",
        "manifests/20.yaml: error[publish-uncommitted]: this file too, and 9 more",
    ]
    assert len(said) == 21


def test_nothing_is_committed_yet(repository: Repository, capsys: Capture) -> None:
    repository.render()
    repository.git("update-ref", "-d", "HEAD")
    status, said = publish(repository, capsys)
    assert status == 1
    assert f"profiles/dev.yaml: error[publish-uncommitted]: {UNTRACKED}" in said


def inventories(change: Callable[[dict[str, object]], object]) -> Callable[[Repository], None]:
    def apply(repository: Repository) -> None:
        for path in (repository.root / "output/clusters").glob("*/inventory.json"):
            document = json.loads(path.read_text())
            change(document)
            path.write_text(json.dumps(document))

    return apply


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            inventories(lambda document: document.pop("inputs")),
            "error[inventory-without-inputs]: an earlier version of Lamella rendered this; it does not say from which files",
        ),
        (
            inventories(lambda document: document.update(inputs=["a"])),
            "error[inventory-broken]: not a valid inventory: its inputs are not those of an inventory",
        ),
    ],
)
def test_inventories_that_name_no_inputs(
    repository: Repository, capsys: Capture, change: Callable[[Repository], None], said: str
) -> None:
    repository.render()
    change(repository)
    status, problems = publish(repository, capsys)
    assert status == 1
    assert problems == [f"output/clusters/{name}/inventory.json: {said}" for name in ("dev", "prod")]


def test_text_that_git_takes_for_an_expanded_id_is_not_what_the_commit_gives(
    repository: Repository, capsys: Capture
) -> None:
    text = FILES["manifests/text.yaml"].replace("b}", "'$Id$'}")
    repository.write(".gitattributes", "manifests/* ident\n")
    repository.write("manifests/text.yaml", text)
    repository.commit()
    repository.write("manifests/text.yaml", text.replace("$Id$", "$Id: never committed $"))
    repository.git("add", "manifests")  # which collapses it
    assert repository.git("status", "--short") == ""
    repository.render()
    assert publish(repository, capsys) == (1, [f"manifests/text.yaml: error[publish-uncommitted]: {UNCOMMITTED}"])
    (repository.root / "manifests/text.yaml").unlink()
    repository.git("checkout", "--", "manifests")
    assert "$Id: " in (repository.root / "manifests/text.yaml").read_text()
    repository.render()
    assert publish(repository, capsys) == (0, [])


@pytest.mark.parametrize("attributes", [".git/info/attributes", "manifests/.gitattributes"])
def test_an_encoding_of_this_clone_alone_makes_no_file_equal(
    repository: Repository, capsys: Capture, attributes: str
) -> None:
    text = FILES["manifests/text.yaml"].replace("b}", "Ã¼}")
    repository.write("manifests/text.yaml", text)
    repository.commit()
    repository.write(attributes, "* working-tree-encoding=latin1\n")
    repository.write("manifests/text.yaml", text.replace("Ã¼", "ü"))
    repository.render()
    assert f"manifests/text.yaml: error[publish-uncommitted]: {UNCOMMITTED}" in publish(repository, capsys)[1]


@pytest.mark.parametrize("what", ["HEAD", "HEAD^{tree}", "HEAD:manifests/text.yaml", "graft"])
def test_what_replaces_the_commit_in_this_clone_alone_is_not_the_commit(
    repository: Repository, capsys: Capture, what: str
) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.write("manifests/text.yaml", FILES["manifests/text.yaml"].replace("b}", "c}"))
    repository.commit()
    if what == "graft":
        repository.write(".git/info/grafts", f"{repository.git('rev-parse', 'HEAD')}\n")
    else:
        repository.git(
            "replace", *(repository.git("rev-parse", what.replace("HEAD", name)) for name in ("HEAD~", "HEAD"))
        )
        repository.git("checkout", "--quiet", "--detach", first)
        repository.git("switch", "--quiet", "-C", "main")
        repository.write("manifests/text.yaml", FILES["manifests/text.yaml"].replace("b}", "c}"))
    repository.render()
    expected = [] if what == "graft" else [f"manifests/text.yaml: error[publish-uncommitted]: {UNCOMMITTED}"]
    assert publish(repository, capsys) == (len(expected), expected)


@pytest.mark.parametrize(("key", "value"), [("core.bare", "true"), ("core.worktree", "/")])
def test_configuration_that_takes_the_work_tree_away(tmp_path: Path, capsys: Capture, key: str, value: str) -> None:
    """Else the files below fleet/ would be held against those of the top."""
    top = Repository(tmp_path / "top")
    below = Repository(tmp_path / "top", "fleet")
    top.render()
    below.write("values/web.yaml", "level: warn\n")
    top.git("config", key, value if key == "core.bare" else str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    for repository in (top, below):
        capsys.readouterr()
        assert run(["publish", "--no-push", "--repo", str(repository.root)]) == 3
        assert f"is in no work tree, because of the repository's setting {key}" in capsys.readouterr().err


def test_flags_of_the_index_hide_nothing(repository: Repository, capsys: Capture) -> None:
    repository.git("update-index", "--assume-unchanged", "values/web.yaml")
    repository.git("update-index", "--skip-worktree", "packs/own/values.yaml")
    repository.write(".git/info/exclude", "*.yaml\n")
    repository.write("values/web.yaml", "level: warn\n")
    repository.write("packs/own/values.yaml", "text: goodbye\n")
    repository.write("manifests/new.yaml", FILES["manifests/text.yaml"].replace("name: text", "name: new"))
    repository.render()
    assert publish(repository, capsys) == (
        1,
        [
            f"manifests/new.yaml: error[publish-uncommitted]: {IGNORED}",
            f"packs/own/values.yaml: error[publish-uncommitted]: {UNCOMMITTED}",
            f"values/web.yaml: error[publish-uncommitted]: {UNCOMMITTED}",
        ],
    )


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("values/web.yaml", "level: warn\n", "values/web.yaml: error[publish-uncommitted]: " + OTHER),
        ("profiles/new.yaml", CLUSTER.format("new"), "'new' is in the commit and not in output"),
        ("profiles/prod.yaml", "", "'prod' is in output and not in the commit"),
        ("packs/own/values.yaml", "text: goodbye\n", "packs/own/values.yaml: error[publish-uncommitted]: " + OTHER),
    ],
)
def test_what_is_committed_and_was_not_rendered_is_not_nothing_to_publish(
    repository: Repository, capsys: Capture, path: str, text: str, said: str
) -> None:
    """Output is as committed, and the sources have gone on: render first."""
    repository.render()
    repository.git("add", "--all", "--", ".")
    repository.git("commit", "--quiet", "--message", "rendered")
    assert publish(repository, capsys) == (0, [])
    repository.write(path, text)
    assert publish(repository, capsys) == (0, [])  # an edit that is not committed is in nobody's way
    repository.git("add", "--all", "--", ".")
    repository.git("commit", "--quiet", "--message", "more")
    status, problems = publish(repository, capsys)
    assert status == 1
    assert said in "\n".join(problems)
    repository.render("--allow-removal")
    assert publish(repository, capsys, "--allow-removal") == (0, [])
    assert publish(repository, capsys) == (0, [])
