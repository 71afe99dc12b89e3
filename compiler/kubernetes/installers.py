"""Kinds of Flux, Argo CD and others that make a controller in the cluster install something.

What they install is neither rendered nor checked here, which people who write one as a manifest may not expect.
"""

from __future__ import annotations

# (group, kind) -> (whose object it is, how its content is rendered here instead).
_CHART = "`chart:` in a layer renders the chart here"
_LAYER = "a layer with `chart:` or `manifests:` renders here what it applies"
_INSTALLERS = {
    ("helm.toolkit.fluxcd.io", "HelmRelease"): ("Flux's helm-controller installs a chart by it", _CHART),
    ("source.toolkit.fluxcd.io", "HelmRepository"): ("Flux finds charts by it", _CHART),
    ("source.toolkit.fluxcd.io", "HelmChart"): ("Flux fetches a chart by it", _CHART),
    ("source.toolkit.fluxcd.io", "OCIRepository"): ("Flux fetches an artifact by it", _CHART),
    ("source.toolkit.fluxcd.io", "GitRepository"): ("Flux fetches a repository by it", _LAYER),
    ("source.toolkit.fluxcd.io", "Bucket"): ("Flux fetches files by it", _LAYER),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): ("Flux's kustomize-controller applies a directory by it", _LAYER),
    ("argoproj.io", "Application"): ("Argo CD installs an application by it", _LAYER),
    ("argoproj.io", "ApplicationSet"): ("Argo CD makes Applications of it", _LAYER),
    ("helm.cattle.io", "HelmChart"): ("the Helm controller of k3s and RKE2 installs a chart by it", _CHART),
}


def installer(group: str, kind: str) -> tuple[str, str] | None:
    """What the kind does, and what does the same here; None for a kind of another sort."""
    return _INSTALLERS.get((group, kind))
