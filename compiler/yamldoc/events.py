"""The event parser: PyYAML's binding of libyaml, or its pure-Python twin where that was built without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

try:
    from yaml._yaml import CParser as Parser
except ImportError:  # slow, but the same events

    class Parser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):  # type: ignore[no-redef]
        """Reader, scanner and parser in one object, as PyYAML's loaders combine them."""

        def __init__(self, stream: str) -> None:
            yaml.reader.Reader.__init__(self, stream)  # type: ignore[no-untyped-call]
            yaml.scanner.Scanner.__init__(self)  # type: ignore[no-untyped-call]
            yaml.parser.Parser.__init__(self)  # type: ignore[no-untyped-call]


def events(text: str) -> Callable[[], Any]:
    """A function that gives the text's next event each time it is called."""
    get_event: Callable[[], Any] = Parser(text).get_event
    return get_event
