"""The quick reader of rendered text reads nothing otherwise than the complete one does, and refuses what it refuses.

Only a key that is there twice is another matter: files may not have it, of rendered text the last one counts.
"""

from __future__ import annotations

from typing import Any

import pytest

from compiler import yamldoc
from compiler.diagnostics import CompileError

TEXTS = [    # comments and what only looks like one
    "a: b #c\n", "a: b # c\n", "a: b#c\n", "a: b\n  c #d\n", "a: b\n  c # d\n", "a: 'b' # c\n", "a: 'b #c'\n",
    "a: \"b\" #c\n", "a: # c\n  b: 1\n", "- # c\n  b: 1\n", "- a #b\n- c\n", "# a\n", "a: 1\n# b\n", "a: 1\n  # b\n",
    # plain scalars over several lines, and maps where none may stand
    "a: b\n  c\n", "a: b\n\n  c\n", "a: b\n  c:\n", "a: b\n  c: d\n", "a: b: c\n", "a: b:\n", "a: b :c\n",
    "a: b\nc\n", "a:\n  b\n", "a:\n  b\n  c\n", "a:\nb\n", "a: -\n", "a: - b\n", "a: -b\n", "a: :\n", "a: :b\n",
    "a: : b\n", "a: ?\n", "a: ? b\n", "a: -\n  b\n", "- - a\n", "- -\n", "- a: 1\n  b: 2\n", "- a: 1\n b: 2\n",
    "- a: 1\n   b: 2\n",
    # quoted ones
    "a: ''\n", "a: '\n", "a: \"\n", "a: ''''\n", "a: 'b''c'\n", "a: 'b\n  c'\n", "a: 'b\n\n  c'\n", "a: \"b\\n\"\n",
    "a: \"b\n  c\"\n", "a: 'b' c\n", "a: 'b': c\n", "a: \"b\" : c\n", "'a': b\n", "\"a\": b\n", "\"a\\n\": b\n",
    "'a' : b\n", "a: 'b\"c'\n", "a: \"b'c\"\n", "a: 'b  '\n", "a: b  \n", "a: \"\\\"\"\n",
    # flow collections, anchors, tags and other signs
    "a: {}\n", "a: []\n", "a: {b: c}\n", "a: [b, c]\n", "a: [b\n", "a: [b,\n  c]\n", "a: {b\n", "a: [] b\n",
    "a: {}: b\n", "[a]: b\n", "a: &b c\n", "a: &b c\nd: *b\n", "a: *b\n", "a: !!str 1\n", "a: !!int x\n", "a: @b\n",
    "a: `b\n", "a: %b\n", "a: ,b\n", "a: ]\n", "a: }\n", "a: >b\n", "a: |b\n",
    # block scalars
    "a: |\n  b\n  c\n", "a: |\n  b\n c\n", "a: |\n\n  b\n", "a: |\n    b\n  c\n", "a: |-\n  b\n", "a: |+\n  b\n\n",
    "a: |\n  b", "a: >\n  b\n  c\n", "a: >-\n  b\n\n  c\n", "a: |2\n   b\n", "a: |\nb: c\n", "- |\n  b\n",
    "- |\n b\n- c\n", "a: |\n  b\n\n\n",
    # documents and keys
    "---\na: b\n", "--- \na: b\n", "--- a\n", "a: b\n---\n", "a: b\n---\nc: d\n", "a: |\n  b\n---\n", "a: b\n...\n",
    "---\n---\n", "~: a\n", "null: a\n", "1.5: a\n", "? a\n: b\n", "a:b\n", "a :b\n", "a: b\n c: d\n",
    "a:\n  b: 1\n c: 2\n", "a:\n    b: 1\n  c: 2\n", "a:\n- b\nc: d\n", "a:\n  - b\n - c\n", "a:\n - b\n - c\n",
    "a:\n- b\n  - c\n", "a: 1\n- b\n", "- a\nb: 1\n", "  a: 1\n", "  a: 1\nb: 2\n", "a: b", "a", "a\n", "", "\n",
    "\n\n", " \n", "a:\n", "-\n", "- \n", "a: \n", "a:\n\n  b: 1\n", "a:\n  b:\n  c: 1\n", "- a:\n  - b\n  c: 1\n",
    "- a:\n    - b\n    c: 1\n", "a: 1_000\n", "a: 0x1F\n", "a: 012\n", "a: yes\n", "a: ~\n", "a: 1.0\n", "a: .inf\n",
    "a: .nan\n", "a: \tb\n", "a:\tb\n", "\ta: b\n",
]  # fmt: skip


def read(load: Any, text: str) -> Any:
    """Type and value of all that the reader gives, or the code of its refusal."""
    try:
        value = load(text, "x.yaml").value
    except CompileError as error:
        return error.diagnostics[0].code
    return repr(value)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("around", ["{}", "x:\n- y: 1\n{}", "# head\n{}", "{}z: 1\n"])
def test_both_readers_agree(text: str, around: str) -> None:
    text = around.replace("{}", text)
    assert read(yamldoc.load_rendered, text) == read(yamldoc.load_one, text)
