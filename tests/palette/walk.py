"""One pack as a whole repository: an add-on profile of one layer with the pack's own values, and a cluster.

The oracle is `helm template` on the pack's charts and templates with the same values, called here without anything of
the compiler but its YAML reader.
"""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler import kubernetes, yamldoc
from compiler.app.pipeline import Request, compile_clusters
from compiler.app.session import Session
from compiler.diagnostics import CompileError, Diagnostic
from tests.palette.support import MemoryFiles

KUBERNETES = "1.33.4"
Body = dict[str, Any]

_SETTINGS = "apiVersion: lamella/v1\nkind: Settings\npolicy: {secrets: allow, random: allow, apis: allow}\n"
_PROFILE = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: walk, version: 1.0.0}
spec:
  type: add-on
  cloud: all
  layers:
    - name: the-layer
      pack: {name: %s, version: %s}
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: prod}
spec:
  cloud: %s
  kubernetesVersion: 1.33.4
  system: {cluster.uid: uid-1}
  profiles: [{name: walk, version: 1.0.0}]
"""
# What the macros of public packs read here; the oracle gets the same texts by plain replacement.
_MACROS = {
    r"\{\{\s*\.spectro\.system\.kubernetes\.version \| substr 0 4\s*\}\}": "1.33",
    r"\{\{\s*\.spectro\.system\.cluster\.name\s*\}\}": "prod",
    r"\{\{\s*\.spectro\.system\.cluster\.uid\s*\}\}": "uid-1",
}


def pack_files(directory: Path) -> dict[str, bytes]:
    """The files of a pack directory, by relative path."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def compiled(files: Mapping[str, bytes], session: Session) -> tuple[Body, ...] | tuple[Diagnostic, ...]:
    """The objects that the compiler makes of the pack, or the errors with which it refuses it."""
    metadata = _metadata(files)
    listed = metadata.get("cloudTypes")
    clouds = [cloud for cloud in listed if cloud != "all"] if isinstance(listed, list) else []
    name, version = (json.dumps(str(metadata.get(key, "x"))) for key in ("name", "version"))
    profile = _PROFILE % (name, version, json.dumps(str(next(iter(clouds), "aws"))))
    repository = MemoryFiles(
        {
            "lamella.yaml": _SETTINGS,
            "profiles/walk.yaml": profile,
            **{f"packs/it/{path}": content for path, content in files.items()},
        }
    )
    try:
        found = compile_clusters(repository, Request(), session, existing=lambda _: None)
    except CompileError as error:
        return tuple(problem for problem in error.diagnostics if problem.severity == "error")
    objects = [f for f in found.files if f.object]
    return tuple(yamldoc.load_one(f.content, f.path).value for f in objects)


def _metadata(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    try:
        found = json.loads(files["pack.json"])
    except (KeyError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Oracle:
    """The real helm."""

    helm: Path

    def bodies(self, directory: Path) -> list[Body] | str:
        """What helm makes of a pack's charts and manifests; its complaint where it refuses one."""
        metadata = _metadata(pack_files(directory))
        values = self._values(directory)
        pack = values.get("pack") or {}
        namespace = pack.get("namespace") or "default"
        found: list[Body] = []
        for path in metadata.get("charts") or ():
            archive = directory / path
            if not archive.is_file():
                return f"no {path}"
            chart = _chart_name(archive)
            default = f"{metadata['name']}-{chart}"[:53].rstrip("-")
            release = (pack.get("releaseNameOverride") or {}).get(chart) or default
            text = self._template(release, archive, namespace, (values.get("charts") or {}).get(chart))
            if text is None:
                return f"helm refuses {path}"
            found += documents(text)
        for path in metadata.get("kubeManifests") or ():
            blocks = values.get("manifests") or {}
            raw = (directory / path).read_text()
            text = self._manifest(raw, blocks[Path(path).stem]) if Path(path).stem in blocks else raw
            if text is None:
                return f"helm refuses {path}"
            found += documents(text)
        return found

    def namespace(self, directory: Path) -> str:
        """The namespace that a pack is installed into."""
        return str((self._values(directory).get("pack") or {}).get("namespace") or "default")

    def _values(self, directory: Path) -> Mapping[str, Any]:
        text = (directory / "values.yaml").read_text()
        for pattern, replacement in _MACROS.items():
            text = re.sub(pattern, replacement, text)
        return yamldoc.load_one(text, "values.yaml", duplicates="warn").value or {}

    def _template(self, release: str, chart: Path, namespace: str, values: Any) -> str | None:
        arguments: list[str | Path] = [
            self.helm,
            "template",
            release,
            chart,
            "--namespace",
            namespace,
            "--kube-version",
            KUBERNETES,
            # A real server has these, and `helm template` does not know (tests/helm/test_capabilities.py).
            "--api-versions",
            ",".join(kubernetes.api_versions(kubernetes.minor_of(KUBERNETES) or 0)),
        ]
        arguments += ["--include-crds", "--skip-tests", "--values", "-"]
        done = subprocess.run(arguments, input=json.dumps(values or {}).encode(), capture_output=True, check=False)
        return None if done.returncode else done.stdout.decode()

    def _manifest(self, text: str, values: Any) -> str | None:
        """A Go template as the only one of a chart."""
        with tempfile.TemporaryDirectory() as made:
            (Path(made) / "templates").mkdir()
            (Path(made) / "Chart.yaml").write_text("apiVersion: v2\nname: m\nversion: 0.1.0\n")
            (Path(made) / "templates/m.yaml").write_text(text)
            return self._template("x", Path(made), "default", values)


def _chart_name(archive: Path) -> str:
    """`name` of the Chart.yaml nearest to the top."""
    with tarfile.open(archive) as tar:
        members = [member for member in tar.getmembers() if member.name.rpartition("/")[2] == "Chart.yaml"]
        top = min(members, key=lambda member: member.name.removeprefix("./").count("/"))
        file = tar.extractfile(top)
        assert file is not None
        return str(yamldoc.load_one(file.read(), "Chart.yaml").value["name"])


def documents(text: str) -> Iterator[Body]:
    """The objects of a YAML stream, lists taken apart."""
    for part in re.split(r"^---[ \t]*(?:#.*)?$", text, flags=re.MULTILINE):
        body = yamldoc.load_rendered(part, "oracle").value
        if isinstance(body, dict):
            yield from body["items"] if str(body.get("kind")).endswith("List") and "items" in body else [body]


# Kinds without namespace: the API server ignores the one that some charts give such objects.
_CLUSTER_SCOPED = (
    "ClusterRole",
    "ClusterRoleBinding",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)


def differing(directory: Path, bodies: Iterable[Body], oracle: Oracle) -> list[str] | str:
    """Objects that helm makes of the pack and `bodies` have not or otherwise; helm's complaint where it refuses it.

    What differs between two runs of helm holds random values, and cannot be compared.
    """
    namespace = oracle.namespace(directory)
    wanted = oracle.bodies(directory)
    if isinstance(wanted, str):
        return wanted
    ours, theirs = comparable(bodies, namespace), comparable(wanted, namespace)
    found = [key for key, body in theirs.items() if ours.get(key) != body]
    if not found:
        return found
    again = oracle.bodies(directory)
    other = comparable(again, namespace) if not isinstance(again, str) else {}
    return [key for key in found if key not in ours or theirs[key] == other.get(key)]


def comparable(bodies: Iterable[Body], namespace: str) -> dict[str, Body]:
    """Objects by `kind.group namespace/name`, where `namespace`, into which they are applied, counts as none."""
    found = {}
    for body in bodies:
        metadata = {key: value for key, value in body["metadata"].items() if value is not None}
        if body["kind"] in _CLUSTER_SCOPED or metadata.get("namespace") in ("", namespace):
            metadata.pop("namespace", None)
        group = str(body["apiVersion"]).rpartition("/")[0]
        found[f"{body['kind']}.{group} {metadata.get('namespace', '')}/{metadata['name']}"] = {
            **body,
            "metadata": metadata,
        }
    return found
