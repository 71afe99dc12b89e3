"""A small pack that works: what `lamella pack new` writes, in Palette's format and in ours."""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Literal

from compiler.charts.archive import write_tgz
from compiler.charts.chart import Chart
from compiler.yamldoc import dump

_IMAGE = "registry.k8s.io/e2e-test-images/agnhost:2.53"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Outline:
    """What to write. `chart` is what the pack wraps, None for one with a Deployment of its own."""

    name: str
    version: str
    layer: str
    form: Literal["palette", "native"]
    chart: Chart | None = None


def name_fault(name: str) -> str:
    """Why a pack cannot have this name, '' where it can: it names a namespace, a release and a repository too."""
    if len(name) <= 40 and _NAME.fullmatch(name):
        return ""
    return "lower-case letters, digits and '-', at most 40, beginning and ending with a letter or digit"


def scaffold(outline: Outline, images: Sequence[str] = ()) -> dict[str, bytes]:
    """The files of the pack by relative path, without what its test expects. `images` are those that a chart renders."""
    native = outline.form == "native"
    files: dict[str, str | bytes] = {
        "pack.yaml" if native else "pack.json": _metadata(outline),
        "values.yaml": _values(outline, images),
        "README.md": _readme(outline),
        "tests/default/values.yaml": "# Values of a profile's layer in this test; none: the pack's own.\n",
    }
    if not native:
        files["logo.png"] = _logo()
    if outline.chart is not None:
        files |= {f"{_chart_path(outline)}{path}": content for path, content in _chart_files(outline).items()}
    elif outline.layer not in ("os", "k8s"):
        manifest = f"templates/{outline.name}.yaml.j2" if native else f"manifests/{outline.name}.yaml"
        files[manifest] = _fill(_JINJA if native else _GO_TEMPLATE, outline)
        files["schema.yaml"] = _fill(_SCHEMA, outline)
    return {path: content.encode() if isinstance(content, str) else content for path, content in files.items()}


def _prefix(outline: Outline) -> str:
    """The path of the pack's own values in values.yaml."""
    return "" if outline.form == "native" else f"manifests.{outline.name}."


def _chart_path(outline: Outline) -> str:
    """Palette takes archives only; ours may be a folder, which reviews better."""
    assert outline.chart is not None
    chart = outline.chart
    if outline.form == "native" and not chart.archived:
        return f"charts/{chart.name}"
    return f"charts/{chart.name}-{chart.version}.tgz"


def _chart_files(outline: Outline) -> Mapping[str, bytes]:
    """Content by path below the chart's path; "" is the path itself."""
    assert outline.chart is not None
    chart = outline.chart
    if outline.form == "native" and not chart.archived:
        return {f"/{path}": content for path, content in chart.files.items()}
    return {"": write_tgz(dict(chart.files), chart.name)}


def _metadata(outline: Outline) -> str:
    fields: dict[str, object] = {
        "name": outline.name,
        "displayName": outline.name,
        "version": outline.version,
        "layer": outline.layer,
        **({"addonType": "system app"} if outline.layer == "addon" else {}),
        "cloudTypes": ["all"],
    }
    if outline.chart is not None:
        fields["charts"] = [_chart_path(outline)]
    elif outline.form == "palette" and outline.layer not in ("os", "k8s"):
        fields["kubeManifests"] = [f"manifests/{outline.name}.yaml"]
    if outline.form == "palette":
        fields["annotations"] = {"source": "community", "contributor": "me"}
        return json.dumps(fields, indent=2) + "\n"
    return "".join(f"{key}: {_flow(value)}\n" for key, value in fields.items())


def _flow(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return dump({"k": value}).removeprefix("k:").strip()


def _values(outline: Outline, images: Sequence[str]) -> str:
    if outline.chart is None and outline.layer in ("os", "k8s"):
        return _fill(_KUBERNETES if outline.layer == "k8s" else _OS, outline)
    listed = "".join(f"      - image: {_flow(image)}\n" for image in (images if outline.chart else [_IMAGE]))
    content = f"  content:\n    images:\n{listed}" if listed else ""
    text = "# Where the pack is installed, and the images that it needs in an air-gapped cluster.\n"
    text += f"pack:\n  namespace: {outline.name}\n"
    text += f"{content}\n"
    if outline.chart is not None:
        text += "# Values of the chart; its own values.yaml lists them.\n"
        text += f"charts:\n  {_flow(outline.chart.name)}: {{}}\n"
    elif outline.form == "native":
        text += f"# Values of templates/, as `values`.\nreplicas: 1\nimage: {_IMAGE}\n"
    else:
        text += f"# Values of manifests/{outline.name}.yaml, which make it a Go template: `.Values`.\n"
        text += f"manifests:\n  {_flow(outline.name)}:\n    replicas: 1\n    image: {_IMAGE}\n"
    return text


def _readme(outline: Outline) -> str:
    use = (
        f"- {{name: {outline.name}, type: {outline.layer}, pack: {{name: {outline.name}, version: {outline.version}}}}}"
    )
    return _fill(_README, outline).replace("<USE>", use)


def _fill(text: str, outline: Outline) -> str:
    replaced = {"NAME": outline.name, "VALUES": _prefix(outline), "LAYER": outline.layer}
    return re.sub(r"<(NAME|VALUES|LAYER)>", lambda match: replaced[match[1]], dedent(text).lstrip("\n"))


def _logo() -> bytes:
    """A grey square of 64 by 64 pixels, to be replaced."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 64, 64, 1, 0, 0, 0, 0)  # one bit a pixel, grey scale
    rows = (b"\0" + b"\xaa" * 8) * 64
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


_GO_TEMPLATE = """
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: <NAME>
      labels: {app.kubernetes.io/name: <NAME>}
    spec:
      replicas: {{ .Values.replicas }}
      selector:
        matchLabels: {app.kubernetes.io/name: <NAME>}
      template:
        metadata:
          labels: {app.kubernetes.io/name: <NAME>}
        spec:
          containers:
            - name: <NAME>
              image: {{ .Values.image | quote }}
              args: [netexec, --http-port=8080]
              ports:
                - {name: http, containerPort: 8080}
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: <NAME>
      labels: {app.kubernetes.io/name: <NAME>}
    spec:
      selector: {app.kubernetes.io/name: <NAME>}
      ports:
        - {name: http, port: 80, targetPort: http}
    """
_JINJA = _GO_TEMPLATE.replace(".Values.replicas", "values.replicas").replace(".Values.image", "values.image")
_README = """
    # <NAME>

    A pack for layer `<LAYER>`. In a profile:

    ```yaml
    layers:
      <USE>
    ```

    `lamella pack lint` checks it. `lamella pack test` renders the cases in `tests/` and compares them with what they
    expect; `--update` writes what is rendered now.
    """
_SCHEMA = """
    <VALUES>replicas:
      schema: '{{ required | format "${number:[0-100]}" | hints "how many pods" }}'
    <VALUES>image:
      schema: '{{ required | format "${string}" }}'
    """
_OS = """
    # What nodes run before and after kubeadm, and files that they get.
    kubeadmconfig:
      preKubeadmCommands: []
      postKubeadmCommands: []
      files: []
    """
_KUBERNETES = """
    # The version of this pack is that of the cluster.
    pack:
      podCIDR: 192.168.0.0/16
      serviceClusterIpRange: 10.96.0.0/12
      serviceDomain: cluster.local

    kubeadmconfig:
      apiServer:
        extraArgs: {}
      preKubeadmCommands: []
      postKubeadmCommands: []
      files: []
    """
