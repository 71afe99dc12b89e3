"""What reads text that strangers wrote takes time in proportion to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compiler.app.linediff import unified
from compiler.charts import order, scan
from compiler.diagnostics import did_you_mean
from compiler.kubernetes.credentials import known_form
from compiler.kubernetes.differences import constant
from compiler.kubernetes.selectors import parse_selector
from compiler.resolve import expressions
from compiler.yamldoc import load_one
from tests.support.cost import is_linear


def _chart(text: str) -> None:
    code = scan.code(scan.template(text))
    scan.draws_random(code)
    scan.at_another_time(text)
    order.in_order(text, {"{{ keys .x }}": "{{ keys .x | sortAlpha }}"})
    order.calls_in([text])
    list(order.literals(text))


def _selector(text: str) -> None:
    parse_selector.__wrapped__(text)


WORK: dict[str, Callable[[int], object]] = {
    "chart: formats": lambda n: _chart('{{ printf "' + "%v" * n + '" }}'),
    "chart: strings that are not closed": lambda n: _chart("{{'{{\\'" * n),
    "chart: backquotes": lambda n: _chart("{{ keys `" * n),
    "chart: words without blanks": lambda n: _chart("{{ keys (" + "()" * n + ") }}"),
    "chart: contexts": lambda n: _chart("{{ . | " + "toString . " * n + "}}"),
    "macros: quotes that are not closed": lambda n: expressions.find('{{ .spectro.var.x | f "' + '\\"' * n + " }}"),
    "macros: comments that are not closed": lambda n: expressions.find("{{ .spectro.var.x " + "/*" * n + " }}"),
    "macros: on one line": lambda n: expressions.find("\n" + "{{ .spectro.var.x }}" * n),
    "macros: blanks": lambda n: load_one("a: {{ .spectro.var.x" + " " * n + "}}\n", "v.yaml"),
    "credentials: web tokens": lambda n: known_form("eyJaaaaaaaaaaa-" * n),
    "certificates that are not closed": lambda n: constant(
        {"a": "-----BEGIN X-----" * n}, {"a": "-----BEGIN X-----" * n}, "a"
    ),
    "selectors: blanks": lambda n: _selector("a" + " " * n),
    "diff: equal lines": lambda n: list(unified(["a\n"] * n, ["b\n"] * n, "a", "b")),
    "diff: all lines moved": lambda n: list(
        unified([f"{i}\n" for i in range(n)], [f"{i}\n" for i in reversed(range(n))], "a", "b")
    ),
    "names": lambda n: did_you_mean("name-x", (f"name-{i}" for i in range(n))),
    "names: one long": lambda n: did_you_mean("a" * n, ["b" * n]),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_work_grows_with_the_text(work: Callable[[int], object]) -> None:
    assert is_linear(work, 3000)
