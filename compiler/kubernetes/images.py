"""Container images: their places in objects, and image references in a form that can be compared.

Source of the names: the grammar of distribution's reference package; `nginx` is docker.io/library/nginx:latest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from compiler.kubernetes import keypath
from compiler.kubernetes.apis import split_api_version
from compiler.kubernetes.imagefields import ImageField, known

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
_DIGEST = re.compile(r"[a-z0-9+._-]+:[0-9a-fA-F]{32,}")
_REFERENCE = re.compile(rf"(?P<name>{_NAME})(?::(?P<tag>[\w][\w.-]{{0,127}}))?(?:@(?P<digest>{_DIGEST.pattern}))?")


def places(body: Mapping[str, Any], declared: Sequence[ImageField] = ()) -> Iterator[tuple[Path, str]]:
    """(path, image reference) of every image of the object: those of pod specs in the object's order, then those of custom
    resources' fields. A CustomResourceDefinition has none.

    Everything that reads or writes images uses these places. `declared` are image fields beside those of well-known
    operators. A reference whose tag is in a field of its own is at the field of its name.
    """
    yield from ((place.path, place.reference) for place in _all_places(body, declared))


class _Place(NamedTuple):
    path: Path
    reference: str
    tag: Path = ()  # where the tag is, if it is not in the same string


def _all_places(body: Mapping[str, Any], declared: Sequence[ImageField]) -> Iterator[_Place]:
    if body.get("kind") == "CustomResourceDefinition":
        return
    seen = set()
    for path, reference in _places(body, ()):
        seen.add(path)
        yield _Place(path, reference)
    group, _ = split_api_version(str(body.get("apiVersion", "")))
    kind = str(body.get("kind", ""))
    own = [field for field in declared if (field.group, field.kind) == (group, kind)]
    for field in (*known(group, kind), *own):
        for path, name in keypath.find(body, field.name):
            if isinstance(name, str) and name and path not in seen:
                seen.add(path)
                yield _split(body, path, name, field) if field.tag else _Place(path, name)


def _split(body: Mapping[str, Any], path: Path, name: str, field: ImageField) -> _Place:
    tag_path = (*path[:-1], str(field.tag[-1]))
    tag = _at(body, tag_path)
    separator = "@" if isinstance(tag, str) and _DIGEST.fullmatch(tag) else ":"
    return _Place(path, f"{name}{separator}{tag}" if isinstance(tag, str) and tag else name, tag_path)


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
    return next((value for _, value in keypath.find(node, path)), None)


def images(body: Mapping[str, Any], declared: Sequence[ImageField] = ()) -> tuple[str, ...]:
    """The images of the object, sorted, each once."""
    return tuple(sorted({reference for _, reference in places(body, declared)}))


def rewritten(
    body: Mapping[str, Any], rewrite: Callable[[str], str], declared: Sequence[ImageField] = ()
) -> Mapping[str, Any]:
    """The object with every image rewritten; the same object if nothing changes. The input is not changed."""
    for place in tuple(_all_places(body, declared)):
        image = rewrite(place.reference)
        if image == place.reference:
            continue
        if place.tag:
            image, tag = split_tag(image)
            body = _with(body, place.tag, tag) if tag else body
        body = _with(body, place.path, image)
    return body


def split_tag(reference: str) -> tuple[str, str]:
    """(name, tag or digest) of a reference; "" without. With both it is `tag@digest`, which is right after a colon."""
    name, _, digest = reference.partition("@")
    stem, colon, tag = name.rpartition(":")
    if colon and "/" not in tag:
        return stem, f"{tag}@{digest}" if digest else tag
    return name, digest


def _with(node: Any, path: Path, value: str) -> Any:
    """A copy of the node with the value at the path; everything beside the path is shared. The last key may be new."""
    copy = node.copy()
    copy[path[0]] = _with(node[path[0]], path[1:], value) if path[1:] else value
    return copy


def parts(text: str) -> tuple[str, str, str] | None:
    """(name, tag, digest) of an image reference, "" where there is none; None if the text is not one."""
    match = _REFERENCE.fullmatch(text)
    return None if match is None else (match["name"], match["tag"] or "", match["digest"] or "")


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
