"""How large macros may grow: each text, and each value as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from compiler.diagnostics import CompileError, Position
from compiler.resolve.macros import Scope, resolve
from tests.support.evaluation import render_gotemplates

MEGABYTE = "x" * 1024 * 1024


def at(*keys: str | int) -> Position:
    return Position("values.yaml", 1)


def no_call(templates: Mapping[str, str], values: Mapping[str, Any]) -> Mapping[str, str]:
    raise AssertionError(f"Helm is not needed for {templates}")


def scope(count: int) -> Scope:
    """A pack value with a list of `count` texts of a megabyte each."""
    return Scope(macro={"large": MEGABYTE}, packs={"app": {"texts": ["{{ .spectro.macro.large }}"] * count}})


def test_a_value_of_many_large_texts_is_refused_as_a_whole() -> None:
    with pytest.raises(CompileError) as caught:
        resolve("{{ .spectro.pack.app.texts }}", scope(5), no_call, at)
    assert [(d.code, d.message) for d in caught.value.diagnostics] == [
        ("macro-value", "the value of .spectro.pack.app.texts is larger than 5242880 characters")
    ]


def test_a_value_below_the_limit_is_given() -> None:
    assert resolve("{{ .spectro.pack.app.texts | len }}", scope(4), render_gotemplates, at) == "4"
