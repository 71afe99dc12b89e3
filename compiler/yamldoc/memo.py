"""Keys and values of Kubernetes objects repeat from object to object, so what was found out about a text is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")
_TEXTS = 1 << 15
_LENGTH = 100


class Memo(dict[str, Answer], Generic[Answer]):
    """`memo[text]` is `function(text)`, a pure function. Only so many answers, and for short texts only, are kept.

    A lookup of a known text never leaves C, which no decorated function can say.
    """

    def __init__(self, function: Callable[[str], Answer]) -> None:
        self._function = function

    def __missing__(self, text: str) -> Answer:
        answer = self._function(text)
        if len(text) <= _LENGTH:
            if len(self) >= _TEXTS:
                self.clear()
            self[str(text)] = answer
        return answer
