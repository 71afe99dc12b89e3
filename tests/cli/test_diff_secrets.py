"""`lamella diff` on Secrets: the copy of the object that kubectl keeps in an annotation holds its values too."""

from __future__ import annotations

from pathlib import Path

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
