"""Names of container images, as far as two of them can be compared: what a registry is asked for.

Source: the grammar of distribution's reference package; `nginx` is docker.io/library/nginx:latest.
"""

from __future__ import annotations

import re

_NAME = r"(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]+)?/)?[a-z0-9]+(?:(?:\.|_|__|-+|/)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>{_NAME})(?::(?P<tag>[\w][\w.-]{{0,127}}))?(?:@(?P<digest>[a-z0-9+._-]+:[0-9a-fA-F]{{32,}}))?"
)


def is_image(text: str) -> bool:
    """Whether the text can name an image; one with macros in it is not judged."""
    return "{{" in text or _REFERENCE.fullmatch(text) is not None


def is_pinned(text: str) -> bool:
    """Whether the reference has a tag or a digest."""
    match = _REFERENCE.fullmatch(text)
    return match is None or bool(match["tag"] or match["digest"])


def normal(text: str) -> str:
    """The reference in full; equal for two spellings of one image. With a digest the tag does not matter."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return text
    name = match["name"]
    first, slash, _ = name.partition("/")
    if not slash:
        name = f"docker.io/library/{name}"
    elif not ("." in first or ":" in first or first == "localhost"):
        name = f"docker.io/{name}"
    name = re.sub(r"^index\.docker\.io/", "docker.io/", name)
    return f"{name}@{match['digest']}" if match["digest"] else f"{name}:{match['tag'] or 'latest'}"
