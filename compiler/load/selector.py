"""Label selectors: the text form of kubectl's `-l` and the mapping form of the Kubernetes API."""

from __future__ import annotations

import re

from compiler.fields.reader import Reader
from compiler.model import Selector

_REQUIREMENT = re.compile(
    r"\s*(?:(?P<key>[\w./-]+)\s*(?:(?P<equal>==|=|!=)\s*(?P<value>[\w.-]*)|(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?"
    r"|!\s*(?P<absent>[\w./-]+))\s*(?:,|$)"
)


def parse_selector(text: str) -> Selector:
    """kubectl's grammar: `a=b,c!=d,e in (x,y),f notin (z),g,!h`. Raises ValueError with what is wrong and where."""
    expressions: list[tuple[str, str, tuple[str, ...]]] = []
    position = 0
    while position < len(text):
        match = _REQUIREMENT.match(text, position)
        if match is None or match.end() == position:
            raise ValueError(
                f"cannot read '{text[position:]}' (expected key=value, key!=value, key in (a,b), key or !key)"
            )
        position = match.end()
        if match["absent"]:
            expressions.append((match["absent"], "DoesNotExist", ()))
        elif match["set"]:
            values = tuple(sorted(v.strip() for v in match["values"].split(",")))
            expressions.append((match["key"], "In" if match["set"] == "in" else "NotIn", values))
        elif match["equal"]:
            expressions.append((match["key"], "NotIn" if match["equal"] == "!=" else "In", (match["value"],)))
        else:
            expressions.append((match["key"], "Exists", ()))
    return Selector(tuple(expressions))


def read_selector(reader: Reader, key: str = "selector") -> Selector:
    """The selector at `key`: text, or {matchLabels, matchExpressions}. Absent selects everything."""
    value = reader.data.get(key)
    if isinstance(value, str):
        return reader.parsed(key, parse_selector, Selector(), "a label selector")
    child = reader.child(key)
    child.only(("matchLabels", "matchExpressions"))
    expressions: list[tuple[str, str, tuple[str, ...]]] = [
        (name, "In", (wanted,)) for name, wanted in sorted(child.string_map("matchLabels").items())
    ]
    for item in child.children("matchExpressions"):
        item.only(("key", "operator", "values"))
        operator = item.choice("operator", ("In", "NotIn", "Exists", "DoesNotExist"), required=True)
        name = item.string("key", required=True)
        if operator and name:
            expressions.append((name, operator, tuple(sorted(item.strings("values")))))
    return Selector(tuple(expressions))
