"""Golden renders that a pack keeps: `tests/<case>/{values.yaml, cluster.yaml}` in, `tests/<case>/expected/` out.

Both inputs may be missing. `values.yaml` are a layer's values; presets are named in its first line, as Palette records
them (`# spectrocloud.com/enabled-presets: Group:name`). `cluster.yaml` holds one Cluster, and Macros where they are
needed. `expected/` holds the objects of the pack's layer, a file each, as a render would write them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compiler import files as tree
from compiler import yamldoc
from compiler.authoring.workbench import Compile, Setting, workpiece
from compiler.codes import Code
from compiler.diagnostics import Diagnostic, Position, Problems, did_you_mean
from compiler.model import Pack
from compiler.output.shown import shown_text
from compiler.palette.presets import enabled_presets
from compiler.ports import Files

_INPUTS = ("values.yaml", "cluster.yaml")
_EXPECTED = "expected"
_POLICY = {"secrets": "allow"}  # what a test renders is not delivered


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a pack. `expected` is content by file name."""

    name: str
    directory: str
    setting: Setting
    expected: Mapping[str, bytes]

    @property
    def expected_directory(self) -> str:
        return f"{self.directory}/{_EXPECTED}"


@dataclass(frozen=True, slots=True)
class Result:
    """What a case renders now. With errors among the problems `actual` is empty and means nothing."""

    case: Case
    actual: Mapping[str, bytes]
    problems: tuple[Diagnostic, ...]

    @property
    def failed(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


def read_cases(pack: Pack, files: Files) -> tuple[Case, ...]:
    """The cases of a pack by name. Raises CompileError with everything that is wrong with them."""
    root = f"{pack.directory}/tests"
    problems = Problems()
    names = files.names(tree.resolve_links(files, root)) if tree.is_directory(files, root) else ()
    cases = [
        _read(f"{root}/{name}", name, files, problems) for name in names if tree.is_directory(files, f"{root}/{name}")
    ]
    if not cases:
        hint = f"make {root}/default/values.yaml, empty for the pack's own values, and run `lamella pack test --update`"
        problems.error(Code.PACK_TESTS_MISSING, f"pack '{pack.name}' has no tests", pack.at, hint=hint)
    problems.raise_if_any()
    return tuple(cases)


def _read(directory: str, name: str, files: Files, problems: Problems) -> Case:
    present = files.names(tree.resolve_links(files, directory))
    for other in present:
        if other not in (*_INPUTS, _EXPECTED):
            hint = did_you_mean(other, (*_INPUTS, _EXPECTED))
            problems.error(
                Code.PACK_TEST_FILE, f"{other} is not part of a test", Position(f"{directory}/{other}"), hint=hint
            )
    values, cluster = (f"{directory}/{file}" if file in present else "" for file in _INPUTS)
    presets = enabled_presets(tree.read_text(files, values)) if values else ()
    expected = f"{directory}/{_EXPECTED}"
    paths = tree.walk(files, expected, Position(expected)) if _EXPECTED in present else ()
    if cluster:
        _check_cluster(cluster, files, problems)
    return Case(
        name,
        directory,
        Setting(values, cluster, presets, policy=_POLICY),
        {path.removeprefix(f"{expected}/"): tree.read(files, path) for path in paths},
    )


def _check_cluster(path: str, files: Files, problems: Problems) -> None:
    documents = yamldoc.load(tree.read(files, path), path)
    kinds = [document.value.get("kind") for document in documents if isinstance(document.value, dict)]
    if kinds.count("Cluster") != 1:
        problems.error(
            Code.PACK_TEST_CLUSTER, f"expected one Cluster, found {kinds.count('Cluster')}", Position(path, 1)
        )


def run_case(pack: Pack, case: Case, files: Files, compile_: Compile) -> Result:
    """Renders a case. Raises CompileError for problems of the environment only."""
    outcome = workpiece(files, pack, case.setting).compile(compile_)
    return Result(case, {name: rendered.content for name, rendered in outcome.objects}, outcome.problems)


def differences(result: Result) -> Iterator[str]:
    """Lines of a unified diff from the expected files to what is rendered now; none where they are equal."""
    expected, actual = result.case.expected, result.actual
    for name in sorted(expected.keys() | actual.keys()):
        if expected.get(name) != actual.get(name):
            path = f"{result.case.expected_directory}/{name}"
            old, new = (shown_text(side.get(name, b""), path).splitlines() for side in (expected, actual))
            before = path if name in expected else "/dev/null"
            after = f"{path} (rendered)" if name in actual else "/dev/null"
            yield from difflib.unified_diff(old, new, before, after, lineterm="")
