"""What is wrong with a pack before anybody uses it: by its files, by Palette's rules, by compiling it alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from compiler import files as tree
from compiler import kubernetes, yamldoc
from compiler.authoring.lint_files import check_files
from compiler.authoring.lint_metadata import check_metadata
from compiler.authoring.lint_secrets import check_secrets
from compiler.authoring.lint_values import check_values
from compiler.authoring.workbench import KUBERNETES, Compile, Setting, workpiece
from compiler.charts.catalogue import Charts
from compiler.charts.chart import Chart
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Problems
from compiler.fields.reader import Reader
from compiler.model import Pack, RenderedObject
from compiler.ports import Files
from compiler.yamldoc import Document

# What compiling a pack alone cannot decide: a value, macro or layer that only a user can give may be missing.
_MAYBE = frozenset(
    {
        Code.HELM_TEMPLATE, Code.HELM_SCHEMA, Code.HELM_VALUES, Code.HELM_YAML, Code.JINJA_UNDEFINED, Code.JINJA_FAILED,
        Code.MACRO_UNDEFINED, Code.MACRO_FAILED, Code.RANDOM_OUTPUT, Code.PACK_DELETED, Code.PACK_DISABLED,
        Code.DEPENDENCY_VERSION, Code.DEPENDENCY_MISSING,
    }
)  # fmt: skip
# What is not a finding: the made-up profile has no other layers than those that the pack requires.
_BESIDE = frozenset(
    {Code.API_UNKNOWN, Code.DEPENDENCY_UNCHECKED, Code.PACK_LAYER, Code.PACK_DEPRECATED, Code.SCOPE_UNKNOWN}
)
_ONE_A_LINE = (Code.DEPENDENCY_TYPE, Code.SCHEMA_RULE, Code.PRESET_RECORD)


def lint(files: Files, pack: Pack, compile_: Compile) -> tuple[Diagnostic, ...]:
    """Every finding, each once. Raises CompileError for problems of the environment only."""
    problems = Problems(list(pack.defects))
    check_metadata(_metadata(pack, files, problems), pack)
    try:
        check_files(pack, files, problems)
    except CompileError as error:  # links that lead out, files that cannot be read
        problems.add(error)
    charts = _charts(pack, files)
    check_values(pack, charts, problems)
    check_secrets(pack, problems)
    if not (pack.charts or pack.manifests or pack.templates or pack.defects) and pack.layer not in ("os", "k8s"):
        problems.error(Code.PACK_EMPTY, "the pack names no charts and no manifests", pack.at)
    if not any(diagnostic.severity == "error" for diagnostic in pack.defects):  # else no layer can use it
        problems.diagnostics.extend(_judged(diagnostic) for diagnostic in _compiled(files, pack, charts, compile_))
    return _once(problems.diagnostics)


def _metadata(pack: Pack, files: Files, problems: Problems) -> Reader:
    """pack.json or pack.yaml once more, with the positions of its keys where they are known."""
    try:
        document = yamldoc.load_one(tree.read(files, pack.at.path), pack.at.path, duplicates="warn")
    except CompileError:
        document = Document({}, pack.at.path, 1)
    return Reader(pack.metadata, document, problems)


def _charts(pack: Pack, files: Files) -> list[Chart]:
    """The charts that can be read; what is wrong with the others is reported when the pack is compiled."""
    charts, readable = Charts.over(files), []
    for path in pack.charts:
        try:
            readable.append(charts.at_path(f"{pack.directory}/{path}", pack.at))
        except CompileError:
            continue
    return readable


def _compiled(files: Files, pack: Pack, charts: Sequence[Chart], compile_: Compile) -> Iterator[Diagnostic]:
    """The problems of compiling the pack with its own values. Required values are left to users."""
    policy = {"secrets": "allow", "random": "allow", "apis": "warn"}
    outcome = workpiece(files, pack, Setting(schema=False, policy=policy)).compile(compile_)
    yield from (item for item in outcome.problems if item.code not in _BESIDE)
    for _, item in outcome.objects:
        if item.plaintext_secret:
            hint = "allow it in the profile (policy: {secrets: allow}), or switch the Secret off"
            yield _warning(Code.PLAINTEXT_SECRET, f"{item} (from {item.template}) holds values in clear", pack, hint)
        if gone := _gone_in(item):
            message = f"{item} (from {item.template}): Kubernetes {gone} no longer serves its API"
            yield _warning(Code.API_REMOVED, message, pack, "use its newer API version")
    if outcome.objects and any(chart.may_be_random or chart.runs_strings for chart in charts):
        strict = Setting(schema=False, policy={**policy, "random": "refuse"})
        again = workpiece(files, pack, strict).compile(compile_)
        yield from (item for item in again.problems if item.code == Code.RANDOM_OUTPUT)


def _warning(code: Code, message: str, pack: Pack, hint: str) -> Diagnostic:
    return Diagnostic(code, message, pack.at, hint, severity="warning")


def _gone_in(rendered: RenderedObject) -> str:
    """The first minor above that of the check which does not serve a built-in API that the check's does; '' if none."""
    now = kubernetes.minor_of(KUBERNETES) or 0
    api = (rendered.group, rendered.version, rendered.kind)
    if not kubernetes.is_builtin_group(rendered.group) or not kubernetes.serves(now, *api):
        return ""
    later = range(now + 1, kubernetes.MINORS[-1] + 1)
    return next((f"1.{minor}" for minor in later if not kubernetes.serves(minor, *api)), "")


def _judged(diagnostic: Diagnostic) -> Diagnostic:
    """The finding, as a warning where users may still fix it. A template that cannot be parsed (Helm gives no
    column then) never is."""
    if diagnostic.code == Code.API_NOT_SERVED:
        return replace(diagnostic, severity="error")
    unparsed = diagnostic.code == Code.GOTEMPLATE_FAILED and diagnostic.at is not None and not diagnostic.at.column
    maybe = diagnostic.code in _MAYBE or (diagnostic.code == Code.GOTEMPLATE_FAILED and not unparsed)
    return replace(diagnostic, severity="warning") if maybe else diagnostic


def _once(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The first of several findings with the same code at the same line: several rules may see one mistake."""
    kept: dict[tuple[str, str, int, str], Diagnostic] = {}
    for diagnostic in diagnostics:
        at = diagnostic.at
        text = "" if diagnostic.code in _ONE_A_LINE else diagnostic.message
        kept.setdefault((diagnostic.code, at.path if at else "", at.line if at else 0, text), diagnostic)
    return tuple(kept.values())
