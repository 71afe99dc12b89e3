"""Container images: their places in objects, and image references in a form that can be compared.

Source of the names: the grammar of distribution's reference package; `nginx` is docker.io/library/nginx:latest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]

# The lists of a pod spec, and where in an item its image is. They are searched at any depth of any kind, because custom
# resources contain pod templates too. Kustomize's image transformer does the same, except for ephemeral containers.
_LISTS: Mapping[str | int, Path] = {
    "containers": ("image",),
    "initContainers": ("image",),
    "ephemeralContainers": ("image",),
    "volumes": ("image", "reference"),  # an image volume: an OCI artifact, mounted
}

_NAME = r"(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]+)?/)?[a-z0-9]+(?:(?:\.|_|__|-+|/)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>{_NAME})(?::(?P<tag>[\w][\w.-]{{0,127}}))?(?:@(?P<digest>[a-z0-9+._-]+:[0-9a-fA-F]{{32,}}))?"
)


def places(body: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """(path, image reference) of every image of the object, in its order. A CustomResourceDefinition has none.

    Everything that reads or writes images uses these places. Fields of custom resources that name an image outside a pod
    spec (`spec.image` of Prometheus) are not among them.
    """
    if body.get("kind") != "CustomResourceDefinition":
        yield from _places(body, ())


def _places(node: Mapping[str, Any] | list[Any], path: Path) -> Iterator[tuple[Path, str]]:
    for key, value in enumerate(node) if isinstance(node, list) else node.items():
        if not isinstance(value, dict | list):
            continue
        if isinstance(value, list) and key in _LISTS:
            for index, item in enumerate(value):
                reference = _at(item, _LISTS[key])
                if isinstance(reference, str) and reference:
                    yield (*path, key, index, *_LISTS[key]), reference
        yield from _places(value, (*path, key))


def _at(node: Any, path: Path) -> Any:
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node


def images(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The images of the object, sorted, each once."""
    return tuple(sorted({reference for _, reference in places(body)}))


def rewritten(body: Mapping[str, Any], rewrite: Callable[[str], str]) -> Mapping[str, Any]:
    """The object with every image rewritten; the same object if nothing changes. The input is not changed."""
    for path, reference in tuple(places(body)):
        image = rewrite(reference)
        if image != reference:
            body = _with(body, path, image)
    return body


def _with(node: Any, path: Path, value: str) -> Any:
    """A copy of the node with the value at the path; everything beside the path is shared."""
    if not path:
        return value
    copy = node.copy()
    copy[path[0]] = _with(node[path[0]], path[1:], value)
    return copy


def is_image(text: str) -> bool:
    """Whether the text is a valid image reference, or contains a macro and cannot be checked."""
    return "{{" in text or _REFERENCE.fullmatch(text) is not None


def is_pinned(text: str) -> bool:
    """Whether the reference has a tag or a digest; also true for text that is not a reference."""
    match = _REFERENCE.fullmatch(text)
    return match is None or bool(match["tag"] or match["digest"])


def normal(text: str) -> str:
    """The full reference, equal for two spellings of one image. A digest replaces the tag."""
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
