"""How a reference to an image is rewritten: kustomize's `images`, Palette's image swap."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from compiler.kubernetes.imagefields import ImageField
from compiler.kubernetes.images import rewritten
from compiler.model.overlays import Image, ImageSwap, Transform

_TAG = r"(?P<tag>:[a-zA-Z0-9_.{}-]*)?"
_DIGEST = r"(?P<digest>@[a-zA-Z0-9]+(?:[.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?"
_AFTER_NAME = re.compile(_TAG + _DIGEST)


def changed(reference: str, change: Transform) -> str:
    """The reference as the transform rewrites it: by each of its `images` in order, then by its image swap."""
    for image in change.images:
        reference = renamed(reference, image)
    return swapped(reference, change.image_swap) if change.image_swap else reference


def renamed(reference: str, image: Image) -> str:
    """The reference with kustomize's `images` entry applied; unchanged if it names another image.

    A new tag or digest replaces both; without one, both stay. `image.name` is compared literally.
    """
    match = _AFTER_NAME.fullmatch(reference, len(image.name)) if reference.startswith(image.name) else None
    if match is None:
        return reference
    tag, digest = (match["tag"] or "")[1:], (match["digest"] or "")[1:]
    if image.new_tag or image.digest:
        tag, digest = image.new_tag, image.digest
    return (image.new_name or image.name) + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def swapped(reference: str, swap: ImageSwap) -> str:
    """The reference as the image swap rules rewrite it.

    The rules apply in the order of Palette's webhook (imageswap-webhook, MAPS mode): exact images, patterns, the image's
    registry (`docker.io/library` first for images without a path), the images that stay, the default.
    """
    if reference in swap.exact:
        return swap.exact[reference]
    for pattern, target in swap.replace:
        if fnmatch.fnmatchcase(reference, pattern):
            return f"{target.rstrip('/')}/{reference.rsplit('/', 1)[-1]}"
    registry, repository = split_registry(reference)
    keys = [f"{registry}/library"] if "/" not in repository and registry == "docker.io" else []
    keys += [registry, registry.partition(":")[0]]
    for key in keys:
        if key in swap.registries:
            return _on(swap.registries[key], registry, repository, reference)
    if any(part in reference for part in swap.unswapped):
        return reference
    return _on(swap.default, registry, repository, reference)


def _on(target: str, registry: str, repository: str, reference: str) -> str:
    """The image in the target registry: "" changes nothing, a trailing "-" keeps the old registry (no port) in the path."""
    if not target:
        return reference
    if target.endswith("-"):
        return f"{target}{registry.partition(':')[0]}/{repository}"
    return f"{target}/{repository}"


def pinned(
    body: Mapping[str, Any], digests: Mapping[str, str], unpinned: Sequence[str], declared: Sequence[ImageField] = ()
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The object with the digest after each of its images (`name:tag@sha256:…`), and the images that have none, sorted.

    `digests` are by image as it is written. An image with a digest of its own stays, and one that matches a pattern of
    `unpinned`.
    """
    missing = set()

    def pin(image: str) -> str:
        if not is_floating(image, unpinned):
            return image
        if image not in digests:
            missing.add(image)
            return image
        return f"{image}@{digests[image]}"

    return rewritten(body, pin, declared), tuple(sorted(missing))


def is_floating(image: str, unpinned: Sequence[str]) -> bool:
    """Whether an image is to be pinned: it has no digest, and matches no pattern."""
    return "@" not in image and not any(fnmatch.fnmatchcase(image, pattern) for pattern in unpinned)


def split_registry(reference: str) -> tuple[str, str]:
    """(registry, the rest); `docker.io` if the first component is not a registry by Docker's rule."""
    first, slash, rest = reference.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "docker.io", reference


def parse_image_swap(rules: str | Iterable[str]) -> ImageSwap:
    """The rules of Palette's `imageSwap.imageChange`: one a line, `#` comments.

    `default::REGISTRY`, `REGISTRY::NEW` (empty NEW: no change), `[EXACT]IMAGE::NEW`, `[REPLACE]PATTERN::NEW` (shell
    pattern), `noswap_wildcards::TEXT,TEXT`. Raises ValueError that names an invalid line.
    """
    exact: dict[str, str] = {}
    replace: list[tuple[str, str]] = []
    registries: dict[str, str] = {}
    for line in rules.splitlines() if isinstance(rules, str) else rules:
        rule = re.sub(r"\s|#.*", "", line)
        if not rule:
            continue
        # Old rules have a single colon as separator, and no other.
        key, separator, target = rule.partition("::" if "::" in rule else ":")
        if not separator or not key or "::" in target or ("::" not in rule and ":" in target):
            raise ValueError(f"'{line.strip()}' is not a valid image swap rule, expected SOURCE::TARGET")
        if key.startswith("[EXACT]"):
            exact[key.removeprefix("[EXACT]")] = target
        elif key.startswith("[REPLACE]"):
            replace.append((key.removeprefix("[REPLACE]"), target))
        else:
            registries[key] = target
    return ImageSwap(
        exact=exact,
        replace=tuple(replace),
        default=registries.pop("default", ""),
        unswapped=tuple(part for part in registries.pop("noswap_wildcards", "").split(",") if part),
        registries=registries,
    )
