"""Label selectors: Kubernetes' text grammar, and the rules for one requirement, which the mapping form shares.

`labels.Parse` of k8s.io/apimachinery, which `kubectl -l` and kustomize's targets use, accepts and refuses the same texts,
down to empty values (`a=`, `a in (,)`), keys named `in`, and whitespace.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.kubernetes.names import is_label_key, is_label_value

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
"""The operators of `matchExpressions`; text has `Gt` and `Lt` too, written `>` and `<`."""

_INTEGER = re.compile(r"([+-]?)0*([0-9]{1,19})")  # longer ones exceed 64 bits anyway
_BLANKS = " \t\r\n"
_TOKEN = re.compile(rf"[{_BLANKS}]*(==|!=|[=!(),<>]|[^=!(),<>{_BLANKS}]+)")
_SYMBOLS = frozenset(("==", "!=", "=", "!", "(", ")", ",", "<", ">"))
_BINARY = {"=": "In", "==": "In", "!=": "NotIn", "in": "In", "notin": "NotIn", ">": "Gt", "<": "Lt"}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label: `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`, with its sorted values."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def accepts(self, labels: Mapping[str, Any]) -> bool:
        """Kubernetes' rule: `NotIn` also accepts objects without the label; `Gt` and `Lt` compare integers."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        number, limit = _integer(value), _integer(self.values[0])
        if number is None or limit is None:
            return False
        return number > limit if self.operator == "Gt" else number < limit


@dataclass(frozen=True, slots=True)
class Selector:
    """Requirements that must all hold; one without requirements selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, Any]) -> bool:
        return all(requirement.accepts(labels) for requirement in self.requirements)


def requirement(key: str, operator: str, values: Iterable[str] = ()) -> Requirement:
    """A requirement, checked by the rules of apimachinery's NewRequirement. Raises ValueError that names the broken rule."""
    wanted = tuple(sorted(set(values)))
    if not is_label_key(key):
        raise ValueError(f"'{key[:80]}' is not a valid label key")
    if operator in ("In", "NotIn") and not wanted:
        raise ValueError(f"{operator} requires values")
    if operator in ("Exists", "DoesNotExist") and wanted:
        raise ValueError(f"{operator} takes no values")
    if operator in ("Gt", "Lt") and any(_integer(value) is None for value in wanted):
        raise ValueError(f"{'>' if operator == 'Gt' else '<'} requires an integer, found '{wanted[0][:80]}'")
    for value in wanted:
        if not is_label_value(value):
            raise ValueError(f"'{value[:80]}' is not a valid label value")
    return Requirement(key, operator, wanted)


@functools.lru_cache(maxsize=1024)
def parse_selector(text: str) -> Selector:
    """The selector of `a=b,c!=d,e in (x,y),f notin (z),g,!h,i>1`; "" selects everything.

    Raises ValueError that says what was expected and found.
    """
    tokens = _Tokens(text)
    if not tokens.ahead:
        return Selector()
    requirements = [_requirement(tokens)]
    while tokens.ahead:
        if tokens.take() != ",":
            raise tokens.error("',' or the end")
        requirements.append(_requirement(tokens))
    return Selector(tuple(requirements))


class _Tokens:
    """The symbols and words of a text, one at a time; "" is the end. Reads each character once."""

    def __init__(self, text: str) -> None:
        self._rest = (match[1] for match in _TOKEN.finditer(text.rstrip(_BLANKS)))
        self.taken = ""
        self.ahead = next(self._rest, "")

    def take(self) -> str:
        self.taken, self.ahead = self.ahead, next(self._rest, "")
        return self.taken

    def word(self, expected: str) -> str:
        if not self.take() or self.taken in _SYMBOLS:
            raise self.error(expected)
        return self.taken

    def error(self, expected: str) -> ValueError:
        """The error that something else was expected in place of the last token taken."""
        token = f"'{self.taken[:80]}'" if self.taken else "the end"
        return ValueError(f"expected {expected}, found {token}")


def _requirement(tokens: _Tokens) -> Requirement:
    if tokens.ahead == "!":
        tokens.take()
        return requirement(tokens.word("a label key after '!'"), "DoesNotExist")
    key = tokens.word("a label key")
    if tokens.ahead in ("", ","):
        return requirement(key, "Exists")
    sign = tokens.take()
    if sign not in _BINARY:
        raise tokens.error(f"an operator (=, ==, !=, in, notin, <, >) or ',' after '{key[:80]}'")
    if sign in ("in", "notin"):
        return requirement(key, _BINARY[sign], _values(tokens, sign))
    value = "" if tokens.ahead in ("", ",") else tokens.word(f"a value after '{sign}'")
    return requirement(key, _BINARY[sign], (value,))


def _values(tokens: _Tokens, sign: str) -> set[str]:
    """The values in brackets; no text between two commas is the empty value."""
    if tokens.take() != "(":
        raise tokens.error(f"'(' after '{sign}'")
    values: set[str] = set()
    if tokens.ahead == ")":
        values.add("")
    while tokens.ahead != ")" or not values:
        if tokens.take() != ",":
            if not tokens.taken or tokens.taken in _SYMBOLS:
                raise tokens.error("a value, ',' or ')'")
            values.add(tokens.taken)
            if tokens.ahead not in (",", ")"):
                tokens.take()
                raise tokens.error("',' or ')'")
            continue
        if not values or tokens.ahead == ")":
            values.add("")
        if tokens.ahead == ",":  # commas are read in pairs, as apimachinery does: `(a,,b)` is valid, `(a,,)` is not
            values.add("")
            tokens.take()
            if tokens.ahead == ")":
                tokens.take()
                raise tokens.error("a value or ','")
    tokens.take()
    return values


def _integer(value: Any) -> int | None:
    """The number that Go's ParseInt reads in 64 bits; None if it fails."""
    match = _INTEGER.fullmatch(value) if isinstance(value, str) else None
    number = int(match[1] + match[2]) if match else None
    return number if number is not None and -(2**63) <= number < 2**63 else None
