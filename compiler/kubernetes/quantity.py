"""Quantities as Kubernetes writes resources: `4`, `500m`, `16Gi`, `16G`, `1.5`, `.5Gi`, `1e3`.

The grammar and the values are those of resource.ParseQuantity in k8s.io/apimachinery: digits with at most one point,
then a decimal suffix (n u m k M G T P E), a binary one (Ki to Ei) or an exponent; no spaces. Two things that it accepts
are refused: text without a digit (it reads `Ki` and `+` as zero) and an exponent of more than three digits.
"""

from __future__ import annotations

import re
from decimal import ROUND_UP, Context, Decimal
from typing import Any

_QUANTITY = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:[eE]([+-]?[0-9]{1,3})|([KMGTPE]i|[numkMGTPE]))?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_LARGEST = Decimal(2**63 - 1)
_SMALLEST = Decimal("1e-9")


def parse_quantity(text: str) -> Decimal:
    """The number of base units (cores, bytes). Raises ValueError.

    As in the API server, amounts finer than 1n are rounded away from zero, and binary suffixes reach 2^63 - 1 at most.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text[:40]}' is not a quantity such as 4, 500m or 16Gi")
    number, exponent, suffix = match.groups()
    exact = Context(prec=len(text) + 1100, rounding=ROUND_UP)  # more digits than any product or power here
    amount = exact.scaleb(Decimal(number), int(exponent) if exponent else _DECIMAL.get(suffix or "", 0))
    if suffix in _BINARY:
        amount = exact.multiply(amount, Decimal(1 << _BINARY[suffix]))
        amount = max(min(amount, _LARGEST), -_LARGEST)
    return exact.quantize(amount, _SMALLEST)


def quantity_of(value: Any) -> Decimal:
    """The quantity of a value in YAML: text or a number. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"'{value}' is not a quantity such as 4, 500m or 16Gi")
    return parse_quantity(str(value))
