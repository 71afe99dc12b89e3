"""Charts as dictionaries of texts."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
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


class _Recorder(http.server.BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"type": "object"}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
        pass


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """(URL of a server, the paths it was asked for)."""
    asked: list[str] = []
    handler = type("Recorder", (_Recorder,), {"asked": asked})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
