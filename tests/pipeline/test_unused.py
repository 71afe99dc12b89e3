"""Values without effect: found where a render without them is the same, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from compiler.app.pipeline import Request, compile_clusters
from compiler.charts.catalogue import SpoolEntry
from compiler.diagnostics import CompileError, Diagnostic
from compiler.host.spool import Spool
from compiler.model.rendering import LayerResult, LayerTask
from tests.palette.support import MemoryFiles
from tests.support.renderer import Here

SETTINGS = "apiVersion: lamella/v1\nkind: Settings\npolicy: {secrets: allow, random: allow, schema: 'off'}\n"
VALUES = """\
controller: {replicas: 1, image: {name: web}}
labels: {app: demo}
free: {}
list: []
metrics: {enabled: false, port: 80, env: {A: b}}
db: {size: 2}
"""
TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: app
  labels: {{- toYaml .Values.labels | nindent 4 }}
data:
  replicas: "{{ .Values.controller.replicas }}{{ .Values.controller.image.name }}"
  free: {{ toYaml .Values.free | quote }}
  {{- if .Values.metrics.enabled }}
  port: "{{ .Values.metrics.port }}{{ .Values.metrics.path }}{{ index .Values "metrics" "host" }}"
  env: {{ toYaml .Values.metrics.env | quote }}
  {{- end }}
  {{- with .Values.db }}
  size: "{{ .size }}"
  {{- end }}
"""
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: demo\nversion: 1.0.0\n",
    "values.yaml": VALUES,
    "templates/a.yaml": TEMPLATE,
}
SUBCHART = {
    "Chart.yaml": """\
apiVersion: v2
name: demo
version: 1.0.0
dependencies:
  - {name: sub, version: 1.0.0, alias: cache, condition: cache.enabled, tags: [caches]}
""",
    "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
    "charts/sub/values.yaml": "size: 1\nglobal: {zone: a}\n",
    "charts/sub/templates/a.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: sub}
data: {size: "{{ .Values.size }}{{ .Values.global.zone }}"}
""",
}
RANDOM = {
    "values.yaml": "conf: {a: 1}\nport: 1\n",
    "templates/a.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: app}
data:
  port: "{{ .Values.port }}"
  conf: |
    {{- range $key, $value := .Values.conf }}
    {{ $key }}={{ $value }}
    {{- end }}
    password={{ randAlphaNum 12 }}
  ca.crt: {{ (genCA "a" 3).Cert | b64enc }}
""",
}
SCHEMA = """\
{"properties": {"controller": {"$ref": "#/$defs/controller"}, "extra": {"type": "string"},
                "rules": {"additionalProperties": {"type": "string"}}},
 "$defs": {"controller": {"properties": {"nested": {"$ref": "#/$defs/controller"}, "zone": {"type": "string"}}}}}
"""


class Counting(Here):
    """Counts what it renders."""

    count = 0

    def render(self, tasks: Sequence[LayerTask], charts: Mapping[str, SpoolEntry]) -> Iterator[tuple[int, LayerResult]]:
        self.count += len(tasks)
        return super().render(tasks, charts)


def profile(source: str, more: str = "") -> str:
    return f"""\
apiVersion: lamella/v1
kind: ClusterProfile
metadata: {{name: p, version: 1.0.0}}
spec:
  type: add-on
  layers:
    - name: app
      {source}
{more}"""


def cluster(name: str = "one", values: str = "{}", more: str = "") -> str:
    return f"""\
---
apiVersion: lamella/v1
kind: Cluster
metadata: {{name: {name}}}
spec:
  kubernetesVersion: 1.33.4
  profiles: [{{name: p, version: 1.0.0}}]
  layers: {{app: {{values: {values}{more}}}}}
"""


def charted(values: str, chart: Mapping[str, str] | None = None, more: str = "") -> dict[str, str]:
    """A repository of a chart, with values in the profile's layer."""
    documents = profile("chart: {name: demo, path: ../charts/demo}", f"      values: {values}\n{more}") + cluster()
    parts = {**CHART, **(chart or {})}
    return {"profiles/p.yaml": documents, **{f"charts/demo/{path}": text for path, text in parts.items()}}


def compiled(files: Mapping[str, str]) -> tuple[tuple[Diagnostic, ...], int]:
    """The problems, and how many tasks were rendered."""
    with Spool() as spool:
        renderer = Counting(spool)
        repository = MemoryFiles({"lamella.yaml": SETTINGS, **files})
        try:
            problems = compile_clusters(repository, Request(), renderer, existing=lambda _: None).warnings
        except CompileError as error:
            problems = error.diagnostics
        return problems, renderer.count


def told(files: Mapping[str, str]) -> list[str]:
    """`severity line: key` of each problem; of another code its message."""
    problems, _ = compiled(files)
    return [
        f"{d.severity} {d.at.line if d.at else 0}: {d.message.split(chr(39))[1] if d.code == 'values-unused' else d.message}"
        for d in sorted(problems, key=Diagnostic.sort_key)
    ]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ("{controler: {replicas: 2}}", "controler"),
        ("{controller: {replica: 2}}", "controller.replica"),
        ("{controller: {image: {tag: a}}}", "controller.image.tag"),
        ("{replicas: 3}", "replicas"),
        ("{metrics: {enable: true}}", "metrics.enable"),  # although what is in a feature that is off does nothing
        ("{metrics: {portt: 90}}", "metrics.portt"),
        ("{db: {sise: 3}}", "db.sise"),
        ("{typo: {}}", "typo"),
        ("{typo: null}", "typo"),
    ],
)
def test_a_value_that_the_chart_does_not_know_is_found(values: str, key: str) -> None:
    assert told(charted(values)) == [f"warning 9: {key}"]


@pytest.mark.parametrize(
    "values",
    [
        "{controller: {replicas: 2}}",
        "{labels: {team: a}}",  # handed on whole: it shows in the output
        "{free: {a: {b: c}}}",
        "{list: [{a: b}]}",
        "{metrics: {port: 81}}",  # declared, in a feature that is off
        "{metrics: {path: /m, host: a}}",  # named by the templates alone, in a feature that is off
        "{metrics: {env: {C: d}}}",  # in a map that is handed on whole, in a feature that is off
        "{x-names: &names {app: a}, labels: *names}",
        "{_anchors: [1]}",
    ],
)
def test_a_value_that_the_chart_knows_or_uses_is_not(values: str) -> None:
    assert told(charted(values)) == []


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ("{cache: {size: 2, enabled: true}, tags: {caches: true}, global: {zone: b}}", []),
        ("{cache: {sise: 2}}", ["cache.sise"]),
        ("{size: 2}", ["size"]),  # the subchart's own, one level too high
        ("{sub: {size: 2}}", ["sub"]),  # its name, where it has an alias
        ("{global: {zon: b}}", ["global.zon"]),
        ("{tags: {cache: true}}", ["tags.cache"]),
    ],
)
def test_values_of_subcharts_are_below_their_aliases(values: str, keys: list[str]) -> None:
    assert told(charted(values, SUBCHART)) == [f"warning 9: {key}" for key in keys]


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ("{extra: a, controller: {zone: b, nested: {nested: {zone: c}}}, rules: {any: thing}}", []),
        ("{controller: {zoned: b}}", ["controller.zoned"]),
        ("{exta: a}", ["exta"]),
    ],
)
def test_what_the_schema_declares_is_known(values: str, keys: list[str]) -> None:
    assert told(charted(values, {"values.schema.json": SCHEMA})) == [f"warning 9: {key}" for key in keys]


def test_of_many_values_the_ones_that_matter_are_told_apart() -> None:
    values = "{labels: {a: a, b: b, c: c}, controler: 1, db: {sise: 2}, other: 3}"
    assert told(charted(values)) == [f"warning 9: {key}" for key in ("controler", "db.sise", "other")]


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ("{prt: 1}", ["prt"]),
        ("{conf: {b: 2}}", []),  # seen only in a text that is random as a whole
        ("{conf: {b: 2}, prt: 1}", ["prt"]),
        ("{port: 2}", []),
    ],
)
def test_random_output_proves_nothing_false(values: str, keys: list[str]) -> None:
    assert told(charted(values, RANDOM)) == [f"warning 9: {key}" for key in keys]


def test_every_level_that_sets_it_is_told() -> None:
    files = charted("{typo: 1}")
    files["profiles/p.yaml"] += cluster("two", "{typo: 2}")
    assert told(files) == ["warning 9: typo", "warning 25: typo"]


def test_a_value_that_another_version_of_the_chart_declares_is_not() -> None:
    files = charted("{typo: 1}")
    layer = profile("chart: {name: demo, path: ../charts/new}", "      valuesFiles: [shared.yaml]\n").replace(
        "p,", "q,"
    )
    old = profile("chart: {name: demo, path: ../charts/demo}", "      valuesFiles: [shared.yaml]\n")
    two = cluster("two").replace("name: p,", "name: q,")
    files |= {"profiles/p.yaml": f"{old}{cluster()}---\n{layer}{two}", "profiles/shared.yaml": "new: 1\ntypo: 2\n"}
    files |= {path.replace("/demo/", "/new/"): text for path, text in files.items() if path.startswith("charts/")}
    files["charts/new/values.yaml"] += "new: 0\n"
    assert told(files) == ["warning 2: typo"]


def test_a_value_that_a_macro_reads_is_not() -> None:
    text = """\
    - name: other
      manifests:
        - name: a
          inline: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: '{{ .spectro.pack.app.mine.a }}'}}"
"""
    assert told(charted("{mine: {a: b}, typo: 1}", more=text)) == ["warning 9: typo"]


def native(values: str, template: str = 'data: {n: "{{ values.replicas }}"}') -> dict[str, str]:
    return {
        "profiles/p.yaml": profile("pack: {name: web, version: 1.0.0}", f"      values: {values}\n") + cluster(),
        "packs/web/pack.yaml": "name: web\nversion: 1.0.0\nlayer: addon\n",
        "packs/web/values.yaml": "replicas: 1\n",
        "packs/web/presets.yaml": "presets: [{name: big, displayName: Big, group: s, add: 'size: 9'}]\n",
        "packs/web/schema.yaml": "{zone: {schema: '{{ format \"${string}\" }}'}}\n",
        "packs/web/templates/a.yaml.j2": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n{template}\n",
    }


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ("{replicas: 2}", []),
        ("{replica: 2}", ["replica"]),
        ("{size: 2, zone: a}", []),  # of a preset, of the schema
        ("{pack: {anything: 1}}", []),  # others judge these
    ],
)
def test_an_unknown_value_of_our_own_packs_is_an_error(values: str, keys: list[str]) -> None:
    assert told(native(values)) == [f"error 9: {key}" for key in keys]


def test_a_template_of_our_own_may_ask_whether_a_value_is_there() -> None:
    template = "data: {n: '{% if values.extra is defined and false %}{{ values.extra }}{% endif %}'}"
    assert told(native("{extra: 2}", template)) == []


@pytest.mark.parametrize(
    ("policy", "severities"), [("off", []), ("warn", ["warning"]), ("error", ["error"]), ("", ["error"])]
)
def test_the_policy_decides(policy: str, severities: list[str]) -> None:
    files = native("{replica: 2}")
    files["lamella.yaml"] = SETTINGS.replace("policy: {", f"policy: {{values: '{policy}', " if policy else "policy: {")
    assert [d.severity for d in compiled(files)[0]] == severities


def test_values_of_a_packs_manifests_are_looked_at() -> None:
    files: dict[str, Any] = {
        "profiles/p.yaml": profile(
            "pack: {name: web, version: 1.0.0}", "      values: {manifests: {cm: {a: 2, b: 3}}}\n"
        )
        + cluster(),
        "packs/web/pack.json": '{"name": "web", "version": "1.0.0", "layer": "addon", "displayName": "W",'
        ' "cloudTypes": ["all"], "kubeManifests": ["manifests/cm.yaml"]}',
        "packs/web/values.yaml": "pack: {namespace: web}\nmanifests: {cm: {a: 1}}\n",
        "packs/web/manifests/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '{{ .Values.a }}'}",
    }
    assert told(files) == ["warning 9: manifests.cm.b"]


def test_without_undeclared_values_nothing_is_rendered_again() -> None:
    assert compiled(charted("{controller: {replicas: 2}}"))[1] == 1


def test_clusters_that_differ_in_names_share_one_proof() -> None:
    files = charted("{typo: 1}")
    files["profiles/p.yaml"] += "".join(
        cluster(f"c{n}", f"{{controller: {{image: {{name: c{n}}}}}}}") for n in range(5)
    )
    assert compiled(files)[1] == 6 + 2  # one for the clusters with a name of their own, one for the other
