"""What Lamella says to the objects of public packs and charts, with their own values: `python -m tests.schemas.corpus`.

Each line is a finding at a minor, or says why the source does not render by itself. test_corpus.py knows them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.app.pipeline import Request, compile_clusters
from compiler.app.session import Session
from compiler.diagnostics import CompileError
from tests.palette.support import MemoryFiles
from tests.palette.walk import pack_files
from tests.schemas.verdicts import CORPUS

MINORS = ("1.28.15", "1.31.4", "1.33.5", "1.34.1")
_SETTINGS = (
    "apiVersion: lamella/v1\nkind: Settings\npolicy: {secrets: allow, random: allow, apis: allow, schema: warn}\n"
)
_PROFILE = """\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {name: walk, version: 1.0.0}
spec:
  type: add-on
  cloud: all
  layers:
    - name: the-layer
      namespace: walk
      %s
---
apiVersion: lamella/v1
kind: Cluster
metadata: {name: prod}
spec:
  cloud: %s
  kubernetesVersion: %s
  system: {cluster.uid: uid-1}
  profiles: [{name: walk, version: 1.0.0}]
"""
_FINDING = re.compile(
    r"layer 'the-layer': (?P<object>\S+ \S+) \(from [^)]*\): (?P<path>\S+|the object): (?P<message>.*)"
)
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, order=True)
class Row:
    """One kind of finding of one source: list indices are left out, so many items give one row."""

    source: str
    minor: str
    code: str
    object: str
    path: str
    message: str


def sources() -> Iterator[tuple[str, str, str, Mapping[str, bytes]]]:
    """(name, the layer's source as YAML, cloud, files) of every pack and chart of the corpus."""
    for directory in sorted((CORPUS / "packs").iterdir()):
        files = pack_files(directory)
        metadata: Mapping[str, Any] = json.loads(files["pack.json"])
        listed = metadata.get("cloudTypes")
        clouds = [cloud for cloud in listed if cloud != "all"] if isinstance(listed, list) else []
        source = f"pack: {{name: {json.dumps(str(metadata['name']))}, version: {json.dumps(str(metadata['version']))}}}"
        yield directory.name, source, str(next(iter(clouds), "aws")), {f"packs/it/{p}": c for p, c in files.items()}
    for archive in sorted((CORPUS / "charts").glob("*.tgz")):
        name, _, version = archive.stem.rpartition("-")
        source = f"chart: {{name: {name}, version: {version}, path: ../charts/it.tgz}}"
        yield archive.stem, source, "aws", {"charts/it.tgz": archive.read_bytes()}


def rows(name: str, source: str, cloud: str, files: Mapping[str, bytes], session: Session) -> set[Row]:
    """The findings about one source. A source that does not render gives a row that says so."""
    found = set()
    for minor in MINORS:
        profile = _PROFILE % (source, json.dumps(cloud), minor)
        repository = MemoryFiles({"lamella.yaml": _SETTINGS, "profiles/walk.yaml": profile, **files})
        try:
            problems = compile_clusters(repository, Request(), session, existing=lambda _: None).warnings
        except CompileError as error:
            first = next(each for each in error.diagnostics if each.severity == "error")
            found.add(Row(name, minor, first.code, "", "", first.message[:120]))
            continue
        for each in problems:
            match = _FINDING.search(each.message)
            if each.code.startswith("schema-"):
                assert match, each.message
                path = _INDEX.sub("[]", match["path"])
                found.add(Row(name, minor, each.code, match["object"], path, _INDEX.sub("[]", match["message"])))
    return found


def main() -> None:
    """Prints the rows, those of the sources that are named or of all."""
    with Session() as session:
        for name, source, cloud, files in sources():
            if not sys.argv[1:] or any(part in name for part in sys.argv[1:]):
                for row in sorted(rows(name, source, cloud, files, session)):
                    print(row.source, row.minor, row.code, row.object, row.path, row.message, sep=" | ", flush=True)


if __name__ == "__main__":
    main()
