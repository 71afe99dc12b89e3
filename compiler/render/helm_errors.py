"""Helm's error texts as HelmFailure values: what is wrong and where, without the wrappers that Helm nests around it.

Helm has no structured errors. These are the forms of pkg/engine/engine.go (cleanupParseError, reformatExecErrorMsg) and
pkg/action; a text of another form is passed on whole, so that a new form costs beauty only.
"""

from __future__ import annotations

import re

from compiler.render.helm import FailureKind, HelmFailure

_LOG_LINE = re.compile(r"(?:time=\S+ )?level=\w+ msg=|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d |WARNING: ")
_NOISE = "Use --debug flag to render out invalid YAML"
_CLI_PREFIX = re.compile(r"^Error: ", re.MULTILINE)
_SCHEMA = "values don't meet the specifications of the schema(s) in the following chart(s):"
# "parse error at (chart/templates/a.yaml:3): …", "execution error at (chart/templates/a.yaml:3:14): …"
_AT = re.compile(r"(?:parse|execution) error (?:at|in) \(([^\s:()]+)(?::(\d+))?(?::(\d+))?\): ", re.DOTALL)
# A frame of a failed execution, in Helm's layout and in Go's: the place, what was executed there, then the next frame
# or the message. "gotpl" is the place of text that `tpl` runs.
_FRAME = re.compile(r"^(\S+?):(\d+):(\d+)\n  executing \"[^\"\n]*\" at <(.*)>:\n    ", re.MULTILINE)
_GO_FRAME = re.compile(r"template: (\S+?):(\d+)(?::(\d+))?: executing \".*?\" at <(.*?)>: ", re.DOTALL)
_CALLING = re.compile(r"^(?:error calling \w+: |error during tpl function execution for |template: (?:gotpl:\d+: )?)+")
_UNNAMED = re.compile(r'no template (".*?") associated with template "gotpl"')
_YAML = re.compile(
    r"YAML parse error on (\S+?): (?:error (?:converting YAML to JSON|unmarshaling JSON): (?:while decoding JSON: )?)?"
    r"(?:yaml: |json: )?(?:line (\d+): )?"
)
_WRAPPERS = re.compile(r"^(?:chart dependencies processing failed|release name check failed|validation): ")
_MISSING = re.compile(r"^an error occurred while checking for chart dependencies\. You may need to run .*?: ")
_CHART = re.compile(r"library charts are not|missing in charts/|requires kubeVersion|unpacking|Chart\.yaml|chart\.meta")
_RELEASE = re.compile(r"release name|invalid kube version|kube_version|could not parse .* as version")


def failure(text: str) -> HelmFailure:
    """The failure that Helm's message means: an error of the SDK, or all that the `helm` binary wrote to stderr."""
    text = _message(text)
    if text.startswith(_SCHEMA):
        return HelmFailure("schema", "values do not fit the chart's values.schema.json: " + _violations(text))
    if frames := list(_FRAME.finditer(text)) or list(_GO_FRAME.finditer(text)):
        return _execution(text, frames)
    if at := _AT.match(text):
        place = at[1], int(at[2] or 0), int(at[3] or 0)
        return HelmFailure("template", text[at.end() :].strip(), *place, by_chart=text.startswith("execution error"))
    if at := _YAML.match(text):
        # The line counts from the start of the document that the template printed, not in the template.
        line = f" (line {at[2]} of what it prints)" if at[2] else ""
        return HelmFailure("yaml", f"the template does not print YAML: {text[at.end() :].strip()}{line}", at[1])
    text = _MISSING.sub("", _WRAPPERS.sub("", text))
    return HelmFailure(_kind(text), text)


def _message(text: str) -> str:
    """The error alone: the binary prints log lines before it and advice after it."""
    if start := _CLI_PREFIX.search(text):
        text = text[start.end() :]
    lines = (line for line in text.splitlines() if not _LOG_LINE.match(line) and line.strip() != _NOISE)
    return "\n".join(lines).strip()


def _violations(text: str) -> str:
    """ "t: at '/replicas': got string, want number; at '/image': …", one part a chart."""
    charts: list[str] = []
    for line in text[len(_SCHEMA) :].strip().splitlines():
        detail = line.strip().removeprefix("- ")
        if line.endswith(":") and not line.startswith((" ", "-")):
            charts.append(line)
        elif charts:
            charts[-1] += (" " if charts[-1].endswith(":") else "; ") + detail
    return "; ".join(charts) or text


def _execution(text: str, frames: list[re.Match[str]]) -> HelmFailure:
    """The innermost frame says what is wrong; the outer ones say how it was reached."""
    message = _CALLING.sub("", " ".join(text[frames[-1].end() :].split()))
    message = _UNNAMED.sub(r"no template \1", message)
    if frames[-1][4] not in message:
        message += f" (at <{frames[-1][4]}>)"
    places = [frame for frame in frames if frame[1] != "gotpl"] or frames
    last = places[-1]
    callers = dict.fromkeys(f"{frame[1]}:{frame[2]}" for frame in places if frame.group(1, 2) != last.group(1, 2))
    if callers:
        message += ", called from " + ", ".join(reversed(callers))
    return HelmFailure("template", message, last[1], int(last[2]), int(last[3] or 0))


def _kind(text: str) -> FailureKind:
    if _CHART.search(text):
        return "chart"
    if _RELEASE.search(text):
        return "release"
    return "template" if "template" in text else "values" if "values" in text else "chart"
