"""Documents, and parts of them, that concern no cluster: templates, macros, overrides."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.codes import Code
from compiler.diagnostics import Problems
from compiler.files.paths import root_of
from compiler.model import Layer, Source
from compiler.resolve.renames import override_hint
from compiler.resolve.stack import Stack


def unmatched_selectors(source: Source, stacks: Iterable[Stack], problems: Problems) -> None:
    """Warns of templates and macros that no cluster gets. A base that another template extends is that one's matter, and
    those of imports are for other repositories too."""
    if not source.clusters:
        return
    used = {name for stack in stacks for name in stack.templates}
    bases = {base for template in source.templates.values() for base in template.extends}
    labels = [cluster.labels for cluster in source.clusters.values()]
    unmatched = [
        (f"template '{name}'", template.selector, template.at)
        for name, template in sorted(source.templates.items())
        if name not in used | bases and not root_of(template.at.path)
    ]
    unmatched += [
        (f"macros '{macros.name}'", macros.selector, macros.at)
        for macros in source.macros
        if not root_of(macros.at.path) and not any(macros.selector.matches(each) for each in labels)
    ]
    for what, selector, at in unmatched:
        keys = {requirement.key for requirement in selector.requirements}
        known = sorted({f"{key}={each[key]}" for each in labels for key in keys if key in each})
        hint = (
            f"clusters have {', '.join(known[:9])}" if known else f"no cluster has a label {' or '.join(sorted(keys))}"
        )
        problems.warning(
            Code.TEMPLATE_UNMATCHED, f"the selector of {what} matches no cluster, so it has no effect", at, hint=hint
        )


def unused_overrides(source: Source, stacks: Iterable[Stack], problems: Problems) -> None:
    """Reports overrides of templates for layers that no matching cluster has: an unused input is an error. Those of
    imports are for the clusters of other repositories too."""
    used: dict[str, dict[str, Layer]] = {}
    for stack in stacks:
        for name in stack.templates:
            used.setdefault(name, {}).update({layer.name: layer for p in stack.profiles for layer in p.layers})
    for name, layers in sorted(used.items()):
        if root_of(source.templates[name].at.path):
            continue
        for layer, override in source.templates[name].assignment.layers.items():
            if layer not in layers:
                problems.error(
                    Code.LAYER_UNKNOWN,
                    f"template '{name}' overrides layer '{layer}', which none of its clusters has",
                    override.at,
                    hint=override_hint(layer, layers.values()),
                )
