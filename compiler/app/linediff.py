"""Unified diffs in bounded time: `difflib` alone takes minutes for two texts of 60,000 lines."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from compiler.limits import DIFF_LINES

_CONTEXT = 3
_Code = tuple[str, int, int, int, int]


def unified(before: Sequence[str], after: Sequence[str], old: str, new: str) -> Iterator[str]:
    """The lines of `diff -u`, as `difflib.unified_diff` gives them for texts that are short."""
    matcher = difflib.SequenceMatcher(None, before, after)
    if len(before) + len(after) > DIFF_LINES:
        matcher = difflib.SequenceMatcher(None, (), ())
        matcher.opcodes = _merged(_codes(before, after))  # type: ignore[attr-defined]  # what get_opcodes() keeps
    head = [f"--- {old}\n", f"+++ {new}\n"]
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        yield from head
        head = []
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (f" {line}" for line in before[i1:i2])
                continue
            yield from (f"-{line}" for line in before[i1:i2])
            yield from (f"+{line}" for line in after[j1:j2])


def _range(start: int, stop: int) -> str:
    length = stop - start
    beginning = start + 1 if length else start  # an empty range begins at the line before it
    return f"{beginning}" if length == 1 else f"{beginning},{length}"


def _merged(codes: Iterable[_Code]) -> list[_Code]:
    """The codes with equal lines that follow each other as one."""
    merged: list[_Code] = []
    for code in codes:
        if merged and merged[-1][0] == code[0] == "equal":
            _, i1, _, j1, _ = merged.pop()
            merged.append(("equal", i1, code[2], j1, code[4]))
        else:
            merged.append(code)
    return merged


def _codes(before: Sequence[str], after: Sequence[str]) -> Iterator[_Code]:
    """What SequenceMatcher.get_opcodes gives, for long texts: they are cut at lines that are unique in both, and pieces
    that are still long are replaced as a whole."""
    i = j = 0
    for ni, nj in [*_anchors(before, after), (len(before), len(after))]:
        while i < ni and j < nj and before[i] == after[j]:
            yield "equal", i, i + 1, j, j + 1
            i, j = i + 1, j + 1
        if ni - i + nj - j > DIFF_LINES:
            yield _replaced(i, ni, j, nj)
        elif ni > i or nj > j:
            pieces = difflib.SequenceMatcher(None, before[i:ni], after[j:nj])
            yield from ((tag, i + a, i + b, j + c, j + d) for tag, a, b, c, d in pieces.get_opcodes())
        i, j = ni, nj


def _replaced(i1: int, i2: int, j1: int, j2: int) -> _Code:
    return "replace" if i2 > i1 and j2 > j1 else "delete" if i2 > i1 else "insert", i1, i2, j1, j2


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """The longest increasing run of places of lines that are once in each text (patience diff)."""
    once = {line: place for place, line in enumerate(after)}
    count, other = Counter(before), Counter(after)
    pairs = [(i, once[line]) for i, line in enumerate(before) if count[line] == 1 and other[line] == 1]
    tails: list[int] = []  # the smallest place in `after` that ends a run of each length
    ends: list[int] = []  # and its pair
    previous = [-1] * len(pairs)
    for number, (_, j) in enumerate(pairs):
        length = bisect_left(tails, j)
        previous[number] = ends[length - 1] if length else -1
        tails[length : length + 1] = [j]
        ends[length : length + 1] = [number]
    run: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        run.append(pairs[number])
        number = previous[number]
    return run[::-1]
