"""`kind: List` and typed lists: the objects that kubectl finds in them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compiler import yamldoc
from compiler.render.objects import drafts_of
from compiler.render.shape import fault_of
from tests.support import oracles

LISTS = {
    "items: null": "{apiVersion: v1, kind: List, items: null}",
    "items without a value": "apiVersion: v1\nkind: List\nitems:\n",
    "an empty list": "{apiVersion: v1, kind: List, items: []}",
    "a typed list of nothing": "{apiVersion: v1, kind: ConfigMapList, items: null}",
    "items that get the kind of their list": "{apiVersion: v1, kind: ConfigMapList, items: [{metadata: {name: a}}]}",
    "the same of a group": "{apiVersion: apps/v1, kind: DeploymentList, items: [{metadata: {name: a}}]}",
    "the same of a custom kind": "{apiVersion: example.com/v1, kind: FooList, items: [{metadata: {name: a}}]}",
    "an item with a kind of its own": (
        "{apiVersion: v1, kind: ConfigMapList, items: [{apiVersion: v1, kind: Secret, metadata: {name: a}}]}"
    ),
    "a List of another apiVersion": (
        "{apiVersion: apps/v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]}"
    ),
    "documents after an empty list": (
        "apiVersion: v1\nkind: List\nitems:\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n"
    ),
}
REFUSED = {
    "null": "{apiVersion: v1, kind: List, items: [null]}",
    "an empty mapping": "{apiVersion: v1, kind: List, items: [{}]}",
    "an item without kind in a list of no type": "{apiVersion: v1, kind: List, items: [{metadata: {name: a}}]}",
    "half a type": "{apiVersion: apps/v1, kind: DeploymentList, items: [{kind: Deployment, metadata: {name: a}}]}",
    "items that are no list": "{apiVersion: v1, kind: List, items: {a: b}}",
}


def kubectl(text: str, tmp_path: Path) -> tuple[list[tuple[str, str, str]], int]:
    """(the objects, the exit status) of kubectl, which needs no server to annotate what it reads."""
    binary = oracles.find("kubectl")
    if binary is None:
        pytest.skip("no kubectl oracle")
    (tmp_path / "m.yaml").write_text(text)
    command = [str(binary), "annotate", "--local", "-o", "yaml", "-f", "m.yaml", "seen=yes"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    values = [document.value for document in yamldoc.load(done.stdout, "kubectl")]
    return [(v["apiVersion"], v["kind"], v["metadata"]["name"]) for v in values], done.returncode


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS.keys())
def test_a_list_holds_the_objects_that_kubectl_finds(text: str, tmp_path: Path) -> None:
    drafts, diagnostics = drafts_of(text, "m.yaml", "default", False)
    assert not diagnostics
    ours = [(d.body["apiVersion"], d.body["kind"], d.body["metadata"]["name"]) for d in drafts]
    assert (ours, 0) == kubectl(text, tmp_path)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_kubectl_refuses_in_a_list_is_refused(text: str, tmp_path: Path) -> None:
    drafts, diagnostics = drafts_of(text, "m.yaml", "default", False)
    assert (drafts, [d.code for d in diagnostics]) == ((), ["object-invalid"])
    assert kubectl(text, tmp_path)[1] == 1


def test_a_custom_kind_that_is_called_a_list_is_an_object() -> None:
    assert fault_of({"apiVersion": "example.com/v1", "kind": "AllowList", "metadata": {"name": "a"}}, "m.yaml") is None
