"""Charts on disk, where Helm reads them: a directory that lasts as long as the run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath


class Spool:
    """For `with`. The names of charts are digests; their paths were checked when they were read."""

    def __enter__(self) -> Spool:
        self._directory = tempfile.TemporaryDirectory(prefix="lamella-charts-")
        self.path = Path(self._directory.name)
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()

    def add(self, charts: Mapping[str, Mapping[str, bytes] | bytes]) -> None:
        """Writes the charts that are not there yet, each an archive or the files of a directory."""
        for name, content in charts.items():
            place = self.path / name
            if place.exists():
                continue
            if isinstance(content, bytes):
                place.write_bytes(content)
                continue
            for relative, data in content.items():
                target = place / PurePosixPath(relative)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
