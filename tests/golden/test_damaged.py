"""Damaged input is told, whatever the damage: golden repositories with values replaced, keys lost, bytes overwritten.

The damage is drawn from fixed seeds, so that a failure is there again in the next run. Thousands of seeds have been
tried; a few stay here.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compiler import yamldoc
from compiler.cli import run
from compiler.diagnostics import CompileError
from tests.golden.test_renders import CASES

SEEDS, BATCHES = 160, 4
ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**30, "", "x", "no", "{{ .spectro.var.x }}", "{{", "a: b", "../x", "/etc/passwd",
    "\u202e", "a\nb", "**", "~", "x" * 300, "1.2.3", ">=1", [], {}, [None], [[]], [{}], {"a": None}, {"": ""},
    {"x": {"y": [1, {"z": None}]}}, {"name": ["x"]},
]  # fmt: skip
BYTES = [b"{{", b"}}", b"\n", b": ", b"\t", b'"', b"\x00", b"\xff", b"{% ", b"- ", b"&a ", b"*a", b"!!x ", b"|", b"#"]
COMMANDS = [["check"], ["check"], ["render"], ["show"], ["list", "profiles"], ["diff"]]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of everything inside of the value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def with_damage(value: Any, rng: random.Random) -> Any:
    """The value with one thing in it replaced, lost or renamed."""
    value = json.loads(json.dumps(value))
    found = list(places(value))
    if not found:
        return rng.choice(ODD)
    *path, last = rng.choice(found)
    around = value
    for key in path:
        around = around[key]
    kind = rng.random()
    if kind < 0.6:
        around[last] = rng.choice(ODD)
    elif kind < 0.8 or isinstance(around, list):
        del around[last]
    else:
        around[rng.choice(["x", "", f"{last}x", "null"])] = around.pop(last)
    return value


def overwritten(content: bytes, rng: random.Random) -> bytes:
    """The content with a few bytes lost, added or changed."""
    for _ in range(rng.choice([1, 2, 5])):
        at = rng.randrange(len(content) + 1)
        lost, added = rng.choice([(0, rng.choice(BYTES)), (rng.choice([1, 3, 20]), b""), (1, rng.randbytes(1))])
        content = content[:at] + added + content[at + lost :]
    return content


def damage(path: Path, rng: random.Random) -> None:
    is_template = path.suffix in (".j2", ".tpl") or "templates" in path.parts
    try:
        documents = [] if is_template or rng.random() < 0.2 else yamldoc.load(path.read_bytes(), path.name)
    except CompileError:
        documents = []
    if not documents:
        path.write_bytes(overwritten(path.read_bytes(), rng))
        return
    values = [document.value for document in documents]
    chosen = rng.randrange(len(values))
    values[chosen] = with_damage(values[chosen], rng)
    path.write_text("\n---\n".join(map(json.dumps, values)))


@pytest.mark.parametrize("batch", range(BATCHES))
def test_damaged_input_is_told(batch: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for seed in range(batch, SEEDS, BATCHES):
        rng = random.Random(seed)
        place = tmp_path / str(seed)
        shutil.copytree(rng.choice(CASES) / "input", place)
        candidates = [p for p in sorted(place.rglob("*")) if p.suffix in (".yaml", ".json", ".j2", ".tpl")]
        for path in rng.choices(candidates, k=rng.choice([1, 1, 2, 3])):
            damage(path, rng)
        status = run([*rng.choice(COMMANDS), "--repo", str(place)])
        said[seed] = (status, capsys.readouterr().err)
    assert len(said) == SEEDS // BATCHES
    bugs = ("internal", "render-crashed", "Traceback")
    assert {seed: found for seed, found in said.items() if found[0] > 3 or any(bug in found[1] for bug in bugs)} == {}
    assert {status for status, _ in said.values()} >= {0, 1}, "damage that is always fatal, or never, tests little"
