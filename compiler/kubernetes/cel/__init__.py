"""The Common Expression Language, with the extensions of Kubernetes: read, checked against types, evaluated.

Written here because no library does what the API server does: the ones that there are evaluate without types, and their
failures cannot be told from what they lack, so a right object could be refused.
"""

from __future__ import annotations

from compiler.kubernetes.cel.checker import CelTypeError, check
from compiler.kubernetes.cel.evaluator import Evaluator
from compiler.kubernetes.cel.literals import CelSyntaxError, CelUnknown
from compiler.kubernetes.cel.parser import Node, parse
from compiler.kubernetes.cel.values import CelError

__all__ = ["CelError", "CelSyntaxError", "CelTypeError", "CelUnknown", "Evaluator", "Node", "check", "parse", "uses"]


def uses(node: Node, name: str) -> bool:
    """Whether the expression refers to the name."""
    return (node.kind == "name" and node.value == name) or any(uses(each, name) for each in node.args)
