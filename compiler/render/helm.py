"""What a chart is rendered with, what comes back, and the two engines: Helm in process, and a `helm` binary.

Both engines are Helm; what differs is how it is reached. All that decides about the result (which documents there are,
where one ends, how they are ordered) is here, so that the two give the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

HELM_VERSION = "4.2.3"
"""Of the Helm inside helm-python-sdk, whose version is pinned: output depends on it."""

FailureKind = Literal["chart", "values", "schema", "template", "yaml", "release", "timeout", "environment"]


@dataclass(frozen=True, slots=True)
class Release:
    """What `helm template NAME CHART --namespace … --kube-version … --api-versions … --include-crds` takes.

    `kube_version` is "1.33.4" (a leading `v` is allowed); `api_versions` come on top of Helm's built-in set, as with
    `--api-versions`; `values_json` is one JSON object, in which `null` deletes a chart's default.
    """

    name: str
    namespace: str
    kube_version: str
    api_versions: tuple[str, ...]
    values_json: str
    include_crds: bool = True
    validate_schema: bool = True


@dataclass(frozen=True, slots=True, order=True)
class RenderedDocument:
    """One YAML document of a release.

    `template` is Helm's path of its source ("stack/charts/grafana/templates/x.yaml", for a CRD "stack/crds/x.yaml").
    `text` is what `helm template` prints between its `# Source:` line and the next document, trailing newline included.
    It is not parsed here: a template may render text that is no YAML, which is for the reader of the text to report.
    """

    template: str
    text: str


class HelmFailure(Exception):
    """Helm refuses. `message` is for a person, without Helm's wrappers; the place is there where Helm knows it (lines
    count from 1, columns from 0). `by_chart`: the chart itself refuses, by `required` or `fail`."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        template: str = "",
        line: int = 0,
        column: int = 0,
        by_chart: bool = False,
    ) -> None:
        self.kind = kind
        self.message = message
        self.template = template
        self.line = line
        self.column = column
        self.by_chart = by_chart
        super().__init__(f"{self.place}: {message}" if template else message)

    @property
    def place(self) -> str:
        """`template:line:column`, as far as known."""
        return ":".join([self.template, *(str(n) for n in (self.line, self.column) if n)])

    def __reduce__(self) -> tuple[type[HelmFailure], tuple[FailureKind, str, str, int, int, bool]]:
        """Failures cross process borders: workers render."""
        return (HelmFailure, (self.kind, self.message, self.template, self.line, self.column, self.by_chart))


class HelmEngine(Protocol):
    """Renders a chart that the caller has put on disk (`chart.spoolable` says which bytes)."""

    def version(self) -> str:
        """Helm's own version, "v4.2.3"; part of what a render is cached by."""

    def render(self, chart_path: str, release: Release) -> tuple[RenderedDocument, ...]:
        """The release's documents, sorted by template, then text. `chart_path` is absolute: a `.tgz` or a directory.

        CRDs of `crds/` are included if the release says so, hooks always but for test hooks, which nothing runs. Partials,
        NOTES.txt and documents without content are left out. Raises HelmFailure.
        """

    def templates(self, texts: Mapping[str, str], release: Release) -> Mapping[str, str]:
        """{name: what it prints} of {name: Go template} that belong to no chart, whole, be it YAML or not.

        They are the templates of a throw-away chart that is named as the release, and see each other's `define`. Names are
        plain file names. Raises HelmFailure, whose template is "<release>/templates/<name>".
        """


def throwaway_chart(name: str, texts: Mapping[str, str]) -> dict[str, bytes]:
    """The files of a chart that is nothing but these templates."""
    metadata = f"apiVersion: v2\nname: {name}\nversion: 0.0.0\n".encode()
    return {"Chart.yaml": metadata, **{f"templates/{file}": text.encode() for file, text in texts.items()}}


_LEFT_OVER = re.compile(r"\s*(?:---\s*)*")
_CONTENT = re.compile(r"^[^\S\n]*[^\s#]", re.MULTILINE)


def split_manifests(text: str) -> list[str]:
    """The documents of a rendered template in order, each up to the separator after it, to the byte; the last one with
    the newline that Helm prints after it.

    Where a document begins and ends is Helm's rule, `(?:^|\\s*\\n)---\\s*` (helm pkg/release/v1/util/manifest.go,
    SplitManifests), but for one thing: the rule takes white space before a separator away, and with it the newlines that a
    block scalar `|+` keeps. Documents of white space only are dropped. Of two separators in a row Helm's rule leaves the
    second in the document; here it goes too, so that splitting what was split changes nothing.
    """
    # Not by an expression, which backtracks at every indentation: 20 ms on the CRDs of one chart.
    documents = [_LEFT_OVER.sub("", part, count=1) for part in ("\n" + text.lstrip()).split("\n---")]
    return [document + "\n" for document in documents if document.strip()]


def documents_of(rendered: Iterable[tuple[str, str]]) -> tuple[RenderedDocument, ...]:
    """Documents of (template, rendered text) pairs in the engines' common order.

    Left out: notes, which Helm renders and does not apply, and documents that hold comments only.
    """
    documents = [
        RenderedDocument(template, text)
        for template, whole in rendered
        if not template.endswith("NOTES.txt")
        for text in split_manifests(whole)
        if _CONTENT.search(text)
    ]
    return tuple(sorted(documents))
