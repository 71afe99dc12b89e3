"""The files of a pack: those that Palette's own checks require, and those that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from compiler import files as tree
from compiler.codes import Code
from compiler.diagnostics import Position, Problems
from compiler.model import Pack
from compiler.ports import Files
from compiler.yamldoc import Document

_PNG = b"\x89PNG\r\n\x1a\n"


def check_files(pack: Pack, files: Files, problems: Problems) -> None:
    """Records files that are missing, unused or not as Palette's checks want them."""
    present = [path.removeprefix(f"{pack.directory}/") for path in tree.walk(files, pack.directory)]
    if "values.yaml" not in present:
        hint = "add an empty one if the pack has no values"
        problems.error(Code.PACK_VALUES_MISSING, "no file values.yaml", pack.at, hint=hint)
    if not pack.native:
        _check_presentation(pack, files, present, problems)
    for name, there in (("presets.yaml", pack.presets), ("schema.yaml", pack.schema)):
        if name in present and not there:
            problems.warning(Code.PACK_FILE_EMPTY, f"{name} is empty", Position(f"{pack.directory}/{name}"))
    named = {str(PurePosixPath(path)) for path in (*pack.charts, *pack.manifests)}
    for path in present:
        if path not in named and _is_input(path):
            key = "charts" if path.startswith("charts/") else "kubeManifests"
            message = f"{key} does not list {path}, so it is not rendered"
            problems.warning(Code.PACK_FILE_UNUSED, message, Position(f"{pack.directory}/{path}"))
    check_indentation(pack.values.document, problems)


def _check_presentation(pack: Pack, files: Files, present: Sequence[str], problems: Problems) -> None:
    """What Palette shows of a pack, and its CI requires."""
    if "README.md" not in present:
        problems.warning(Code.PACK_README_MISSING, "no file README.md, which Palette's registry requires", pack.at)
    if "logo.png" not in present:
        problems.warning(Code.PACK_LOGO_MISSING, "no file logo.png, which Palette's registry requires", pack.at)
    elif not tree.read(files, f"{pack.directory}/logo.png").startswith(_PNG):
        problems.warning(Code.PACK_LOGO_MISSING, "logo.png is not a PNG image", Position(f"{pack.directory}/logo.png"))


def _is_input(path: str) -> bool:
    """Archives in charts/ and YAML in manifests/; beside an archive its unpacked copy is common, and no input."""
    if path.startswith("charts/"):
        return path.endswith(".tgz") and path.count("/") == 1
    return path.startswith("manifests/") and path.endswith(tree.MANIFESTS)


def check_indentation(document: Document, problems: Problems) -> None:
    """Warns, once, where keys are not indented by multiples of two: Palette's editor re-indents values by two."""
    odd = next((at for at in _keys(document, document.value, ()) if at.column % 2 == 0), None)
    if odd is not None:
        problems.warning(
            Code.VALUES_INDENTATION, f"a key is indented with {odd.column - 1} spaces, expected a multiple of two", odd
        )


def _keys(document: Document, value: Any, path: tuple[str | int, ...]) -> Iterator[Position]:
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        at = document.at(*path, key)
        # Flow collections ({a: 1}, [1]) may begin anywhere: only keys that begin their line are looked at.
        if isinstance(value, dict) and at.column and _begins_line(document, path, at):
            yield at
        yield from _keys(document, item, (*path, key))


def _begins_line(document: Document, path: tuple[str | int, ...], at: Position) -> bool:
    return not path or document.at(*path).line != at.line
