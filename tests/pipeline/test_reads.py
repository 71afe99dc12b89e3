"""What a cluster and a layer were read from is all that they depend on: whatever is changed in a repository, a cluster
whose plan or problems changed has it in its record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from compiler.app.pipeline import Request, select
from compiler.diagnostics import CompileError
from compiler.files.mapping import MappingFiles
from compiler.files.record import NOTHING, Once, Reads, Recorder, Seen
from compiler.load.repository import load
from compiler.ports import Entry, Files
from compiler.resolve.plan import plan
from tests.golden.test_renders import CASES
from tests.support import oracles
from tests.support.evaluation import render_gotemplates

EXAMPLE = oracles.ROOT
NEW = "zz-new.yaml"


def tree_of(root: Path, *parts: str) -> dict[str, bytes]:
    places = [root / part for part in parts] if parts else [root]
    found = [path for place in places for path in (sorted(place.rglob("*")) if place.is_dir() else [place])]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found if path.is_file()}


@dataclass(frozen=True)
class Planned:
    """What came of a tree: for each cluster, and each of its layers, all that is known of it as text, and its record."""

    clusters: Mapping[str, str]
    layers: Mapping[tuple[str, str], str]
    cluster_reads: Mapping[str, Reads]
    layer_reads: Mapping[tuple[str, str], Reads]
    index: Reads
    loaded: bool


def planned(files: Mapping[str, bytes]) -> Planned:
    recorder = Recorder(MappingFiles(files))
    try:
        source, _ = load(recorder)
    except CompileError as error:
        return Planned({}, {"": str(error.diagnostics)}, {}, {}, NOTHING, False)  # type: ignore[dict-item]
    clusters, layers, cluster_reads, layer_reads = {}, {}, {}, {}
    for cluster in select(source, Request()):
        made, problems = plan(source, recorder, [cluster], render_gotemplates)
        clusters[cluster.name] = str(problems.diagnostics)
        for one in made.clusters:
            cluster_reads[one.name] = one.reads
            clusters[one.name] += f"{one.written} {one.kubernetes_version} {source.settings}"
            for layer in one.layers:
                layers[one.name, layer.name] = f"{replace(layer, reads=NOTHING)}"
                layer_reads[one.name, layer.name] = layer.reads
                clusters[one.name] += layers[one.name, layer.name]
    return Planned(clusters, layers, cluster_reads, layer_reads, source.index, True)


def holds(reads: Reads, files: Files) -> bool:
    """Whether everything that was seen is still so."""
    for path, seen in reads.by_path().items():
        entry = files.entry(path) or Entry("other", "nothing")
        kind = "nothing" if entry.target == "nothing" else entry.kind
        if kind != seen.kind or (seen.kind == "link" and entry.target != seen.target):
            return False
        if seen.names is not None and files.names(path) != seen.names:
            return False
        if seen.sha256 and hashlib.sha256(files.read(path)).hexdigest() != seen.sha256:
            return False
    return True


def changes(files: Mapping[str, bytes]) -> Iterator[tuple[str, dict[str, bytes]]]:
    """The tree with one change: each file with a comment, with another value, gone, and once more under another name."""
    for path, content in files.items():
        others = {name: text for name, text in files.items() if name != path}
        yield f"{path} + comment", {**files, path: content + b"\n# comment\n"}
        for old, new in ((b"a", b"e"), (b"1", b"2"), (b"true", b"false")):
            where = content.rfind(old)
            if where >= 0:
                yield f"{path}: {old!r}", {**files, path: content[:where] + new + content[where + len(old) :]}
        yield f"{path} gone", others
        folder = path.rpartition("/")[0]
        yield f"{path} twice", {**files, f"{folder}/{NEW}" if folder else NEW: content}
        yield f"{folder} + presets", {**files, f"{folder}/presets.yaml": b"presets: []\n"}


def check(files: Mapping[str, bytes], mutations: Iterator[tuple[str, dict[str, bytes]]]) -> int:
    """How many changes changed a cluster; each is checked."""
    before = planned(files)
    assert before.loaded
    seen = 0
    for what, changed in mutations:
        after, now = planned(changed), MappingFiles(changed)
        index_holds = holds(before.index, now)
        for name, text in before.clusters.items():
            if after.clusters.get(name) != text:
                seen += 1
                assert not (index_holds and holds(before.cluster_reads[name], now)), f"{name}: {what}"
        for key, text in before.layers.items():
            if key[0] in after.cluster_reads and after.layers.get(key) != text:
                assert not (index_holds and holds(before.layer_reads[key], now)), f"{key}: {what}"
    return seen


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_whatever_changes_a_cluster_is_in_its_record(case: Path) -> None:
    files = tree_of(case / "input")
    assert check(files, changes(files)) > 0


def test_a_file_that_concerns_no_other_cluster_is_in_no_record_of_it() -> None:
    cluster = "apiVersion: lamella/v1\nkind: Cluster\nmetadata: {{name: {0}}}\n" + (
        "spec: {{kubernetesVersion: 1.33.4, profiles: [{{name: {0}, version: 1.0.0}}]}}\n"
    )
    profile = "apiVersion: lamella/v1\nkind: ClusterProfile\nmetadata: {{name: {0}, version: 1.0.0}}\n" + (
        "spec: {{type: add-on, layers: [{{name: x, manifests: [{{file: ../manifests/{0}.yaml}}]}}]}}\n"
    )
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {0}}}\n"
    kinds = {"profiles/cluster-": cluster, "profiles/": profile, "manifests/": manifest}
    files = {f"{start}{n}.yaml": text.format(n).encode() for start, text in kinds.items() for n in ("a", "b")}
    reads = planned(files).cluster_reads["a"].by_path()
    assert {path for path, seen in reads.items() if seen.sha256} == {
        "manifests/a.yaml",
        "profiles/a.yaml",
        "profiles/cluster-a.yaml",
    }
    assert reads["lamella.yaml"] == Seen("nothing")


class Links:
    """A file, and a link to it."""

    def entry(self, path: str) -> Entry | None:
        return {"a": Entry("link", "b"), "b": Entry("file"), "": Entry("directory")}.get(path)

    def names(self, path: str) -> tuple[str, ...]:
        return ("a", "b")

    def read(self, path: str) -> bytes:
        return b"text"


def test_a_record_has_what_was_there_and_what_was_not() -> None:
    recorder = Recorder(Links())
    for ask in (recorder.entry, recorder.read, recorder.entry):
        ask("b")
    recorder.entry("a")
    recorder.entry("gone")
    recorder.entry("")
    recorder.names("")
    text = hashlib.sha256(b"text").hexdigest()
    assert recorder.reads.plain() == {"": ["a", "b"], "a": "-> b", "b": text, "gone": None}


def test_a_record_does_not_depend_on_how_it_was_put_together() -> None:
    recorder = Recorder(Links())
    with recorder.scope() as first:
        recorder.entry("b")
    with recorder.scope() as second:
        recorder.read("b")
        recorder.entry("a")
    with recorder.scope() as both:
        recorder.include(second.reads)
        recorder.include(first.reads)
    merged = Reads.all_of([first.reads, second.reads])
    assert merged.plain() == both.reads.plain() == recorder.reads.plain()
    assert merged.digest() == both.reads.digest() != first.reads.digest()


def test_what_is_made_once_counts_for_everybody_also_where_it_failed() -> None:
    recorder = Recorder(Links())
    once: Once[bytes] = Once(recorder)
    made = []

    def make() -> bytes:
        made.append(1)
        recorder.read("b")
        raise CompileError([])

    records = []
    for _ in range(2):
        with recorder.scope() as scope, pytest.raises(CompileError):
            once.get("b", make)
        records.append(scope.reads.plain())
    assert records == [{"b": hashlib.sha256(b"text").hexdigest()}] * 2
    assert made == [1]


def test_the_example_repository() -> None:
    """One file of each pack and each ending: its charts are large."""
    written = tree_of(EXAMPLE, "lamella.yaml", "lamella.lock", "profiles", "packs")
    # A render finds what is locked below lamella.lock/.
    files = {path.replace("packs/vendor/", "lamella.lock/"): content for path, content in written.items()}
    kinds: dict[tuple[str, ...], str] = {}
    for path in files:
        kinds[(*path.split("/")[:2], path.rpartition(".")[2])] = path
    some = list(kinds.values())[::3]
    comments = ((f"{path} + comment", {**files, path: files[path] + b"\n# comment\n"}) for path in some)
    gone = ((f"{path} gone", {k: v for k, v in files.items() if k != path}) for path in some)
    assert check(files, (pair for both in (comments, gone) for pair in both)) > 0
