"""Every public pack of the corpus, unchanged, as a profile of one layer: it compiles to what helm makes of it, or it is
refused with the value or the defect that is missing or wrong. `LAMELLA_PACKS=DIR` walks the packs of another directory.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from compiler.app.session import Session
from compiler.diagnostics import Diagnostic, Problems
from compiler.host.disk import DirectoryFiles
from compiler.load.pack import find_packs
from tests.palette.walk import Oracle, compiled, differing, pack_files


@dataclass(frozen=True)
class Refused:
    """The code of the error, a piece of its message, and why refusing is right."""

    code: str
    message: str
    reason: str


_OPEN = "a value that its chart requires and the pack leaves to the user"
_LONG = "the name of its Service is longer than the 63 characters that the API server takes"
_ALONE = "a pack that it requires is not in the profile: a profile of one layer cannot satisfy it"

# Objects that helm makes of the pack's charts and manifests (Namespaces of the layer come on top), or the refusal.
OUTCOMES: Mapping[str, int | Refused] = {
    "akuity-agent-0.30.0-5.5.2026": Refused("helm-template", "akuityApiKeyId is required", _OPEN),
    "antrea-1.9.0": 42,
    "appdynamics-collectors-1.18.983": Refused(
        "dependency-missing", "needs pack 'cisco-appdynamics-operators' >= 1.18.0", _ALONE
    ),
    "appdynamics-operators-1.15.174": Refused("pack-deleted", "1.15.174 is deleted", "its annotations say so"),
    "appdynamics-operators-1.18.265": Refused("helm-template", "clusterId needs to be specified", _OPEN),
    "appdynamics-operators-1.19.289": Refused("helm-template", "clusterId needs to be specified", _OPEN),
    "appdynamics-operators-1.20.299": Refused("helm-template", "clusterId needs to be specified", _OPEN),
    "appdynamics-operators-1.21.368": Refused(
        "helm-template", "expected string; got interface {} (at <.Values.", _OPEN
    ),
    "archivista-0.7.0": 3,
    "argo-rollouts-1.2.1": 15,
    "argocd-3.3.5": 30,
    "avi-1.9.2": Refused("helm-template", "ako/templates/secret.yaml:8:49", _OPEN),
    "cks-trivy-0.4.12": 8,
    "consul-k8s-1.3.0": 67,
    "crossplane-2.0.2": 23,
    "crossplane-2.1.0": 23,
    "crossplane-2.2.1": 23,
    "csi-driver-nfs": 9,
    "dell-csm-operator-1.9.1": Refused(
        "helm-template", "<.Values.storageclass.name>", "one of its presets must be chosen"
    ),
    "elastic-operator-3.3.0": 22,
    "elastic-operator-3.4.0": 22,
    "elastic-stack-0.17.0": Refused("dependency-missing", "needs pack 'elastic-operator' >= 3.2.0", _ALONE),
    "external-snapshotter-4.0.1": Refused("schema-required", "manifests.vsclass.driver is required", _OPEN),
    "fluentbit-4.1.0": 6,
    "haproxy-unified-gateway-1.0.1": Refused(
        "pack-file-missing", "no file 'charts/gateway-api-crds-1.4.0.tgz' in the pack", "an archive is missing from it"
    ),
    "hello-universe-1.3.1": 3,
    "hitachi-hspc-3.16.1": 12,
    "k8gb-0.12.2": 14,
    "kubearmor-1.4.6": 12,
    "kubecost-1.103.3": 35,
    "kubevious-0.5.9": 15,
    "kubevious-0.8.15": 16,
    "kubevious-1.0.10": 31,
    "kubevirt-csi-driver-1.0.0": 21,
    "kubevirt-csi-driver-1.0.1": 21,
    "kubevirt-csi-driver-1.0.3": 21,
    "kubewatch-3.5.0": 3,
    "kyverno-1.12.2": 70,
    "multus-3.9.0": 5,
    "ngrok-ingress-controller-0.9.0": 28,
    "nvidia-dra-driver-25.8.1": 19,
    "nvidia-network-operator-26.1.0": 33,
    "nvidia-nvsentinel-v1.1.0": 20,
    "nvidia-ovn-kubernetes-25.7.0": 28,
    "outcold-5.0.0": 10,
    "ovn-kubernetes-1.2.0": 49,
    "permission-manager-1.0.0": Refused("gotemplate-failed", "Spectro.apiServer", "git does not know the API server"),
    "piraeus-operator-2.7.1": 24,
    "piraeus-operator-2.8.1": 24,
    "piraeus-operator-addon-2.7.1": Refused("schema-invalid", "at most 63, that begins with a letter", _LONG),
    "piraeus-operator-addon-2.9.0": Refused("schema-invalid", "at most 63, that begins with a letter", _LONG),
    "spegel-0.0.18": 6,
    "thanos-10.5.3": Refused("helm-template", "you must provide a valid objst", _OPEN),
    "thanos-17.6.0": 11,
    "trident-operator-26.02.0": 7,
    "trident-operator-26.02.1": 7,
    "trident-operator-addon-25.10.0": 7,
    "trident-operator-addon-26.02.1": 7,
    "trident-operator-v23.01.0-addon": 6,
    "unctl-1.0.0": 7,
    "vast-block-2.6.5": 11,
}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(jobs=2) as opened:
        yield opened


@pytest.fixture(scope="module")
def oracle(helm: Path) -> Oracle:
    return Oracle(helm)


def test_the_table_has_every_pack_of_the_corpus(corpus: Path) -> None:
    assert sorted(OUTCOMES) == sorted(path.name for path in (corpus / "packs").iterdir())


@pytest.mark.oracle
@pytest.mark.parametrize("name", [name for name, outcome in OUTCOMES.items() if isinstance(outcome, int)])
def test_a_pack_compiles_to_what_helm_makes_of_it(name: str, corpus: Path, session: Session, oracle: Oracle) -> None:
    directory = corpus / "packs" / name
    found = compiled(pack_files(directory), session)
    bodies = [item for item in found if not isinstance(item, Diagnostic)]
    assert bodies == list(found)
    assert differing(directory, bodies, oracle) == []
    namespace = oracle.namespace(directory)
    own = [] if namespace in ("default", "kube-system") else [namespace]
    assert set(own) <= {body["metadata"]["name"] for body in bodies if body["kind"] == "Namespace"}
    expected = OUTCOMES[name]
    assert isinstance(expected, int)
    assert len(bodies) == expected + len(own)


@pytest.mark.parametrize("name", [name for name, outcome in OUTCOMES.items() if isinstance(outcome, Refused)])
def test_a_pack_is_refused_with_what_is_missing_or_wrong(name: str, corpus: Path, session: Session) -> None:
    expected = OUTCOMES[name]
    assert isinstance(expected, Refused)
    problems = [item for item in compiled(pack_files(corpus / "packs" / name), session) if isinstance(item, Diagnostic)]
    assert [problem.code for problem in problems] == [expected.code]
    assert expected.message in problems[0].message
    assert problems[0].at


def test_names_and_versions_of_all_packs_are_found_at_once(corpus: Path) -> None:
    problems = Problems()
    packs = find_packs(DirectoryFiles(corpus), ["packs"], problems)
    assert problems.diagnostics == []
    assert sum(len(versions) for versions in packs.values()) == len(OUTCOMES)
    errors = [
        d for versions in packs.values() for pack in versions.values() for d in pack.defects if d.severity == "error"
    ]
    assert [d.code for d in errors] == ["pack-file-missing"]


SMALL = ("hello-universe-1.3.1", "multus-3.9.0", "spegel-0.0.18", "kubevious-0.5.9")


def damaged(files: Mapping[str, bytes], seed: int) -> dict[str, bytes]:
    """The files with one of them missing, cut, emptied, or with some of its bytes or JSON fields changed."""
    chance = random.Random(seed)
    path = chance.choice(sorted(files))
    content = bytearray(files[path])
    kind = chance.choice(["missing", "cut", "empty", "bytes", "lines", "field"])
    if kind == "missing":
        return {name: data for name, data in files.items() if name != path}
    if kind == "cut":
        del content[chance.randrange(len(content) + 1) :]
    elif kind == "empty":
        content.clear()
    elif kind == "bytes":
        for _ in range(chance.choice([1, 5, 50])):
            content[chance.randrange(len(content))] = chance.randrange(256)
    elif kind == "lines":
        lines = bytes(content).split(b"\n")
        chance.shuffle(lines)
        content = bytearray(b"\n".join(lines))
    else:
        metadata = json.loads(files["pack.json"])
        metadata[chance.choice(sorted(metadata))] = chance.choice(
            [None, 1, True, "", "x", [], {}, ["x"], [1], {"a": []}]
        )
        return {**files, "pack.json": json.dumps(metadata).encode()}
    return {**files, path: bytes(content)}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_pack_compiles_or_is_refused_with_a_place(
    name: str, seed: int, corpus: Path, session: Session
) -> None:
    found = compiled(damaged(pack_files(corpus / "packs" / name), seed), session)
    refusals = [item for item in found if isinstance(item, Diagnostic)]
    assert refusals == [problem for problem in refusals if problem.at and problem.message]
    assert len(refusals) in (0, len(found))


_OTHER = os.environ.get("LAMELLA_PACKS", "")


@pytest.mark.oracle
@pytest.mark.skipif(not _OTHER, reason="LAMELLA_PACKS names no directory of packs")
def test_packs_never_seen_before_compile_to_what_helm_makes_of_them_or_are_refused(
    session: Session, oracle: Oracle
) -> None:
    directories = sorted(path.parent for path in Path(_OTHER).rglob("pack.json"))
    assert directories
    wrong = []
    for directory in directories:
        found = compiled(pack_files(directory), session)
        bodies = [item for item in found if not isinstance(item, Diagnostic)]
        if len(bodies) == len(found) and (difference := differing(directory, bodies, oracle)):
            wrong.append(f"{directory.name}: {difference}")
    assert wrong == []
