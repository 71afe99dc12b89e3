"""Several small files in one readable text: `-- path --` lines, each followed by the file's content.

Content that text cannot hold is written as a directive after the path: `-- a.bin base64 --` (content is base64),
`-- link -> target --` (a symbolic link), `-- big.yaml repeat 1000 --` (the content so many times).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

_HEAD = re.compile(
    r"^-- (?P<path>\S+)(?: (?P<base64>base64)| -> (?P<link>\S+)| repeat (?P<times>\d+))? --\n", re.MULTILINE
)


@dataclass(frozen=True)
class Entry:
    content: bytes
    link: str = ""


def parse(text: str) -> tuple[str, dict[str, Entry]]:
    """(what stands before the first file, the files by path)."""
    heads = list(_HEAD.finditer(text))
    if not heads:
        return text, {}
    found = {}
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        body = text[head.end() : after.start() if after else len(text)]
        content = base64.b64decode(body) if head["base64"] else body.encode()
        found[head["path"]] = Entry(content * int(head["times"] or 1), head["link"] or "")
    return text[: heads[0].start()], found


def write(files: dict[str, Entry], root: Path) -> None:
    """The files below `root`."""
    for path, entry in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.link:
            target.symlink_to(entry.link)
        else:
            target.write_bytes(entry.content)
