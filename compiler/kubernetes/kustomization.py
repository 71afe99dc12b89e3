"""Files for kustomize, which are often taken for manifests."""

from __future__ import annotations

from typing import Any

# Source: kustomize's konfig.RecognizedKustomizationFileNames.
_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

HINT = (
    "layers do not run kustomize: write what `kubectl kustomize` prints to a file and name that, or name the resources and"
    " write the patches as overlays"
)


def has_known_name(path: str) -> bool:
    """Whether kustomize reads a file of this name in a directory."""
    return path.rpartition("/")[2] in _NAMES


def is_kustomization(document: Any, path: str) -> bool:
    """Whether a document is for kustomize. It may go without kind and apiVersion in a file of the known name; a
    Kustomization of Flux is an object like others."""
    if not isinstance(document, dict):
        return False
    api_version = document.get("apiVersion")
    if isinstance(api_version, str) and api_version:
        return api_version.startswith("kustomize.config.k8s.io/")
    return has_known_name(path) and document.get("kind") in (None, "", "Kustomization")
