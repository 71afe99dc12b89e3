"""A `helm` binary as engine: slower by a process start, and the reference for the embedded one.

It runs offline, with empty homes and no kubeconfig, and writes into a directory of its own: what it prints on stdout is
trimmed at the end, and a `# Source:` line there may come from inside a CRD file. This is the only stage module that
starts a process.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compiler.render.helm import HelmFailure, Release, RenderedDocument, documents_of, throwaway_chart
from compiler.render.helm_errors import failure


@dataclass(frozen=True, slots=True)
class HelmBinary:
    """The `helm` at the absolute path `binary`. A call that takes longer than `timeout_s` is killed."""

    binary: str
    timeout_s: float = 60.0

    def version(self) -> str:
        """What `helm version` prints, without build metadata."""
        with tempfile.TemporaryDirectory(prefix="lamella-helm-") as home:
            return self._run(["version", "--template", "{{.Version}}"], "", Path(home)).strip()

    def render(self, chart_path: str, release: Release) -> tuple[RenderedDocument, ...]:
        with tempfile.TemporaryDirectory(prefix="lamella-helm-") as home:
            output = Path(home, "output")
            self._run(_arguments(chart_path, release, output), _yaml_safe(release.values_json), Path(home))
            return documents_of(_sources(output))

    def templates(self, texts: Mapping[str, str], release: Release) -> Mapping[str, str]:
        """One call for all. As the binary prints YAML only, they are partials, and a template prints their texts encoded."""
        if not texts:
            return {}
        partials = {f"_{name}": text for name, text in texts.items()}
        try:
            printed = self._printed({**partials, "collector": _collector(release.name, texts)}, release)
        except HelmFailure as failure:
            self._refuse(texts, release)
            raise failure from None
        results = {name: json.loads(base64.b64decode(result)) for name, result in json.loads(printed).items()}
        # As Helm does for templates, but not for what they include. Source: helm pkg/engine/engine.go, render.
        return {name: results[name].replace("<no value>", "") for name in texts}

    def _refuse(self, texts: Mapping[str, str], release: Release) -> None:
        """Raises what Helm says of the templates themselves: of partials it says another place, that of the call."""
        try:
            self._printed(texts, release)
        except HelmFailure as failure:
            if failure.kind != "yaml":  # all are rendered before the first one is parsed
                raise

    def _printed(self, texts: Mapping[str, str], release: Release) -> str:
        """What a throw-away chart of these templates prints."""
        with tempfile.TemporaryDirectory(prefix="lamella-helm-") as home:
            chart, output = Path(home, "chart"), Path(home, "output")
            for path, content in throwaway_chart(release.name, texts).items():
                (chart / path).parent.mkdir(parents=True, exist_ok=True)
                (chart / path).write_bytes(content)
            self._run(_arguments(str(chart), release, output), _yaml_safe(release.values_json), Path(home))
            return "".join(text for _, text in _sources(output))

    def _run(self, arguments: Sequence[str], stdin: str, home: Path) -> str:
        if not Path(self.binary).is_absolute():
            raise HelmFailure("environment", f"the path of the helm binary must be absolute, found '{self.binary}'")
        try:
            done = subprocess.run(  # noqa: S603 - no shell; the path is absolute and a setting, the arguments are checked
                [self.binary, *arguments],
                input=stdin.encode(),
                capture_output=True,
                check=False,
                timeout=self.timeout_s,
                cwd=home,
                env=_environment(home),
            )
        except subprocess.TimeoutExpired:
            raise HelmFailure("timeout", f"helm did not finish within {self.timeout_s:g} s") from None
        except OSError as error:
            raise HelmFailure("environment", f"{self.binary} could not be started: {error.strerror}") from None
        if done.returncode:
            raise failure(done.stderr.decode(errors="replace"))
        return done.stdout.decode(errors="replace")


def _environment(home: Path) -> dict[str, str]:
    """Nothing of the caller's: no cluster, no registry logins, no plugins, no proxies."""
    folders = ("HOME", "TMPDIR", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS")
    return {"KUBECONFIG": "/dev/null", "TZ": "UTC"} | dict.fromkeys(folders, str(home))


def _arguments(chart_path: str, release: Release, output: Path) -> list[str]:
    arguments = ["template", "--namespace", release.namespace]
    arguments += ["--kube-version", release.kube_version] if release.kube_version else []
    arguments += [f"--api-versions={version}" for version in release.api_versions]
    arguments += ["--include-crds"] if release.include_crds else []
    arguments += [] if release.validate_schema else ["--skip-schema-validation"]
    arguments += ["--skip-tests", "--values", "-", "--output-dir", str(output)]
    return [*arguments, "--", release.name, chart_path]


def _collector(chart: str, names: Iterable[str]) -> str:
    """The template that prints {name: base64 of the JSON of what the partial prints} as one line of JSON.

    From the last name to the first, as Helm renders the templates of a folder: what one of them sets in `.Values`, the
    next one sees. Source: helm pkg/engine/engine.go, sortTemplates.
    """
    lines = ["{{- $printed := dict }}"]
    for name in sorted(names, reverse=True):
        own = f'(dict "Name" "{chart}/templates/{name}" "BasePath" "{chart}/templates")'
        lines.append(f'{{{{- $_ := set . "Template" {own} }}}}')
        lines.append(
            f'{{{{- $_ := set $printed "{name}" (include "{chart}/templates/_{name}" . | toJson | b64enc) }}}}'
        )
    return "\n".join([*lines, "{{- toJson $printed }}\n"])


# JSON's spelling of a character beyond U+FFFF. An escaped backslash is matched first, so that it is left alone.
_SURROGATES = re.compile(r"\\\\|\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")


def _yaml_safe(values_json: str) -> str:
    """The same values as YAML that Helm's parser accepts: it refuses JSON's `\\/` and surrogate pairs."""

    def joined(match: re.Match[str]) -> str:
        if not match[1]:
            return match[0]
        return f"\\U{0x10000 + ((int(match[1], 16) & 0x3FF) << 10) + (int(match[2], 16) & 0x3FF):08x}"

    try:
        return _SURROGATES.sub(joined, json.dumps(json.loads(values_json))) + "\n"
    except ValueError as error:
        raise HelmFailure("values", f"the values are not valid JSON: {error}") from None


def _sources(output: Path) -> Iterator[tuple[str, str]]:
    """(template, text) of each manifest that Helm wrote: a file is a template's and holds its manifests in a row."""
    for file in sorted(output.rglob("*")):
        if not file.is_file():
            continue
        template = file.relative_to(output).as_posix()
        text = file.read_bytes().decode(errors="replace")
        # Written as "---\n# Source: TEMPLATE\nMANIFEST\n"; the last newline is the one that split_manifests puts back.
        for part in text.split(f"---\n# Source: {template}\n")[1:]:
            yield template, part[:-1]
