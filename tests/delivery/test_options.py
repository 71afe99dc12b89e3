"""`delivery:`, `argocd:` and `flux:` of lamella.yaml."""

from __future__ import annotations

import pytest

from compiler.diagnostics import Problems
from compiler.load.settings import read_settings_file
from compiler.model import ArgocdOptions, FluxOptions, Settings
from compiler.ports import Entry

HEAD = "apiVersion: lamella/v1\nkind: Settings\n"


class OneFile:
    """A repository with nothing but lamella.yaml."""

    def __init__(self, text: str) -> None:
        self._text = text

    def entry(self, path: str) -> Entry | None:
        return Entry("file") if path == "lamella.yaml" else None

    def names(self, path: str) -> tuple[str, ...]:
        return ("lamella.yaml",) if not path else ()

    def read(self, path: str) -> bytes:
        return self._text.encode()


def read(text: str) -> tuple[Settings, list[str]]:
    problems = Problems()
    found = read_settings_file(OneFile(HEAD + text), problems)
    return found, [f"{d.at}: {d.code}" for d in problems.diagnostics]


def test_every_option() -> None:
    text = """\
output: rendered
delivery: [argocd, flux]
argocd: {repoURL: git@git.example.com:fleet.git, targetRevision: rendered, path: ., namespace: gitops, project: p,
  fleet: all, prune: false, selfHeal: false, cascade: true}
flux: {sourceKind: OCIRepository, sourceName: s, path: ./a/b/, namespace: ns, fleet: f, interval: 1h,
  retryInterval: 30s, timeout: 1h30m, prune: false, decryptionSecret: age}
"""
    found, problems = read(text)
    assert problems == []
    assert found.argocd == ArgocdOptions(
        "git@git.example.com:fleet.git", "rendered", "", "gitops", "p", "all", False, False, True
    )
    assert found.flux == FluxOptions("OCIRepository", "s", "a/b", "ns", "f", "1h", "30s", "1h30m", False, "age")


def test_defaults_follow_the_output_folder() -> None:
    found, problems = read("output: rendered\n")
    assert problems == []
    assert (found.argocd, found.flux) == (ArgocdOptions(path="rendered"), FluxOptions(path="rendered"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("delivery: argocd\n", "lamella.yaml:1:1: delivery-option"),
        ("delivery: [argocd]\nargocd: {}\n", "lamella.yaml:4:1: delivery-option"),
        ("argocd: {repoURL: https://me:secret@git.example.com/x.git}\n", "lamella.yaml:3:10: delivery-option"),
        ("argocd: {repoURL: 'https://git.example.com/x y'}\n", "lamella.yaml:3:10: delivery-option"),
        ("argocd: {path: ../x}\n", "lamella.yaml:3:10: path-outside-repository"),
        ("argocd: {repoUrl: x}\n", "lamella.yaml:3:10: unknown-key"),
        ("argocd: {prune: 'yes'}\n", "lamella.yaml:3:10: wrong-type"),
        ("flux: {interval: 10 minutes}\n", "lamella.yaml:3:8: delivery-option"),
        ("flux: {interval: 10}\n", "lamella.yaml:3:8: wrong-type"),
        ("flux: {sourceKind: GitRepo}\n", "lamella.yaml:3:8: invalid-value"),
        ("flux: {namespace: Flux_System}\n", "lamella.yaml:3:8: invalid-name"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, problem: str) -> None:
    assert read(text)[1] == [problem]


def test_a_user_without_password_may_stand_in_the_url() -> None:
    found, problems = read("argocd: {repoURL: 'ssh://git@git.example.com:22/fleet.git'}\n")
    assert (found.argocd.repo_url, problems) == ("ssh://git@git.example.com:22/fleet.git", [])
