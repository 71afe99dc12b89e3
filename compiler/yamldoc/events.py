"""The event parser: PyYAML's binding of libyaml, or PyYAML's own parser where it was built without libyaml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml


class PureParser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """Reader, scanner and parser in one object, as PyYAML's loaders combine them: slow, but the same events."""

    def __init__(self, stream: str) -> None:
        yaml.reader.Reader.__init__(self, stream)  # type: ignore[no-untyped-call]
        yaml.scanner.Scanner.__init__(self)  # type: ignore[no-untyped-call]
        yaml.parser.Parser.__init__(self)  # type: ignore[no-untyped-call]


try:
    from yaml._yaml import CParser as Parser
except ImportError:
    Parser = PureParser


def events(text: str) -> Callable[[], Any]:
    """A function that returns the text's next event each time it is called."""
    get_event: Callable[[], Any] = Parser(text).get_event
    return get_event
