"""Helm's own Go SDK inside this process, through the shared library of the package helm-python-sdk.

The library's `helm_render` is Helm's template engine alone; what `helm template` checks around it is done here: the
release's name, installable charts only, vendored dependencies, the chart's kubeVersion. A handle is loaded for each
render, because rendering changes the loaded chart in place (it drops disabled subcharts and copies imported values).

Three things about the library that cannot be helped here: Go dies in a forked child (start workers by spawn or
forkserver); it takes its time zone from the environment that the process was started with (start workers with TZ=UTC);
`.Capabilities.HelmVersion` is "v4.2", of which the binary prints the patch version too.
"""

from __future__ import annotations

import ctypes
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from compiler.charts import hooks
from compiler.charts.archive import write_tgz
from compiler.render.helm import HelmFailure, Release, RenderedDocument, documents_of, throwaway_chart
from compiler.render.helm_errors import failure

_COMPARISON = {"satisfied": "{{ semverCompare .Values.constraint .Values.version }}"}


@dataclass(frozen=True, slots=True)
class EmbeddedHelm:
    """The default engine. The library is loaded with the first call (0.1 s)."""

    def version(self) -> str:
        native, _ = _library()
        return str(native.helm_sdk_version())

    def render(self, chart_path: str, release: Release) -> tuple[RenderedDocument, ...]:
        native, errors = _library()
        try:
            native.call_status("helm_release_name_validate", release.name)
            with _loaded(native, "helm_chart_load", chart_path) as chart:
                _refuse_what_helm_template_refuses(native, chart, release)
                rendered = _rendered(native, chart, release)
                # Asked after rendering, which has dropped the subcharts that the values disable.
                crds = native.call_string("helm_chart_crds", chart) if release.include_crds else "[]"
            documents = [d for d in documents_of(rendered.items()) if _is_applied(native, d)]
            return tuple(sorted([*documents, *_crd_documents(crds)]))
        except errors.HelmError as error:
            raise failure(str(error)) from None

    def templates(self, texts: Mapping[str, str], release: Release) -> Mapping[str, str]:
        native, errors = _library()
        archive = write_tgz(throwaway_chart(release.name, texts), release.name, level=0)
        buffer = (ctypes.c_uint8 * len(archive)).from_buffer_copy(archive)
        try:
            with _loaded(native, "helm_chart_load_archive", buffer, len(archive)) as chart:
                rendered = _rendered(native, chart, release)
        except errors.HelmError as error:
            raise failure(str(error)) from None
        return {name: rendered.get(f"{release.name}/templates/{name}", "") for name in texts}


def _library() -> tuple[Any, Any]:
    """The modules of helm-python-sdk that are used here. Raises HelmFailure where they cannot be loaded."""
    try:
        from helm_python import _native, errors
    except Exception as error:  # of any kind: its own HelmLibraryError cannot be named where the package does not load
        raise HelmFailure("environment", f"helm-python-sdk cannot be loaded ({error})") from None
    return _native, errors


@contextmanager
def _loaded(native: Any, function: str, *arguments: Any) -> Iterator[Any]:
    handle = native.HANDLE(native.call_handle(function, *arguments))
    try:
        yield handle
    finally:
        native.call_status("helm_chart_free", handle)


def _rendered(native: Any, chart: Any, release: Release) -> dict[str, str]:
    """{template: text} of everything but partials, hooks and notes included."""
    options = {
        "name": release.name,
        "namespace": release.namespace,
        "kube_version": release.kube_version,
        "api_versions": list(release.api_versions),
    }
    rendered = native.call_string("helm_render", chart, release.values_json, json.dumps(options))
    templates: dict[str, str] = json.loads(rendered)
    return templates


@lru_cache(maxsize=16)
def _crd_documents(crds_json: str) -> tuple[RenderedDocument, ...]:
    """The documents in what the library says of CRDs. Remembered: megabytes, and the same in render after render."""
    return documents_of((crd["filename"], crd["data"]) for crd in json.loads(crds_json))


def _refuse_what_helm_template_refuses(native: Any, chart: Any, release: Release) -> None:
    """Source: helm pkg/cmd/install.go, runInstall; pkg/action, CheckDependencies and renderResources."""
    metadata = json.loads(native.call_string("helm_chart_metadata", chart))
    if metadata.get("type", "") not in ("", "application"):
        raise HelmFailure("chart", f"{metadata['type']} charts are not installable")
    vendored = {d["name"] for d in json.loads(native.call_string("helm_chart_dependencies", chart))}
    missing = [d["name"] for d in metadata.get("dependencies") or [] if d["name"] not in vendored]
    if missing:
        raise HelmFailure("chart", "found in Chart.yaml, but missing in charts/ directory: " + ", ".join(missing))
    constraint = metadata.get("kubeVersion", "")
    if constraint and not _satisfies(release.kube_version, constraint):
        version = "v" + release.kube_version.removeprefix("v")
        text = f"chart requires kubeVersion: {constraint} which is incompatible with Kubernetes {version}"
        raise HelmFailure("chart", text)


def _satisfies(kube_version: str, constraint: str) -> bool:
    """Helm's IsCompatibleRange, asked of the library itself: Sprig's semverCompare is the same code.

    As in Helm, only the numbers of the version count, and a constraint that cannot be read is not satisfied.
    """
    numbers = re.match(r"\s*v?([0-9.]*[0-9])", kube_version)
    values = json.dumps({"constraint": constraint, "version": numbers[1] if numbers else ""})
    try:
        return EmbeddedHelm().templates(_COMPARISON, Release("comparison", "", "", (), values)) == {"satisfied": "true"}
    except HelmFailure:
        return False


def _is_applied(native: Any, document: RenderedDocument) -> bool:
    """False for test hooks, and for hooks of no event that Helm knows, which it skips."""
    if hooks.ANNOTATION not in document.text:
        return True
    annotations = _annotations(native, document)
    if hooks.ANNOTATION not in annotations:
        return True
    return hooks.events(str(annotations[hooks.ANNOTATION])) <= hooks.EVENTS


def _annotations(native: Any, document: RenderedDocument) -> dict[str, Any]:
    """The document's annotations, read by Helm's own parser. What Helm could not read either is refused as it does."""
    _, errors = _library()
    try:
        node: Any = json.loads(native.call_string("helm_values_from_yaml", document.text))
    except errors.HelmError as error:
        raise failure(f"YAML parse error on {document.template}: {error}") from None
    for key in ("metadata", "annotations"):
        node = node.get(key)
        if node is None:
            return {}
        if not isinstance(node, dict):
            raise failure(f"YAML parse error on {document.template}: {key} is no mapping")
    return dict(node)
