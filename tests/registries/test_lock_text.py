"""lamella.lock as text: what goes in comes out, in no order but its own; and what git and a hurried editor make of it."""

from __future__ import annotations

import bisect
import hashlib
import random
import subprocess
import tempfile
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.app.locking import relock
from compiler.diagnostics import CompileError, Problems
from compiler.files.mapping import MappingFiles
from compiler.load.lock import read_lock
from compiler.load.repository import load
from compiler.lock.text import text_of
from compiler.model.lock import LOCK_PATH, Lock, Locked
from compiler.model.rendering import Renderer
from compiler.resolve.registries import requests
from tests.support.memory import ChartSources, Kept


def chart(name: str, version: str) -> dict[str, bytes]:
    return {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n".encode()}


CHARTS = ChartSources(chart(name, version) for name in ("api", "web", "zoo") for version in ("1.0.0", "1.2.0", "2.0.0"))
SETTINGS = (
    "apiVersion: lamella/v1\nkind: Settings\nregistries:\n"
    "- {name: one, kind: helm, url: 'https://one.example.com'}\n- {name: two, kind: helm, url: 'oci://two.example.com/x'}\n"
)


def no_images() -> AbstractContextManager[Renderer]:
    raise AssertionError("no image is pinned here")


def locked(files: dict[str, str]) -> str:
    tree = MappingFiles({path: text.encode() for path, text in files.items()})
    return relock(tree, CHARTS, Kept(), no_images).text


# --- order ------------------------------------------------------------------------------------------------------------


ASKED = (("api", "^1", "one"), ("web", "1.0.0", "one"), ("web", "1.x", "two"), ("zoo", "*", "two"))


def layers(profile: str) -> list[str]:
    return [chart_layer(profile, *each) for each in ASKED]


def chart_layer(profile: str, name: str, version: str, registry: str) -> str:
    return (
        f"{{name: {profile}-{name}-{registry}, type: addon, namespace: a,"
        f" chart: {{name: {name}, version: '{version}', registry: {registry}}}}}"
    )


def document(profile: str, listed: list[str]) -> str:
    items = "".join(f"  - {layer}\n" for layer in listed)
    return (
        f"apiVersion: lamella/v1\nkind: ClusterProfile\nmetadata: {{name: {profile}, version: 1.0.0}}\n"
        f"spec:\n  type: add-on\n  cloud: all\n  layers:\n{items}"
    )


def cluster(number: int, version: str) -> str:
    return (
        f"apiVersion: lamella/v1\nkind: Cluster\nmetadata: {{name: c{number}}}\nspec:\n  kubernetesVersion: 1.33.4\n"
        f"  profiles: [{{name: one, version: 1.0.0}}]\n  layers: {{one-api-one: {{version: {version}}}}}\n"
    )


UNSHUFFLED = locked(
    {
        "lamella.yaml": SETTINGS,
        "profiles/a.yaml": "---\n".join(
            [*(document(name, layers(name)) for name in ("one", "two")), *(cluster(n, "1.0.0") for n in range(4))]
        ),
    }
)


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_layers_documents_and_files_does_not_show(random: random.Random) -> None:
    def shuffled(items: list[str]) -> list[str]:
        return random.sample(items, len(items))

    documents = [document(name, shuffled(layers(name))) for name in ("one", "two")]
    documents = shuffled([*documents, *(cluster(n, "1.0.0") for n in range(4))])
    files: dict[str, list[str]] = {}
    for each in documents:
        files.setdefault(f"profiles/{random.choice('abc')}/{random.choice('xyz')}.yaml", []).append(each)
    written = {path: "---\n".join(texts) for path, texts in files.items()}
    assert locked({"lamella.yaml": SETTINGS, **written}) == UNSHUFFLED


def test_who_asks_is_listed_once_and_sorted() -> None:
    entries = read(UNSHUFFLED).entries
    assert [(entry.source, entry.name, entry.version, entry.requested) for entry in entries] == [
        ("https://one.example.com", "api", "1.0.0", ("1.0.0",)),
        ("https://one.example.com", "api", "1.2.0", ("^1",)),
        ("https://one.example.com", "web", "1.0.0", ("1.0.0",)),
        ("oci://two.example.com/x", "web", "1.2.0", ("1.x",)),
        ("oci://two.example.com/x", "zoo", "2.0.0", ("*",)),
    ]
    assert entries[0].asked_by == tuple(f"cluster c{n}, layer one-api-one" for n in range(4))
    assert entries[1].asked_by == ("profile one 1.0.0, layer one-api-one", "profile two 1.0.0, layer two-api-one")


def read(text: str) -> Lock:
    problems = Problems()
    lock = read_lock(MappingFiles({LOCK_PATH: text.encode()}), problems)
    assert not problems.diagnostics, problems.diagnostics
    return lock


# --- there and back ---------------------------------------------------------------------------------------------------

DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20)
WORD_LISTS = st.lists(WORDS, max_size=3, unique=True).map(sorted).map(tuple)
ENTRIES = st.builds(
    Locked,
    kind=st.sampled_from(["chart", "pack"]),
    name=st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,9}\Z"),
    version=st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._+-]{0,9}\Z"),
    source=st.sampled_from(["oci://a.example.com/b", "https://c.example.com", "oci://127.0.0.1:5000/d e"]),
    archive=DIGESTS,
    content=DIGESTS,
    requested=WORD_LISTS,
    asked_by=WORD_LISTS,
    revision=st.just("") | DIGESTS | WORDS,
)
LOCKS = st.lists(
    ENTRIES, max_size=5, unique_by=lambda entry: (entry.kind, entry.source, entry.name)
).map(Lock.of)  # fmt: skip


DAMAGED_VALUES = [b": [", b": {", b": !!binary ", b": 1.2e3\n", b": &a *a "]
STRAY_LINES = [b"<<<<<<< HEAD\n", b"\x00\n", b"\xff\xfe", b"- 1\n", b"charts: null\n", b"\t\n"]


@settings(max_examples=50, deadline=None)
@given(LOCKS)
def test_what_is_written_is_read(lock: Lock) -> None:
    assert read(text_of(lock)) == lock


@settings(max_examples=80, deadline=None)
@given(LOCKS, st.randoms(use_true_random=False))
def test_a_damaged_lock_is_a_problem_or_a_lock_and_never_a_crash(lock: Lock, random: random.Random) -> None:
    lines = text_of(lock).encode().splitlines(keepends=True)
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(lines))
        match random.randrange(6):
            case 0:
                del lines[at:]
            case 1:
                lines.insert(at, random.choice(lines))
            case 2:
                lines[at] = lines[at][: random.randrange(len(lines[at]) + 1)]
            case 3:
                lines[at] = lines[at].replace(
                    b": ", random.choice([b": [", b": {", b": !!binary ", b": 1.2e3\n", b": &a *a "])
                )
            case 4:
                lines.insert(
                    at, random.choice([b"<<<<<<< HEAD\n", b"\x00\n", b"\xff\xfe", b"- 1\n", b"charts: null\n", b"\t\n"])
                )
            case _:
                where = random.randrange(len(lines[at])) if lines[at] else 0
                lines[at] = lines[at][:where] + bytes([random.randrange(256)]) + lines[at][where + 1 :]
        lines = lines or [b""]
    problems = Problems()
    read_lock(MappingFiles({LOCK_PATH: b"".join(lines)}), problems)
    assert {problem.at.path for problem in problems.diagnostics if problem.at} <= {LOCK_PATH}


# --- git --------------------------------------------------------------------------------------------------------------


def entry(name: str, **more: str) -> Locked:
    version, requested = more.get("version", "1.0.0"), more.get("requested", "^1")
    digest = hashlib.sha256(f"{name} {version}".encode()).hexdigest()
    return Locked(
        "chart",
        name,
        version,
        "https://c.example.com",
        digest,
        digest,
        (requested,),
        (f"profile p 1.0.0, layer {name}",),
    )


def merged(ours: Lock, base: Lock, theirs: Lock, directory: Path) -> str | None:
    """What git makes of it; None where it finds a conflict."""
    paths = [directory / side for side in ("ours", "base", "theirs")]
    for path, lock in zip(paths, (ours, base, theirs), strict=True):
        path.write_text(text_of(lock))
    done = subprocess.run(["git", "merge-file", "-p", *paths], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


CHART_NAMES = st.text("abcdefgh", min_size=2, max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(CHART_NAMES, min_size=5, max_size=12, unique=True), st.data())
def test_two_additions_merge_unless_they_are_neighbours(names: list[str], data: st.DataObject) -> None:
    """Git cannot order two additions at one place: that is the only conflict, and `lamella lock` settles it."""
    one, two, *base = names
    ours, ancestor, theirs = (Lock.of(map(entry, [*base, *added])) for added in ([one], [], [two]))
    neighbours = bisect.bisect(sorted(base), one) == bisect.bisect(sorted(base), two)
    with tempfile.TemporaryDirectory() as directory:
        text = merged(ours, ancestor, theirs, Path(directory))
    assert text == (None if neighbours else text_of(Lock.of(map(entry, names))))


@pytest.mark.parametrize("change", ["upgrade", "removal", "addition"])
def test_a_change_merges_with_changes_of_other_entries(tmp_path: Path, change: str) -> None:
    names = list("bdfhjl")
    base = [entry(name) for name in names]
    ours = {
        "upgrade": [entry(name, version="1.1.0") if name == "f" else entry(name) for name in names],
        "removal": [each for each in base if each.name != "f"],
        "addition": [*base, entry("e")],
    }[change]
    for other in "bdhjl":
        theirs = [entry(name, version="1.2.0") if name == other else entry(name) for name in names]
        both = Lock.of(
            entry(each.name, version="1.2.0") if each.name == other else each for each in ours
        )  # fmt: skip
        text = merged(Lock.of(ours), Lock.of(base), Lock.of(theirs), tmp_path)
        assert text == text_of(both), other


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lock_takes_both_sides_of_a_conflict(tmp_path: Path, style: str, newline: str) -> None:
    """Two neighbours are added, and a range is upgraded further on one side than on the other."""

    def lock(version: str, *added: str) -> str:
        listed = [entry("api", version=version), *(entry(name, version="1.2.0") for name in added)]
        return text_of(Lock.of(replace(each, source="https://one.example.com") for each in listed))

    for side, text in (("ours", lock("1.0.0", "web")), ("base", lock("1.0.0")), ("theirs", lock("1.2.0", "zoo"))):
        (tmp_path / side).write_text(text)
    flags = [] if style == "merge" else [f"--{style}"]
    paths = [tmp_path / side for side in ("ours", "base", "theirs")]
    conflict = subprocess.run(["git", "merge-file", "-p", *flags, *paths], capture_output=True, text=True, check=False)
    assert conflict.returncode > 0
    asked = [("api", "^1", "one"), ("web", "^1", "one"), ("zoo", "^1", "one")]
    profile = document("one", [chart_layer("one", *each) for each in asked])
    lock_text = conflict.stdout.replace("\n", newline)
    settled = locked({"lamella.yaml": SETTINGS, "profiles/a.yaml": profile, LOCK_PATH: lock_text})
    assert [(each.name, each.version, each.content) for each in read(settled).entries] == [
        (name, "1.2.0", entry(name, version="1.2.0").content) for name in ("api", "web", "zoo")
    ]


def test_sides_that_differ_in_content_are_left_to_people() -> None:
    base = text_of(Lock.of([entry("api")]))
    line = next(line for line in base.splitlines(keepends=True) if line.startswith("  content:"))
    other = f"  content: sha256:{'f' * 64}\n"
    conflict = base.replace(line, f"<<<<<<< HEAD\n{line}=======\n{other}>>>>>>> topic\n")
    with pytest.raises(CompileError) as error:
        locked({"lamella.yaml": SETTINGS, "profiles/a.yaml": document("one", layers("one")), LOCK_PATH: conflict})
    assert [problem.code for problem in error.value.diagnostics] == ["conflict-marker"]


# --- size -------------------------------------------------------------------------------------------------------------


def test_requests_of_many_clusters_are_found_in_a_moment() -> None:
    files = {"lamella.yaml": SETTINGS, "profiles/one.yaml": document("one", layers("one"))}
    files |= {f"profiles/c/{n}.yaml": cluster(n, f"1.{n % 3}.0") for n in range(150)}
    source, _ = load(MappingFiles({path: text.encode() for path, text in files.items()}))
    started = time.perf_counter()
    asked = requests(source, source.clusters.values(), Problems())
    assert time.perf_counter() - started < 1  # measured: see `lock` of tests/bench
    assert len(asked) == 4 + 150
    assert len({request.key for request in asked}) == 4 + 3
