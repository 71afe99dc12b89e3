"""The message and the author of a commit; no text in a message can add a trailer."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from compiler.codes import Code
from compiler.diagnostics import fail
from compiler.host.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Identity:
    """The author of a commit."""

    name: str
    email: str


# For jobs of CI without a configured user. GitHub shows this one as its Actions bot.
BOT = Identity("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")

_EXAMPLES = {"user.name": '"Your Name"', "user.email": "you@example.com"}
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
    """Variables that name the author for git: none where an identity is configured, BOT in a job of CI without one.

    Raises `git-identity` on any other machine: who commits there is a person, for whom none is made up.
    """
    unknown = [role for role in ("AUTHOR", "COMMITTER") if not _knows(repository, role)]
    if unknown and not _is_ci():
        keys = [key for key in ("user.name", "user.email") if repository.run(["config", "--get", key]).status]
        commands = " and ".join(f"`git config --global {key} {_EXAMPLES[key]}`" for key in keys or _EXAMPLES)
        message = f"git does not know who commits: {' and '.join(keys or _EXAMPLES)} not set"
        raise fail(Code.GIT_IDENTITY, message, hint=f"run {commands}, then publish again")
    return {
        f"GIT_{role}_{field}": text for role in unknown for field, text in (("NAME", BOT.name), ("EMAIL", BOT.email))
    }


def _knows(repository: Repository, role: str) -> bool:
    return repository.run(["-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT"]).status == 0


def _is_ci() -> bool:
    """Whether this is a job of CI. GitHub, GitLab and most others set CI."""
    return any(os.environ.get(name, "").lower() in ("true", "1") for name in ("CI", "GITHUB_ACTIONS"))


def _line(text: str, length: int) -> str:
    return _CONTROL.sub(" ", text[: 2 * length]).strip()[:length]
