"""What a real API server said to many small objects, held against what Lamella says.

`python -m tests.schemas.verdicts` prints the table; `-v LAYER` the ids of what is missed, and every false alarm.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from compiler import kubernetes, yamldoc
from compiler.kubernetes.validation import Finding, check_builtin, check_custom

CORPUS = Path(__file__).resolve().parents[3] / "shared/corpus"
VERDICTS = CORPUS / "apiserver/verdicts.jsonl"
MINOR = 34


@dataclass(frozen=True)
class Case:
    """One object, the server's answer and ours."""

    id: str
    family: str
    layer: str
    refused_by: str  # both | create | apply | ""
    message: str
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> str:
        """agree | missed | false alarm."""
        kinds = {found.kind for found in self.findings} - {"unchecked"}
        if not self.refused_by:
            return "false alarm" if kinds else "agree"
        if self.refused_by == "apply" and kinds & {"refused"}:
            return "false alarm"  # said of every request, true of one kind of request
        return "agree" if kinds else "missed"


@cache
def schemas() -> Mapping[tuple[str, str], Any]:
    """{(apiVersion, kind): the version's entry} of the corpus' CRDs."""
    found = {}
    for path in sorted((CORPUS / "crds").rglob("*.yaml")):
        for document in yamldoc.load(path.read_text("utf-8"), path.name, positions=False, max_bytes=1 << 25):
            spec = document.value.get("spec") if document.value else None
            if spec is not None:
                for version in spec["versions"]:
                    api = f"{spec['group']}/{version['name']}"
                    found[api, spec["names"]["kind"]] = version
    return found


def findings(body: Mapping[str, Any]) -> tuple[Finding, ...] | None:
    """What Lamella says; None where no schema is at hand."""
    api, kind = body.get("apiVersion"), body.get("kind")
    if not isinstance(api, str) or not isinstance(kind, str) or not isinstance(body.get("metadata"), dict):
        return None
    if kubernetes.is_builtin_group(kubernetes.split_api_version(api)[0]):
        return check_builtin(body, MINOR)
    schema = schemas().get((api, kind))
    return None if schema is None else check_custom(body, schema, MINOR)


def cases() -> Iterator[Case]:
    """Every object that reaches the schemas: what the server does not serve, other checks of Lamella find."""
    for line in VERDICTS.read_text("utf-8").splitlines():
        verdict = json.loads(line)
        if verdict["layer"] == "discovery" or verdict["family"] == "list-kind":
            continue
        found = findings(verdict["object"])
        if found is None:
            continue
        answer = verdict["create"] if verdict["create"]["status"] >= 300 else verdict["apply"]
        yield Case(
            verdict["id"],
            verdict["family"],
            verdict["layer"] or "accepted",
            verdict["rejectedBy"] or "",
            answer.get("message", ""),
            found,
        )


def table(found: list[Case], by: str) -> str:
    """A row per family or layer: agree, missed, false alarm."""
    counts = Counter((getattr(case, by), case.outcome) for case in found)
    rows = [f"{by:22} {'agree':>6} {'missed':>7} {'false alarm':>12}"]
    for name in sorted({getattr(case, by) for case in found}):
        rows.append(f"{name:22} {counts[name, 'agree']:6} {counts[name, 'missed']:7} {counts[name, 'false alarm']:12}")
    return "\n".join(rows)


def main() -> None:
    """Prints the tables."""
    found = list(cases())
    print(table(found, "layer"), table(found, "family"), sep="\n\n")
    for case in found:
        if case.outcome == "false alarm" or (case.outcome == "missed" and case.layer in sys.argv[2:]):
            said = "; ".join(f"{'.'.join(map(str, each.path))}: {each.message} [{each.kind}]" for each in case.findings)
            print(f"{case.outcome}: {case.id} ({case.refused_by or 'accepted'}): {case.message[-160:]} | {said}")


if __name__ == "__main__":
    main()
