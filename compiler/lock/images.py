"""Images that are pinned: what each means at its registry, kept until somebody upgrades it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from compiler.codes import Code
from compiler.diagnostics import CompileError, Problems
from compiler.kubernetes.images import parts
from compiler.lock.update import KEEP, Upgrade
from compiler.model.lock import ImageRequest, Lock, LockedImage
from compiler.ports import Each, Registries, Registry


def update_images(
    requests: Collection[ImageRequest],
    old: Lock,
    registries: Registries,
    declared: Sequence[Registry],
    problems: Problems,
    *,
    upgrade: Upgrade = KEEP,
    each: Each = map,
) -> tuple[LockedImage, ...]:
    """The images that are asked for with their digests: those of the old lock, and for new and upgraded ones what their
    registry says. Problems are recorded, all of them."""
    first: dict[str, ImageRequest] = {}
    for request in sorted(requests, key=lambda r: (r.image, r.asked_by)):
        first.setdefault(request.image, request)
    wanted = [
        request
        for image, request in first.items()
        if image not in old.digests or any(upgrade.includes(name) for name in names_of(image))
    ]

    def resolved(request: ImageRequest) -> str | CompileError:
        try:
            return registries.image_digest(request.image, declared)
        except CompileError as error:
            return CompileError((replace(d, at=request.at) for d in error.diagnostics), environment=error.environment)

    digests = dict(old.digests)
    valid = [request for request in wanted if _is_valid(request, problems)]
    for request, digest in zip(valid, each(resolved, valid), strict=True):
        if isinstance(digest, CompileError):
            problems.add(digest)
        else:
            digests[request.image] = digest
    return _asked_for([request for request in requests if request.image in digests], digests)


def kept_images(requests: Iterable[ImageRequest], old: Lock) -> tuple[LockedImage, ...]:
    """The images of the lock that are asked for, by these requests only."""
    return _asked_for([request for request in requests if request.image in old.digests], dict(old.digests))


def names_of(image: str) -> tuple[str, ...]:
    """What `--upgrade` may call the image: as it is written, and without its tag."""
    split = parts(image)
    return (image, split[0]) if split else (image,)


def _asked_for(requests: Collection[ImageRequest], digests: dict[str, str]) -> tuple[LockedImage, ...]:
    asked: dict[str, set[str]] = {}
    for request in requests:
        asked.setdefault(request.image, set()).add(request.asked_by)
    return tuple(LockedImage(image, digests[image], tuple(sorted(by))) for image, by in sorted(asked.items()))


def _is_valid(request: ImageRequest, problems: Problems) -> bool:
    if parts(request.image) is not None:
        return True
    problems.error(
        Code.IMAGE_UNPINNABLE,
        f"'{request.image[:200]}' is where an image is expected, and is not a reference to one",
        request.at,
        hint="correct it, or leave it as it is by images: {except: [PATTERN]}",
    )
    return False
