"""Objects in docs/delivery.md are valid too."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from compiler.load.delivery import _ARGOCD_KEYS, _FLUX_KEYS
from tests.delivery import crds

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "delivery.md").read_text()


def test_objects_of_flux_on_the_page_are_valid(corpus: Path) -> None:
    blocks = re.findall(r"^```yaml[^\n]*\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    bodies = [body for block in blocks for body in yaml.safe_load_all(block) if isinstance(body, dict)]
    flux = [body for body in bodies if "fluxcd.io" in str(body.get("apiVersion"))]
    assert len(flux) == 1
    assert [problem for body in flux for problem in crds.problems(corpus / "crds", body)] == []


def test_every_option_is_on_the_page() -> None:
    tables = dict(re.findall(r"^\| `(argocd|flux):` \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE))
    listed = {
        name: {key for row in text.splitlines() for key in re.findall(r"`(\w+)`", row.split("|")[1])}
        for name, text in tables.items()
    }
    assert listed == {"argocd": set(_ARGOCD_KEYS), "flux": set(_FLUX_KEYS)}
