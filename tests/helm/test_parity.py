"""Both engines against `helm template`, object for object, on every chart of the corpus with the packs' own values."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compiler import yamldoc
from compiler.charts import scan as chart_scan
from compiler.charts.chart import Chart, read_chart_archive
from compiler.charts.spool import spoolable
from compiler.kubernetes.differences import differences
from compiler.render.helm import HelmEngine, HelmFailure, Release, RenderedDocument

APIS = ("monitoring.coreos.com/v1", "cert-manager.io/v1")


@dataclass(frozen=True)
class Case:
    label: str
    archive: Path
    chart: Chart
    values_json: str


def cases(corpus: Path) -> Iterator[Case]:
    for archive in sorted(corpus.glob("charts/*.tgz")):
        yield Case(archive.name, archive, _chart(archive), "{}")
    for pack in sorted(corpus.glob("packs/*/pack.json")):
        values = yamldoc.load((pack.parent / "values.yaml").read_bytes(), "values.yaml", duplicates="warn")
        by_name = (values[0].value or {}).get("charts") or {} if values else {}
        for path in json.loads(pack.read_text()).get("charts", ()):
            archive = pack.parent / path
            if archive.is_file():  # haproxy-unified-gateway-1.0.1 names one that is not there
                chart = _chart(archive)
                told = json.dumps(by_name.get(chart.name) or {}, default=str)
                yield Case(f"{pack.parent.name}/{archive.name}", archive, chart, told)


def _chart(archive: Path) -> Chart:
    return read_chart_archive(archive.read_bytes(), archive.name)


def oracle(helm: Path, chart: str, told: Release) -> list[RenderedDocument] | None:
    """What `helm template` prints, by `# Source:`; None where it fails. Nothing of the engines is used."""
    arguments = ["template", told.name, chart, "--namespace", told.namespace, "--kube-version", told.kube_version]
    arguments += ["--include-crds", "--skip-tests", "--values", "-", "--api-versions", ",".join(told.api_versions)]
    done = subprocess.run([helm, *arguments], input=told.values_json.encode(), capture_output=True, check=False)
    if done.returncode:
        return None
    parts = re.split(r"^---\n# Source: (.+)\n", done.stdout.decode(errors="replace"), flags=re.MULTILINE)
    return [RenderedDocument(*pair) for pair in zip(parts[1::2], parts[2::2], strict=True)]


def rendered(engine: HelmEngine, chart: str, told: Release) -> tuple[RenderedDocument, ...] | None:
    try:
        return engine.render(chart, told)
    except HelmFailure:
        return None


def objects(documents: Any) -> list[Mapping[str, Any]]:
    """The objects in no particular order, of documents that may hold several or none."""
    found = (
        d
        for document in documents
        for d in yamldoc.load(document.text, document.template, positions=False, duplicates="warn")
    )
    return [document.value for document in found if document.value is not None]


def trimmed(documents: tuple[RenderedDocument, ...]) -> list[tuple[str, str]]:
    """The texts but for blank lines at their ends, which the binary of Helm 4.2 eats before a separator (test_engines)."""
    return [(document.template, document.text.rstrip()) for document in documents]


@pytest.mark.oracle
@pytest.mark.parametrize("kubernetes", ["1.28.0", "1.33.0"])
def test_both_engines_render_every_chart_as_helm_template_does(
    kubernetes: str,
    corpus: Path,
    helm: Path,
    embedded: HelmEngine,
    cli: HelmEngine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        pending = []
        for number, case in enumerate(cases(corpus)):
            spooled = tmp_path / f"{number}.tgz"
            bytes_of_it = spoolable(case.chart)
            assert isinstance(bytes_of_it, bytes)
            spooled.write_bytes(bytes_of_it)
            told = Release("web", "shop", kubernetes, APIS, case.values_json)
            # The oracle reads the archive as it was published, the engines what we make of it.
            expected = pool.submit(oracle, helm, str(case.archive), told)
            pending.append((case, told, spooled, expected, pool.submit(rendered, cli, str(spooled), told)))
        for case, told, spooled, expected, by_cli in pending:
            outcome, problems = judge(case, told, spooled, expected.result(), by_cli.result(), embedded, helm)
            counts[outcome] += 1
            wrong += problems
    with capsys.disabled():
        print(f"\nKubernetes {kubernetes}: {counts.total()} charts, {dict(sorted(counts.items()))}")
    assert wrong == []
    assert counts.total() > 70
    assert counts["both fail"] < counts.total() / 5  # values that these packs leave to their users


def judge(
    case: Case,
    told: Release,
    spooled: Path,
    expected: list[RenderedDocument] | None,
    by_cli: tuple[RenderedDocument, ...] | None,
    embedded: HelmEngine,
    helm: Path,
) -> tuple[str, list[str]]:
    """(what happened, what is wrong about it)."""
    ours = rendered(embedded, str(spooled), told)
    if ours is None or expected is None:
        problems = [] if ours is None and by_cli is None and expected is None else [f"{case.label}: only one fails"]
        return "both fail", problems
    bodies = objects(ours)
    again = embedded.render(str(spooled), told)
    random = set() if again == ours else set(differences(bodies, objects(again)))
    flagged = case.chart.may_be_random or chart_scan.draws_random(case.values_json)
    problems = [f"{case.label}: {random} differ and were not foreseen"] if random and not flagged else []
    different = set(differences(bodies, objects(expected)))
    if different - random:  # what differs rarely (a map's order) shows between more renders
        random |= set(differences(objects(expected), objects(oracle(helm, str(case.archive), told))))
        problems += [f"{case.label}: {key} is not what helm template prints" for key in sorted(different - random)]
    if not random and (by_cli is None or trimmed(by_cli) != trimmed(ours) or differences(bodies, objects(by_cli))):
        problems.append(f"{case.label}: the engines differ")
    needless = "" if random or not flagged else ", flagged as random for nothing"
    return ("equal but for random fields" if random else "equal") + needless, problems
