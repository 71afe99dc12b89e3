"""Label selectors in kubectl's text form."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_REQUIREMENT = re.compile(
    r"""\s*(?:
        !\s*(?P<absent>[\w./-]+)
      | (?P<key>[\w./-]+)\s*
        (?: (?P<operator>==|=|!=|>|<)\s*(?P<value>[^\s,()!=<>]*)
          | \s(?P<set>in|notin)\s*\((?P<values>[^()]*)\)
        )?
    )\s*(?P<end>,|$)""",
    re.VERBOSE,
)
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label; `operator` is `in`, `notin`, `exists`, `!`, `>` or `<`."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def accepts(self, labels: Mapping[str, Any]) -> bool:
        """Kubernetes' rule: `notin` and `!=` also accept objects without the label; `>` and `<` compare integers."""
        value = labels.get(self.key)
        match self.operator:
            case "in":
                return value in self.values
            case "notin":
                return value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
        if not isinstance(value, str) or not _INTEGER.fullmatch(value):
            return False
        return int(value) > int(self.values[0]) if self.operator == ">" else int(value) < int(self.values[0])


@functools.lru_cache(maxsize=1024)
def parse_selector(text: str) -> tuple[Requirement, ...]:
    """The requirements of `a=b,c!=d,e in (x,y),f notin (z),g,!h,i>1`, all of which must hold; "" gives none.

    Raises ValueError that says where the text stops making sense.
    """
    found: list[Requirement] = []
    position, more = 0, bool(text.strip())
    while more:
        match = _REQUIREMENT.match(text, position)
        if match is None:
            raise ValueError(
                f"cannot read '{text[position:]}': expected key=value, key!=value, key in (a,b), key or !key"
            )
        found.append(_requirement(match))
        position, more = match.end(), match["end"] == ","
    return tuple(found)


def _requirement(match: re.Match[str]) -> Requirement:
    if match["absent"]:
        return Requirement(match["absent"], "!")
    if match["set"]:
        return Requirement(match["key"], match["set"], tuple(value.strip() for value in match["values"].split(",")))
    operator = match["operator"]
    if operator is None:
        return Requirement(match["key"], "exists")
    if operator in "<>":
        if not _INTEGER.fullmatch(match["value"]):
            raise ValueError(f"'{match[0].strip()}' needs an integer")
        return Requirement(match["key"], operator, (match["value"],))
    return Requirement(match["key"], "notin" if operator == "!=" else "in", (match["value"],))


@dataclass(frozen=True, slots=True)
class Selector:
    """Labels as in Kubernetes: every expression must hold. (key, operator In|NotIn|Exists|DoesNotExist, values)."""

    expressions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        for key, operator, values in self.expressions:
            held = {
                "In": key in labels and labels[key] in values,
                "NotIn": key not in labels or labels[key] not in values,
                "Exists": key in labels,
                "DoesNotExist": key not in labels,
            }[operator]
            if not held:
                return False
        return True
