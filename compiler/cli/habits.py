"""What people type by habit, from Helm and kubectl: options and commands that are not here, and where each goes."""

from __future__ import annotations

import click

_LAYER = "of the layer: in its profile, or under `layers: {NAME: …}` of a template or cluster"
_NO_CLUSTER = (
    "Lamella talks to no cluster: it writes files that Argo CD or Flux applies. `destination:` of a Cluster says where to;"
    " clusters to render are named as arguments"
)
_VALUES_FILES = f"Values files are named by `valuesFiles: [FILE]` {_LAYER}"
_VALUES = f"Values are set by `values: {{…}}` {_LAYER}"
_NOTHING_WRITTEN = "`lamella render --check` and `lamella diff` write nothing"
_OPTIONS = {
    "-f": _VALUES_FILES,
    "--values": _VALUES_FILES,
    "--filename": f"Manifests are named by `manifests: [{{file: FILE}}]` {_LAYER}",
    "--set": _VALUES,
    "--set-string": _VALUES,
    "--set-json": _VALUES,
    "--set-literal": _VALUES,
    "--set-file": _VALUES,
    "-n": f"The namespace is set by `namespace:` {_LAYER}",
    "--namespace": f"The namespace is set by `namespace:` {_LAYER}",
    "--version": "The version of a chart or pack is set by `version:` of the layer; `lamella version` prints Lamella's own",
    "--kube-version": "The version of Kubernetes is set by `spec.kubernetesVersion` of the Cluster, or by its k8s layer",
    "-a": "APIs beside those of Kubernetes and of the CRDs in the stack are listed in `spec.apiVersions` of the Cluster",
    "--api-versions": "APIs beside those of Kubernetes and of the CRDs in the stack are listed in `spec.apiVersions` of the"
    " Cluster",
    "--dry-run": _NOTHING_WRITTEN,
    "--validate": "`lamella check` checks everything, and writes nothing",
    "--context": _NO_CLUSTER,
    "--kube-context": _NO_CLUSTER,
    "--kubeconfig": _NO_CLUSTER,
    "--cluster": "Clusters are named as arguments: `lamella render prod-eu`",
    "--release-name": f"The name of the release is set by `releaseName:` {_LAYER}",
    "--name-template": f"The name of the release is set by `releaseName:` {_LAYER}",
    "--include-crds": "CRDs of charts are always rendered; an overlay with `transform: {drop: true}` leaves some out",
    "--skip-crds": "CRDs of charts are always rendered; an overlay with `transform: {drop: true}` leaves some out",
    "--no-hooks": "Hooks are left out by `policy: {hooks: drop}`",
    "--skip-schema-validation": f"It is set by `skipSchemaValidation: true` {_LAYER}",
    "--output-dir": "The directory to write to is set by `--output DIR`, or by `output:` of lamella.yaml",
    "--show-only": "`lamella render CLUSTER -o yaml` prints the objects",
    "--post-renderer": "What a chart renders is changed by `overlays:` of the layer, profile, template or cluster",
    "--kustomize": "Patches are `overlays:` of the layer, profile, template or cluster",
    "-k": "Patches are `overlays:` of the layer, profile, template or cluster",
    "--dependency-update": "Nothing is fetched: run `helm dependency build`, and commit charts/",
}
_COMMANDS = {
    "template": "`lamella render` renders, `lamella render CLUSTER -o yaml` to stdout",
    "build": "`lamella render` renders, `lamella render CLUSTER -o yaml` to stdout",
    "install": f"{_NO_CLUSTER}. `lamella render` writes them, `lamella publish` commits and pushes them",
    "upgrade": f"{_NO_CLUSTER}. `lamella render` writes them, `lamella publish` commits and pushes them",
    "apply": f"{_NO_CLUSTER}. `lamella render` writes them, `lamella publish` commits and pushes them",
    "lint": "`lamella check` checks the repository, `lamella pack lint DIR` a pack",
    "validate": "`lamella check` checks the repository, `lamella pack lint DIR` a pack",
    "test": "`lamella pack test DIR` tests a pack",
    "get": "`lamella list` lists clusters, profiles, templates and packs; `lamella show` prints stacks",
    "describe": "`lamella show CLUSTER` prints a stack, `lamella pack show NAME` a pack",
    "dependency": "Nothing is fetched: run `helm dependency build`, and commit charts/",
    "completion": "See Shell completion in docs/commands.md: `_LAMELLA_COMPLETE=bash_source lamella` prints the script",
}


def option(error: click.NoSuchOption) -> click.UsageError:
    """The error, with where the option of another tool goes here."""
    answer = _OPTIONS.get(error.option_name)
    return click.UsageError(f"No such option '{error.option_name}'. {answer}.", error.ctx) if answer else error


def command(name: str) -> str:
    """Where a command of another tool goes here, as a sentence; '' for another word."""
    return f"{_COMMANDS[name]}." if name in _COMMANDS else ""
