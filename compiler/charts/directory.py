"""The files of a directory that counts as a whole: a chart, the templates of a pack. It has the limits of an archive."""

from __future__ import annotations

from compiler import files as tree
from compiler.charts.archive import LIMITS, Limits
from compiler.codes import Code
from compiler.diagnostics import Position, fail
from compiler.ports import Files


def contents(files: Files, directory: str, at: Position, limits: Limits = LIMITS) -> dict[str, bytes]:
    """{path below the directory: content}, sorted. Raises CompileError: `limit-exceeded` before too much is read, and as
    `files.walk` and `files.read`."""
    paths = tree.walk(files, directory, at)
    read: dict[str, bytes] = {}
    left = limits.total
    for path in paths if len(paths) <= limits.members else ():
        read[path.removeprefix(f"{directory}/")] = content = tree.read(files, path, at)
        left -= len(content)
        if left < 0 or len(content) > limits.member:
            break
    if len(read) < len(paths) or left < 0 or any(len(content) > limits.member for content in read.values()):
        most = f"{limits.total:,} bytes in {limits.members:,} files of at most {limits.member:,} bytes"
        raise fail(Code.LIMIT_EXCEEDED, f"{directory} has more than {most}", at, hint="is this the right folder?")
    return read
