"""Charts as dictionaries of texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from compiler.render.helm import Release

CHART_YAML = "apiVersion: v2\nname: app\nversion: 0.1.0\n"
ChartMaker = Callable[[Mapping[str, str]], str]


def release(values_json: str = "{}", **changes: object) -> Release:
    """A release "web" in namespace "shop" on Kubernetes 1.33.4."""
    told: dict[str, object] = {
        "name": "web",
        "namespace": "shop",
        "kube_version": "1.33.4",
        "api_versions": (),
        "values_json": values_json,
    }
    return Release(**(told | changes))  # type: ignore[arg-type]


@pytest.fixture
def make_chart(tmp_path: Path) -> ChartMaker:
    """Writes a chart directory; a Chart.yaml is added where there is none. Returns its path."""

    def make(files: Mapping[str, str]) -> str:
        root = tmp_path / f"chart{len(list(tmp_path.iterdir()))}"
        for name, text in ({"Chart.yaml": CHART_YAML} | dict(files)).items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        return str(root)

    return make
