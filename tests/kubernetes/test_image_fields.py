"""Image fields of custom resources: the table of well-known operators against their own CRDs, and how more are declared."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler import yamldoc
from compiler.diagnostics import CompileError
from compiler.kubernetes import is_builtin_group
from compiler.kubernetes.imagefields import ImageField, all_known, known, parse_field
from compiler.kubernetes.images import images, places, rewritten

NEWER = {("spec", "java", "extensions", None, "image")}  # fields that came after the versions of the corpus


def test_the_table_is_of_custom_kinds_and_each_field_is_there_once() -> None:
    fields = list(all_known())
    assert len(fields) > 200
    assert len(set(fields)) == len(fields)
    assert not [field for field in fields if is_builtin_group(field.group)]


def test_the_fields_are_those_of_the_operators_own_definitions(corpus: Path) -> None:
    """Of a kind whose CRD is in the corpus each field is a string in the schema of some version."""
    schemas: dict[tuple[str, str], list[Any]] = {}
    for group, kind, versions in definitions(corpus):
        if known(group, kind):
            schemas.setdefault((group, kind), []).extend(versions)
    assert len(schemas) >= 15
    for (group, kind), versions in schemas.items():
        for pattern in (pattern for field in known(group, kind) for pattern in (field.name, field.tag) if pattern):
            if pattern not in NEWER:
                assert {type_at(schema, pattern) for schema in versions} - {""} == {"string"}, (group, kind, pattern)


def definitions(corpus: Path) -> Iterator[tuple[str, str, list[Any]]]:
    """(group, kind, schemas) of every CRD in the corpus's charts that has a schema, without what is a template in it."""
    for archive in sorted(corpus.rglob("*.tgz")):
        with tarfile.open(archive) as members:
            for member in members:
                if member.isfile() and re.search(r"(?i)crd.*\.ya?ml$", member.name):
                    text = members.extractfile(member).read().decode()  # type: ignore[union-attr]
                    yield from schemas_in(re.sub(r"\{\{.*?\}\}", "x", re.sub(r"(?m)^\s*\{\{.*\}\}\s*$", "", text)))


def schemas_in(text: str) -> Iterator[tuple[str, str, list[Any]]]:
    for part in re.split(r"(?m)^---.*$", text):
        if "kind: CustomResourceDefinition" not in part:
            continue
        try:
            spec = yamldoc.load_rendered(part, "crd").value["spec"]
        except CompileError:
            continue
        schemas = [v.get("schema", {}).get("openAPIV3Schema", {}) for v in spec.get("versions", ())]
        if any(schema.get("properties", {}).get("spec", {}).get("properties") for schema in schemas):
            yield spec["group"], spec["names"]["kind"], schemas


def type_at(schema: Mapping[str, Any], pattern: tuple[str | int | None, ...]) -> str:
    for step in pattern:
        if step is None:
            schema = schema.get("items") or schema.get("additionalProperties") or {}
        else:
            schema = schema.get("properties", {}).get(step, {})
    return str(schema.get("type", ""))


SEEN = {
    "Prometheus": (
        {"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus"},
        {"image": "p:1", "thanos": {"image": "t:1"}, "containers": [{"name": "x", "image": "c:1"}]},
        ("c:1", "p:1", "t:1"),
    ),
    "a list": (
        {"apiVersion": "postgresql.cnpg.io/v1", "kind": "ImageCatalog"},
        {"images": [{"major": 16, "image": "pg:16"}, {"major": 17, "image": "pg:17"}]},
        ("pg:16", "pg:17"),
    ),
    "a mapping": (
        {"apiVersion": "tempo.grafana.com/v1alpha1", "kind": "TempoStack"},
        {"images": {"tempo": "tempo:2", "tempoQuery": "query:2"}},
        ("query:2", "tempo:2"),
    ),
    "name and tag": (
        {"apiVersion": "operator.victoriametrics.com/v1beta1", "kind": "VMAgent"},
        {"image": {"repository": "vm/agent", "tag": "v1"}, "configReloaderImageTag": "r:1"},
        ("r:1", "vm/agent:v1"),
    ),
    "a name without its tag": (
        {"apiVersion": "operator.victoriametrics.com/v1beta1", "kind": "VMSingle"},
        {"image": {"repository": "vm/single"}},
        ("vm/single",),
    ),
    "another group": ({"apiVersion": "example.com/v1", "kind": "Prometheus"}, {"image": "p:1"}, ()),
    "no string": ({"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus"}, {"image": {"a": "b"}}, ()),
}


@pytest.mark.parametrize(("head", "spec", "expected"), SEEN.values(), ids=SEEN)
def test_seen_and_rewritten(head: dict[str, Any], spec: dict[str, Any], expected: tuple[str, ...]) -> None:
    body = {**head, "metadata": {"name": "x"}, "spec": spec}
    assert images(body) == expected
    assert images(rewritten(body, lambda image: f"m/{image}")) == tuple(f"m/{image}" for image in expected)


def test_a_new_tag_goes_to_the_field_of_the_tag() -> None:
    body = {
        "apiVersion": "operator.victoriametrics.com/v1beta1",
        "kind": "VMAgent",
        "spec": {"image": {"repository": "a:5000/b"}},
    }
    after = rewritten(body, lambda image: f"{image}:v2")
    assert after["spec"] == {"image": {"repository": "a:5000/b", "tag": "v2"}}
    digest = "sha256:" + "0" * 64
    assert images(rewritten(after, lambda _: f"b@{digest}")) == (f"b@{digest}",)


def test_declared_fields_are_seen_too_and_none_twice() -> None:
    body = {"apiVersion": "example.com/v1", "kind": "App", "spec": {"main": "a:1", "containers": [{"image": "c:1"}]}}
    declared = [parse_field("example.com", "App", path) for path in ("spec.main", "spec.containers[*].image")]
    assert list(places(body, declared)) == [(("spec", "containers", 0, "image"), "c:1"), (("spec", "main"), "a:1")]
    assert images({**body, "kind": "Other"}, declared) == ("c:1",)


@pytest.mark.parametrize(
    "written",
    ["", "metadata.name", "a..b", "[*].image", 5, {"name": "spec.a"}, {"name": "spec.a", "tag": "other.b"},
     {"name": "spec.a", "tag": "spec.a"}, {"name": "spec.a", "tag": "spec.b", "digest": "spec.c"}],
)  # fmt: skip
def test_no_field(written: Any) -> None:
    with pytest.raises(ValueError, match=r"path|one mapping"):
        parse_field("example.com", "App", written)


def test_a_field() -> None:
    assert parse_field("g", "K", 'spec.pools[*]["a.b"]') == ImageField("g", "K", ("spec", "pools", None, "a.b"))
    assert parse_field("g", "K", {"name": "a.n", "tag": "a.t"}) == ImageField("g", "K", ("a", "n"), ("a", "t"))
