"""One layer rendered: what a worker process does with a task.

The task is self-contained and pickles small: charts are named by their digests, everything else is text. What comes back
are finished objects; what concerns more than one layer (duplicates, scopes known from other layers' CRDs, policies) is
decided by `output.assemble` in the main process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from compiler import kubernetes
from compiler.charts import hooks
from compiler.charts import scan as chart_scan
from compiler.codes import Code
from compiler.diagnostics import CompileError, Diagnostic, Position, Problems
from compiler.kubernetes import ObjectId, kustomize
from compiler.kubernetes.differences import constant, differences
from compiler.kubernetes.sops import is_encrypted
from compiler.model import ChartPart, GoTemplatePart, JinjaPart, ManifestPart, Part
from compiler.model.overlays import Overlay
from compiler.model.rendering import OWN_NAMESPACE, LayerResult, LayerTask, RandomField
from compiler.overlay.apply import apply_one
from compiler.overlay.images import pinned
from compiler.overlay.mirror import leaks
from compiler.render.annotations import annotated
from compiler.render.helm import HelmFailure, Release
from compiler.render.helm_engines import ENGINES
from compiler.render.helm_hints import hint, is_about_helmignore
from compiler.render.objects import Draft, drafts_of, finished
from compiler.render.shape import fault_of


@dataclass(frozen=True, slots=True)
class Setup:
    """Where a worker finds what tasks name: the spool directory with the charts, the `helm` of the engine that needs one."""

    spool: str
    binary: str = ""


def run(task: LayerTask, setup: Setup) -> LayerResult:
    """Renders, overlays and emits one layer. Bad input comes back as diagnostics."""
    problems = Problems()
    try:
        overlaid, matched = _overlaid(task, list(_drafts(task, setup, problems)), problems)
        if problems.errors:
            return LayerResult((), tuple(problems.diagnostics))
        drafts = _as_kustomize_builds(overlaid, problems)
        random: tuple[RandomField, ...] = ()
        if any(isinstance(part, ChartPart | GoTemplatePart) and part.twice for part in task.parts):
            second = replace(task, parts=tuple(_second(part) for part in task.parts))
            again, _ = _overlaid(second, list(_drafts(second, setup, Problems())), Problems())
            random = tuple(_random_fields(drafts, _as_kustomize_builds(again, Problems())))
        for draft in drafts:
            problems.diagnostics.extend(_leaks(draft, task))
        drafts = [_pinned(draft, task, problems) for draft in drafts]
        if problems.errors:
            return LayerResult((), tuple(problems.diagnostics))
        minor = (kubernetes.minor_of(task.kube_version) if task.check_schemas else None) or 0
        objects = tuple(finished(_annotated(draft, task), minor, task.image_fields) for draft in drafts)
        return LayerResult(objects, tuple(problems.diagnostics), random, matched)
    except CompileError as error:
        return LayerResult((), (*problems.diagnostics, *error.diagnostics))


def _second(part: Part) -> Part:
    """The part as it is rendered for comparison."""
    if isinstance(part, ChartPart) and part.twice:
        spooled, values_json = part.twice
        return replace(part, spooled=spooled, values_json=values_json, crds=False)
    if isinstance(part, GoTemplatePart):
        return replace(part, text=chart_scan.at_another_time(part.text))
    return part


def _drafts(task: LayerTask, setup: Setup, problems: Problems) -> Iterator[Draft]:
    """Every object of every part, before overlays."""
    documents: list[tuple[str, str, Part | None]] = [(OWN_NAMESPACE, text, None) for text in task.extra]
    for part in task.parts:
        documents.extend((*rendered, part) for rendered in _documents(part, task, setup))
    for template, text, source in documents:
        try:
            rendered, diagnostics = drafts_of(text, template, task.namespace, _is_tolerant(source))
        except CompileError as error:
            problems.diagnostics.extend(_of_rendered(d, text, template, source) for d in error.diagnostics)
            continue
        problems.diagnostics.extend(_of_rendered(d, text, template, source) for d in diagnostics)
        yield from (draft for draft in rendered if not _is_dropped(draft, task))


def _is_tolerant(part: Part | None) -> bool:
    """Whether a duplicate key is a warning: in what charts and packs give, which their users cannot change."""
    return isinstance(part, ChartPart | GoTemplatePart) or (isinstance(part, ManifestPart) and part.tolerant)


def _of_rendered(diagnostic: Diagnostic, text: str, template: str, part: Part | None) -> Diagnostic:
    """A problem in rendered text, told as one: its line is not one of the template. That of a manifest is at its place."""
    if part is None:
        return diagnostic
    if isinstance(part, ManifestPart):
        return diagnostic.placed(part.path, part.place)
    line = diagnostic.at.line if diagnostic.at else 0
    lines = text.splitlines()
    shown = f", line {line} ({lines[line - 1].strip()[:80]!r})" if 0 < line <= len(lines) else ""
    where = part.at if isinstance(part, ChartPart) else Position(template)
    return replace(diagnostic, at=where, message=f"rendered from {template}{shown}: {diagnostic.message}", related=())


def _is_dropped(draft: Draft, task: LayerTask) -> bool:
    """Whether it is a hook that nothing is to run: a test is one wherever it comes from (of a chart Helm itself leaves
    it out), and every one where the policy says so."""
    annotations = draft.body["metadata"].get("annotations")
    if not isinstance(annotations, dict) or hooks.ANNOTATION not in annotations:
        return False
    return task.drop_hooks or bool(hooks.events(str(annotations[hooks.ANNOTATION])) & hooks.TESTS)


def _documents(part: Part, task: LayerTask, setup: Setup) -> Iterable[tuple[str, str]]:
    """(template, YAML text) of a part; a text may hold several documents."""
    match part:
        case ChartPart():
            return _chart_documents(part, task, setup)
        case JinjaPart():
            from compiler.render.jinja import render_templates

            context = json.loads(part.context_json)
            context["capabilities"] = {"kubeVersion": task.kube_version, "apiVersions": list(_apis(part, task))}
            rendered = render_templates(dict(part.templates), context, names=part.render)
            return [(path, rendered[path]) for path in part.render]
        case GoTemplatePart():
            from compiler.render.gotemplate import render_gotemplates

            rendered = render_gotemplates(
                {part.path: part.text},
                json.loads(part.values_json),
                ENGINES[task.engine.name](setup.binary),
                spectro=json.loads(part.spectro_json),
                namespace=task.namespace,
                kube_version=task.kube_version,
                api_versions=_apis(part, task),
            )
            return list(rendered.items())
        case ManifestPart():
            return [(part.path, part.text)]


def _apis(part: ChartPart | GoTemplatePart | JinjaPart, task: LayerTask) -> tuple[str, ...]:
    """The APIs of the cluster as the part sees them: those of every server of its minor, and those of the task.

    Derived here, so that tasks stay small and those of two patch versions differ in nothing but the version.
    """
    if not part.reads_api_versions:
        return ()
    minor = kubernetes.minor_of(task.kube_version)
    return tuple(sorted({*(kubernetes.api_versions(minor) if minor else ()), *task.api_versions}))


def _chart_documents(part: ChartPart, task: LayerTask, setup: Setup) -> list[tuple[str, str]]:
    release = Release(
        name=part.release,
        namespace=part.namespace,
        kube_version=task.kube_version,
        api_versions=_apis(part, task),
        values_json=part.values_json,
        include_crds=part.crds,
        validate_schema=part.validate_schema,
    )
    try:
        engine = ENGINES[task.engine.name](setup.binary)
        documents = engine.render(f"{setup.spool}/{part.spooled}", release)
    except HelmFailure as failure:
        raise CompileError([_helm_diagnostic(part, failure)]) from None
    return [(document.template, document.text) for document in documents]


def _helm_diagnostic(part: ChartPart, failure: HelmFailure) -> Diagnostic:
    at = _file_of(part, failure)
    place = f"{failure.place}: " if failure.template and at is None else ""
    return Diagnostic(
        Code(f"helm-{failure.kind}"),
        f"Helm refuses release '{part.release}' of the chart at {part.path}: {place}{failure.message}",
        at or part.at,
        hint=hint(failure),
        related=((part.at, f"the layer of release '{part.release}'"),) if at else (),
    )


def _file_of(part: ChartPart, failure: HelmFailure) -> Position | None:
    """The place in the chart's own files, None where Helm does not know it or the file is in an archive: charts in
    charts/ may be archives, and Helm calls them by their alias."""
    if part.spooled.endswith(".tgz"):
        return None
    if is_about_helmignore(failure):
        return Position(f"{part.path}/.helmignore")
    _, _, path = failure.template.partition("/")
    if not path or path.startswith("charts/"):
        return None
    return Position(f"{part.path}/{path}", failure.line, failure.column + 1 if failure.column else 0)


def _overlaid(task: LayerTask, drafts: list[Draft], problems: Problems) -> tuple[list[Draft], tuple[int, ...]]:
    """The drafts after all overlays, and which of the wide overlays found their target here. What is no object after the
    last one is a problem of the overlay that changed it last.

    Objects that SOPS has encrypted are out of reach: any change would break their MAC.
    """
    matched = []
    changed_by: dict[int, Overlay] = {}
    for index, scoped in enumerate(task.overlays):
        changeable = [draft for draft in drafts if not is_encrypted(draft.body)]
        changed, diagnostics = apply_one(
            [draft.body for draft in changeable], scoped.overlay, image_fields=task.image_fields
        )
        missed = [d for d in diagnostics if d.code == Code.OVERLAY_NO_MATCH]
        problems.diagnostics.extend(d for d in diagnostics if not (scoped.wide and d in missed))
        if scoped.wide and not missed:
            matched.append(index)
        after = []
        for draft, body in zip(changeable, changed, strict=True):
            if body is not None and body is not draft.body:
                after.append(replace(draft, body=body))
                changed_by[id(after[-1].body)] = scoped.overlay
            elif body is not None:
                after.append(draft)
        drafts = [draft for draft in drafts if is_encrypted(draft.body)] + after
    for draft in drafts:
        if (overlay := changed_by.get(id(draft.body))) and (fault := fault_of(draft.body, draft.template)):
            problems.error(fault.code, f"after this overlay: {fault.message}", overlay.at, hint=fault.hint)
    return drafts, tuple(matched)


def _as_kustomize_builds(drafts: list[Draft], problems: Problems) -> list[Draft]:
    """The drafts without those that are for tools, and without kustomize's bookkeeping: what is in the output is what is
    applied, whichever controller does it."""
    kept = []
    for draft in drafts:
        what = f"{ObjectId.of(draft.body)} (from {draft.template})"
        if kustomize.is_local_config(draft.body):
            problems.warning(
                Code.KUSTOMIZE_ANNOTATION,
                f"{what} is left out: {kustomize.LOCAL_CONFIG} marks what is for tools and not for a cluster",
                hint="to have it applied, take the annotation off (by an overlay, where a chart sets it)",
            )
            continue
        if (keys := kustomize.bookkeeping(draft.body)) and not is_encrypted(draft.body):
            problems.warning(
                Code.KUSTOMIZE_ANNOTATION,
                f"{what} goes out without {', '.join(keys)}, which kustomize would take for its own notes",
                hint="take it out of the manifest: `kustomize build` does not write it",
            )
            draft = replace(draft, body=kustomize.without_bookkeeping(draft.body))  # noqa: PLW2901
        kept.append(draft)
    return kept


def _leaks(draft: Draft, task: LayerTask) -> list[Diagnostic]:
    """Where an image mirror misses the draft; of one that SOPS has encrypted nothing is known."""
    overlays = [scoped.overlay for scoped in task.overlays]
    return [] if is_encrypted(draft.body) else leaks(draft.body, draft.template, overlays, task.image_fields)


def _annotated(draft: Draft, task: LayerTask) -> Draft:
    """The draft with the task's annotations; one that SOPS has encrypted stays, for any change would break its MAC."""
    body = draft.body if is_encrypted(draft.body) else annotated(draft.body, task.annotations)
    return draft if body is draft.body else replace(draft, body=body)


def _pinned(draft: Draft, task: LayerTask, problems: Problems) -> Draft:
    """The draft with its images by digest, if that is asked for; one that SOPS has encrypted stays."""
    if task.pins is None or is_encrypted(draft.body):
        return draft
    body, missing = pinned(draft.body, task.pins, task.unpinned, task.image_fields)
    for image in missing:
        problems.error(
            Code.NOT_LOCKED,
            f"image '{image}' of {ObjectId.of(draft.body)} (from {draft.template}) is not in lamella.lock",
            hint="run `lamella lock`, and commit lamella.lock",
        )
    return draft if body is draft.body else replace(draft, body=body)


def _is_crd_file(draft: Draft) -> bool:
    return "/crds/" in draft.template and "/templates/" not in draft.template


def _random_fields(first: list[Draft], second: list[Draft]) -> Iterator[RandomField]:
    """What differs. Texts that are equal in both renders gave the very same drafts and need no look; CRDs of `crds/`
    are no templates, and the second render is without them."""
    first, second = ([draft for draft in drafts if not _is_crd_file(draft)] for drafts in (first, second))
    same = {id(draft.body) for draft in first} & {id(draft.body) for draft in second}
    first = [draft for draft in first if id(draft.body) not in same]
    second = [draft for draft in second if id(draft.body) not in same]
    ours, theirs = ({ObjectId.of(draft.body): draft for draft in drafts} for drafts in (first, second))
    for identity, field in differences([d.body for d in first], [d.body for d in second]):
        one, other = ours.get(identity), theirs.get(identity)
        common = constant(one.body, other.body, field) if one and other else ""
        yield RandomField(identity, field, one.template if one else "", common)
