"""The selector of a template or of macros: text as for `kubectl -l`, or the Kubernetes API's mapping."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.codes import Code
from compiler.fields.reader import Reader
from compiler.kubernetes.selectors import OPERATORS, Requirement, Selector, parse_selector, requirement


def read_selector(reader: Reader, key: str = "selector") -> Selector:
    """The selector at `key`: text, or {matchLabels, matchExpressions}. An absent one selects everything."""
    if isinstance(reader.data.get(key), str):
        return reader.parsed(key, parse_selector, Selector(), "a valid label selector")
    child = reader.child(key)
    child.only(("matchLabels", "matchExpressions"))
    labels = child.child("matchLabels")
    requirements = [
        _checked(labels, name, name, "In", (wanted,))
        for name, wanted in sorted(child.string_map("matchLabels").items())
    ]
    for item in child.children("matchExpressions"):
        item.only(("key", "operator", "values"))
        operator = item.choice("operator", OPERATORS, required=True)
        name = item.string("key", required=True)
        if operator and name:
            requirements.append(_checked(item, "operator", name, operator, item.strings("values")))
    return Selector(tuple(each for each in requirements if each))


def _checked(reader: Reader, at: str, name: str, operator: str, values: Iterable[str]) -> Requirement | None:
    try:
        return requirement(name, operator, values)
    except ValueError as error:
        reader.error(Code.INVALID_VALUE, at, str(error))
        return None
