"""What is published, what is refused, and what the commit says."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from compiler.app import publish
from compiler.diagnostics import CompileError, Problems
from compiler.model import layout
from compiler.model.rendered import text_file
from compiler.ports import Entry

COMMIT = "1234567890" * 4


class Tree:
    """Files from a dictionary."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def entry(self, path: str) -> Entry | None:
        if path in self.files:
            return Entry("file")
        below = any(name.startswith(f"{path}/") for name in self.files) or not path
        return Entry("directory") if below else None

    def names(self, path: str) -> tuple[str, ...]:
        start = f"{path}/" if path else ""
        return tuple(sorted({n.removeprefix(start).partition("/")[0] for n in self.files if n.startswith(start)}))

    def read(self, path: str) -> bytes:
        return self.files[path].encode()


def output(**clusters: dict[str, str]) -> dict[str, str]:
    """An output directory: {cluster: {path: text}} with inventories."""
    files = {"inventory.json": _inventory({}, versions={"lamella": "1.2.3", "helm": "4.2.3"})}
    for name, own in clusters.items():
        files |= own
        files[f"clusters/{name}/inventory.json"] = _inventory(own)
    return files


def _inventory(files: Mapping[str, str], **more: object) -> str:
    entries = {path: {"sha256": text_file(path, text).sha256} for path, text in files.items()}
    return json.dumps({"kind": "Inventory", "files": entries, **more})


def rendered(files: Mapping[str, str]) -> tuple[publish.Rendered, list[str]]:
    problems = Problems()
    found = publish.rendered(Tree(files), "output", problems)
    return found, [f"{d.at}: {d.code}: {d.message}" for d in problems.diagnostics]


def said(before: Mapping[str, str], after: Mapping[str, str], subject: str = "") -> publish.Message:
    now, problems = rendered(after)
    assert problems == []
    old = publish.last_published(Tree(before))
    return publish.message(old, now, source_commit=COMMIT, source_ref="refs/heads/main", subject=subject)


def test_what_inventories_list_is_published_and_nothing_else() -> None:
    files = output(dev={"clusters/dev/a/x.yaml": "x"})
    found, problems = rendered({**files, "clusters/dev/a/foreign.yaml": "y", "README.md": "z"})
    assert problems == []
    assert set(found.files) == set(files)
    assert found.versions == {"lamella": "1.2.3", "helm": "4.2.3"}


def test_every_file_that_is_not_as_rendered_is_named() -> None:
    files = output(dev={"clusters/dev/a/x.yaml": "x", "clusters/dev/a/y.yaml": "y"}, eu={"flux/eu/k.yaml": "k"})
    del files["clusters/dev/a/x.yaml"]
    files["flux/eu/k.yaml"] += "\n"
    assert rendered(files)[1] == [
        "output/clusters/dev/a/x.yaml: output-edited: this file no longer exists",
        "output/flux/eu/k.yaml: output-edited: this file was edited since it was rendered",
    ]


def test_without_output_there_is_nothing_to_publish() -> None:
    assert rendered({})[1] == ["output: output-missing: output holds no rendered output"]


def test_an_inventory_with_a_merge_conflict_is_refused() -> None:
    files = output(dev={})
    files["clusters/dev/inventory.json"] = "<<<<<<< HEAD\n"
    with pytest.raises(CompileError) as error:
        rendered(files)
    assert [d.code for d in error.value.diagnostics] == ["inventory-broken"]


def test_a_message() -> None:
    before = output(
        dev={"clusters/dev/a/x.yaml": "x", "management/dev/os/m.yaml": "m"},
        gone={"clusters/gone/a/x.yaml": "x"},
    )
    after = output(dev={"clusters/dev/a/x.yaml": "new", "argocd/dev/a.yaml": "a"})
    assert said(before, after) == publish.Message(
        "Render dev, gone: 1 added, 2 changed, 3 removed",
        ("- dev: 1 added, 2 changed, 1 removed", "- gone: 2 removed"),
        (
            ("Lamella-Version", "1.2.3"),
            ("Helm-Version", "4.2.3"),
            ("Source-Commit", COMMIT),
            ("Source-Ref", "refs/heads/main"),
            ("Clusters-Changed", "2 dev gone"),
        ),
    )


def test_a_message_of_many_clusters_stays_short() -> None:
    after = output(**{f"c{index:03}": {f"clusters/c{index:03}/a/x.yaml": "x"} for index in range(50)})
    found = said({}, after)
    assert found.subject == "Render 50 clusters: 101 added"
    assert len(found.body) == 21
    assert found.body[-1] == "- and 30 more"
    assert dict(found.trailers)["Clusters-Changed"].startswith("50 c000 c001")


def test_a_subject_can_be_given_and_a_message_is_said_also_where_inventories_are_equal() -> None:
    files = output(dev={"clusters/dev/a/x.yaml": "x"})
    assert said({}, files, "Release 7").subject == "Release 7"
    assert said(files, files).subject == "Render: output as its inventories have it"
    assert dict(said(files, files).trailers)["Clusters-Changed"] == "0"


@pytest.mark.parametrize(
    ("path", "cluster"),
    [
        ("clusters/dev/a/x.yaml", "dev"),
        ("clusters/dev/inventory.json", "dev"),
        ("management/dev/os/x.yaml", "dev"),
        ("argocd/dev/a.yaml", "dev"),
        ("argocd/_fleet/prod-eu.1.yaml", "prod-eu.1"),
        ("argocd/_fleet/management/prod-eu.yaml", "prod-eu"),
        ("flux/fleet.yaml", ""),
        ("inventory.json", ""),
    ],
)
def test_the_cluster_of_a_path(path: str, cluster: str) -> None:
    assert layout.cluster_of(path) == cluster
