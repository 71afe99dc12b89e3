"""The charts of a repository: each read once, and what the engine will need of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compiler import files as tree
from compiler.charts.chart import Chart, read_chart, read_chart_archive
from compiler.diagnostics import CompileError, Position
from compiler.merge import merge
from compiler.ports import Files

SpoolEntry = Mapping[str, bytes] | bytes


@dataclass(slots=True)
class Charts:
    """Reads each chart of the repository once, and keeps what the engine will need of it in `spool` (by key)."""

    files: Files
    _read: dict[str, Chart | CompileError]
    _defaults: dict[str, Mapping[str, Any]]
    spool: dict[str, SpoolEntry]

    @classmethod
    def over(cls, files: Files) -> Charts:
        return cls(files, {}, {}, {})

    def at_path(self, path: str, at: Position) -> Chart:
        """The chart at a path of the repository: a directory with Chart.yaml, or an archive. Raises CompileError."""
        if path not in self._read:
            try:
                self._read[path] = self._load(path, at)
            except CompileError as error:
                self._read[path] = error
        found = self._read[path]
        if isinstance(found, CompileError):
            raise found
        return found

    def defaults(self, chart: Chart) -> Mapping[str, Any]:
        """The chart's default values with those of vendored charts below their names. Raises CompileError."""
        if chart.digest_sha256 not in self._defaults:
            vendored = {dependency.name: self.defaults(dependency) for dependency in chart.dependencies}
            self._defaults[chart.digest_sha256] = merge([vendored, chart.values])
        return self._defaults[chart.digest_sha256]

    def _load(self, path: str, at: Position) -> Chart:
        if tree.is_directory(self.files, path):
            found = {
                name.removeprefix(f"{path}/"): tree.read(self.files, name, at) for name in tree.walk(self.files, path)
            }
            return read_chart(found, path)
        return read_chart_archive(tree.read(self.files, path, at), path)
