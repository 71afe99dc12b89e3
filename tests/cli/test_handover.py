"""Objects that another Application or Kustomization delivers than before, and what is said of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compiler import yamldoc
from tests.cli.conftest import Lamella, edit, git

SETTINGS = """\
apiVersion: lamella/v1
kind: Settings
delivery: [DELIVERY]
argocd: {repoURL: "https://git.example.com/platform/fleet.git", cascade: CASCADE}
"""
PROFILE = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: shop, version: 1.0.0}
spec:
  type: add-on
  layers:
    - name: first
      namespace: first
      manifests: [{name: first, inline: "{apiVersion: v1, kind: ConfigMap, metadata: {name: first}}"}]
    - name: web
      namespace: shop
      installPriority: 10
      manifests: [{file: objects/web.yaml}, {file: objects/db.yaml}]
    - name: last
      namespace: last
      installPriority: 20
      manifests: [{name: last, inline: "{apiVersion: v1, kind: ConfigMap, metadata: {name: last}}"}]
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: c1}
spec: {kubernetesVersion: 1.33.4, profiles: [{name: shop, version: 1.0.0}]}
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: c2}
spec: {kubernetesVersion: 1.33.4, profiles: [{name: shop, version: 1.0.0}]}
"""
WEB = "{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop}}\n"
DB = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: "example.com/db:1"}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def repository(root: Path, lamella: Lamella, delivery: str, *, cascade: bool = False) -> Path:
    """A repository with committed output. `profiles/shop.yaml` is then changed by the test."""
    (root / "profiles" / "objects").mkdir(parents=True)
    settings = SETTINGS.replace("DELIVERY", delivery).replace("CASCADE", str(cascade).lower())
    (root / "lamella.yaml").write_text(settings)
    (root / "profiles" / "shop.yaml").write_text(PROFILE)
    (root / "profiles" / "objects" / "web.yaml").write_text(WEB)
    (root / "profiles" / "objects" / "db.yaml").write_text(DB)
    git(root, "init", "--quiet", ".")
    assert lamella("render").status == 0
    commit(root)
    return root / "profiles" / "shop.yaml"


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "x")


def told(text: str) -> list[str]:
    """The warnings about handovers: their lines without excerpt and number."""
    begin = re.search(r"^.*warning\[delivery-handover\]: ", text, re.MULTILINE)
    if not begin:
        return []
    lines = [line.strip().removeprefix("| ").removeprefix("= ") for line in text[begin.end() :].splitlines()]
    return [line for line in lines if not re.match(r"\d+ \||\^|\d+ warnings?$|committed|\d+ cluster", line)]


RENAMED_FLUX = [
    "layer 'web' is now 'site', with 4 objects (clusters c1, c2)",
    "Flux deletes these at once, with Kustomization 'c1-web'; 'c1-site' makes them anew when all layers before it are"
    " ready: ConfigMap shop/web, StatefulSet.apps shop/db",
    "Flux keeps these, and 'c1-site' takes them over: Namespace shop, PersistentVolumeClaim shop/data",
    "with these goes what they hold: StatefulSet.apps shop/db (all of its Pods at once)",
    "hint: previousNames: [web] on layer 'site' keeps them as they are",
]


def test_a_renamed_layer_under_flux(tmp_path: Path, lamella: Lamella) -> None:
    profile = repository(tmp_path, lamella, "flux")
    edit(profile, "name: web\n", "name: site\n")
    git(tmp_path, "commit", "--quiet", "--all", "--message", "rename")
    said = lamella("diff", "--stat")
    assert told(said.err) == RENAMED_FLUX
    comment = lamella("diff", "-o", "markdown", "--stat").out
    assert "\n> [!WARNING]\n" + "".join(f"> {line}\n" for line in RENAMED_FLUX) in comment
    assert "! c1/site: ConfigMap shop/web (was in layer 'web'; Flux deletes it and makes it anew)\n" in said.out
    assert "> c1/site: Namespace shop (was in layer 'web'; Flux keeps it)\n" in said.out
    against = lamella("diff", "--against", "HEAD~1", "-o", "json").json
    effects = {c["object"]: (c["action"], c["handover"]) for c in against["changes"] if "handover" in c}
    assert effects["ConfigMap shop/web"] == (
        "recreated",
        [{"controller": "flux", "fate": "recreated", "old": "c2-web", "new": "c2-site", "gone": True}],
    )
    assert told(lamella("render").err) == RENAMED_FLUX
    assert told(lamella("render").err) == [], "what is rendered is told once"
    published = lamella("publish", "--no-push")
    assert told(published.err) == RENAMED_FLUX
    assert published.status == 0


def test_a_renamed_layer_under_argo_cd(tmp_path: Path, lamella: Lamella) -> None:
    profile = repository(tmp_path, lamella, "argocd")
    edit(profile, "name: web\n", "name: site\n")
    assert told(lamella("render").err) == [
        "layer 'web' is now 'site', with 4 objects (clusters c1, c2)",
        "Argo CD keeps Application 'c1-web' beside 'c1-site', and both may apply these until it is deleted (argocd app"
        " delete c1-web --cascade=false): ConfigMap shop/web, Namespace shop, PersistentVolumeClaim shop/data,"
        " StatefulSet.apps shop/db",
        "hint: previousNames: [web] on layer 'site' keeps them as they are",
    ]


def test_a_renamed_layer_under_argo_cd_with_cascade(tmp_path: Path, lamella: Lamella) -> None:
    profile = repository(tmp_path, lamella, "argocd", cascade=True)
    edit(profile, "name: web\n", "name: site\n")
    assert told(lamella("render", "--check").err)[1:3] == [
        "Argo CD deletes these with Application 'c1-web'; 'c1-site' makes them anew: ConfigMap shop/web,"
        " StatefulSet.apps shop/db",
        "Argo CD keeps these, and 'c1-site' takes them over: Namespace shop, PersistentVolumeClaim shop/data",
    ]


@pytest.mark.parametrize("delivery", ["flux", "argocd", "argocd, flux"])
def test_previous_names_keep_everything(delivery: str, tmp_path: Path, lamella: Lamella) -> None:
    profile = repository(tmp_path, lamella, delivery, cascade=True)
    edit(profile, "name: web\n", "name: front\n      previousNames: [web]\n")
    said = lamella("diff", "--stat")
    assert (said.status, told(said.err)) == (1, [])
    assert not re.search(r"^[!>+-] ", said.out, re.MULTILINE)
    assert told(lamella("render").err) == []
    commit(tmp_path)
    edit(profile, "name: front\n      previousNames: [web]\n", "name: site\n      previousNames: [web, front]\n")
    assert told(lamella("render").err) == []
    commit(tmp_path)
    edit(profile, "      previousNames: [web, front]\n", "")
    said = lamella("diff", "--stat")
    assert (
        told(said.err)[0]
        == "4 objects of layer 'site' will be delivered by another object than before (clusters c1, c2)"
    )


def test_the_names_of_a_layer_that_had_another_one_before_are_both_in_the_hint(
    tmp_path: Path, lamella: Lamella
) -> None:
    profile = repository(tmp_path, lamella, "flux")
    edit(profile, "name: web\n", "name: front\n      previousNames: [web]\n")
    lamella("render")
    edit(profile, "name: front\n      previousNames: [web]\n", "name: site\n")
    assert told(lamella("render").err)[-1] == "hint: previousNames: [web, front] on layer 'site' keeps them as they are"


def move(profile: Path, target: str) -> None:
    """The database from layer `web` to another one."""
    edit(profile, "{file: objects/web.yaml}, {file: objects/db.yaml}", "{file: objects/web.yaml}")
    edit(profile, f"[{{name: {target}, inline", f"[{{file: objects/db.yaml}}, {{name: {target}, inline")


def test_an_object_that_moves_to_a_later_layer(tmp_path: Path, lamella: Lamella) -> None:
    move(repository(tmp_path, lamella, "argocd, flux"), "last")
    assert told(lamella("render").err) == [
        "2 objects moved from layer 'web' to layer 'last' (clusters c1, c2)",
        "Argo CD deletes these if it syncs Application 'c1-web' before 'c1-last', which then makes them anew:"
        " StatefulSet.apps shop/db",
        "Argo CD keeps these, and 'c1-last' takes them over: PersistentVolumeClaim shop/data",
        "Flux deletes these at once, from Kustomization 'c1-web'; 'c1-last' makes them anew when all layers before it are"
        " ready: StatefulSet.apps shop/db",
        "Flux keeps these, and 'c1-last' takes them over: PersistentVolumeClaim shop/data",
        "with these goes what they hold: StatefulSet.apps shop/db (all of its Pods at once)",
        "hint: to keep them, in two steps: annotate them where they were (kustomize.toolkit.fluxcd.io/prune: disabled;"
        " argocd.argoproj.io/sync-options: Prune=false), publish and wait until that is applied; then move them",
    ]


def test_flux_takes_an_object_over_for_an_earlier_layer(tmp_path: Path, lamella: Lamella) -> None:
    move(repository(tmp_path, lamella, "flux"), "first")
    said = lamella("diff", "--stat")
    assert "> c1/first: StatefulSet.apps shop/db (was in layer 'web'; Flux keeps it)\n" in said.out
    assert told(said.err) == []
    assert told(lamella("render").err) == []


def test_the_two_steps_of_the_hint_keep_the_objects(tmp_path: Path, lamella: Lamella) -> None:
    profile = repository(tmp_path, lamella, "argocd, flux")
    marks = "{kustomize.toolkit.fluxcd.io/prune: disabled, argocd.argoproj.io/sync-options: Prune=false}"
    edit(profile.parent / "objects/db.yaml", "{name: db, ", f"{{annotations: {marks}, name: db, ")
    assert told(lamella("render").err) == []
    move(profile, "last")
    assert told(lamella("render").err) == []


@pytest.mark.parametrize("policy", ["prune: disabled"])
def test_a_layer_that_is_never_pruned_keeps_its_objects(policy: str, tmp_path: Path, lamella: Lamella) -> None:
    profile = repository(tmp_path, lamella, "argocd, flux")
    edit(profile, "      namespace: shop\n", f"      namespace: shop\n      policy: {{{policy}}}\n")
    lamella("render")
    move(profile, "last")
    assert told(lamella("render").err) == []


def test_a_release_that_is_named_after_its_layer_goes_with_the_name(tmp_path: Path, lamella: Lamella) -> None:
    profile = repository(tmp_path, lamella, "flux")
    chart = tmp_path / "charts" / "web"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: web, version: 1.0.0}\n")
    named = '{apiVersion: v1, kind: ConfigMap, metadata: {name: "{{ .Release.Name }}-x"}}\n'
    (chart / "templates" / "web.yaml").write_text(named)
    manifests = "manifests: [{file: objects/web.yaml}, {file: objects/db.yaml}]"
    edit(profile, manifests, "chart: {name: web, version: 1.0.0, path: ../charts/web}")
    assert lamella("render", "--allow-removal").status == 0
    edit(profile, "name: web\n", "name: site\n")
    assert told(lamella("render").err) == [
        "layer 'web' is now 'site', with 1 object (clusters c1, c2)",
        "Flux keeps these, and 'c1-site' takes them over: Namespace shop",
        "1 other object of 'web' will be deleted: they are not in 'site' (a Helm release without releaseName is named"
        " after its layer)",
        "hint: previousNames: [web] on layer 'site' keeps them as they are",
    ]
    edit(profile, "name: site\n", "name: site\n      previousNames: [web]\n")
    lamella("render")
    names = [path.name for path in (tmp_path / "output/clusters/c1/site").iterdir()]
    assert "configmap-shop-web-x.yaml" in names


HOOK = "{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop, annotations: {helm.sh/hook: HOOK}}}\n"


@pytest.mark.parametrize(
    ("before", "after", "deleted"),
    [
        ("post-install", "pre-install", False),
        ("pre-install", "post-install", True),
        ("pre-delete", "post-install", False),
    ],
)
def test_an_object_that_changes_its_stage(
    before: str, after: str, deleted: bool, tmp_path: Path, lamella: Lamella
) -> None:
    profile = repository(tmp_path, lamella, "flux")
    manifest = profile.parent / "objects/web.yaml"
    others = [HOOK.replace("name: web", f"name: {name}") for name in ("a", "b")]
    kept = others[0].replace("HOOK", "pre-install"), others[1].replace("HOOK", "post-install")
    (profile.parent / "objects/db.yaml").write_text("---\n".join(kept))
    manifest.write_text(HOOK.replace("HOOK", before))
    lamella("render")
    manifest.write_text(HOOK.replace("HOOK", after))
    said = told(lamella("render").err)
    assert [line for line in said if "deletes these" in line] == (
        [
            "Flux deletes these at once, from Kustomization 'c1-web-before'; 'c1-web-after' makes them anew when all layers"
            " before it are ready: ConfigMap shop/web"
        ]
        if deleted
        else []
    )


def test_another_namespace_of_the_kustomizations(tmp_path: Path, lamella: Lamella) -> None:
    repository(tmp_path, lamella, "flux")
    with (tmp_path / "lamella.yaml").open("a") as settings:
        settings.write("flux: {namespace: clusters}\n")
    said = lamella("render").err
    assert "4 objects of layer 'web' will be delivered by another object than before (clusters c1, c2)" in said


def test_a_path_alone_is_no_change_of_an_object_that_is_delivered(tmp_path: Path, lamella: Lamella) -> None:
    profile = repository(tmp_path, lamella, "flux")
    edit(profile, "name: web\n", "name: site\n      previousNames: [web]\n")
    said = lamella("diff", "-o", "json", "c1")
    assert [(c["action"], c["object"]) for c in said.json["changes"]] == [
        ("changed", "flux/c1/kustomization.yaml"),
        ("changed", "Kustomization.kustomize.toolkit.fluxcd.io flux-system/c1-web"),
    ]


CAPS = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: caps, version: 1.0.0}
spec:
  type: add-on
  layers:
    - {name: caps, namespace: fleet, destination: management, manifests: [{file: objects/machines.yaml}]}
---
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: none, version: 1.0.0}
spec:
  type: add-on
  layers:
    - {name: caps, namespace: fleet, destination: management, policy: {namespaces: never},
       manifests: [{name: x, inline: "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"}]}
"""
MACHINES = """\
{apiVersion: cluster.x-k8s.io/v1beta1, kind: MachineDeployment, metadata: {name: workers, namespace: fleet}, spec: {
  clusterName: c, template: {spec: {clusterName: c, bootstrap: {}, infrastructureRef: {kind: A, name: a}}}}}
"""


def test_an_object_of_the_management_cluster_that_another_cluster_has_now(tmp_path: Path, lamella: Lamella) -> None:
    profile = repository(tmp_path, lamella, "flux")
    (profile.parent / "objects/machines.yaml").write_text(MACHINES)
    (profile.parent / "caps.yaml").write_text(CAPS)
    text = profile.read_text()
    head, c1, c2 = text.split("kind: Cluster\n")
    for_c1, for_c2 = ", {name: caps, version: 1.0.0}]", ", {name: none, version: 1.0.0}]"
    c1, c2 = c1.replace("}]}\n", f"}}{for_c1}}}\n"), c2.replace("}]}\n", f"}}{for_c2}}}\n")
    profile.write_text("kind: Cluster\n".join((head, c1, c2)))
    assert lamella("render").status == 0
    swapped = profile.read_text().replace(for_c1, "@").replace(for_c2, for_c1).replace("@", for_c2)
    profile.write_text(swapped)
    said = told(lamella("render", "--allow-removal").err)
    assert "of the management cluster: from layer 'caps' of cluster 'c1' to layer 'caps' of cluster 'c2'" in said[0]
    assert any("MachineDeployment.cluster.x-k8s.io fleet/workers (the machines behind it)" in line for line in said)


def test_applications_are_what_the_messages_name(tmp_path: Path, lamella: Lamella) -> None:
    repository(tmp_path, lamella, "argocd")
    application = yamldoc.load_one((tmp_path / "output/argocd/c1/web.yaml").read_text(), "x").value
    assert application["metadata"]["name"] == "c1-web"
