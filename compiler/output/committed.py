"""What the output directory holds now, by its inventories: which files are ours, and the objects in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import Any

from compiler import jsontext, yamldoc
from compiler.codes import Code
from compiler.diagnostics import CompileError, Position, fail
from compiler.kubernetes import ObjectId
from compiler.model import LayerSource, layout
from compiler.model.tree import TreeFile
from compiler.output import inventory
from compiler.output.removals import objects_by_cluster
from compiler.ports import Files

_WAVE_IN_PATH = re.compile(rb'"wave": [0-9]+, "path": "[^/"]+/[^/"]+/[0-9]{2,}-')
"""In every inventory of 0.1 that has layers, and in others only where a layer's name begins like that: a quick look."""


def clusters(output: Files | None) -> tuple[str, ...]:
    """The clusters that have an inventory, sorted."""
    if output is None or not _is_directory(output, layout.CLUSTERS):
        return ()
    return tuple(name for name in output.names(layout.CLUSTERS) if _text(output, layout.inventory(name)) is not None)


def owned(output: Files | None, names: Iterable[str], *, root: str, force: bool = False) -> dict[str, str]:
    """{path: sha256} of what the last run wrote for these clusters and the root, the inventories themselves included.

    Raises `inventory-broken` for an inventory that cannot be read (a merge conflict, for example), unless `force`: then
    everything in that cluster's folders counts as ours. `root` is the output's own name, for messages.
    """
    digests: dict[str, str] = {}
    if output is None:
        return digests
    for path, places in [
        (layout.inventory(), layout.SHARED),
        *((layout.inventory(n), layout.places(n)) for n in names),
    ]:
        text = _text(output, path)
        if text is None:
            continue
        digests[path] = _sha256(text)
        try:
            digests.update({name: entry.sha256 for name, entry in inventory.entries(text).items()})
        except ValueError as error:
            if not force:
                raise fail(
                    Code.INVENTORY_BROKEN,
                    f"not a valid inventory: {error}",
                    Position(f"{root}/{path}", 1),
                    hint="restore it from git, or render with --force: all files in the cluster's folders are replaced",
                ) from None
            digests.update({name: _sha256(output.read(name)) for place in places for name in _files(output, place)})
    return digests


def objects(output: Files | None, cluster: str) -> Callable[[str, ObjectId], Any]:
    """A function from a tree of the output (`layout.tree_of`) and an object in it to its committed body, or None."""

    @cache
    def paths() -> dict[tuple[str, ObjectId], str]:
        text = None if output is None else _text(output, layout.inventory(cluster))
        if text is None:
            return {}
        try:
            listed = inventory.entries(text)
        except ValueError:
            return {}
        return {(layout.tree_of(path), entry.object): path for path, entry in listed.items() if entry.object}

    def find(tree: str, wanted: ObjectId) -> Any:
        path = paths().get((tree, wanted))
        content = None if path is None or output is None else _text(output, path)
        if content is None or path is None:
            return None
        try:
            return yamldoc.load_rendered(content.decode(), path).value
        except (CompileError, UnicodeDecodeError):
            return None

    return find


def object_ids(output: Files | None, names: Iterable[str]) -> dict[str, set[tuple[str, ObjectId]]]:
    """What the inventories say that these clusters run: see `removals.objects_by_cluster`. Those that cannot be read say
    nothing; they are reported where they are needed."""
    files: list[tuple[str, str, ObjectId | None]] = []
    for name in names:
        text = None if output is None else _text(output, layout.inventory(name))
        with suppress(ValueError):
            listed = inventory.entries(text) if text is not None else {}
            files += [(name, path, entry.object) for path, entry in listed.items()]
    return objects_by_cluster(files)


def layer_sources(output: Files | None, cluster: str) -> dict[str, LayerSource]:
    """What the committed inventory says each layer of the cluster comes from, by layer."""
    text = None if output is None else _text(output, layout.inventory(cluster))
    try:
        layers = jsontext.load(text or b"{}").get("layers", {})
        return {name: LayerSource.read(entry["source"]) for name, entry in layers.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}  # a broken inventory is reported where it is needed: `owned`


def moved_since_0_1(output: Files | None, names: Iterable[str]) -> dict[str, str]:
    """{path: where the file is now} of the layers' files of these clusters that Lamella 0.1 wrote last."""
    moved: dict[str, str] = {}
    if output is None:
        return moved
    for cluster in names:
        text = _text(output, layout.inventory(cluster)) or b""
        if not _WAVE_IN_PATH.search(text):
            continue
        with suppress(ValueError, KeyError, TypeError, AttributeError):  # reported where they are needed
            waves = {name: entry["wave"] for name, entry in jsontext.load(text)["layers"].items()}
            for path, entry in inventory.entries(text).items():
                layer = entry.layer
                if layer in waves and (now := layout.moved_since_0_1(path, layer, waves[layer])):
                    moved[path] = now
    return moved


def tree(output: Files | None, names: Iterable[str]) -> Iterator[TreeFile]:
    """Every file that these clusters' inventories and the root's list and that is there, with what it is said to hold."""
    if output is None:
        return
    for cluster, path in [("", layout.inventory()), *((name, layout.inventory(name)) for name in names)]:
        text = _text(output, path)
        if text is None:
            continue
        try:
            entries = inventory.entries(text)
        except ValueError as error:
            raise fail(Code.INVENTORY_BROKEN, f"{path} is not a valid inventory: {error}", Position(path, 1)) from None
        for name, entry in entries.items():
            content = _text(output, name)
            if content is not None:
                read = partial(output.read, name)
                yield TreeFile(name, _sha256(content), read, cluster, entry.layer, entry.object)


def listed(output: Files | None, names: Iterable[str]) -> Iterator[TreeFile]:
    """What the inventories of these clusters list, with the digests that they give: nothing is read, and a file that is
    not there is empty. Inventories that cannot be read list nothing; they are reported where they are needed."""
    if output is None:
        return
    for cluster in names:
        with suppress(ValueError):
            for name, entry in inventory.entries(_text(output, layout.inventory(cluster)) or b"").items():
                yield TreeFile(name, entry.sha256, partial(_content, output, name), cluster, entry.layer, entry.object)


def changed(output: Files | None, inventories: Mapping[str, bytes]) -> list[str]:
    """Those of these clusters whose inventory is another one than here, sorted."""
    return sorted(
        name
        for name, content in inventories.items()
        if output is None or _text(output, layout.inventory(name)) != content
    )


def _content(output: Files, path: str) -> bytes:
    return _text(output, path) or b""


def _text(output: Files, path: str) -> bytes | None:
    entry = output.entry(path)
    return output.read(path) if entry is not None and entry.kind == "file" else None


def _is_directory(output: Files, path: str) -> bool:
    entry = output.entry(path)
    return entry is not None and entry.kind == "directory"


def _files(output: Files, path: str) -> Iterable[str]:
    """The file at the path, or those in the directory there."""
    entry = output.entry(path)
    if entry is not None and entry.kind == "file":
        yield path
    elif entry is not None and entry.kind == "directory":
        for name in output.names(path):
            yield from _files(output, f"{path}/{name}")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
