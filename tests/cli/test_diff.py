"""`lamella diff`: what a render would change, in three forms, and never what a Secret holds."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Lamella, edit, git, traces

SECRET_LAYER = """\
    - name: secret
      namespace: shop
      policy: {secrets: allow}
      manifests: [{file: secret.yaml}]
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: login}
data: {password: aHVudGVyMg==}
stringData: {user: "alice\\nroot"}
"""


def changed(shop: Path) -> Path:
    """Changes one object, removes one cluster."""
    edit(shop / "profiles/clusters/prod-eu.yaml", "replicas: 3", "replicas: 4")
    (shop / "profiles/clusters/prod-us.yaml").unlink()
    return shop


def test_nothing_differs(rendered: Path, lamella: Lamella) -> None:
    before = traces(rendered)
    assert lamella("diff") == (0, "", "")
    assert lamella("diff", "-o", "markdown") == (0, "No rendered manifest changes.\n", "")
    assert lamella("diff", "-o", "json").json == {"apiVersion": "lamella/v1", "kind": "Diff", "changes": []}
    assert traces(rendered) == before


def test_without_output_everything_is_added(shop: Path, lamella: Lamella) -> None:
    said = lamella("diff", "--stat", "dev")
    assert said.status == 1
    assert said.out.splitlines()[:3] == [
        "+ .gitattributes",
        "+ clusters/dev/images.txt",
        "+ dev/settings: ConfigMap shop/settings",
    ]
    assert not (shop / "output").exists()


def test_text_shows_each_object_with_its_lines(rendered: Path, lamella: Lamella) -> None:
    changed(rendered)
    said = lamella("diff", "prod-eu")
    assert (said.status, said.err) == (1, "")
    assert (
        said.out
        == """\
~ prod-eu/web: Deployment.apps shop/web
--- a/clusters/prod-eu/web/deployment.apps-shop-web.yaml
+++ b/clusters/prod-eu/web/deployment.apps-shop-web.yaml
@@ -4,7 +4,7 @@
   name: web
   namespace: shop
 spec:
-  replicas: 3
+  replicas: 4
   selector:
     matchLabels:
       app: web
1 changed in 1 cluster
"""
    )


def test_stat_shows_names_only(rendered: Path, lamella: Lamella) -> None:
    changed(rendered)
    assert (
        lamella("diff", "--stat").out
        == """\
~ prod-eu/web: Deployment.apps shop/web
- clusters/prod-us/images.txt
- prod-us/settings: ConfigMap shop/settings
- prod-us/web: Deployment.apps shop/web
- prod-us/web: Namespace shop
- prod-us/web: Service shop/web
1 changed, 5 removed in 2 clusters
"""
    )


def test_json_is_for_programs(rendered: Path, lamella: Lamella) -> None:
    changed(rendered)
    found = lamella("diff", "-o", "json", "prod-eu").json["changes"]
    assert [{**change, "diff": change["diff"].count("\n")} for change in found] == [
        {
            "action": "changed",
            "cluster": "prod-eu",
            "layer": "web",
            "object": "Deployment.apps shop/web",
            "path": "clusters/prod-eu/web/deployment.apps-shop-web.yaml",
            "oldPath": "clusters/prod-eu/web/deployment.apps-shop-web.yaml",
            "diff": 11,
        }
    ]
    assert "diff" not in lamella("diff", "-o", "json", "--stat", "prod-eu").json["changes"][0]


def test_markdown_is_for_pull_requests(rendered: Path, lamella: Lamella) -> None:
    changed(rendered)
    text = lamella("diff", "-o", "markdown").out
    assert text.startswith("**Rendered manifests: 1 changed, 5 removed in 2 clusters**\n")
    assert "| prod-eu | 0 | 1 | 0 | 0 | 0 |\n| prod-us | 0 | 0 | 5 | 0 | 0 |\n" in text
    assert "<details><summary>prod-eu</summary>\n\n~~~~~~diff\n~ web: Deployment.apps shop/web\n" in text
    assert "+  replicas: 4\n" in text


def test_markdown_cannot_be_broken_out_of(rendered: Path, lamella: Lamella) -> None:
    edit(rendered / "profiles/settings.yaml", "\ndata: {", '\ndata: {evil: "a\\n~~~~~~~~\\n<b>bold</b>\\n", ')
    text = lamella("diff", "-o", "markdown", "dev").out
    fences = [line for line in text.splitlines() if line.startswith("~~~")]
    assert len(fences) == 2
    assert all(len(fence.removesuffix("diff")) > 8 for fence in fences)


def test_an_object_that_moves_to_another_layer_is_told_as_moved(rendered: Path, lamella: Lamella) -> None:
    edit(rendered / "profiles/shop.yaml", "installPriority: 10", "installPriority: -10")
    said = lamella("diff", "--stat", "dev").out.splitlines()
    moved = "> dev/settings: Namespace shop (was clusters/dev/web/namespace-shop.yaml)"  # to the first that needs it
    assert said == [moved, "1 moved in 1 cluster"]


def test_values_of_secrets_are_never_shown(rendered: Path, lamella: Lamella) -> None:
    with (rendered / "profiles/shop.yaml").open("a") as profile:
        profile.write(SECRET_LAYER)
    secret = rendered / "profiles/secret.yaml"
    secret.write_text(SECRET)
    said = []
    for form in ("text", "json", "markdown"):
        said.append(lamella("diff", "-o", form, "dev"))
    lamella("render", "-q")
    edit(secret, "aHVudGVyMg==", "aHVudGVyMw==")
    edit(secret, "alice", "bob")
    for form in ("text", "json", "markdown"):
        said.append(lamella("diff", "-o", form, "dev"))
    secret.unlink()
    edit(rendered / "profiles/shop.yaml", SECRET_LAYER, "")
    for form in ("text", "json", "markdown"):
        said.append(lamella("diff", "-o", form, "dev"))
    assert [(found.status, "Secret shop/login" in found.out) for found in said] == [(1, True)] * 9
    shown = "".join(found.out + found.err for found in said)
    for value in ("aHVudGVy", "hunter", "alice", "bob", "root"):
        assert value not in shown
    assert '-  password: "<sha256:' in said[3].out


def test_against_compares_with_what_a_commit_compiles_to(rendered: Path, lamella: Lamella) -> None:
    git(rendered, "init", "-q")
    git(rendered, "add", "lamella.yaml" if (rendered / "lamella.yaml").exists() else "profiles", "packs")
    git(rendered, "commit", "-qm", "sources")
    changed(rendered)
    before = traces(rendered)
    stat = lamella("diff", "--stat", "--against", "HEAD")
    assert stat.status == 1
    assert stat.out.splitlines()[0] == "~ prod-eu/web: Deployment.apps shop/web"
    assert "- prod-us/web: Service shop/web" in stat.out
    assert traces(rendered) == before
    assert lamella("diff", "--against", "HEAD", "--ref", "HEAD") == (0, "", "")
    assert lamella("diff", "--ref", "HEAD", "--stat") == (0, "", ""), "what is committed is what was rendered"


def test_against_finds_clusters_that_are_new(rendered: Path, lamella: Lamella) -> None:
    git(rendered, "init", "-q")
    git(rendered, "add", "profiles", "packs")
    git(rendered, "commit", "-qm", "sources")
    text = (rendered / "profiles/clusters/dev.yaml").read_text()
    (rendered / "profiles/clusters/test.yaml").write_text(text.replace("name: dev", "name: test"))
    assert "+ test/web: Service shop/web" in lamella("diff", "--stat", "--against", "HEAD").out
    said = lamella("diff", "--stat", "--against", "HEAD", "test")
    assert (said.status, "+ test/web: Service shop/web" in said.out) == (1, True)
    git(rendered, "add", "profiles")
    git(rendered, "commit", "-qm", "test")
    (rendered / "profiles/clusters/test.yaml").unlink()
    said = lamella("diff", "--stat", "--against", "HEAD", "-l", "env=dev")
    assert said.out.splitlines()[0] == "- clusters/test/images.txt"


def test_another_output_directory(rendered: Path, lamella: Lamella, tmp_path: Path) -> None:
    assert lamella("diff", "--output", tmp_path / "nowhere", "--stat").status == 1
    lamella("render", "--output", tmp_path / "other")
    assert lamella("diff", "--output", tmp_path / "other").status == 0


def test_errors_are_more_than_one(rendered: Path, lamella: Lamella) -> None:
    """kubectl's rule: 1 says that something differs, so an error must be told from it."""
    edit(rendered / "profiles/clusters/dev.yaml", "name: shop,", "name: shp,")
    assert lamella("diff").status > 1
    assert lamella("diff", "--against", "nowhere").status > 1
