"""Fields of custom resources that name an image outside a pod spec: `spec.image` of a Prometheus.

images.json has those of well-known operators, by group and kind; `imageFields` of lamella.yaml declares more in the
same form.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compiler.kubernetes import data, keypath


@dataclass(frozen=True, slots=True)
class ImageField:
    """Where objects of a kind, in whatever version, name an image: in one string, or its name and its tag in two strings
    of one mapping, at `name` and `tag`. A whole reference has no `tag`."""

    group: str
    kind: str
    name: keypath.Pattern
    tag: keypath.Pattern = ()


def parse_field(group: str, kind: str, written: Any) -> ImageField:
    """The field as it is written: a pattern, or the patterns of `name` and `tag`. Raises ValueError."""
    if isinstance(written, str):
        return ImageField(group, kind, _pattern(written))
    if not isinstance(written, dict) or set(written) != {"name", "tag"}:
        raise ValueError("expected a path such as spec.image, or {name: PATH, tag: PATH}")
    name, tag = (_pattern(written[key]) for key in ("name", "tag"))
    if name[:-1] != tag[:-1] or name == tag:
        raise ValueError("name and tag are not two keys of one mapping")
    return ImageField(group, kind, name, tag)


def _pattern(text: Any) -> keypath.Pattern:
    pattern = keypath.read_pattern(text) if isinstance(text, str) else ()
    if not pattern or pattern[0] in ("apiVersion", "kind", "metadata", None):
        raise ValueError(f"'{str(text)[:80]}' is not the path of a field such as spec.image")
    return pattern


@functools.cache
def known(group: str, kind: str) -> tuple[ImageField, ...]:
    """The image fields of a well-known operator's kind."""
    kinds: Mapping[str, list[Any]] = data.read("images.json").get(group, {})
    return tuple(parse_field(group, kind, written) for written in kinds.get(kind, ()))


def all_known() -> Iterator[ImageField]:
    """Every field of images.json."""
    for group, kinds in data.read("images.json").items():
        for kind in kinds:
            yield from known(group, kind)
