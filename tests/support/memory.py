"""Ports in memory: registries with charts, and a cache."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from compiler.charts.archive import write_tgz
from compiler.charts.chart import read_chart
from compiler.ports import Fetched, Kind, Registry


class ChartSources:
    """`ports.Registries` that have these charts, each the files of its directory, in whatever registry is asked."""

    def __init__(self, charts: Iterable[Mapping[str, bytes]]) -> None:
        self._files: dict[tuple[str, str], Mapping[str, bytes]] = {}
        for files in charts:
            chart = read_chart(files, "")
            self._files[chart.name, chart.version] = files

    def versions(self, registry: Registry, kind: Kind, name: str) -> Collection[str]:
        return [version for known, version in self._files if known == name]

    def fetch(self, registry: Registry, kind: Kind, name: str, version: str, revision: str = "") -> Fetched:
        # Stored, not compressed: the same bytes with every zlib.
        return Fetched(write_tgz(self._files[name, version], name, level=0))

    def names(self, registry: Registry, kind: Kind) -> Collection[str]:
        return sorted({name for name, _ in self._files})

    def push(self, registry: Registry, name: str, version: str, archive: bytes) -> str:
        raise AssertionError("nothing is pushed here")

    def verify(self, registry: Registry, kind: Kind, name: str, version: str, fetched: Fetched, key: bytes) -> str:
        return ""

    def image_digest(self, image: str, declared: Sequence[Registry]) -> str:
        raise AssertionError("these registries have charts only")


class Kept:
    """`app.archives.Cache` in memory."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self._contents.get(key)

    def put(self, key: str, content: bytes) -> None:
        self._contents[key] = content

    def remove(self, key: str) -> None:
        del self._contents[key]

    def alone(self, key: str) -> AbstractContextManager[None]:
        return nullcontext()
