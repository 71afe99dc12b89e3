"""`lamella diff` on Secrets: the copy of the object that kubectl keeps in an annotation holds its values too."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.output.shown import shown_text
from tests.cli.conftest import Lamella, edit

LAYER = """\
    - name: secret
      namespace: shop
      policy: {secrets: allow}
      manifests: [{file: secret.yaml}]
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: login
  annotations:
    team: one
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","kind":"Secret","metadata":{"name":"login"},"data":{"password":"aHVudGVyMg=="}}
data: {password: aHVudGVyMg==}
"""


def test_what_kubectl_last_applied_is_not_shown(rendered: Path, lamella: Lamella) -> None:
    with (rendered / "profiles/shop.yaml").open("a") as profile:
        profile.write(LAYER)
    secret = rendered / "profiles/secret.yaml"
    secret.write_text(SECRET)
    added = lamella("diff", "dev")
    lamella("render", "-q")
    edit(secret, "team: one", "team: two")
    edit(secret, '"aHVudGVyMg=="', '"b3RoZXI="')
    changed = lamella("diff", "dev")
    assert "+    team: one\n" in added.out
    assert "-    team: one\n+    team: two\n" in changed.out
    for value in ("aHVudGVyMg==", "b3RoZXI=", "last-applied"):
        assert value not in added.out + added.err + changed.out + changed.err


HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: login, labels: {team: one}}\ntype: Opaque\n"
FORMS = {
    "data": "data: {password: aHVudGVyMg==}",
    "text data": "stringData: {password: hunter2}",
    "a key": "stringData: {hunter2: x}",
    "a list": "data: [hunter2, {hunter2: hunter2}]",
    "a text": "stringData: hunter2",
    "a number": "data: 4711",
    "nested": "stringData: {a: {hunter2: [hunter2]}}",
    "another field": "strngData: {password: hunter2}",
    "the name of a field": "hunter2: x",
    "no boolean": "immutable: hunter2",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("listed", ["", "List", "SecretList"])
def test_a_secret_shows_its_metadata_and_type_only(form: str, listed: str) -> None:
    text = HEAD + FORMS[form] + "\n"
    if listed:
        item = "".join(f"  {line}\n" for line in text.splitlines())
        text = f"apiVersion: v1\nkind: {listed}\nitems:\n- {item[2:]}"
    shown = shown_text(text.encode(), "a.yaml")
    assert not [value for value in ("hunter2", "aHVudGVy", "4711") if value in shown]
    if listed != "SecretList":
        assert "team: one" in shown
        assert "type: Opaque" in shown
    assert shown != shown_text(
        text.replace("hunter2", "other").replace("Vy", "Vz").replace("4711", "5").encode(), "a.yaml"
    )


def test_a_secret_that_cannot_be_read_is_not_shown() -> None:
    assert shown_text(b"kind: Secret\nstringData: {a: hunter2: b}\n", "a.yaml") == "(not readable)\n"


@pytest.mark.parametrize("text", ["kind: ConfigMap\ndata: {a: b}\n", "# kind: Secret\nkind: SecretStore\na:  b\n"])
def test_other_objects_are_shown_as_they_are(text: str) -> None:
    assert shown_text(text.encode(), "a.yaml") == text
