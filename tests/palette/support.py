"""A repository in memory, and pack values without the pipeline around them."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from compiler import yamldoc
from compiler.diagnostics import Diagnostic, Position, Problems
from compiler.load.pack import read_pack
from compiler.model import Pack
from compiler.palette.values import PackValues
from compiler.ports import Entry

PACK_JSON = '{"name": "web", "version": "1.2.0", "layer": "addon", "displayName": "Web", "cloudTypes": ["all"]%s}'


class MemoryFiles:
    """Files as a mapping of path to text or bytes."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        self.was_read: list[str] = []

    def entry(self, path: str) -> Entry | None:
        if path in self.files:
            return Entry("file")
        inside = not path or any(name.startswith(f"{path}/") for name in self.files)
        return Entry("directory") if inside else None

    def names(self, path: str) -> tuple[str, ...]:
        prefix = f"{path}/" if path else ""
        below = {name.removeprefix(prefix).split("/")[0] for name in self.files if name.startswith(prefix)}
        return tuple(sorted(below))

    def read(self, path: str) -> bytes:
        self.was_read.append(path)
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]


def pack(values: str = "", *, json: str = "", **files: str | bytes) -> Pack:
    """A pack in packs/web; `json` is added to pack.json, other files are named with _yaml for .yaml and __ for /."""
    named = {
        name.replace("__", "/").replace("_yaml", ".yaml").replace("_tgz", ".tgz").replace("_json", ".json"): t
        for name, t in files.items()
    }
    there = {"pack.json": PACK_JSON % (f", {json}" if json else ""), "values.yaml": dedent(values), **named}
    return read_pack(MemoryFiles({f"packs/web/{name}": text for name, text in there.items()}), "packs/web")


def pack_values(values: str, *, of: Pack | None = None, path: str = "") -> PackValues:
    """Merged values of a layer of the pack, all written by the pack itself, or by the file `path`."""
    owner = of or pack(values)
    document = yamldoc.load_one(dedent(values), path or owner.values.document.path)
    return PackValues(owner, document.value or {}, document.at, Problems())


def told(found: Problems | tuple[Diagnostic, ...]) -> list[str]:
    """Problems as `severity code line: message`."""
    diagnostics = found.diagnostics if isinstance(found, Problems) else found
    return [f"{d.severity} {d.code} {_line(d.at)}: {d.message}" for d in diagnostics]


def _line(at: Position | None) -> str:
    return "?" if at is None else str(at.line)
