"""Helm's own Go SDK inside this process, through the shared library of the package helm-python-sdk.

The library's `helm_render` is Helm's template engine alone; what `helm template` checks around it is done here: the
release's name, installable charts only, vendored dependencies, the chart's kubeVersion. A handle is loaded for each
render, because rendering changes the loaded chart in place (it drops disabled subcharts and copies imported values).

Go dies in a forked child: start workers by spawn or forkserver.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from compiler.render.helm import HelmFailure, Release, RenderedDocument, documents_of
from compiler.render.helm_errors import failure

# Source: helm pkg/release/v1/util/manifest_sorter.go, `events`.
_HOOKS = frozenset(
    f"{when}-{what}" for when in ("pre", "post") for what in ("install", "delete", "upgrade", "rollback")
)
_HOOK_ANNOTATION = "helm.sh/hook"


@dataclass(frozen=True, slots=True)
class EmbeddedHelm:
    """The default engine. It holds nothing; the library is loaded with the first call (0.1 s)."""

    def version(self) -> str:
        from helm_python import _native

        return str(_native.helm_sdk_version())

    def render(self, chart_path: str, release: Release) -> tuple[RenderedDocument, ...]:
        from helm_python import _native, errors

        try:
            _native.call_status("helm_release_name_validate", release.name)
            with _loaded(_native, chart_path) as chart:
                _check_installable(_native, chart, release)
                rendered = _rendered(_native, chart, release)
                crds = json.loads(_native.call_string("helm_chart_crds", chart)) if release.include_crds else []
            documents = documents_of(rendered.items())
            kept = tuple(document for document in documents if _is_applied(_native, document))
            return tuple(sorted((*kept, *documents_of((crd["filename"], crd["data"]) for crd in crds))))
        except errors.HelmError as error:
            raise failure(str(error)) from None


@contextmanager
def _loaded(native: Any, chart_path: str) -> Iterator[Any]:
    handle = native.HANDLE(native.call_handle("helm_chart_load", chart_path))
    try:
        yield handle
    finally:
        native.call_status("helm_chart_free", handle)


def _rendered(native: Any, chart: Any, release: Release) -> dict[str, str]:
    options = {
        "name": release.name,
        "namespace": release.namespace,
        "kube_version": "v" + release.kube_version.removeprefix("v"),
        "api_versions": list(release.api_versions),
    }
    templates: dict[str, str] = json.loads(
        native.call_string("helm_render", chart, release.values_json, json.dumps(options))
    )
    return templates


def _check_installable(native: Any, chart: Any, release: Release) -> None:
    """What `helm template` refuses before it renders. Source: helm pkg/cmd/install.go runInstall, pkg/action."""
    metadata = json.loads(native.call_string("helm_chart_metadata", chart))
    if metadata.get("type", "") not in ("", "application"):
        raise HelmFailure("chart", f"{metadata['type']} charts are not installable")
    vendored = {d["name"] for d in json.loads(native.call_string("helm_chart_dependencies", chart))}
    missing = [d["name"] for d in metadata.get("dependencies") or [] if d["name"] not in vendored]
    if missing:
        raise HelmFailure("chart", "found in Chart.yaml, but missing in charts/ directory: " + ", ".join(missing))


def _is_applied(native: Any, document: RenderedDocument) -> bool:
    """False for test hooks and for hooks that Helm does not know, which it skips."""
    if _HOOK_ANNOTATION not in document.text:
        return True
    parsed = json.loads(native.call_string("helm_values_from_yaml", document.text))
    annotations = (parsed.get("metadata") or {}).get("annotations") or {}
    if _HOOK_ANNOTATION not in annotations:
        return True
    return {event.strip().lower() for event in str(annotations[_HOOK_ANNOTATION]).split(",")} <= _HOOKS
