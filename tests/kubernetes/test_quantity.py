"""Quantities: what apimachinery's ParseQuantity takes, refuses and makes of a text.

`quantities.json` is our own table: 28,000 texts, made of digits, signs, points, suffixes and blanks in random order and of
numbers with every suffix, were given to a Go program that calls resource.ParseQuantity of k8s.io/apimachinery v0.34.1;
a sample was kept, with the texts on which parsers are likely to differ. A row is a text and its amount, null if refused.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from compiler import yamldoc
from compiler.diagnostics import Problems
from compiler.fields.reader import Reader
from compiler.files.mapping import MappingFiles
from compiler.kubernetes.quantity import parse_quantity, quantity_of
from compiler.load.cluster import read_cluster

TABLE = json.loads(Path(__file__).with_name("quantities.json").read_text("utf-8"))


@pytest.mark.parametrize(("text", "amount"), TABLE)
def test_every_text_means_what_it_means_to_kubernetes(text: str, amount: str | None) -> None:
    try:
        parsed = parse_quantity(text)
    except ValueError:
        assert amount is None
    else:
        assert amount is not None
        assert parsed == Decimal(amount)


@pytest.mark.parametrize("text", ["Ki", "+", ".", "1e9999", "1e999999999999", "1" * 100_000 + "x"])
def test_what_only_go_takes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity such as 4, 500m or 16Gi"):
        parse_quantity(text)


def test_a_very_long_number_is_exact() -> None:
    assert parse_quantity("1" * 4000) == int("1" * 4000)


@pytest.mark.parametrize(("value", "amount"), [(2, "2"), (0.5, "0.5"), (1e22, "1e22"), ("16G", "16e9")])
def test_numbers_of_yaml_are_quantities(value: object, amount: str) -> None:
    assert quantity_of(value) == Decimal(amount)


@pytest.mark.parametrize("value", [True, None, [1], {}, float("inf"), float("nan")])
def test_other_values_are_none(value: object) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        quantity_of(value)


CLUSTER = "metadata: {{name: c}}\nspec: {{kubernetesVersion: 1.33.4, nodePools: [{{name: w, {}}}]}}"


def pool(fields: str) -> tuple[tuple[int, int, int], list[tuple[str, str]]]:
    document = yamldoc.load_one(CLUSTER.format(fields), "c.yaml")
    problems = Problems()
    cluster = read_cluster(Reader(document.value, document, problems), MappingFiles({}))
    assert cluster is not None
    only = cluster.node_pools[0]
    found = [(str(each.code), each.message) for each in problems.diagnostics]
    return (only.cpu_millicores, only.memory_mib, only.disk_gb), found


@pytest.mark.parametrize(
    ("fields", "amounts"),
    [
        ("cpu: 500m, memory: 16G, disk: 1Ti", (500, 15259, 1024)),
        ("cpu: 1.5, memory: 16Gi, disk: 1e12", (1500, 16384, 931)),
        ("cpu: '.5'", (500, 0, 0)),
    ],
)
def test_node_pools_take_every_quantity(fields: str, amounts: tuple[int, int, int]) -> None:
    assert pool(fields) == (amounts, [])


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ("memory: 16GB", "invalid-value", "memory: '16GB' is not a quantity such as 4, 500m or 16Gi"),
        ("cpu: -1", "invalid-value", "cpu: '-1' is negative"),
        ("cpu: [1]", "wrong-type", "cpu: expected quantity, found list"),
        ("cpu: true", "wrong-type", "cpu: expected quantity, found boolean true"),
    ],
)
def test_other_sizes_are_told(fields: str, code: str, message: str) -> None:
    assert pool(fields)[1] == [(code, f"spec.nodePools[0].{message}")]
