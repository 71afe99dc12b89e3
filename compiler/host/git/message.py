"""The message and the author of a commit; no text in a message can add a trailer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from compiler.host.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Identity:
    """The author of a commit."""

    name: str
    email: str


# For machines without a configured user. GitHub shows this one as its Actions bot.
FALLBACK = Identity("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")

_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]+")
_TRAILER = re.compile(r"[A-Za-z0-9-]+\s*:")
_TRAILER_KEY = re.compile(r"[A-Za-z0-9-]+")
_SUBJECT_LENGTH, _LINE_LENGTH = 200, 1000


def message(subject: str, body: Sequence[str], trailers: Sequence[tuple[str, str]]) -> bytes:
    """A commit message: the subject, the lines of `body`, and `trailers` (key, value). Each becomes one line whatever it
    contains, and no line of `body` can be read as a trailer."""
    paragraphs = [_line(subject, _SUBJECT_LENGTH) or "Publish rendered output"]
    lines = [_line(text, _LINE_LENGTH) for text in body]
    if lines:
        paragraphs.append("\n".join(f"  {line}" if _TRAILER.match(line) else line for line in lines))
    for key, _ in trailers:
        if not _TRAILER_KEY.fullmatch(key):
            raise ValueError(f"{key!r} cannot be the key of a trailer")
    if trailers:
        paragraphs.append("\n".join(f"{key}: {_line(value, _LINE_LENGTH)}" for key, value in trailers))
    return ("\n\n".join(paragraphs) + "\n").encode("utf-8", "replace")


def environment(repository: Repository) -> dict[str, str]:
    """Variables that name the author for git: FALLBACK, or none where the user has configured an identity."""
    variables: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        known = repository.run(["-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT"]).status == 0
        if not known:
            variables |= {f"GIT_{role}_NAME": FALLBACK.name, f"GIT_{role}_EMAIL": FALLBACK.email}
    return variables


def _line(text: str, length: int) -> str:
    return _CONTROL.sub(" ", text[: 2 * length]).strip()[:length]
