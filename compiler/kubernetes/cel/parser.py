"""Texts of the Common Expression Language (CEL) as trees. Source: the grammar of cel-spec, doc/langdef.md."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from compiler.kubernetes.cel import literals
from compiler.kubernetes.cel.literals import CelSyntaxError, CelUnknown

MACROS = frozenset(("all", "exists", "exists_one", "existsOne", "filter", "map", "optFlatMap", "optMap"))
"""Methods that name a variable: `list.all(x, x > 0)`."""

_RESERVED = frozenset(
    (
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
    )
) | {"return", "var", "void", "while"}
_TOKEN = re.compile(
    r"""(?P<blank>(?:\s|//[^\n]*)+)
    |(?P<text>[rRbB]{0,2}(?:\"{3}(?s:.*?)(?<!\\)\"{3}|'{3}(?s:.*?)(?<!\\)'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
    |(?P<double>(?:\d+\.\d+(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+))
    |(?P<int>(?:0[xX][0-9a-fA-F]+|\d+)[uU]?)
    |(?P<name>[_a-zA-Z][_a-zA-Z0-9]*|`[a-zA-Z0-9_./ -]+`)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])""",
    re.VERBOSE,
)
_LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
_DEEPEST = 60  # brackets inside of brackets; cel-go takes 250


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a tree.

    `kind`: literal (`value`), name (`value`), select (`args[0]`.`value`), has (as select), call (`value` with `args`;
    operators are called by their sign), method (`args[0]`.`value`(…)), macro (likewise; `variables` are bound in the last
    argument), list, map (`args`: key, value, key, value …), object (`value`{…}), bind (`variables` = args[0] in args[1]).
    `optional`: `.?`, `[?…]`.
    """

    kind: str
    value: Any = None
    args: tuple[Node, ...] = ()
    variables: tuple[str, ...] = ()
    optional: bool = field(default=False)


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """The expression as a tree. Raises CelSyntaxError, and CelUnknown where it is nested too deeply to be read here."""
    tokens = _Tokens(text)
    node = tokens.expression()
    if tokens.kind != "end":
        raise tokens.error()
    return node


class _Tokens:
    def __init__(self, text: str) -> None:
        self._found = list(_scan(text))
        self._index = 0
        self._depth = 0

    @property
    def kind(self) -> str:
        return str(self._found[self._index][0])

    @property
    def text(self) -> str:
        return str(self._found[self._index][1])

    def error(self) -> CelSyntaxError:
        _, text, column = self._found[self._index]
        shown = f"'{text[:40]}'" if text else "the end"
        return CelSyntaxError(f"syntax error at character {column + 1}: {shown} is not expected here")

    def take(self) -> str:
        text = self.text
        self._index += 1
        return text

    def sees(self, *signs: str) -> bool:
        return self.text in signs and (self.kind == "sign" or self.text == "in")

    def skip(self, sign: str) -> bool:
        if not self.sees(sign):
            return False
        self._index += 1
        return True

    def need(self, sign: str) -> None:
        if not self.skip(sign):
            raise self.error()

    def expression(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise CelUnknown("the expression is nested too deeply")
        node = self.binary(0)
        if self.skip("?"):
            yes = self.binary(0)
            self.need(":")
            node = Node("call", "?:", (node, yes, self.expression()))
        self._depth -= 1
        return node

    def binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.unary()
        node = self.binary(level + 1)
        while self.sees(*_LEVELS[level]):
            sign = self.take()
            node = Node("call", sign, (node, self.binary(level + 1)))
        return node

    def unary(self) -> Node:
        signs = []
        while self.sees("!", "-"):
            signs.append(self.take())
            if signs[-1] != signs[0]:
                self._index -= 1
                raise self.error()
        if signs and signs[-1] == "-" and self.kind in ("int", "double"):
            signs.pop()
            node = self.member(Node("literal", literals.number(self.kind, "-" + self.take())))
        else:
            node = self.member(self.primary())
        for sign in reversed(signs):
            node = Node("call", sign + "_", (node,))
        return node

    def member(self, node: Node) -> Node:
        while True:
            if self.skip("."):
                optional = self.skip("?")
                if self.kind != "name":
                    raise self.error()
                name = self.take().strip("`")
                if not optional and self.skip("("):
                    node = self.method(node, name)
                else:
                    node = Node("select", name, (node,), optional=optional)
            elif self.skip("["):
                optional = self.skip("?")
                node = Node("call", "[]", (node, self.expression()), optional=optional)
                self.need("]")
            else:
                return node

    def method(self, node: Node, name: str) -> Node:
        args = self.arguments(")")
        if node == Node("name", "cel") and name == "bind" and len(args) == 3 and args[0].kind == "name":
            return Node("bind", name, (args[1], args[2]), (args[0].value,))
        variables = [each.value for each in args[:-1] if each.kind == "name"]
        if name in MACROS and len(args) == 2 and len(variables) == 1:
            return Node("macro", name, (node, args[1]), tuple(variables))
        if name in ("all", "exists", "existsOne", "exists_one") and len(args) == 3 and len(variables) == 2:
            return Node("macro", name, (node, args[2]), tuple(variables))
        if name == "map" and len(args) == 3 and args[0].kind == "name":
            chosen = Node("macro", "filter", (node, args[1]), (args[0].value,))
            return Node("macro", "map", (chosen, args[2]), (args[0].value,))
        if name in MACROS and name not in ("optMap", "optFlatMap"):
            raise CelSyntaxError(f"{name}: expected a variable and an expression")
        return Node("method", name, (node, *args))

    def arguments(self, end: str) -> tuple[Node, ...]:
        args: list[Node] = []
        while not self.skip(end):
            if args:
                self.need(",")
                if end in ("]", "}") and self.skip(end):
                    break
            args.append(self.expression())
        return tuple(args)

    def primary(self) -> Node:
        if self.kind in ("int", "double"):
            return Node("literal", literals.number(self.kind, self.take()))
        if self.kind == "text":
            return Node("literal", literals.text(self.take()))
        if self.skip("("):
            node = self.expression()
            self.need(")")
            return node
        if self.skip("["):
            return self.elements()
        if self.skip("{"):
            return Node("map", None, self.entries())
        self.skip(".")
        if self.kind != "name" or self.text in _RESERVED or self.text == "in":
            raise self.error()
        name = self.take()
        if name in ("true", "false", "null"):
            return Node("literal", {"true": True, "false": False, "null": None}[name])
        if self.skip("("):
            args = self.arguments(")")
            if name == "has":
                if len(args) != 1 or args[0].kind != "select":
                    raise CelSyntaxError("has(): expected a field such as has(self.name)")
                return Node("has", args[0].value, args[0].args)
            return Node("call", name, args)
        return Node("name", name)

    def elements(self) -> Node:
        args: list[Node] = []
        while not self.skip("]"):
            if args:
                self.need(",")
                if self.skip("]"):
                    break
            if self.skip("?"):
                args.append(Node("call", "optional element", (self.expression(),)))
            else:
                args.append(self.expression())
        return Node("list", None, tuple(args))

    def entries(self) -> tuple[Node, ...]:
        args: list[Node] = []
        while not self.skip("}"):
            if args:
                self.need(",")
                if self.skip("}"):
                    break
            optional = self.skip("?")
            key = self.expression()
            self.need(":")
            value = self.expression()
            args += [key, Node("call", "optional element", (value,)) if optional else value]
        return tuple(args)


def _scan(text: str) -> Any:
    index = 0
    while index < len(text):
        match = _TOKEN.match(text, index)
        if match is None:
            raise CelSyntaxError(f"syntax error at character {index + 1}: '{text[index]}' is not expected here")
        if match.lastgroup != "blank":
            yield str(match.lastgroup), match[0], index
        index = match.end()
    yield "end", "", len(text)
