"""Paths of fields: one way to write them, and reading gives back what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.kubernetes import keypath

KEYS = st.lists(
    st.integers(0, 10**6) | st.sampled_from(["a", "spec", "", "0", "a.b", 'a"b', "a]b", "\\", "é"]) | st.text()
)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ((), ""),
        (("spec", "layers", 2, "name"), "spec.layers[2].name"),
        (("metadata", "annotations", "a/b"), 'metadata.annotations["a/b"]'),
        (("a.b", "c"), '["a.b"].c'),
        ((0, "a"), "[0].a"),
        (("", "1", 1), '[""]["1"][1]'),
        (('q"\\',), r'["q\"\\"]'),
        (("a\n",), r'["a\n"]'),
    ],
)
def test_a_path_is_written_in_one_way(keys: tuple[str | int, ...], text: str) -> None:
    assert keypath.show(keys) == text
    assert keypath.read(text) == keys


@given(KEYS)
def test_reading_gives_back_what_was_written(keys: list[str | int]) -> None:
    assert keypath.read(keypath.show(keys)) == tuple(keys)


@pytest.mark.parametrize("text", [".a", "a..b", "a.", "a.[0]", "[01]", "[-1]", "[a]", '["a]', "a b", "[0]a", "1"])
def test_other_texts_are_no_paths(text: str) -> None:
    with pytest.raises(ValueError, match="is not a path such as"):
        keypath.read(text)
