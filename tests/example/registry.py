"""The registry that this repository's example takes its chart from, which nobody serves: its charts are in `charts/` here.

`python -m tests.example.registry` does what `lamella lock` and `lamella vendor` would do if they reached it: it packages
the charts, locks what profiles ask for anew, and writes lamella.lock and the folder of vendored archives. Run it after a
chart or its version has changed. The archives are the same bytes on every machine.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from compiler.app.archives import LockedFiles
from compiler.app.locking import relock, vendored
from compiler.files.mapping import MappingFiles
from compiler.host.disk import DirectoryFiles
from compiler.model.lock import LOCK_PATH
from compiler.model.rendering import Renderer
from compiler.ports import Entry
from tests.support import oracles
from tests.support.memory import ChartSources, Kept

CHARTS = Path(__file__).parent / "charts"


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


def no_images() -> AbstractContextManager[Renderer]:
    raise AssertionError("no image is pinned here")


def locked_and_vendored(repository: Path) -> dict[str, bytes]:
    """lamella.lock and the vendored archives of the repository, by path, from nothing but its profiles and the charts."""
    files, cache = Unlocked(DirectoryFiles(repository)), Kept()
    registries = ChartSources(
        {str(path.relative_to(source)): path.read_bytes() for path in source.rglob("*") if path.is_file()}
        for source in CHARTS.iterdir()
    )
    lock = relock(files, registries, cache, no_images).text.encode()
    settings = files.read("lamella.yaml")
    result = vendored(LockedFiles(MappingFiles({"lamella.yaml": settings, LOCK_PATH: lock}), cache, registries))
    return {LOCK_PATH: lock, **{f"{result.folder}/{path}": content for path, content in result.files.items()}}


if __name__ == "__main__":
    for path, content in locked_and_vendored(oracles.ROOT).items():
        (oracles.ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (oracles.ROOT / path).write_bytes(content)
        print(path)
