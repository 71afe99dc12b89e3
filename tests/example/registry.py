"""The registry that this repository's example takes its chart from, which nobody serves: its charts are in `charts/` here.

`python -m tests.example.registry` does what `lamella lock` and `lamella vendor` would do if they reached it: it packages
the charts, locks what profiles ask for anew, and writes lamella.lock and the folder of vendored archives. Run it after a
chart or its version has changed. The archives are the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from compiler.app.archives import LockedFiles
from compiler.app.locking import relock, vendored
from compiler.charts.archive import write_tgz
from compiler.charts.chart import read_chart
from compiler.files.mapping import MappingFiles
from compiler.host.disk import DirectoryFiles
from compiler.model.lock import LOCK_PATH
from compiler.ports import Entry, Fetched, Kind, Registry
from tests.support import oracles

CHARTS = Path(__file__).parent / "charts"


class ChartSources:
    """`ports.Registries` over directories of charts, each packaged when it is asked for."""

    def __init__(self, directory: Path) -> None:
        self._files: dict[tuple[str, str], dict[str, bytes]] = {}
        for source in directory.iterdir():
            files = {str(path.relative_to(source)): path.read_bytes() for path in source.rglob("*") if path.is_file()}
            chart = read_chart(files, source.name)
            self._files[chart.name, chart.version] = files

    def versions(self, registry: Registry, kind: Kind, name: str) -> Collection[str]:
        return [version for known, version in self._files if known == name]

    def fetch(self, registry: Registry, kind: Kind, name: str, version: str, revision: str = "") -> Fetched:
        # Stored, not compressed: the same bytes with every zlib.
        return Fetched(write_tgz(self._files[name, version], name, level=0))


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


class Unlocked:
    """The files of a repository without its lock and its vendored archives."""

    def __init__(self, files: DirectoryFiles) -> None:
        self._files = files

    def entry(self, path: str) -> Entry | None:
        return None if path == LOCK_PATH or path.endswith(".tgz") else self._files.entry(path)

    def names(self, path: str) -> tuple[str, ...]:
        return self._files.names(path)

    def read(self, path: str) -> bytes:
        return self._files.read(path)


def locked_and_vendored(repository: Path) -> dict[str, bytes]:
    """lamella.lock and the vendored archives of the repository, by path, from nothing but its profiles and the charts."""
    files, registries, cache = Unlocked(DirectoryFiles(repository)), ChartSources(CHARTS), Kept()
    lock = relock(files, registries, cache).text.encode()
    settings = files.read("lamella.yaml")
    result = vendored(LockedFiles(MappingFiles({"lamella.yaml": settings, LOCK_PATH: lock}), cache, registries))
    return {LOCK_PATH: lock, **{f"{result.folder}/{path}": content for path, content in result.files.items()}}


if __name__ == "__main__":
    for path, content in locked_and_vendored(oracles.ROOT).items():
        (oracles.ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (oracles.ROOT / path).write_bytes(content)
        print(path)
