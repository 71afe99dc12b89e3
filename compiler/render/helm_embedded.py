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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from compiler.charts import hooks
from compiler.charts.archive import write_tgz
from compiler.render.helm import HelmFailure, Release, RenderedDocument, documents_of
from compiler.render.helm_errors import failure

_COMPARISON = write_tgz(
    {
        "Chart.yaml": b"apiVersion: v2\nname: comparison\nversion: 0.0.0\n",
        "templates/satisfied": b"{{ semverCompare .Values.constraint .Values.version }}",
    },
    "comparison",
    level=0,
)


@dataclass(frozen=True, slots=True)
class EmbeddedHelm:
    """The default engine. The library is loaded with the first call (0.1 s)."""

    def version(self) -> str:
        from helm_python import _native

        return str(_native.helm_sdk_version())

    def render(self, chart_path: str, release: Release) -> tuple[RenderedDocument, ...]:
        from helm_python import _native, errors

        try:
            _native.call_status("helm_release_name_validate", release.name)
            with _loaded(_native, "helm_chart_load", chart_path) as chart:
                _refuse_what_helm_template_refuses(_native, chart, release)
                rendered = _rendered(_native, chart, release)
                # Asked after rendering, which has dropped the subcharts that the values disable.
                crds = _native.call_string("helm_chart_crds", chart) if release.include_crds else "[]"
            documents = [d for d in documents_of(rendered.items()) if _is_applied(_native, d)]
            return tuple(sorted([*documents, *_crd_documents(crds)]))
        except errors.HelmError as error:
            raise failure(str(error)) from None


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
    if constraint and not _satisfies(native, release.kube_version, constraint):
        version = "v" + release.kube_version.removeprefix("v")
        text = f"chart requires kubeVersion: {constraint} which is incompatible with Kubernetes {version}"
        raise HelmFailure("chart", text)


def _satisfies(native: Any, kube_version: str, constraint: str) -> bool:
    """Helm's IsCompatibleRange, asked of the library itself: Sprig's semverCompare is the same code.

    As in Helm, only the numbers of the version count, and a constraint that cannot be read is not satisfied.
    """
    from helm_python import errors

    numbers = re.match(r"\s*v?([0-9.]*[0-9])", kube_version)
    values = {"constraint": constraint, "version": numbers[1] if numbers else ""}
    archive = (ctypes.c_uint8 * len(_COMPARISON)).from_buffer_copy(_COMPARISON)
    try:
        with _loaded(native, "helm_chart_load_archive", archive, len(_COMPARISON)) as chart:
            answer: dict[str, str] = json.loads(native.call_string("helm_render", chart, json.dumps(values), "{}"))
    except errors.HelmError:
        return False
    return list(answer.values()) == ["true"]


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
    from helm_python import errors

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
