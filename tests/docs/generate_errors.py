"""Writes docs/errors.md: a table of each group of codes in `compiler.codes`, below the introduction that people write.

Above each table is what the command says of one problem of the group, from a golden case, so it is what is really said.

`python -m tests.docs.generate_errors`
"""

from __future__ import annotations

import re
from pathlib import Path

from compiler import codes
from compiler.codes import Code
from tests.support import oracles

PAGE = oracles.ROOT / "docs" / "errors.md"
CASES = oracles.ROOT / "tests" / "golden" / "errors"
# Group -> the golden case whose first problem of the group is shown.
EXAMPLES = {
    "Files": "path-that-is-right-from-another-folder",
    "YAML": "yaml-duplicate-key-names-both-lines",
    "Profiles, clusters, templates, settings": "profile-missing-suggests-the-nearest",
    "Packs, charts and manifests that layers name": "pack-version-missing-lists-the-versions",
    "Variables, macros, values": "macro-undefined-suggests-the-nearest",
    "Rules of packs": "preset-unknown",
    "Rendering": "chart-value-required",
    "Overlays": "overlay-without-match-suggests-the-nearest",
    "Objects and output": "same-object-from-two-layers-names-both",
    "Delivery, git, publishing": "publish-outside-of-git",
    "Import, export, files of commands": "import-of-another-file",
    "lamella pack lint, pack test, pack images": "pack-lint-of-a-small-pack",
}
# No golden case can have a full disk; tests/cli/test_process.py sees this.
FULL_DISK = "error[environment]: No space left on device\n"
_BLOCK = re.compile(r"^(?:\S+: )?(?:error|warning)\[([a-z0-9-]+)\]: .*\n(?: .*\n)*", re.MULTILINE)
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
    shown = f"```text\n{example(title, members)}```\n\n"
    return f"## {title}\n\n" + (f"{below}\n\n" if below else "") + shown + _HEADER + lines


def example(title: str, members: list[Code]) -> str:
    """What the command says of a problem with a code of the group."""
    if title not in EXAMPLES:
        assert title == "Without a place", f"no example for the codes of '{title}'"
        return FULL_DISK
    said = re.split(r"^-- stderr.*\n", (CASES / f"{EXAMPLES[title]}.txt").read_text(), maxsplit=1, flags=re.MULTILINE)[
        1
    ]
    return next(block[0] for block in _BLOCK.finditer(said) if block[1] in set(members))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(introduction(PAGE.read_text())))
