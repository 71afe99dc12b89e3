"""Small packs for the tests of `lamella pack`."""

from __future__ import annotations

import json
from typing import Any

IMAGE = "registry.example.org/web:1.0.0"
LOGO = b"\x89PNG\r\n\x1a\n"

METADATA: dict[str, Any] = {
    "name": "web",
    "displayName": "Web",
    "version": "1.2.0",
    "layer": "addon",
    "addonType": "system app",
    "cloudTypes": ["all"],
    "kubeManifests": ["manifests/web.yaml"],
}
VALUES = f"""\
pack:
  namespace: web
  content:
    images:
      - image: {IMAGE}
manifests:
  web:
    replicas: 1
    image: {IMAGE}
"""
MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: {{ .Values.image | quote }}, env: [{name: CLUSTER, value: "{{ .Values.cluster }}"}]}
"""
PRESETS = """\
presets:
  - {name: ha, group: Size, displayName: Three of them, remove: [], add: "manifests: {web: {replicas: 3}}"}
"""

DEPLOYMENT = f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: web
spec:
  replicas: 1
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - env:
        - name: CLUSTER
          value: ""
        image: {IMAGE}
        name: web
"""
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: web\n"


def web(
    *, without: tuple[str, ...] = (), files: dict[str, str | bytes] | None = None, values: str = VALUES, **fields: Any
) -> dict[str, str | bytes]:
    """The files of a pack without faults, in packs/web, with other fields in pack.json (None: without it)."""
    metadata = {key: value for key, value in {**METADATA, **fields}.items() if value is not None}
    found: dict[str, str | bytes] = {
        "pack.json": json.dumps(metadata, indent=2),
        "values.yaml": values,
        "manifests/web.yaml": MANIFEST,
        "README.md": "# web\n",
        "logo.png": LOGO,
        **(files or {}),
    }
    return {f"packs/web/{path}": content for path, content in found.items() if path not in without}
