"""What to do about a failure of Helm: a table of the messages that people meet, and the hint for each."""

from __future__ import annotations

import re
from collections.abc import Callable

from compiler import versions
from compiler.render.helm import HELM_VERSION, HelmFailure

Hint = Callable[["re.Match[str]", HelmFailure], str]

_VALUES = "under `values:` of the layer in the profile, a template or the cluster"
_IGNORED = ".helmignore of the chart leaves Chart.yaml out: correct its patterns"
# What `required` and `fail` print is the chart's own; these are the paths that charts name in it.
_NAMED = re.compile(r"\.?\bValues\.([A-Za-z_](?:[\w.-]*\w)?)")
_SUBCHART = re.compile(r"/charts/([^/]+)(?=/)")


def hint(failure: HelmFailure) -> str:
    """The way out of this failure; '' where it is not known."""
    if failure.by_chart:
        return _own_words(failure)
    for pattern, make in _HINTS.get(failure.kind, ()):
        if match := pattern.search(failure.message):
            return make(match, failure)
    return _OTHERWISE.get(failure.kind, "")


def is_about_helmignore(failure: HelmFailure) -> bool:
    """Whether what Helm refuses is in .helmignore, which it does not say itself."""
    return hint(failure).startswith(".helmignore")


def _kube_version(match: re.Match[str], _: HelmFailure) -> str:
    constraint, version = match[1], match[2].removeprefix("v")
    try:
        versions.best((version,), constraint)
    except ValueError:
        return f"kubeVersion in Chart.yaml is not a version range: '{constraint}'"
    return (
        f"take a version of the chart that is made for Kubernetes {version}: kubeVersion in its Chart.yaml allows"
        f" {constraint} only"
    )


def _no_value(match: re.Match[str], failure: HelmFailure) -> str:
    """`nil pointer evaluating interface {}.tag (at <.Values.image.tag>)`: what is left of the field has no value."""
    parent = _values_path(match[2], match[1], failure)
    return f"{parent} has no value here: set it {_VALUES}" if parent else ""


def _no_mapping(match: re.Match[str], failure: HelmFailure) -> str:
    parent = _values_path(match[2], match[1], failure)
    return f"the template expects {parent} to be a mapping: correct it {_VALUES}" if parent else ""


def _values_path(expression: str, field: str, failure: HelmFailure) -> str:
    """The path of values left of `.field` in an expression, as the layer's values have it; '' for another expression."""
    match = re.search(rf"(?:^|[\s($])\.?Values((?:\.[\w-]+)*?)\.{re.escape(field)}(?![\w-])", expression)
    above = _SUBCHART.findall(failure.template)
    return ".".join([*above, *match[1].strip(".").split(".")]).strip(".") if match else ""


def _own_words(failure: HelmFailure) -> str:
    """`required` and `fail`."""
    above = "".join(f"{chart}." for chart in _SUBCHART.findall(failure.template))
    named = dict.fromkeys(f"{above}{path}" for path in _NAMED.findall(failure.message))
    return f"the chart itself asks for this: set {', '.join(named) or 'what it names'} {_VALUES}"


def _always(text: str) -> Hint:
    return lambda _, __: text


_HINTS: dict[str, tuple[tuple[re.Pattern[str], Hint], ...]] = {
    "chart": (
        (re.compile(r"requires kubeVersion: (.*?) which is incompatible with Kubernetes (\S+)"), _kube_version),
        (re.compile(r"^Chart\.yaml file is missing"), _always(_IGNORED)),
        (
            re.compile(r"double-star|syntax error in pattern"),
            _always(".helmignore of the chart: Helm knows `*`, `?` and `[…]` of one folder, and no `**`"),
        ),
        (
            re.compile(r"library charts are not installable"),
            _always("name a chart that has this one as a dependency: a library has templates for others only"),
        ),
        (
            re.compile(r"missing in charts/|dependenc"),
            _always("`helm dependency build` vendors dependencies into charts/"),
        ),
        (re.compile(r"apiVersion"), _always("correct apiVersion in Chart.yaml: v2, or v1 for charts of Helm 2")),
        (re.compile(r"Chart\.yaml|chart\.metadata"), _always("correct Chart.yaml")),
    ),
    "template": (
        (re.compile(r"nil pointer evaluating .*?\.([\w-]+) \(at <(.*?)>\)"), _no_value),
        (re.compile(r"can't evaluate field ([\w-]+) in type .*? \(at <(.*?)>\)"), _no_mapping),
        (
            re.compile(r"^no template \""),
            _always("is the chart that defines it a dependency, and vendored in charts/?"),
        ),
        (
            re.compile(r"function \".*?\" not defined"),
            _always(f"Helm {HELM_VERSION} has no such function: is it misspelt, or the chart made for another Helm?"),
        ),
    ),
}
_OTHERWISE = {
    "values": f"give the missing value {_VALUES}",
    "schema": "correct the value; `skipSchemaValidation: true` on the layer leaves the chart's schema out",
    "timeout": "`--timeout SECONDS` gives it longer",
}
