"""Writes docs/errors.md: a table of each group of codes in `compiler.codes`, below the introduction that people write.

`python -m tests.docs.generate_errors`
"""

from __future__ import annotations

import re
from pathlib import Path

from compiler import codes
from compiler.codes import Code
from tests.support import oracles

PAGE = oracles.ROOT / "docs" / "errors.md"
_HEADER = "| code | what it means | what to do |\n|---|---|---|\n"


def page(introduction: str) -> str:
    """The whole page; `introduction` is what stands above the first heading of the second level."""
    return introduction + "\n".join(_group(title, prose, members) for title, prose, members in groups())


def groups() -> list[tuple[str, list[str], list[Code]]]:
    """(title, lines below it, codes) of each group, read from the comments and members of the enumeration's source."""
    found: list[tuple[str, list[str], list[Code]]] = []
    for paragraph in Path(codes.__file__).read_text().split("\n\n"):
        comments = re.findall(r"^    # (?!fmt:)(.+)$", paragraph, re.MULTILINE)
        members = [Code[name] for name in re.findall(r"^    ([A-Z0-9_]+) = ", paragraph, re.MULTILINE)]
        if comments and members:
            found.append((comments[0], comments[1:], members))
    return found


def introduction(text: str) -> str:
    """What stands above the first heading of the second level."""
    return text[: text.index("\n## ") + 1]


def _group(title: str, prose: list[str], members: list[Code]) -> str:
    rows: list[tuple[list[Code], Code]] = []
    for code in members:
        if code.meaning:
            rows.append(([], code))
        rows[-1][0].append(code)
    lines = "".join(
        f"| {', '.join(f'`{code}`' for code in together)} | {_cell(text.meaning)} | {_cell(text.remedy)} |\n"
        for together, text in rows
    )
    below = "\n".join(prose)
    return f"## {title}\n\n" + (f"{below}\n\n" if below else "") + _HEADER + lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(introduction(PAGE.read_text())))
