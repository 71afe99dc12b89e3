"""The charts of a repository, each read once, with the files that the engine needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compiler import files as tree
from compiler.charts.chart import Chart, read_chart, read_chart_archive
from compiler.charts.declared import Declared, Leaf, declared
from compiler.charts.directory import contents
from compiler.diagnostics import CompileError, Position
from compiler.files.record import Once, Recorder
from compiler.merge import merge
from compiler.ports import Files

SpoolEntry = Mapping[str, bytes] | bytes


@dataclass(slots=True)
class Charts:
    """Reads each chart of the repository once. `spool` has, by key, the files that the engine needs of each."""

    files: Recorder
    _read: Once[Chart]
    _defaults: dict[str, Mapping[str, Any]]
    _declared: dict[str, Declared]
    spool: dict[str, SpoolEntry]

    @classmethod
    def over(cls, files: Files) -> Charts:
        recorder = Recorder.over(files)
        return cls(recorder, Once(recorder), {}, {}, {})

    def at_path(self, path: str, at: Position) -> Chart:
        """The chart at a path of the repository: a directory with Chart.yaml, or an archive. Raises CompileError."""
        return self._read.get(path, lambda: self._load(path, at))

    def defaults(self, chart: Chart) -> Mapping[str, Any]:
        """The chart's default values, with those of vendored charts below their names. Raises CompileError."""
        if chart.digest_sha256 not in self._defaults:
            vendored = {dependency.name: self.defaults(dependency) for dependency in chart.dependencies}
            self._defaults[chart.digest_sha256] = merge([vendored, chart.values])
        return self._defaults[chart.digest_sha256]

    def declared(self, chart: Chart) -> Declared:
        """The values that the chart knows; anything at all if its values.yaml cannot be read, which Helm reports."""
        if chart.digest_sha256 not in self._declared:
            try:
                self._declared[chart.digest_sha256] = declared(chart)
            except CompileError:
                self._declared[chart.digest_sha256] = Declared(Leaf.OPEN, {})
        return self._declared[chart.digest_sha256]

    def _load(self, path: str, at: Position) -> Chart:
        if tree.is_directory(self.files, path):
            return read_chart(contents(self.files, path, at), path)
        return read_chart_archive(tree.read(self.files, path, at), path)
